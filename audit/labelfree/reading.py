"""An estimate without labels: its value, its sampling error, and how the estimators differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audit.examples import FloatArray
from audit.labelfree.estimators import Combined
from audit.labelfree.signals import Signals
from audit.stats import student

Part = tuple[FloatArray, Signals]  # what each row adds to an error, and whose rows they are


@dataclass(frozen=True)
class Figure:
    """A value, with what the scale of its error is made of.

    Attributes
    ----------
    value : float
    sampling : float
        Its standard error.
    spread : float
        How far the estimators lie apart.
    """

    value: float
    sampling: float
    spread: float


@dataclass(frozen=True)
class Reading:
    """What is estimated for some rows.

    Attributes
    ----------
    level, drop : Figure
        Accuracy, and how far it lies below that of the labelled rows.
    parts : sequence of parts
        What every row adds to the sampling error of the level.
    """

    level: Figure
    drop: Figure
    parts: Sequence[Part]


def sampling_error(parts: Sequence[Part]) -> float:
    """Return the standard error of a sum of centred contributions, cluster by cluster.

    It is never below one unit's worth, since a sample without variation does not know its own
    error, and is widened where clusters are few, as Student's t is against the normal law.
    """
    counts = [rows.units for _, rows in parts]
    if min(counts) < 2:
        return float("inf")
    sums = np.concatenate([p for p, _ in parts])
    if not all(rows.alone for _, rows in parts):
        _, code = np.unique(np.concatenate([r.clusters for _, r in parts]), return_inverse=True)
        sums = np.bincount(code, weights=sums)
    factor = min(counts) / (min(counts) - 1)
    least = sum(1 / c**2 for c in counts)
    widened = student.quantile(0.025, min(counts) - 1) / student.quantile(0.025, None)
    return float(np.sqrt(max(factor * (sums @ sums), least)) * widened)


def read(home: Signals, found: Combined, away: Signals, weights: FloatArray, *,
         truth: bool = False) -> Reading:  # fmt: skip
    """Read off an estimate what it says, and the scales of its errors.

    Parameters
    ----------
    home, away : Signals
        Labelled rows that it was fitted on, and rows that it is for.
    found : Combined
    weights : (m,) float array
        Of the rows `away`; they sum to 1.
    truth : bool
        Whether the accuracy it is held against is that of the weighted rows themselves, and that
        at home is of the same rows unweighted: the errors then are of the difference.
    """
    own = home.correct - home.correct.mean()
    here = found.home / len(home), home
    lost = (own - found.home) / len(home), home
    there = weights * (found.away - weights @ found.away)
    gone = -there
    if truth:
        hits = weights * (away.correct - weights @ away.correct)
        even = (away.correct - away.correct.mean()) / len(away)
        there, gone = there - hits, gone + hits - even
    level_parts = [here, (there, away)]
    level = float(np.clip(found.value, 0.0, 1.0))
    drop = float(home.correct.mean()) - level
    return Reading(
        Figure(level, sampling_error(level_parts), found.spread),
        Figure(drop, sampling_error([lost, (gone, away)]), found.spread),
        level_parts,
    )


def averaged(readings: Sequence[Reading], home: Signals) -> Figure:
    """Return the mean accuracy over domains; the estimators' spread is taken as common to all."""
    k = len(readings)
    parts = [(np.asarray(sum(r.parts[0][0] for r in readings)) / k, home)]
    parts += [(r.parts[1][0] / k, r.parts[1][1]) for r in readings]
    return Figure(
        sum(r.level.value for r in readings) / k,
        sampling_error(parts),
        sum(r.level.spread for r in readings) / k,
    )
