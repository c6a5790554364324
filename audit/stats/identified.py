"""Whether an explanation tells its own input from others: the area A and its error.

For input i, let a_i be its explanation, a_it those of versions of it that the model answers alike,
and a_j the explanation of another input that the model gives the same class. The identifiability is

    A = P(sim(a_i, a_it) > sim(a_i, a_j)) + P(sim(a_i, a_it) = sim(a_i, a_j)) / 2,

an area under a ROC curve: one half where explanations do not depend on their input.

An input has two roles, as itself and as another's other, so that the estimate is an (incomplete,
not symmetric) U-statistic of order two and not a mean of independent rows. Leaving out each input
in both of its roles gives the jackknife of a U-statistic (Arvesen 1969). It counts what belongs to
one pair alone twice, once with either member (Efron & Stein 1981: the jackknife
overestimates what is not linear); so the squares of what pairs change are taken off once,
as dyadic regression does (Fafchamps & Gubert 2007; Aronow, Samii & Assenova 2015).

References
----------
Arvesen (1969), Ann. Math. Statist. 40, 2076-2100; Efron & Stein (1981), Ann. Statist. 9, 586-596;
Hoeffding (1963), JASA 58, 13-30, section 5a; Fafchamps & Gubert (2007), J. Dev. Econ. 83, 326-350;
Aronow, Samii & Assenova (2015), Political Analysis 23, 564-577.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.sparse import csgraph

from audit.stats.clusters import cluster_mean
from audit.stats.evidence import AnyEvidence, Mean, OneProportion

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# The spread that a jackknife is made of has hardly been seen where the comparisons lost are worth
# less than one pair among those that share no input, or where the spread comes from fewer than
# about five inputs (or clusters): (sum d^2)^2 / sum d^4 of what leaving each of them out changes.
FEW_PAIRS = 1.0
FEW_CLUSTERS = 5.0


class _Pairs(NamedTuple):
    """The comparisons that there are, and who takes part.

    Attributes
    ----------
    first, second : (p,) int arrays
        Cluster of the input, and of its other.
    row : (p,) int array
        Position of the input among those that have any other.
    win : (p,) float array
    cluster : (n,) int array
        Of the inputs that have any other.
    others, mean : (n,) float arrays
        How many each such input has, and the mean of its wins.
    clusters : int
    """

    first: IntArray
    second: IntArray
    row: IntArray
    win: FloatArray
    cluster: IntArray
    others: FloatArray
    mean: FloatArray
    clusters: int


def wins(win: ArrayLike) -> FloatArray:
    """Return the mean of each input's wins over its others: its own identifiability.

    Parameters
    ----------
    win : array_like of float, shape (n, m)
        As in `identifiability`.

    Returns
    -------
    ndarray, shape (n,)
        NaN for an input that has no other. The mean of the rest is the estimate of A.
    """
    won = np.asarray(win, dtype=np.float64)
    there = ~np.isnan(won)
    count, total = there.sum(axis=1), np.where(there, won, 0.0).sum(axis=1)
    return _ratio(total, count, np.nan)


def identifiability(
    win: ArrayLike, other: ArrayLike, clusters: ArrayLike | None = None
) -> AnyEvidence | None:
    """Return the probability that a perturbed input is more alike than another one.

    Parameters
    ----------
    win : array_like of float, shape (n, m)
        Share of the versions of input i whose explanation is more alike than that of its m-th
        other, ties one half; NaN where there is none.
    other : array_like of int, shape (n, m)
        Position, 0 to n - 1, of that other; -1 where there is none.
    clusters : array_like, shape (n,), optional
        Inputs with one label depend on each other; without it every input stands alone.

    Returns
    -------
    AnyEvidence or None
        The mean over inputs of the mean over their others. Its error is the jackknife's, on the
        logit scale, with Student's t: as many degrees of freedom as clusters but one,
        Satterthwaite's where these are of unequal size. Where hardly any pair stands against the
        majority, few inputs make all of the spread, or nothing varies: so many independent trials
        as there are pairs with no input, or cluster, in common (`disjoint`). None with fewer than
        two such pairs.

    Raises
    ------
    ValueError
        If the shapes differ, a share is outside of 0 to 1 or a position outside of the inputs.
    """
    pairs = _pairs(*_checked(win, other), clusters)
    trials = disjoint(pairs.first, pairs.second, pairs.clusters)
    if trials < 2:
        return None
    value = float(pairs.mean.mean())
    found = _jackknife(pairs, value)
    if found is not None and trials * min(value, 1 - value) >= FEW_PAIRS:
        return found
    return OneProportion(k=round(value * trials), n=trials)


def _checked(win: ArrayLike, other: ArrayLike) -> tuple[FloatArray, IntArray]:
    won, who = np.asarray(win, dtype=np.float64), np.asarray(other, dtype=np.int64)
    if won.ndim != 2 or won.shape != who.shape:
        raise ValueError(f"wins have shape {won.shape} and others {who.shape}: one of each a pair")
    if (won < 0).any() or (won > 1).any():
        raise ValueError("a share of wins is outside of 0 to 1")
    if (who >= len(won)).any() or (who < -1).any():
        raise ValueError(f"positions of others go from 0 to {len(won) - 1}, and -1 for none")
    return won, who


def _pairs(won: FloatArray, who: IntArray, clusters: ArrayLike | None) -> _Pairs:
    """Return the comparisons whose win and other are both known."""
    code = np.arange(len(won))
    if clusters is not None:
        code = np.unique(np.asarray(clusters), return_inverse=True)[1].ravel()
    there = (who >= 0) & ~np.isnan(won)
    at, column = np.nonzero(there)
    some = np.flatnonzero(there.any(axis=1))
    row = np.searchsorted(some, at)
    win, second = won[at, column], code[who[at, column]]
    count = np.bincount(row, minlength=len(some)).astype(np.float64)
    mean = np.bincount(row, weights=win, minlength=len(some)) / np.maximum(count, 1)
    # only clusters with a role count; their codes are made gapless
    used, packed = np.unique(np.r_[code[at], second], return_inverse=True)
    first, second = packed[: len(at)], packed[len(at) :]
    own = np.searchsorted(used, code[some])
    return _Pairs(first, second, row, win, own, count, mean, len(used))


def disjoint(first: IntArray, second: IntArray, clusters: int) -> int:
    """Return how many independent trials the pairs are worth, were each won or lost as a whole.

    This is the largest fractional matching, rounded down: half of the largest matching of all
    clusters with partners. That all pairs are won has at most the probability that so many
    independent ones are (Finner 1992, Ann. Probab. 20, 1893-1901). For all pairs of G
    clusters it is G / 2, as in Hoeffding (1963), section 5a.

    Parameters
    ----------
    first, second : (p,) int arrays
        Cluster of either member; pairs within one cluster do not count.
    clusters : int
    """
    apart = first != second
    ends = np.r_[first[apart], second[apart]], np.r_[second[apart], first[apart]]
    if not apart.any():
        return 0
    graph = sparse.csr_matrix((np.ones(len(ends[0]), dtype=bool), ends), (clusters, clusters))
    return int((csgraph.maximum_bipartite_matching(graph) >= 0).sum()) // 2


def _jackknife(pairs: _Pairs, value: float) -> Mean | None:
    """Return the estimate with its error; None where the spread has hardly been seen."""
    without = _without(pairs)
    if not np.isfinite(without).all():
        return None
    count, change = pairs.clusters, without - without.mean()
    whole = float((change**2).sum()) * (count - 1) / count
    if not whole > 1e-24 or (change**2).sum() ** 2 < FEW_CLUSTERS * (change**4).sum():
        return None
    # only what belongs to pairs was counted twice: at most half of the whole can be too much
    variance = max(whole - _of_pairs(pairs, value), whole / 2)
    own = cluster_mean(pairs.mean, pairs.cluster).df
    if own is None:
        return None
    return Mean(value, float(np.sqrt(variance)), own, "logit", len(pairs.mean))


def _without(pairs: _Pairs) -> FloatArray:
    """Return the estimate with each cluster left out in both roles, from sums alone."""
    row, member, after, gone = _rows_without(pairs)
    change = np.where(gone, 0.0, after) - pairs.mean[row]
    own = np.bincount(pairs.cluster, weights=pairs.mean, minlength=pairs.clusters)
    size = np.bincount(pairs.cluster, minlength=pairs.clusters)
    sums = pairs.mean.sum() - own + np.bincount(member, change, pairs.clusters)
    return _ratio(sums, len(pairs.mean) - size - np.bincount(member, gone, pairs.clusters), np.nan)


def _rows_without(pairs: _Pairs) -> tuple[IntArray, IntArray, FloatArray, NDArray[np.bool_]]:
    """Return inputs, clusters among their others, and inputs' means without these.

    An input's own cluster is left aside. The last array tells where no other is left.
    """
    apart = pairs.first != pairs.second
    key = pairs.row[apart] * pairs.clusters + pairs.second[apart]
    cells, place = np.unique(key, return_inverse=True)
    row, member = (np.asarray(c, dtype=np.int64) for c in np.divmod(cells, pairs.clusters))
    total = np.bincount(place, weights=pairs.win[apart], minlength=len(cells))
    left = pairs.others[row] - np.bincount(place, minlength=len(cells))
    after = _ratio(pairs.mean[row] * pairs.others[row] - total, left, np.nan)
    return row, member, after, left <= 0


def _ratio(above: FloatArray, below: ArrayLike, empty: float) -> FloatArray:
    size = np.asarray(below, dtype=np.float64)
    return np.asarray(np.divide(above, size, out=np.full(len(above), empty), where=size > 0))


def _of_pairs(pairs: _Pairs, value: float) -> float:
    """Return the part of the variance that belongs to pairs of clusters alone.

    An input that has no other others goes when these go: all that it says was counted twice.
    """
    row, member, after, gone = _rows_without(pairs)
    change = (pairs.mean[row] - np.where(gone, value, after)) / len(pairs.mean)
    own = pairs.cluster[row]
    low, high = np.minimum(own, member), np.maximum(own, member)
    _, place = np.unique(low * pairs.clusters + high, return_inverse=True)
    return float((np.bincount(place, weights=change) ** 2).sum())
