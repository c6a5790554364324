"""What a learning curve says of more training rows: a forecast, its interval, and its refusals.

The point is the median of four families. Its interval is conformal: on simulated curves whose truth
is known, the error of the forecast is divided by a scale that the curve itself gives, and the
quantiles of that ratio are tabled, for every multiple of the largest training size
(docs/decisions/0008-extrapolation-interval.md; the tables are made by benchmarks/extrapolation.py).
A curve that rises significantly, one with too few sizes, and sizes beyond eight times the largest
get a reason instead of a number.

References
----------
Vovk, Gammerman & Shafer (2005), Algorithmic Learning in a Random World, section 4.1; Papadopoulos
et al. (2002), ECML, 345-356 (normalised nonconformity scores).
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, cached_property
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from audit.stats.crossing import PROBS, Crossing, t_table
from audit.stats.curves import MeasuredCurve, rises
from audit.stats.evidence import Draws
from audit.stats.laws import Fit, fit_all, forecast

FloatArray = NDArray[np.float64]

FURTHEST = 8.0  # multiples of the largest training size
FEWEST = 6  # sizes below which four parameters are not worth a forecast
FULL = 15  # sizes from which on the narrower tables hold
LEVEL = 0.90  # of the interval that is drawn
FACTORS = tuple(2.0 ** (k / 2) for k in range(7))
FINE = tuple(2.0 ** (k / 4) for k in range(13))  # where a crossing is looked for
TABLES = Path(__file__).with_suffix(".json")


@dataclass(frozen=True)
class Refusal:
    """Why nothing is said of more rows."""

    reason: str


@dataclass(frozen=True)
class Law:
    """What was learned of the errors of a forecast, at each of `FACTORS`.

    Attributes
    ----------
    weights : (7, 4) float array
        Of the features of a curve, in the scale.
    quantiles : (7, q) float array
        Of (forecast - truth) / scale, at the probabilities of `audit.stats.crossing.PROBS`.
    curves : int
        How many curves it was learned on.
    """

    weights: FloatArray
    quantiles: FloatArray
    curves: int

    def at(self, factor: float) -> tuple[FloatArray, tuple[float, ...]]:
        """Return weights and quantiles at a multiple of the largest size, linear in its log."""
        place = np.log(factor) / np.log(FACTORS)[1]
        k = int(np.clip(np.floor(place), 0, len(FACTORS) - 2))
        share = min(max(place - k, 0.0), 1.0)
        weights = (1 - share) * self.weights[k] + share * self.weights[k + 1]
        table = (1 - share) * self.quantiles[k] + share * self.quantiles[k + 1]
        return weights, tuple(table.tolist())


@cache
def learned(sizes: int, what: str) -> Law:
    """Return the law of a forecast from so many sizes; `what` is ``level`` or ``gain``."""
    stored = json.loads(TABLES.read_text(encoding="utf-8"))
    own = stored["settings"]["15" if sizes >= FULL else "8"]
    part = own[what]
    return Law(np.array(part["weights"]), np.array(part["quantiles"]), int(own["curves"]))


def features(point: FloatArray, spread: FloatArray, last: FloatArray, se: FloatArray) -> FloatArray:
    """Return what the scale of an error is made of, (m, f, 4).

    Parameters
    ----------
    point, spread : (m, f) float array
        Forecast and the spread of the families at some sizes.
    last, se : (m,) float array
        Mean error at the largest measured size, and its standard error.
    """
    ones = np.ones_like(point)
    moved = np.abs(last[:, None] - point)
    return np.stack([0.001 * ones, se[:, None] * ones, spread, moved], axis=2)


@dataclass(frozen=True)
class Forecast:
    """The error at some training sizes.

    Attributes
    ----------
    curve : MeasuredCurve
    fits : tuple of Fit
        The four families.
    sizes : (f,) float array
        From the largest measured size to `FURTHEST` times it.
    """

    curve: MeasuredCurve
    fits: tuple[Fit, ...]
    sizes: FloatArray

    @property
    def last(self) -> float:
        """The baseline that a forecast has to beat: the last measured mean, unchanged."""
        return self.curve.last

    @property
    def largest(self) -> float:
        """The largest measured size."""
        return float(self.curve.sizes[-1])

    def fitted(self, sizes: ArrayLike) -> FloatArray:
        """Return the median of the families at any sizes."""
        x = np.asarray(sizes, dtype=np.float64) / self.largest
        return forecast(self.fits, x)[0][0]

    @cached_property
    def point(self) -> FloatArray:
        """The median of the families at `sizes`, (f,)."""
        return self.fitted(self.sizes)

    def laws(self, what: str) -> tuple[FloatArray, tuple[tuple[float, ...], ...]]:
        """Return the scale, (f,), and the table of quantiles at each of `sizes`."""
        x = self.sizes / self.largest
        point, spread = forecast(self.fits, x)
        se = np.array([self.curve.se[-1]])
        seen = features(point, spread, np.array([self.last]), se)[0]
        law = learned(len(self.curve.sizes), what)
        read = [law.at(float(f)) for f in x]
        scale = np.array([f @ w for f, (w, _) in zip(seen, read, strict=True)])
        return scale, tuple(table for _, table in read)

    @cached_property
    def band(self) -> FloatArray:
        """The ends of the 90 % interval at `sizes`, (2, f); no error lies below 0."""
        scale, tables = self.laws("level")
        tail = (1 - LEVEL) / 2
        ends = np.array([np.interp([1 - tail, tail], PROBS, table) for table in tables]).T
        return np.asarray(np.maximum(self.point - scale * ends, 0.0))

    @property
    def low(self) -> FloatArray:
        """Lower ends of the interval, (f,)."""
        return self.band[0]

    @property
    def high(self) -> FloatArray:
        """Upper ends of the interval, (f,)."""
        return self.band[1]

    def gain(self, factor: float) -> Draws:
        """Return the error at the largest measured size minus that at a multiple of it."""
        there = Forecast(self.curve, self.fits, np.array([factor * self.largest]))
        scale, tables = there.laws("gain")
        now = self.fitted(np.array([self.largest]))[0]
        return Draws(
            estimate=float(now - there.point[0]),
            se=float(scale[0]),
            probs=PROBS,
            quantiles=tables[0],
            n=self.curve.crossed.n,
            replicates=learned(len(self.curve.sizes), "gain").curves,
            method="conformal",
        )


def extrapolate(curve: MeasuredCurve, sizes: ArrayLike) -> Forecast | Refusal:
    """Forecast the error at larger training sizes.

    Parameters
    ----------
    curve : MeasuredCurve
    sizes : array_like, shape (f,)
        From the largest measured size to `FURTHEST` times it.
    """
    wanted = np.asarray(sizes, dtype=np.float64)
    if len(curve.sizes) < FEWEST:
        return Refusal(
            f"{len(curve.sizes)} training sizes are too few to extrapolate: at least {FEWEST} are "
            "needed"
        )
    if (wanted > curve.sizes[-1] * FURTHEST * (1 + 1e-9)).any():
        return Refusal(f"there is no basis beyond {FURTHEST:g} times the training rows")
    found = rises(curve)
    if found:
        worst = max(found, key=lambda r: r.growth)
        return Refusal(
            f"the curve is ill-behaved: its error rises by {100 * worst.growth:.1f} points between "
            f"{worst.small:,} and {worst.large:,} rows, so nothing is extrapolated"
        )
    x = curve.sizes / curve.sizes[-1]
    return Forecast(curve, fit_all(x, curve.means[None, :], curve.se[None, :]), wanted)


def rows_needed(curve: MeasuredCurve, target: float) -> Crossing | Refusal:
    """Return the evidence on the training size at which the error falls to a target.

    Up to the largest measured size the measured means decide, with Student's t; from it on, the
    forecast with its own law.
    """
    largest = float(curve.sizes[-1])
    ahead = extrapolate(curve, largest * np.array(FINE))
    if isinstance(ahead, Refusal):
        return ahead
    scale, tables = ahead.laws("level")
    before = len(curve.sizes) - 1
    measured = [t_table(round(float(df), 1))[1] for df in curve.df[:before]]
    return Crossing(
        sizes=(*curve.sizes[:before].tolist(), *ahead.sizes.tolist()),
        gaps=tuple((np.r_[curve.means[:before], ahead.point] - target).tolist()),
        scales=(*curve.se[:before].tolist(), *scale.tolist()),
        probs=PROBS,
        quantiles=(*measured, *tables),
        n=curve.crossed.n,
    )


class Kind(StrEnum):
    """What can be said of the rows that a target needs."""

    REACHED = "reached"
    NEEDS = "needs"
    AT_LEAST = "at least"
    NOT_BY_DATA = "not by data"
    NO_BASIS = "no basis"


@dataclass(frozen=True)
class Answer:
    """How many training rows a target needs.

    Attributes
    ----------
    kind : Kind
    point, low, high : float or None
        Rows, and the ends of the 90 % interval; `high` is None where there is no upper limit.
    sentence : str
    """

    kind: Kind
    point: float | None
    low: float | None
    high: float | None
    sentence: str


def answer(curve: MeasuredCurve, target: float, useful: float = 0.005) -> Answer:
    """Say how many training rows a target needs.

    Parameters
    ----------
    curve : MeasuredCurve
    target : float
        An error.
    useful : float
        The least gain that would be worth more rows: a curve that is sure to gain less over
        `FURTHEST` times the rows is flat.
    """
    needed = rows_needed(curve, target)
    if isinstance(needed, Refusal):
        return Answer(Kind.NO_BASIS, None, None, None, f"No basis: {needed.reason}.")
    largest = float(curve.sizes[-1])
    low, high, _ = needed.interval(LEVEL)
    low, end = max(low, 0.0), high if math.isfinite(high) else None
    if end is not None and end <= largest:
        return Answer(Kind.REACHED, needed.theta, low, end, "The target is reached already.")
    ahead = extrapolate(curve, [largest * FURTHEST])
    if end is None and isinstance(ahead, Forecast) and hopeless(ahead, target, useful):
        return Answer(
            Kind.NOT_BY_DATA, None, low, None,
            f"More data will not fix it: not within {FURTHEST:g} times the training rows.",
        )  # fmt: skip
    if end is None:
        return Answer(
            Kind.AT_LEAST, needed.theta, low, None,
            f"At least {rounded(low):,} rows; no upper limit within {FURTHEST:g} times the rows.",
        )  # fmt: skip
    said = f"about {rounded(needed.theta):,} rows" if needed.theta else "rows"
    return Answer(
        Kind.NEEDS, needed.theta, low, end,
        f"The target needs {said} ({rounded(low):,} to {rounded(end):,}).",
    )  # fmt: skip


def hopeless(ahead: Forecast, target: float, useful: float) -> bool:
    """Whether the target stays out of reach, or the curve is too flat to get to it."""
    if float(ahead.low[-1]) > target:
        return True
    most = ahead.gain(FURTHEST).upper((1 - LEVEL) / 2)
    return most < useful and ahead.last - target > most


def rounded(rows: float) -> int:
    """Return a count of rows with two digits that mean something."""
    if rows < 1:
        return 0
    step = 10.0 ** max(math.floor(math.log10(rows)) - 1, 0)
    return round(rows / step) * round(step)
