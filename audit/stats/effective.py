"""Means of bounded scores as counts: how many independent yes-or-no answers would be as sharp.

A score averaged over the severities of a corruption lies between two limits, is 0 for nearly every
item, and its mean is skewed: the t interval is wrong there, on the side that matters. The mean is
therefore judged by the exact tails of counts, of as many independent items as have its variance.
Scores that are 0 or 1 (or -1) keep their own counts.

References
----------
Rao & Scott (1992), Biometrics 48, 577-585, section 2 (effective counts); Korn & Graubard (1998),
Survey Methodology 24, 193-201, section 2 (exact bounds of them; the factor for degrees of freedom);
Bonett & Price (2012), J. Educ. Behav. Stat. 37, 479-488 (a pseudo pair each way).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from audit.stats import student
from audit.stats.clusters import cluster_mean
from audit.stats.evidence import OneProportion, Paired

FloatArray = NDArray[np.float64]

PSEUDO = 2.0
"""Items with a full difference that are added, one each way, where the design effect is taken.

Few items that differ say little of the largest differences that there may be. Without the two,
bounds are too narrow where all of few items differ at one severity of five.
"""
FAR = 0.005
"""Tail at which the t law is matched where rows are clustered: what Holm leaves to a family of ten.
"""


def design_effect(values: FloatArray, spread: float, clusters: ArrayLike | None) -> float | None:
    """Return the variance of a mean over that of as many independent counts.

    Parameters
    ----------
    values : (n,) float array
    spread : float
        Sum of squares that values of full size would have: the variance of counts, times n.
    clusters : array_like, shape (n,), optional

    Returns
    -------
    float or None
        None with a single cluster, which says nothing of how clusters differ.
    """
    n, size, factor = len(values), 1.0, 1.0
    squares = float(((values - values.mean()) ** 2).sum())
    if clusters is not None:
        mean = cluster_mean(values, clusters)
        sizes = np.unique(np.asarray(clusters), return_counts=True)[1].astype(np.float64)
        if len(sizes) < 2:
            return None
        size, squares = float((sizes**2).sum()) / n, (n * mean.se) ** 2
        df = mean.df if mean.df is not None else len(sizes) - 1.0
        factor = (student.quantile(FAR, df) / student.quantile(FAR, None)) ** 2
    # where nothing differs, every row of a cluster is taken to say the same: `size` is then the
    # whole effect (that of Kish 1965 at an intra-class correlation of 1)
    return factor * (squares + PSEUDO * size) / (spread + PSEUDO)


def difference(values: ArrayLike, clusters: ArrayLike | None = None) -> Paired | None:
    """Return the mean of differences between -1 and 1 as pairs.

    Parameters
    ----------
    values : array_like of float, shape (n,)
        Of each item, first condition minus second; averaged over several seconds, if there are.
    clusters : array_like, shape (n,), optional
        Items with one label depend on each other.

    Returns
    -------
    Paired or None
        Exact counts where every value is -1, 0 or 1 and items are independent. Where none differs:
        no discordant pair among n, or among as many pairs as there are clusters (fewer where their
        sizes differ); P(no item differs) is then at most what it would be for differences of full
        size. None without an item, or with a single cluster.
    """
    d = np.asarray(values, dtype=np.float64)
    if not len(d):
        return None
    gain, loss = float(np.maximum(d, 0).sum()), float(np.maximum(-d, 0).sum())
    effect = design_effect(d, gain + loss - len(d) * float(d.mean()) ** 2, clusters)
    if effect is None:
        return None
    n = max(1, round(len(d) / effect))
    b = min(round(gain / effect), n)
    return Paired(b, min(round(loss / effect), n - b), n)


def share(values: ArrayLike, clusters: ArrayLike | None = None) -> OneProportion | None:
    """Return the mean of scores between 0 and 1 as a count; as `difference` otherwise."""
    y = np.asarray(values, dtype=np.float64)
    if not len(y):
        return None
    mean = float(y.mean())
    effect = design_effect(y, len(y) * mean * (1 - mean), clusters)
    if effect is None:
        return None
    n = max(1, round(len(y) / effect))
    return OneProportion(min(round(mean * n), n), n)
