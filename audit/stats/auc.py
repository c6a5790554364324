"""Area under the ROC curve with DeLong's standard error."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from audit.stats.evidence import Mean


def midranks(x: ArrayLike) -> NDArray[np.float64]:
    """Return ranks from 1, ties sharing their mean rank; O(n log n)."""
    values = np.asarray(x, dtype=np.float64)
    ordered = np.sort(values)
    before = np.searchsorted(ordered, values, side="left")
    until = np.searchsorted(ordered, values, side="right")
    return (before + until + 1) / 2


def auc(y: ArrayLike, score: ArrayLike) -> Mean:
    """Return the area under the ROC curve, its error symmetric on the logit scale.

    Parameters
    ----------
    y : array_like of bool, shape (rows,)
        True for positives.
    score : array_like of float, shape (rows,)
        Larger for more likely positive; ties count one half.

    Raises
    ------
    ValueError
        If there are fewer than two positives or two negatives: no area, or no error, is defined.

    References
    ----------
    DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, 837-845; midranks as in Sun & Xu
    (2014), IEEE Signal Process. Lett. 21, 1389-1393.
    """
    positive = np.asarray(y, dtype=np.bool_)
    parts = components(positive, score)
    m, n = int(positive.sum()), int((~positive).sum())
    above, below = parts[positive], parts[~positive]
    variance = float(above.var(ddof=1)) / m + float(below.var(ddof=1)) / n
    return Mean(float(above.mean()), math.sqrt(variance), None, "logit", m + n)


def components(y: ArrayLike, score: ArrayLike) -> NDArray[np.float64]:
    """Return DeLong's structural component of every row.

    For a positive the share of negatives that it outranks, for a negative the share of positives
    that outrank it; ties count one half. Either kind has the area as its mean.

    Parameters
    ----------
    y, score : array_like, shape (rows,)
        As in `auc`.

    Returns
    -------
    ndarray, shape (rows,)

    Raises
    ------
    ValueError
        As `auc`.
    """
    positive = np.asarray(y, dtype=np.bool_)
    values = np.asarray(score, dtype=np.float64)
    m, n = int(positive.sum()), int((~positive).sum())
    if min(m, n) < 2:
        raise ValueError(f"AUC needs two of each class: {m} positives, {n} negatives")
    ranks = midranks(values)
    out = np.empty(len(values))
    out[positive] = (ranks[positive] - midranks(values[positive])) / n
    out[~positive] = 1 - (ranks[~positive] - midranks(values[~positive])) / m
    return out
