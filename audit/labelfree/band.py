"""How far an estimate without labels may be off: learned on synthetic shifts of labelled rows.

The labelled rows are cut in half again and again. On one half the estimators are fitted; the other
is weighted by synthetic shifts, under which its accuracy is known. The error of the estimate is
divided by a scale that the rows themselves give - sampling errors of both sides, and how far the
estimators lie apart - and the quantiles of that ratio, nowhere narrower than the normal law's, are
the law that the estimate for a foreign domain is judged by.

References
----------
Vovk, Gammerman & Shafer (2005), Algorithmic Learning in a Random World, section 4.1; Papadopoulos
et al. (2002), ECML, 345-356 (normalised nonconformity scores).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from audit.examples import FloatArray
from audit.labelfree.estimators import Combined, combined, fitted, joining
from audit.labelfree.shifts import kinds, synthetic
from audit.labelfree.signals import Signals
from audit.stats import student
from audit.stats.evidence import Draws

PLACES = 60  # of the stored table of quantiles, a side
LEAST = 40  # clusters, of which each half must still hold enough to fit anything
Part = tuple[FloatArray, Signals]  # what each row adds to an error, and whose rows they are


@dataclass(frozen=True)
class Law:
    """What was learned of errors over their scale.

    Attributes
    ----------
    level, drop : (b,) float arrays
        Increasing: of the accuracy on shifted rows, and of what it lies below that at home.
    kinds : int
        Of shifts.
    rows : int
        Labelled rows behind it.
    """

    level: FloatArray
    drop: FloatArray
    kinds: int
    rows: int

    @property
    def shifts(self) -> int:
        """How many synthetic shifts it was learned on."""
        return len(self.level)


@dataclass(frozen=True)
class Figure:
    """A value with the scale of its error."""

    value: float
    scale: float


@dataclass(frozen=True)
class Reading:
    """What is estimated for some rows.

    Attributes
    ----------
    level, drop : Figure
        Accuracy, and how far it lies below that of the labelled rows.
    parts : sequence of parts
        What every row adds to the sampling error of the level.
    spread : float
        How far the estimators lie apart.
    """

    level: Figure
    drop: Figure
    parts: Sequence[Part]
    spread: float


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
        Figure(level, float(np.hypot(sampling_error(level_parts), found.spread))),
        Figure(drop, float(np.hypot(sampling_error([lost, (gone, away)]), found.spread))),
        level_parts,
        found.spread,
    )


def estimate(home: Signals, away: Signals, revisions: int, line_fit: float) -> Reading:
    """Return what is estimated for the rows of a domain, all of equal weight."""
    even = np.full(len(away), 1 / len(away))
    entering = joining([f(away, even) for f in fitted(home)], revisions, line_fit)
    return read(home, combined(entering), away, even)


def halves(rows: Signals, luck: np.random.Generator) -> tuple[Signals, Signals]:
    """Cut rows in two at random; clusters stay whole."""
    _, first, code = np.unique(rows.clusters, return_index=True, return_inverse=True)
    # clusters in the order of their first row: the codes themselves follow no content
    place = np.argsort(np.argsort(first))[code]
    side = luck.permutation(len(first)) % 2
    return rows.take(np.flatnonzero(side[place] == 0)), rows.take(np.flatnonzero(side[place] == 1))


def learned(home: Signals, revisions: int, line_fit: float, shifts: int, seed: int) -> Law:
    """Learn the law of the errors on synthetic shifts of labelled rows.

    Parameters
    ----------
    home : Signals
        Labelled, in an order that follows from their content.
    revisions, line_fit
        As in `joining`.
    shifts : int
        At least so many, from as many cuts as that takes.
    seed : int

    Raises
    ------
    ValueError
        If there are fewer clusters than `LEAST`.
    """
    if home.units < LEAST:
        raise ValueError(f"{home.units} clusters cannot be cut into halves")
    luck = np.random.default_rng(seed)
    level: list[float] = []
    drop: list[float] = []
    while len(level) < shifts:
        fit, held = halves(home, luck)
        rules = fitted(fit)
        for _, weights in synthetic(held, luck):
            found = combined(joining([f(held, weights) for f in rules], revisions, line_fit))
            seen = read(fit, found, held, weights, truth=True)
            truth = float(weights @ held.correct)
            level.append((seen.level.value - truth) / seen.level.scale)
            gone = float(held.correct.mean()) - truth
            drop.append((seen.drop.value - gone) / seen.drop.scale)
    return Law(np.sort(level), np.sort(drop), len(kinds(home)), len(home))


def table(errors: FloatArray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return probabilities and quantiles of errors over their scale, at least as wide as normal."""
    b = len(errors)
    ranks = np.unique(np.rint(np.geomspace(1, (b + 1) / 2, PLACES)).astype(np.int64))
    ranks = np.union1d(ranks, b + 1 - ranks)
    probs = ranks / (b + 1)
    normal, seen = special.ndtri(probs), errors[ranks - 1]
    wide = np.where(probs < 0.5, np.minimum(seen, normal), np.maximum(seen, normal))
    return tuple(probs.tolist()), tuple(wide.tolist())


def evidence(
    figure: Figure, errors: FloatArray, n: int, least: float, most: float = 1.0
) -> Draws | None:
    """Return the evidence on a figure that lies between two limits by its nature.

    None where its scale is not known. Errors that would carry it beyond a limit end at the limit.
    """
    if not np.isfinite(figure.scale):
        return None
    probs, quantiles = table(errors)
    ends = (figure.value - most) / figure.scale, (figure.value - least) / figure.scale
    within = np.clip(quantiles, *ends)
    return Draws(
        estimate=figure.value,
        se=figure.scale,
        probs=probs,
        quantiles=tuple(within.tolist()),
        n=n,
        replicates=len(errors),
        method="conformal",
    )


def averaged(readings: Sequence[Reading], home: Signals) -> Figure:
    """Return the mean accuracy over domains; the estimators' spread is taken as common to all."""
    k = len(readings)
    own = sum(r.parts[0][0] for r in readings) / k
    parts = [(np.asarray(own), home)]
    parts += [(r.parts[1][0] / k, r.parts[1][1]) for r in readings]
    spread = sum(r.spread for r in readings) / k
    value = sum(r.level.value for r in readings) / k
    return Figure(value, float(np.hypot(sampling_error(parts), spread)))
