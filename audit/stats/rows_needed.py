"""How many training rows a target needs, and what can be said of them in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from audit.stats.crossing import PROBS, Crossing, t_table
from audit.stats.curves import MeasuredCurve
from audit.stats.extrapolation import FURTHEST, LEVEL, Forecast, Refusal, extrapolate

FINE = tuple(2.0 ** (k / 4) for k in range(13))  # multiples at which a crossing is looked for


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
        since=before,
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
