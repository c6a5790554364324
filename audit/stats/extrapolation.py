"""What a learning curve says of more training rows: a forecast, its interval, and its refusals.

The point is the mean over the shapes of four families. Its interval is conformal: on simulated
curves whose truth is known, the error of the forecast is divided by a scale that the curve itself
gives, and the quantiles of that ratio are tabled, for every multiple of the largest training size
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
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from audit.stats.crossing import PROBS
from audit.stats.curves import MeasuredCurve, rises
from audit.stats.evidence import Draws
from audit.stats.laws import Mixture, mixture

FloatArray = NDArray[np.float64]

FURTHEST = 8.0  # multiples of the largest training size
FEWEST = 6  # sizes below which four parameters are not worth a forecast
FULL = 15  # sizes from which on the narrower tables hold
LEVEL = 0.90  # of the interval that is drawn
FACTORS = tuple(2.0 ** (k / 2) for k in range(7))
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
    weights : (7, 5) float array
        Exponents of the features of a curve, in the scale.
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


def features(point: FloatArray, unsure: FloatArray, last: FloatArray, se: FloatArray) -> FloatArray:
    """Return the logarithms of what the scale of an error is made of, (m, f, 5).

    A constant, the standard error of the last mean, how far the forecast moves from it, and how
    unsure the shapes are. Each is kept off zero by a share of the standard error.

    Parameters
    ----------
    point, unsure : (m, f) and (m, f, 2) float arrays
        As `Mixture.at` returns them.
    last, se : (m,) float array
        Mean error at the largest measured size, and its standard error.
    """
    noise = se[:, None] * np.ones_like(point)
    moved = np.abs(last[:, None] - point)
    parts = (
        np.full_like(point, np.e),
        noise + 5e-4,
        moved + 0.1 * noise + 5e-4,
        unsure[:, :, 0] + 0.05 * noise + 2e-4,
        unsure[:, :, 1] + 0.05 * noise + 2e-4,
    )
    return np.asarray(np.log(np.stack(parts, axis=2)))


@dataclass(frozen=True)
class Forecast:
    """The error at some training sizes.

    Attributes
    ----------
    curve : MeasuredCurve
    shapes : Mixture
    sizes : (f,) float array
        From the largest measured size to `FURTHEST` times it.
    """

    curve: MeasuredCurve
    shapes: Mixture
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
        """Return the mean over the shapes at any sizes, shape (len(sizes),)."""
        x = np.asarray(sizes, dtype=np.float64) / self.largest
        found: FloatArray = self.shapes.at(x)[0][0]
        return found

    @cached_property
    def point(self) -> FloatArray:
        """The mean over the shapes at `sizes`, (f,)."""
        return self.fitted(self.sizes)

    def laws(self, what: str) -> tuple[FloatArray, tuple[tuple[float, ...], ...]]:
        """Return the scale, (f,), and the table of quantiles at each of `sizes`."""
        x = self.sizes / self.largest
        point, unsure = self.shapes.at(x)
        se = np.array([self.curve.se[-1]])
        seen = features(point, unsure, np.array([self.last]), se)[0]
        law = learned(len(self.curve.sizes), what)
        read = [law.at(float(f)) for f in x]
        scale = np.exp([f @ w for f, (w, _) in zip(seen, read, strict=True)])
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
        found: FloatArray = self.band[0]
        return found

    @property
    def high(self) -> FloatArray:
        """Upper ends of the interval, (f,)."""
        found: FloatArray = self.band[1]
        return found

    def gain(self, factor: float) -> Draws:
        """Return the error at the largest measured size minus that at a multiple of it."""
        there = Forecast(self.curve, self.shapes, np.array([factor * self.largest]))
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
    return Forecast(curve, mixture(x, curve.means[None, :], curve.se[None, :]), wanted)
