"""How many foreign inputs pass as familiar when nearly all familiar ones do: FPR at 95 % TPR."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from audit.examples import FloatArray, IntArray
from audit.stats.evidence import Draws

TPR = (19, 20)  # 95 % in whole numbers, so that no rounding moves the threshold
NEGLIGIBLE = 1e-10  # mass of the threshold's law that is left out
LEVELS = np.unique(np.r_[np.geomspace(1e-8, 0.5, 70), 0.005, 0.01, 0.025, 0.05, 0.1])
# A table has no place for "at least 0": a bound of 0 stands this little below it, so that a share
# above 0 is never proven by it.
BELOW = 1e-12
NOT_DRAWN = 10**9  # the table is computed: no number of replicates limits its tails


@dataclass(frozen=True)
class Accepted:
    """Foreign inputs that are accepted with 95 % of the familiar ones.

    The positive class is the familiar one (Liang, Li & Srikant 2018, section 4.2): an input is
    accepted up to a threshold, the smallest score of a familiar input at or below which at least
    95 % of the familiar scores lie.

    Attributes
    ----------
    threshold : float
    share : float
        Of the foreign inputs, at or below the threshold.
    """

    threshold: float
    share: float

    @classmethod
    def of(cls, home: FloatArray, away: FloatArray) -> Accepted:
        """Measure it.

        Parameters
        ----------
        home, away : (m,), (n,) float arrays
            Scores of familiar and foreign inputs, larger for more foreign; neither empty.
        """
        place = -(-TPR[0] * len(home) // TPR[1]) - 1
        threshold = float(np.partition(home, place)[place])
        return cls(threshold, float((away <= threshold).mean()))


def false_positives(
    home: FloatArray,
    away: FloatArray,
    home_clusters: IntArray | None = None,
    away_clusters: IntArray | None = None,
) -> Draws | None:
    """Return the share of foreign inputs accepted, knowing that the threshold is estimated.

    How many of m familiar scores lie at or below their true 95 % quantile is binomial,
    B(m, 0.95), whatever their law; given it, the quantile lies between two known scores, and the
    foreign ones at or below it are a binomial count. A bound is that of Clopper & Pearson (1934)
    mixed over the first law (both pivots: Hilgers 1991, Methods of Information in Medicine 30,
    96-101), with the lower score for a lower bound and the higher one for an upper bound: so it
    errs on the safe side, and with 0 of n accepted the upper bound is above 0.

    Parameters
    ----------
    home, away : (m,), (n,) float arrays
        Scores, larger for more foreign.
    home_clusters, away_clusters : int arrays, optional
        Then both sizes are effective ones: those at which a binomial share has the CR2 error of
        the clustered one (Korn & Graubard 1998, Survey Methodology 24, 193-201), its degrees of
        freedom included. Clusters that have rows of both kinds are taken as independent.

    Returns
    -------
    Draws or None
        None without two rows, or two clusters, of either kind.
    """
    if min(len(home), len(away)) < 2:
        return None
    found = Accepted.of(home, away)
    m = effective(home <= found.threshold, home_clusters)
    n = effective(away <= found.threshold, away_clusters)
    if m is None or n is None:
        return None
    low, high, weight = counts(home, away, round(m))
    below, above = bounds(low * n, n, weight), bounds((1.0 - high) * n, n, weight)
    return table(found.share, below, above.mirrored, len(home) + len(away))


def effective(inside: np.ndarray, clusters: IntArray | None) -> float | None:
    """Return how many independent rows know a share as well; None with fewer than two clusters."""
    from audit.stats.clusters import cluster_mean
    from audit.stats.student import quantile

    rows = len(inside)
    if clusters is None:
        return float(rows)
    several = len(np.unique(clusters))
    if several < 2:
        return None
    mean = cluster_mean(inside.astype(np.float64), clusters)
    if mean.se == 0 or mean.df is None or not 0 < mean.estimate < 1:
        return float(several)
    wider = quantile(0.975, mean.df) / quantile(0.975, None)
    size = mean.estimate * (1 - mean.estimate) / (mean.se * wider) ** 2
    return float(min(max(size, 2.0), rows))


def counts(home: FloatArray, away: FloatArray, m: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return what shares of foreign inputs the true threshold may accept, and how likely that is.

    Returns
    -------
    low, high, weight : (j,) float arrays
        One for each count of familiar scores, of m, that the true threshold may accept.
    """
    from audit.stats.binomial import pmf

    accepted = np.arange(m + 1)
    weight = pmf(accepted, m, TPR[0] / TPR[1])
    likely = weight > NEGLIGIBLE
    accepted, weight = accepted[likely], weight[likely] / weight[likely].sum()
    edges = np.r_[-np.inf, np.sort(home), np.inf]
    under = accepted * len(home) // m
    over = np.minimum(-(-(accepted + 1) * len(home) // m), len(home) + 1)
    known = np.sort(away)
    low = np.searchsorted(known, edges[under], side="right") / len(away)
    high = np.searchsorted(known, edges[over], side="left") / len(away)
    return low, np.maximum(low, high), weight


def tail(theta: FloatArray, k: FloatArray, n: float, weight: FloatArray) -> FloatArray:
    """Return the chance of at least k of n at a rate, mixed over k; 1 where k is 0."""
    some = k > 0
    body = special.betainc(k[some], n - k[some] + 1, theta[:, None]) @ weight[some]
    return np.asarray(body + weight[~some].sum())


@dataclass(frozen=True)
class Bounds:
    """One-sided bounds of a rate, and their levels in increasing order."""

    levels: FloatArray
    values: FloatArray

    @property
    def mirrored(self) -> Bounds:
        """The bounds of 1 minus the rate."""
        return Bounds(self.levels, 1.0 - self.values)


def bounds(k: FloatArray, n: float, weight: FloatArray) -> Bounds:
    """Return the lower bound of a rate at each of `LEVELS`: `tail` inverted.

    The level from which on it is above 0 is added to them, so that no line between two levels
    leads across it.
    """
    k, place = np.unique(k, return_inverse=True)
    weight = np.bincount(place, weights=weight).astype(np.float64)
    some, empty = k[k > 0], float(weight[k == 0].sum())
    if not len(some):
        return Bounds(LEVELS, np.zeros(len(LEVELS)))
    wanted = np.unique(np.r_[LEVELS, empty]) if LEVELS[0] < empty < LEVELS[-1] else LEVELS
    few = some[np.unique(np.linspace(0, len(some) - 1, 8).astype(np.int64))]
    levels = np.r_[1e-12, np.geomspace(1e-9, 0.9, 40)]
    grid: FloatArray = np.unique(special.betaincinv(few[:, None], n - few[:, None] + 1, levels))
    for _ in range(3):  # the later passes stand on points that already lie near the levels
        chance = tail(grid, k, n, weight)
        found = np.interp(np.log(wanted), np.log(np.maximum(chance, 1e-300)), grid)
        grid = np.unique(np.r_[grid[::8], found])
    return Bounds(wanted, np.where(wanted <= empty, 0.0, found))


def table(share: float, lower: Bounds, upper: Bounds, n: int) -> Draws:
    """Return bounds as the studentised law that gives them back."""
    ends = [float(np.interp(0.16, side.levels, side.values)) for side in (lower, upper)]
    se = (ends[1] - ends[0]) / 2
    least = np.where(lower.values <= 0, -BELOW, lower.values)
    quantiles = np.r_[share - upper.values, (share - least)[::-1]] / se
    probs = np.r_[upper.levels, 1.0 - lower.levels[::-1]]
    return Draws(
        share,
        se,
        tuple(probs.tolist()),
        tuple(np.maximum.accumulate(quantiles).tolist()),
        n,
        NOT_DRAWN,
        "order statistics",
    )


def promised(d: float, m: int, n: int) -> Draws | None:
    """Return the evidence that sizes promise where both scores are normal, d apart."""
    if min(m, n) < 2:
        return None
    home, away = (special.ndtri((np.arange(k) + 0.5) / k) for k in (m, n))
    return false_positives(home, away + d)
