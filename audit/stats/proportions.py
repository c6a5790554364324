"""Intervals for proportions and their difference, vectorised over arrays of counts.

All functions take counts ``k`` out of ``n`` (broadcast against each other) and return a pair of
arrays ``(low, high)`` of the broadcast shape, clipped to the parameter range. ``n = 0`` gives the
whole range.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

FloatArray = NDArray[np.float64]
Bounds = tuple[FloatArray, FloatArray]


def _counts(k: ArrayLike, n: ArrayLike) -> tuple[FloatArray, FloatArray]:
    k, n = np.broadcast_arrays(np.asarray(k, dtype=np.float64), np.asarray(n, dtype=np.float64))
    return k, n


def wilson(k: ArrayLike, n: ArrayLike, level: float = 0.95) -> Bounds:
    """Return the Wilson score interval.

    References
    ----------
    Wilson (1927), JASA 22, 209-212; Brown, Cai & DasGupta (2001), Statist. Sci. 16, eq. 4.
    """
    k, n = _counts(k, n)
    z2 = float(special.ndtri(0.5 + level / 2)) ** 2
    centre = (k + z2 / 2) / (n + z2)
    half = np.sqrt(z2 * (k * (n - k) / np.maximum(n, 1) + z2 / 4)) / (n + z2)
    low = np.where(k == 0, 0.0, np.maximum(centre - half, 0.0))
    return low, np.where(k == n, 1.0, np.minimum(centre + half, 1.0))


def clopper_pearson(k: ArrayLike, n: ArrayLike, level: float = 0.95) -> Bounds:
    """Return the exact interval of Clopper & Pearson (1934), Biometrika 26, 404-413."""
    tail = (1 - level) / 2
    return clopper_pearson_lower(k, n, tail), clopper_pearson_upper(k, n, tail)


def clopper_pearson_lower(k: ArrayLike, n: ArrayLike, alpha: float) -> FloatArray:
    """Return the exact lower bound whose one-sided error is at most `alpha`."""
    k, n = _counts(k, n)
    bound = special.betaincinv(np.maximum(k, 1), np.maximum(n, 1) - np.maximum(k, 1) + 1, alpha)
    return np.where(k == 0, 0.0, bound)


def clopper_pearson_upper(k: ArrayLike, n: ArrayLike, alpha: float) -> FloatArray:
    """Return the exact upper bound whose one-sided error is at most `alpha`."""
    k, n = _counts(k, n)
    # the regularised incomplete beta is inverted in its complement: full precision near 1
    bound = special.betainccinv(np.minimum(k, n) + 1, np.maximum(n - k, 1), alpha)
    return np.where(k == n, 1.0, bound)


def jeffreys(k: ArrayLike, n: ArrayLike, level: float = 0.95) -> Bounds:
    """Return Jeffreys' interval: quantiles of Beta(k + 1/2, n - k + 1/2).

    The end at an observed 0 or 1 is set to 0 or 1 (Brown, Cai & DasGupta 2001, section 3.1).
    """
    k, n = _counts(k, n)
    tail = (1 - level) / 2
    low = special.betaincinv(k + 0.5, n - k + 0.5, tail)
    high = special.betaincinv(k + 0.5, n - k + 0.5, 1 - tail)
    return np.where(k == 0, 0.0, low), np.where(k == n, 1.0, high)


def newcombe(
    k1: ArrayLike, n1: ArrayLike, k2: ArrayLike, n2: ArrayLike, level: float = 0.95
) -> Bounds:
    """Return Newcombe's hybrid score interval for p1 - p2 (independent samples).

    References
    ----------
    Newcombe (1998), Statist. Med. 17, 873-890, method 10.
    """
    k1, n1 = _counts(k1, n1)
    k2, n2 = _counts(k2, n2)
    p1, p2 = k1 / np.maximum(n1, 1), k2 / np.maximum(n2, 1)
    low1, high1 = wilson(k1, n1, level)
    low2, high2 = wilson(k2, n2, level)
    low = p1 - p2 - np.hypot(p1 - low1, high2 - p2)
    high = p1 - p2 + np.hypot(high1 - p1, p2 - low2)
    empty = (n1 == 0) | (n2 == 0)
    return np.where(empty, -1.0, low), np.where(empty, 1.0, high)
