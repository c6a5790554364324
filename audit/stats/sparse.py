"""P-values that decide: the score test where counts are ample, an exact tail where they are not.

Where an expected cell under the margin is below `AMPLE`, the normal tail of the score statistic
understates the error (with 12 unbalanced groups of 30 at rate .99 the family-wise error is 0.26
instead of 0.05). There the tail is summed exactly under the restricted maximum likelihood rates:
the E p-value.

References
----------
Lloyd (2008), Aust. N. Z. J. Stat. 50, 329-345 (the E step: estimate the nuisance, then sum).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from audit.stats import binomial, score
from audit.stats.bisection import Counts, first_true
from audit.stats.score import FloatArray, Scale

AMPLE = 30.0
"""Smallest expected cell at which the normal tail is used.

The usual 10 holds the error of both sides together, but not that of one side at the small levels
that Holm leaves: at rate .95, 300 against 3300, level .05 / 24 the size of one side is 1.65 times
the level with 10, and within 1.2 times with 30.
"""
SETTLED = 0.2
"""A score p-value above this is kept: no level in use can be reached by an exact tail."""
FEW_DISCORDANT = 25
"""Below this many discordant pairs McNemar's test is exact (binomial)."""
REMAINDER = 4 * binomial.TAIL
"""Mass outside the tables that are summed; added, so that the sum is never too small."""


def is_sparse(
    k1: ArrayLike, n1: ArrayLike, k2: ArrayLike, n2: ArrayLike, tau: float, scale: Scale
) -> NDArray[np.bool_]:
    """Tell where an expected cell under theta = tau is below `AMPLE`, by broadcast shape."""
    q1, q2 = score.restricted_mle(k1, n1, k2, n2, tau, scale)
    n1, n2 = np.asarray(n1, dtype=np.float64), np.asarray(n2, dtype=np.float64)
    smallest: FloatArray = np.minimum(n1 * np.minimum(q1, 1 - q1), n2 * np.minimum(q2, 1 - q2))
    return smallest < AMPLE


def _limits(
    z_observed: float, statistic: Callable[[Counts], FloatArray], size: int, low: int, high: int
) -> Counts:
    """Return per row the smallest count in [low, high + 1] that is as extreme as observed.

    The statistic never falls with the count (Barnard's convexity condition).
    """
    # equally extreme tables must not be lost to rounding
    target = z_observed - 1e-9 * (1 + abs(z_observed)) if math.isfinite(z_observed) else z_observed
    return first_true(
        lambda counts: statistic(counts) >= target, np.full(size, low), np.full(size, high)
    )


def e_p(k1: int, n1: int, k2: int, n2: int, tau: float, scale: Scale = "difference") -> float:
    """Return the E p-value of H0: theta <= tau for two independent proportions.

    P(Z >= z observed) under the restricted maximum likelihood rates, Z being the score statistic.
    The arm with the shorter range of likely counts is enumerated; in the other one the limit is
    found by bisection and the tail is an incomplete beta function, so the cost does not grow with
    the sizes. Never below 4e-12.

    Parameters
    ----------
    k1, n1, k2, n2 : int
        Counts and positive sizes.
    tau : float
        Margin inside the parameter range.
    scale : {'difference', 'ratio'}
        theta = p1 - p2 or p1 / p2.
    """
    z = float(score.z_score(k1, n1, k2, n2, tau, scale))
    q1, q2 = (float(q) for q in score.restricted_mle(k1, n1, k2, n2, tau, scale))
    low1, high1 = binomial.central_range(n1, q1)
    low2, high2 = binomial.central_range(n2, q2)
    if high2 - low2 <= high1 - low1:
        fixed, n_fixed, q_fixed = np.arange(low2, high2 + 1), n2, q2
        limits = _limits(
            z, lambda k: score.z_score(k, n1, fixed, n2, tau, scale), len(fixed), low1, high1
        )
        tail = binomial.at_least(limits, n1, q1)
    else:
        # arm 2 speaks for theta > tau with its failures
        fixed, n_fixed, q_fixed = np.arange(low1, high1 + 1), n1, q1
        limits = _limits(
            z,
            lambda m: score.z_score(fixed, n1, n2 - m, n2, tau, scale),
            len(fixed),
            n2 - high2,
            n2 - low2,
        )
        tail = binomial.at_least(limits, n2, 1 - q2)
    return min(1.0, float(binomial.pmf(fixed, n_fixed, q_fixed) @ tail) + REMAINDER)


def _trivial_p(k1: int, n1: int, k2: int, n2: int, tau: float, scale: Scale) -> float | None:
    """Return the p-value where the margin is on the edge of the parameter range or beyond it."""
    low, high = (-1.0, 1.0) if scale == "difference" else (0.0, math.inf)
    if n1 == 0 or n2 == 0 or tau >= high:
        return 1.0
    if tau < low:
        return 0.0
    if tau == low:
        # theta <= low leaves one possible law: any other outcome refutes it
        possible = k1 == 0 and (scale == "ratio" or k2 == n2)
        return 1.0 if possible else 0.0
    return None


@lru_cache(maxsize=1 << 16)
def two_proportions_p(
    k1: int, n1: int, k2: int, n2: int, tau: float, scale: Scale = "difference"
) -> float:
    """Return the deciding p-value of H0: theta <= tau; small means proven over.

    Score p-value at the margin where every restricted expected cell is at least `AMPLE` or the
    score p-value is above `SETTLED`, else the E p-value. An empty sample gives 1. H0: theta >= tau
    is the same test with the samples exchanged, at -tau or 1 / tau.
    """
    trivial = _trivial_p(k1, n1, k2, n2, tau, scale)
    if trivial is not None:
        return trivial
    p = float(score.score_p(k1, n1, k2, n2, tau, scale))
    if p > SETTLED or not is_sparse(k1, n1, k2, n2, tau, scale):
        return p
    return e_p(k1, n1, k2, n2, tau, scale)


def two_proportions_p_many(
    k1: ArrayLike,
    n1: ArrayLike,
    k2: ArrayLike,
    n2: ArrayLike,
    tau: float,
    scale: Scale = "difference",
    settled: float = SETTLED,
) -> FloatArray:
    """Return `two_proportions_p` for many tables, broadcast.

    Parameters
    ----------
    settled : float
        Score p-values above it are kept even if sparse. A simulation whose smallest level is
        alpha / m may pass a few times that level: exact sums are then made for few tables only.
    """
    tables = np.broadcast_arrays(*(np.asarray(x, dtype=np.int64) for x in (k1, n1, k2, n2)))
    sizes = [np.maximum(x, 1) for x in (tables[1], tables[3])]
    inside = -1 < tau < 1 if scale == "difference" else 0 < tau < math.inf
    if inside:
        p = np.atleast_1d(score.score_p(tables[0], sizes[0], tables[2], sizes[1], tau, scale))
        exact = is_sparse(tables[0], sizes[0], tables[2], sizes[1], tau, scale) & (
            p.reshape(tables[0].shape) <= min(settled, SETTLED)
        )
        exact |= (tables[1] == 0) | (tables[3] == 0)
    else:
        p, exact = np.ones(max(1, tables[0].size)), np.ones(tables[0].shape, dtype=np.bool_)
    flat = p.ravel()
    for i in np.flatnonzero(exact):
        flat[i] = two_proportions_p(*(int(x.flat[i]) for x in tables), tau, scale)
    return flat.reshape(tables[0].shape)


def mcnemar_p(b: int, c: int) -> float:
    """Return the exact conditional p-value of H0: P(b) <= P(c) (McNemar 1947; sign test)."""
    return float(binomial.at_least(b, b + c, 0.5))


def paired_e_p(b: int, c: int, n: int, tau: float) -> float:
    """Return the E p-value of H0: theta <= tau for a paired difference (b - c) / n.

    The trinomial tail of Tango's statistic under the restricted maximum likelihood rates:
    c is enumerated, b given c is binomial. Never below 4e-12.
    """
    z = float(score.tango_z(b, c, n, tau))
    q_b, q_c = (float(q) for q in score.tango_mle(b, c, n, tau))
    low_c, high_c = binomial.central_range(n, q_c)
    low_b, high_b = binomial.central_range(n, q_b)
    c_all = np.arange(low_c, high_c + 1)
    limits = _limits(
        z, lambda x: score.tango_z(np.minimum(x, n - c_all), c_all, n, tau), len(c_all), low_b,
        high_b,
    )  # fmt: skip
    given_c = min(1.0, q_b / (1 - q_c)) if q_c < 1 else 0.0
    tail = binomial.at_least(limits, n - c_all, given_c)
    return min(1.0, float(binomial.pmf(c_all, n, q_c) @ tail) + REMAINDER)


@lru_cache(maxsize=1 << 16)
def paired_p(b: int, c: int, n: int, tau: float) -> float:
    """Return the deciding p-value of H0: theta <= tau, theta = (b - c) / n of paired items.

    At tau = 0 with fewer than `FEW_DISCORDANT` discordant pairs: McNemar exact. Elsewhere Tango's
    score test, replaced by the E p-value where a restricted expected discordant cell is below
    `AMPLE` and the score p-value is at most `SETTLED`. H0: theta >= tau is the same test of
    (c, b, n) at -tau.
    """
    if n == 0 or tau >= 1:
        return 1.0
    if tau <= -1:
        return 1.0 if tau == -1 and c == n else 0.0
    if tau == 0 and b + c < FEW_DISCORDANT:
        return mcnemar_p(b, c)
    p = float(score.tango_p(b, c, n, tau))
    q_b, q_c = score.tango_mle(b, c, n, tau)
    if p > SETTLED or n * min(float(q_b), float(q_c)) >= AMPLE:
        return p
    return paired_e_p(b, c, n, tau)
