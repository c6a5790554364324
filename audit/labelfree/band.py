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

from dataclasses import dataclass

import numpy as np
from scipy import special

from audit.examples import FloatArray
from audit.labelfree.estimators import combined, fitted, joining
from audit.labelfree.reading import Figure, read
from audit.labelfree.shifts import kinds, synthetic
from audit.labelfree.signals import Signals
from audit.stats.evidence import Draws

WEIGHTS = tuple(0.05 * k for k in range(31))  # that the estimators' spread may have
DISTINCT = 300  # shifts of the same rows repeat each other: more count as no more
NEARLY = 1.92  # log-likelihood ratio of a 95 % interval: half the quantile of chi-squared(1)
PLACES = 60  # of the stored table of quantiles, a side
LEAST = 40  # clusters, of which each half must still hold enough to fit anything


@dataclass(frozen=True)
class Errors:
    """The law of an error over its scale.

    Attributes
    ----------
    weight : float
        Of the spread, beside the standard error, in the scale.
    ratios : (b,) float array
        Errors over their scale, increasing.
    """

    weight: float
    ratios: FloatArray

    @classmethod
    def of(cls, errors: FloatArray, sampling: FloatArray, spread: FloatArray) -> Errors:
        """Learn the weight, and then the law.

        The weight is the largest one that the normal likelihood does not rule out: what shifts of
        the rows at hand leave open, a foreign domain may well need.
        """
        count = min(len(errors), DISTINCT)

        def misfit(weight: float) -> float:
            scale = np.hypot(sampling, weight * spread)
            return count * float((np.log(scale) + (errors / scale) ** 2 / 2).mean())

        misfits = [misfit(w) for w in WEIGHTS]
        weight = max(w for w, m in zip(WEIGHTS, misfits, strict=True) if m <= min(misfits) + NEARLY)
        return cls(weight, np.sort(errors / np.hypot(sampling, weight * spread)))

    def scale(self, figure: Figure) -> float:
        """Return the scale of the error of a figure."""
        return float(np.hypot(figure.sampling, self.weight * figure.spread))


@dataclass(frozen=True)
class Law:
    """What was learned of the errors.

    Attributes
    ----------
    level, drop : Errors
        Of the accuracy on shifted rows, and of what it lies below that at home.
    kinds : int
        Of shifts.
    """

    level: Errors
    drop: Errors
    kinds: int

    @property
    def shifts(self) -> int:
        """How many synthetic shifts it was learned on."""
        return len(self.level.ratios)


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
    level: list[tuple[float, float, float]] = []
    drop: list[tuple[float, float, float]] = []
    while len(level) < shifts:
        fit, held = halves(home, luck)
        rules = fitted(fit)
        for _, weights in synthetic(held, luck):
            found = combined(joining([f(held, weights) for f in rules], revisions, line_fit))
            told = read(fit, found, held, weights, truth=True)
            truth = float(weights @ held.correct)
            gone = float(held.correct.mean()) - truth
            level.append((told.level.value - truth, told.level.sampling, told.level.spread))
            drop.append((told.drop.value - gone, told.drop.sampling, told.drop.spread))
    laws = [Errors.of(*np.array(seen).T) for seen in (level, drop)]
    return Law(laws[0], laws[1], len(kinds(home)))


def table(ratios: FloatArray, least: float) -> tuple[FloatArray, FloatArray]:
    """Return probabilities and quantiles of errors over their scale.

    Parameters
    ----------
    ratios : (b,) float array
        Increasing.
    least : float
        Standard deviation of the normal law that no quantile is nearer to 0 than: the part of the
        scale that is sampling error, which no shift takes away.
    """
    b = len(ratios)
    ranks = np.unique(np.rint(np.geomspace(1, (b + 1) / 2, PLACES)).astype(np.int64))
    ranks = np.union1d(ranks, b + 1 - ranks)
    probs = ranks / (b + 1)
    normal, seen = least * special.ndtri(probs), ratios[ranks - 1]
    return probs, np.where(probs < 0.5, np.minimum(seen, normal), np.maximum(seen, normal))


def evidence(figure: Figure, errors: Errors, n: int, least: float) -> Draws | None:
    """Return the evidence on a figure that lies between a limit and 1 by its nature.

    None where its scale is not known. Errors that would carry it beyond a limit end at the limit.
    """
    scale = errors.scale(figure)
    if not np.isfinite(scale):
        return None
    probs, quantiles = table(errors.ratios, figure.sampling / scale)
    within = np.clip(quantiles, (figure.value - 1.0) / scale, (figure.value - least) / scale)
    return Draws(
        estimate=figure.value,
        se=scale,
        probs=tuple(probs.tolist()),
        quantiles=tuple(within.tolist()),
        n=n,
        replicates=len(errors.ratios),
        method="conformal",
    )
