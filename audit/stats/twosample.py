"""Do two samples of features have one law? A classifier that is scored on rows it has not seen.

References
----------
Lopez-Paz & Oquab (2017), Revisiting Classifier Two-Sample Tests, ICLR, section 3; Ledoit & Wolf
(2004), J. Multivariate Anal. 88, 365-411 (shrinkage); Sugiyama, Suzuki & Kanamori (2012), Density
Ratio Estimation in Machine Learning, section 4.2 (weights from the odds of a classifier).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from audit.chance import uniforms
from audit.stats.auc import midranks
from audit.stats.clusters import cluster_mean
from audit.stats.evidence import Mean

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Mask = NDArray[np.bool_]
STREAM = 41
"""Stream of luck that cuts halves, apart from those of other probes."""
NARROW = 20
"""Columns up to which products are added: 210 more. Embeddings have enough columns of their own."""
FAR = 4.0
"""Standard deviations beyond which a column counts no further in a product."""
STEPS = 60
"""Newton steps of the logistic regression, each of at most 2 on the scale of its scores."""


def learning_half(digests: NDArray[np.bytes_], clusters: IntArray | None, seed: int) -> Mask:
    """Tell which rows the classifier learns on; it is scored on the others.

    Rows with one content lie in one half, and so do those of one cluster; where contents and
    clusters overlap, everything that hangs together does.

    Parameters
    ----------
    digests : (n,) array of 16-byte strings
    clusters : (n,) int array, optional
    seed : int
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    names, content = np.unique(digests, return_inverse=True)
    luck = uniforms(names, seed, STREAM)
    if clusters is None:
        return np.asarray(luck[content.ravel()] < 0.5)
    code = np.unique(clusters, return_inverse=True)[1].ravel() + len(names)
    size = len(names) + int(code.max(initial=0)) + 1
    edges = coo_array((np.ones(len(code)), (content.ravel(), code)), shape=(size, size))
    part = connected_components(edges, directed=False)[1][: len(names)]
    # names are sorted: the first of a part is its smallest digest, whatever the order of rows
    _, first = np.unique(part, return_index=True)
    return np.asarray(luck[first[np.unique(part, return_inverse=True)[1].ravel()]] < 0.5)[
        content.ravel()
    ]


class Discriminant(NamedTuple):
    """A linear score, larger for the second sample."""

    direction: FloatArray
    centre: FloatArray

    def score(self, features: FloatArray) -> FloatArray:
        """Return the score of each row, in standard deviations within a sample.

        Rounded, so that equal rows tie whatever stands beside them in the product.
        """
        return np.round((features - self.centre) @ self.direction, 9)


def with_products(features: FloatArray, by: FloatArray) -> FloatArray:
    """Add the products of few columns, so that a change of spread or of correlation shows.

    Parameters
    ----------
    features : (n, d) float array
    by : (m, d) float array
        Rows that say what a column's centre and spread are.

    Returns
    -------
    (n, d + d (d + 1) / 2) float array
        Columns are standardised and kept within `FAR`, so that no single row decides. Of more
        than `NARROW` columns, the features as they are.
    """
    if features.shape[1] > NARROW:
        return features
    spread = by.std(axis=0)
    z = (features - by.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    first, second = np.triu_indices(z.shape[1])
    held = np.clip(z, -FAR, FAR)
    return np.column_stack([z, held[:, first] * held[:, second]])


def discriminant(first: FloatArray, second: FloatArray) -> Discriminant | None:
    """Fit Fisher's discriminant with a shrunken covariance; None where nothing varies.

    Parameters
    ----------
    first, second : (n, d) float arrays
        Columns are standardised within samples; d may exceed n.
    """
    means = first.mean(axis=0), second.mean(axis=0)
    within = np.vstack([first - means[0], second - means[1]])
    spread = within.std(axis=0)
    gap, centre = means[1] - means[0], (means[0] + means[1]) / 2
    # a column that is constant within both samples but differs between them tells them apart
    scale = np.where(spread > 1e-12, spread, np.where(np.abs(gap) > 1e-12, np.abs(gap) / 1e3, 1.0))
    z = within / scale
    covariance = z.T @ z / len(z)
    share = shrinkage(z, covariance)
    target = float(np.trace(covariance)) / z.shape[1]
    if target <= 0 and not np.any(gap):
        return None
    ridge = max(share * target, 1e-9)
    shrunk = (1 - share) * covariance + ridge * np.eye(z.shape[1])
    direction = np.linalg.solve(shrunk, gap / scale)
    length = float(np.sqrt(direction @ shrunk @ direction))
    return Discriminant(direction / scale / length, centre) if length > 0 else None


def shrinkage(z: FloatArray, covariance: FloatArray) -> float:
    """Return Ledoit and Wolf's weight of the scaled identity (2004, section 3.3).

    Parameters
    ----------
    z : (n, d) float array
        Centred.
    covariance : (d, d) float array
        ``z.T @ z / n``.
    """
    n, d = z.shape
    squared = float((covariance**2).sum())
    mean = float(np.trace(covariance)) / d
    distance = squared / d - mean**2
    noise = (float(((z**2).sum(axis=1) ** 2).sum()) / n - squared) / n / d
    return min(max(noise, 0.0) / distance, 1.0) if distance > 0 else 1.0


def permutation_p(
    score: FloatArray,
    second: Mask,
    seed: int,
    clusters: IntArray | None = None,
    replicates: int = 999,
) -> float:
    """Return the share of relabellings whose area under the ROC curve is as large.

    Clusters of one sample are relabelled whole; within a cluster that spans both, rows are. The
    rows themselves must come in an order that their content decides.

    Parameters
    ----------
    score : (n,) float array
    second : (n,) bool array
        True for the second sample.
    seed : int
    clusters : (n,) int array, optional
    replicates : int

    Returns
    -------
    float
        (1 + as large) / (1 + replicates): Phipson & Smyth (2010), Stat. Appl. Genet. Mol. Biol. 9.
    """
    ranks, rng = midranks(score), np.random.default_rng(seed)
    code = np.arange(len(score))
    if clusters is not None:
        # coded by first place, so that the order of contents decides and not the user's names
        _, first, back = np.unique(clusters, return_index=True, return_inverse=True)
        code = np.argsort(np.argsort(first))[back.ravel()]
    size = np.bincount(code).astype(np.float64)
    inside = np.bincount(code, weights=second)
    pure = (inside == 0) | (inside == size)
    rank = np.bincount(code, weights=ranks)
    flags = inside[pure] > 0
    mixed = np.flatnonzero(~pure[code])
    wanted = inside[code[mixed]].astype(np.float64)
    observed = _area(float(ranks[second].sum()), float(second.sum()), len(score))
    large = 0
    for _ in range(replicates):
        drawn = rng.permutation(flags)
        total, count = float(rank[pure] @ drawn), float(size[pure] @ drawn)
        if len(mixed):
            taken = mixed[_first_of(code[mixed], wanted, rng)]
            total, count = total + float(ranks[taken].sum()), count + len(taken)
        large += _area(total, count, len(score)) >= observed - 1e-12
    return (1 + large) / (1 + replicates)


def _area(rank_sum: float, m: float, n: int) -> float:
    """Return the area under the ROC curve from the rank sum of m of n rows; 1 where none is."""
    return (rank_sum - m * (m + 1) / 2) / (m * (n - m)) if 0 < m < n else 1.0


def _first_of(
    code: NDArray[np.integer], wanted: FloatArray, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Mark so many rows of every cluster as are wanted of it, drawn at random."""
    order = np.lexsort((rng.random(len(code)), code))
    start = np.searchsorted(code[order], code[order])
    marked = np.zeros(len(code), dtype=np.bool_)
    marked[order] = np.arange(len(order)) - start < wanted[order]
    return marked


def log_odds(score: FloatArray, second: Mask) -> FloatArray:
    """Return the log odds of the second sample, by logistic regression on held-out scores alone.

    Where the samples are told apart without an error no maximum exists: the odds are then those
    of a slope that is steep and finite, so that weights rest on the nearest rows, as they must.
    """
    x = np.column_stack([np.ones(len(score)), (score - score.mean()) / (score.std() or 1.0)])
    beta = np.zeros(2)
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -500, 500)))
        information = (x * (p * (1 - p))[:, None]).T @ x + 1e-9 * np.eye(2)
        step = np.linalg.solve(information, x.T @ (second - p))
        largest = float(np.abs(step).max())
        beta = beta + step * min(1.0, 2.0 / max(largest, 1e-300))
        if largest < 1e-10:
            break
    return np.asarray(x @ beta)


def effective_share(odds: FloatArray, clusters: IntArray | None = None) -> Mean:
    """Return the effective sample size of importance weights, as a share of the rows.

    Parameters
    ----------
    odds : (n,) float array
        Log of each row's weight, up to a constant.
    clusters : (n,) int array, optional

    Returns
    -------
    Mean
        ``mean(w)^2 / mean(w^2)`` (Kong 1992, University of Chicago technical report 348), its
        error by the delta method on the logit scale; CR2 with clusters. Equal weights, with a
        share of 1, show no error and are no evidence.
    """
    weight = np.exp(odds - odds.max())
    mean, square = float(weight.mean()), float((weight**2).mean())
    share = mean**2 / square
    influence = share * (1 + 2 * (weight / mean - 1) - (weight**2 / square - 1))
    found = cluster_mean(influence, np.arange(len(weight)) if clusters is None else clusters)
    if not 0 < share < 1:
        return Mean(share, 0.0, found.df, n=len(weight))
    return Mean(share, found.se, found.df, "logit", len(weight))
