"""Estimates of accuracy without labels, each with the influence of every row on it.

An influence is how a value moves when a row gains weight: the standard error of any combination
is that of a mean, and clusters need no further formula.

References
----------
Garg et al. (2022), ICLR, arXiv:2201.04234, eq. 1 and 2 (ATC); Guillory et al. (2021), ICCV,
arXiv:2107.03315, section 3 (DoC); Lu et al. (2023), NeurIPS, arXiv:2305.15640, section 3 (COT);
Baek et al. (2022), NeurIPS, arXiv:2206.13089, section 4 (ALine-S).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import special

from audit.examples import FloatArray
from audit.labelfree.signals import Signals
from audit.labelfree.transport import coupled

ATC, ATC_MC, ATC_NE = "ATC", "ATC-MC", "ATC-NE"
DOC, COT, LINE = "DoC", "COT", "Agreement"
WINDOW = 20  # the densities at a threshold are compared over a tenth of the labelled rows
MOST_CLASSES = 200  # transport takes the square of these in time
FEWEST_PAIRS = 3  # of models, for a line with anything to fit


@dataclass(frozen=True)
class Estimate:
    """One estimate of the accuracy on weighted rows.

    Attributes
    ----------
    name : str
    value : float
    home : (n,) float array
        Influence of every labelled row; the mean is 0 up to what the rows allow.
    away : (m,) float array
        Influence of every row that is estimated for, up to a constant.
    fit : float
        For agreement: how much of the variance the line explains; else 1.
    """

    name: str
    value: float
    home: FloatArray
    away: FloatArray
    fit: float = 1.0


Fitted = Callable[[Signals, FloatArray], Estimate]


def fitted(home: Signals) -> tuple[Fitted, ...]:
    """Fit every estimator on labelled rows; each is then called with rows and their weights.

    For two classes the thresholds on confidence and on entropy are the same, and stand once. With
    very many classes transport is left out.
    """
    rules: list[Fitted] = []
    if home.classes == 2:
        rules.append(threshold(ATC, lambda s: s.confidence, home))
    else:
        rules.append(threshold(ATC_MC, lambda s: s.confidence, home))
        rules.append(threshold(ATC_NE, lambda s: s.certainty, home))
    rules.append(partial(confidence_gap, home))
    if home.classes <= MOST_CLASSES:
        rules.append(transport(home))
    if home.agree.shape[1] >= FEWEST_PAIRS:
        rules.append(partial(on_the_line, home))
    return tuple(rules)


def threshold(name: str, score: Callable[[Signals], FloatArray], home: Signals) -> Fitted:
    """Return ATC: the share of rows above the score that the labelled accuracy lies above.

    Rows that tie with the threshold count in part, so that the labelled share is met exactly.
    """
    own, correct = score(home), home.correct
    ranked = np.sort(own)[::-1]
    hits, n = round(float(correct.sum())), len(home)
    at = float(ranked[hits - 1]) if hits else np.inf
    ties = (own == at).sum()
    part = (hits - (own > at).sum()) / ties if hits else 0.0
    reach = max(n // WINDOW, 1)
    top, bottom = ranked[max(hits - reach, 0)], ranked[min(hits + reach, n) - 1]
    near = ((own >= bottom) & (own <= top)).mean()
    residual = correct - above(own, at, part)

    def apply(away: Signals, weights: FloatArray) -> Estimate:
        scores = score(away)
        there = weights @ ((scores >= bottom) & (scores <= top))
        inside = above(scores, at, part)
        return Estimate(name, float(weights @ inside), there / near * residual, inside)

    return apply


def above(scores: FloatArray, at: float, part: float) -> FloatArray:
    """Return 1 above a threshold, 0 below, and a part on it."""
    return np.asarray((scores > at) + part * (scores == at), dtype=np.float64)


def confidence_gap(home: Signals, away: Signals, weights: FloatArray) -> Estimate:
    """Return DoC: the labelled accuracy, moved by the difference of mean confidences."""
    sure, gap = away.confidence, home.correct - home.confidence
    return Estimate(DOC, float(weights @ sure + gap.mean()), gap - gap.mean(), sure)


def transport(home: Signals) -> Fitted:
    """Return COT: the labelled accuracy, moved by the difference of the transport costs.

    Lu et al. take the cost itself, which is right where outputs are calibrated; held against the
    cost on the labelled rows, what miscalibration they share cancels, as in DoC.
    """
    shares = home.marginal
    even = np.full(len(home), 1 / len(home))
    own = coupled(home.outputs, shares, even, home.order if home.classes == 2 else None)
    kind = np.maximum(home.target if home.target is not None else 0, 0)

    def apply(away: Signals, weights: FloatArray) -> Estimate:
        found = coupled(away.outputs, shares, weights, away.order if away.classes == 2 else None)
        moved = (found.prices - own.prices)[kind] - own.gains + home.correct
        value = found.value - own.value + home.correct.mean()
        return Estimate(COT, float(value), moved - moved.mean(), found.gains)

    return apply


def on_the_line(home: Signals, away: Signals, weights: FloatArray) -> Estimate:
    """Return ALine-S: agreements of pairs lie on a line on the probit scale, accuracy on the same.

    The line is the least-squares fit of the pairs' agreement on the rows over that on the labelled
    ones; the audited model's labelled accuracy is read off it.
    """
    floor = 0.5 / min(len(home), len(away))
    shared = np.clip(home.agree.mean(axis=0), floor, 1 - floor)
    there = np.clip(weights @ away.agree, floor, 1 - floor)
    accuracy = float(np.clip(home.correct.mean(), floor, 1 - floor))
    x, y, z = special.ndtri(shared), special.ndtri(there), float(special.ndtri(accuracy))
    centred = x - x.mean()
    spread = float(centred @ centred)
    slope = float(centred @ y / spread) if spread > 0 else 0.0
    residual = y - y.mean() - slope * centred
    lever = 1 / len(x) + (centred * (z - x.mean()) / spread if spread > 0 else 0.0)
    bend = -slope * lever + (residual * (z - x.mean()) / spread if spread > 0 else 0.0)
    height = float(y.mean() + slope * (z - x.mean()))
    total = float(((y - y.mean()) ** 2).sum())
    own = slope * (home.correct - home.correct.mean()) / density(z)
    own = own + (home.agree - home.agree.mean(axis=0)) @ (bend / density(x))
    return Estimate(
        LINE,
        float(special.ndtr(height)),
        density(height) * own,
        density(height) * (away.agree @ (lever / density(y))),
        1 - float((residual**2).sum()) / total if total > 0 else 0.0,
    )


def density(x: FloatArray | float) -> FloatArray:
    """Return the standard normal density."""
    return np.asarray(np.exp(-(np.asarray(x) ** 2) / 2) / np.sqrt(2 * np.pi))


@dataclass(frozen=True)
class Combined:
    """The median of the estimates, with the influence of every row on it.

    Attributes
    ----------
    value : float
    home, away : float arrays
        As in `Estimate`.
    spread : float
        Mean absolute deviation of the estimates from their median.
    """

    value: float
    home: FloatArray
    away: FloatArray
    spread: float


def combined(estimates: Sequence[Estimate]) -> Combined:
    """Return the median of some estimates: the middle one, or the mean of the two middle ones."""
    ranked = sorted(estimates, key=lambda e: (e.value, e.name))
    n = len(ranked)
    middle = ranked[(n - 1) // 2 : n // 2 + 1]
    value = sum(e.value for e in middle) / len(middle)
    return Combined(
        value,
        np.mean([e.home for e in middle], axis=0),
        np.mean([e.away for e in middle], axis=0),
        float(np.mean([abs(e.value - value) for e in ranked])),
    )


def joining(estimates: Sequence[Estimate], revisions: int, line_fit: float) -> list[Estimate]:
    """Return the estimates that enter the median: agreement with three revisions and a good line.

    Parameters
    ----------
    estimates : sequence of Estimate
    revisions : int
        Other revisions that answered.
    line_fit : float
        Least share of variance that the line must explain.
    """
    return [e for e in estimates if e.name != LINE or (revisions >= 3 and e.fit >= line_fit)]
