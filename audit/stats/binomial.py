"""Binomial law: vectorised tails, masses and the range that carries practically all of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

TAIL = 1e-12
"""Mass outside `central_range`, per side."""


def pmf(k: ArrayLike, n: ArrayLike, p: ArrayLike) -> NDArray[np.float64]:
    """Return P(K = k) for K ~ Binomial(n, p), broadcast over the arguments."""
    k, n = np.asarray(k, dtype=np.float64), np.asarray(n, dtype=np.float64)
    p = np.asarray(p, dtype=np.float64)
    choose = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    mass: NDArray[np.float64] = np.exp(choose + special.xlogy(k, p) + special.xlog1py(n - k, -p))
    return mass


def at_least(k: ArrayLike, n: ArrayLike, p: ArrayLike) -> NDArray[np.float64]:
    """Return P(K >= k); 1 for k <= 0 and 0 for k > n."""
    k, n = np.asarray(k, dtype=np.float64), np.asarray(n, dtype=np.float64)
    p = np.asarray(p, dtype=np.float64)
    inside = np.clip(k, 1, np.maximum(n, 1))
    tail = special.betainc(inside, np.maximum(n, 1) - inside + 1, p)
    return np.where(k <= 0, 1.0, np.where(k > n, 0.0, tail))


def at_most(k: ArrayLike, n: ArrayLike, p: ArrayLike) -> NDArray[np.float64]:
    """Return P(K <= k); 0 for k < 0 and 1 for k >= n."""
    k, n = np.asarray(k, dtype=np.float64), np.asarray(n, dtype=np.float64)
    return at_least(n - k, n, 1 - np.asarray(p, dtype=np.float64))


def central_range(n: int, p: float) -> tuple[int, int]:
    """Return counts (low, high) outside which each tail has mass below `TAIL`.

    Bernstein's inequality, P(K - np >= t) <= exp(-t^2 / (2 np(1-p) + 2t/3)): a little wide,
    but closed form and never too narrow.
    """
    log_tail = -math.log(TAIL)
    reach = log_tail / 3 + math.sqrt(log_tail**2 / 9 + 2 * log_tail * n * p * (1 - p))
    return max(0, math.floor(n * p - reach)), min(n, math.ceil(n * p + reach))


def nodes(n: int, p: float, slabs: int = 33) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return counts and weights that stand for Binomial(n, p) in an expectation.

    Up to `slabs` likely counts are taken one by one; more of them are cut into `slabs` slabs of
    equal probability, each standing at its own mean (rounded).

    Returns
    -------
    counts, weights : ndarray, shape (nodes,)
        The weights sum to 1.
    """
    low, high = central_range(n, p)
    counts = np.arange(low, high + 1)
    mass: NDArray[np.float64] = pmf(counts, n, p)
    kept = mass > 1e-7
    counts, mass = counts[kept], mass[kept] / mass[kept].sum()
    if len(counts) <= slabs:
        return counts, mass
    slab = np.minimum(((np.cumsum(mass) - mass / 2) * slabs).astype(np.int64), slabs - 1)
    weight = np.zeros(slabs)
    np.add.at(weight, slab, mass)
    centre = np.zeros(slabs)
    np.add.at(centre, slab, mass * counts)
    filled = weight > 0
    return np.rint(centre[filled] / weight[filled]).astype(np.int64), weight[filled]
