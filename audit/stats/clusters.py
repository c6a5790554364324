"""Means of rows that come in clusters (persons, documents, templates): CR2 with Satterthwaite df.

In a design that is saturated by groups each cluster's leverage block has the cluster's groups as
eigenvectors, so the CR2 adjustment only scales the residual sum of cluster c in group a by
(1 - n_ca / n_a)^(-1/2); no matrix is formed.

References
----------
Bell & McCaffrey (2002), Survey Methodology 28, 169-181, eq. 5 (CR2) and 9 (df); Pustejovsky &
Tipton (2018), J. Bus. Econ. Stat. 36, 672-683, section 2.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from audit.stats.evidence import Mean, MeanRatio

FloatArray = NDArray[np.float64]


class _Layout(NamedTuple):
    """Per group and cluster: sizes, scaled residual sums over n_a, and their weights.

    All of shape (groups, clusters) except `means` and `sizes`, shape (groups,).
    """

    means: FloatArray
    sizes: FloatArray
    counts: FloatArray
    scale: FloatArray
    sums: FloatArray


def _layout(values: ArrayLike, cluster: ArrayLike, group: ArrayLike, groups: int) -> _Layout:
    """Return the layout; all scales are 0 if a group has fewer than two clusters."""
    y, g = np.asarray(values, dtype=np.float64), np.asarray(group, dtype=np.int64)
    labels, code = np.unique(np.asarray(cluster), return_inverse=True)
    shape = groups, len(labels)
    cell = g * shape[1] + code.ravel()
    counts = np.bincount(cell, minlength=groups * shape[1]).reshape(shape).astype(np.float64)
    sizes = counts.sum(axis=1)
    if (sizes == 0).any():
        raise ValueError("a group has no rows")
    means = np.bincount(g, weights=y, minlength=groups) / sizes
    residual = np.bincount(cell, weights=y - means[g], minlength=groups * shape[1]).reshape(shape)
    if ((counts > 0).sum(axis=1) < 2).any():
        return _Layout(means, sizes, counts, np.zeros(shape), np.zeros(shape))
    scale = 1 / np.sqrt(1 - counts / sizes[:, None]) / sizes[:, None]
    return _Layout(means, sizes, counts, scale, residual * scale)


def _satterthwaite(layout: _Layout, contrast: FloatArray) -> float | None:
    """Return tr(P)^2 / tr(P^2), P_cd = g_c' g_d under the working identity covariance.

    P is diagonal minus one rank-one term per group, so both traces are sums over clusters. None
    where nothing varies.
    """
    weight = contrast[:, None] * layout.scale
    diagonal = (layout.counts * weight**2).sum(axis=0)
    w = layout.counts * weight / np.sqrt(layout.sizes)[:, None]
    trace = float(diagonal.sum() - (w**2).sum())
    square = float((diagonal**2).sum() - 2 * (diagonal * w**2).sum() + ((w @ w.T) ** 2).sum())
    return trace**2 / square if trace > 0 and square > 0 else None


def _mean(layout: _Layout, contrast: FloatArray) -> Mean:
    se = float(np.sqrt(((contrast @ layout.sums) ** 2).sum()))
    df = _satterthwaite(layout, contrast)
    estimate = float(contrast @ layout.means)
    return Mean(estimate, se if df is not None else 0.0, df, n=int(layout.sizes.sum()))


def cluster_mean(values: ArrayLike, cluster: ArrayLike) -> Mean:
    """Return the mean of clustered rows.

    Parameters
    ----------
    values : array_like of float, shape (rows,)
    cluster : array_like, shape (rows,)
        Any labels.

    Returns
    -------
    Mean
        With CR2 standard error and Satterthwaite df; with se = 0, that is no evidence, if there
        is one cluster only.

    Raises
    ------
    ValueError
        If there are no rows.
    """
    one_group = np.zeros(len(np.asarray(values)), dtype=np.int64)
    return _mean(_layout(values, cluster, one_group, 1), np.ones(1))


def cluster_difference(values: ArrayLike, cluster: ArrayLike, in_first: ArrayLike) -> Mean:
    """Return mean of the first group minus mean of the second; clusters may span both.

    Parameters
    ----------
    values : array_like of float, shape (rows,)
    cluster : array_like, shape (rows,)
    in_first : array_like of bool, shape (rows,)
        True for the rows of the first group; all others are the second.

    Returns
    -------
    Mean
        With se = 0, that is no evidence, if a group has one cluster only.

    Raises
    ------
    ValueError
        If a group has no rows.
    """
    second = ~np.asarray(in_first, dtype=np.bool_)
    return _mean(_layout(values, cluster, second, 2), np.array([1.0, -1.0]))


def cluster_contrast(
    values: ArrayLike, cluster: ArrayLike, group: ArrayLike, contrast: ArrayLike
) -> Mean:
    """Return a weighted sum of group means, such as a difference of differences.

    Parameters
    ----------
    values : array_like of float, shape (rows,)
    cluster : array_like, shape (rows,)
        Any labels; a cluster may span groups.
    group : array_like of int, shape (rows,)
        Codes 0 .. groups - 1.
    contrast : array_like of float, shape (groups,)
        Weight of each group's mean.

    Returns
    -------
    Mean
        With se = 0, that is no evidence, if a group has one cluster only.

    Raises
    ------
    ValueError
        If a group has no rows.
    """
    weights = np.asarray(contrast, dtype=np.float64)
    return _mean(_layout(values, cluster, group, len(weights)), weights)


def cluster_ratio(values: ArrayLike, cluster: ArrayLike, in_first: ArrayLike) -> MeanRatio:
    """Return mean of the first group over mean of the second; clusters may span both.

    The degrees of freedom are those of mean1 - theta * mean2 at the estimated ratio. Arguments
    and errors as in `cluster_difference`; all variances 0, that is no evidence, if a group has one
    cluster only.
    """
    second = ~np.asarray(in_first, dtype=np.bool_)
    layout = _layout(values, cluster, second, 2)
    mean1, mean2 = (float(m) for m in layout.means)
    ratio = mean1 / mean2 if mean2 > 0 else 1.0
    df = _satterthwaite(layout, np.array([1.0, -ratio]))
    variance = layout.sums @ layout.sums.T if df is not None else np.zeros((2, 2))
    var1, var2, cov = float(variance[0, 0]), float(variance[1, 1]), float(variance[0, 1])
    return MeanRatio(mean1, mean2, var1, var2, cov, df, int(layout.sizes.sum()))


def ratio_of_columns(
    numerator: ArrayLike, denominator: ArrayLike, cluster: ArrayLike | None = None
) -> MeanRatio:
    """Return sum of one column over sum of another, such as word errors over words.

    Parameters
    ----------
    numerator, denominator : array_like of float, shape (rows,)
    cluster : array_like, shape (rows,), optional
        Without it every row is its own cluster.

    Raises
    ------
    ValueError
        If there are no rows.
    """
    above = np.asarray(numerator, dtype=np.float64)
    below = np.asarray(denominator, dtype=np.float64)
    labels = np.arange(len(above)) if cluster is None else cluster
    group = np.zeros(len(above), dtype=np.int64)
    one, two = _layout(above, labels, group, 1), _layout(below, labels, group, 1)
    df = _satterthwaite(one, np.ones(1))
    sums = np.vstack([one.sums, two.sums])
    variance = sums @ sums.T
    means = float(one.means[0]), float(two.means[0])
    errors = float(variance[0, 0]), float(variance[1, 1]), float(variance[0, 1])
    return MeanRatio(*means, *errors, df, len(above))
