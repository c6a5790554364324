"""Power of the tests that decide, the effect they can detect and the sample they need.

All functions treat the side "over" (theta > tau is to be proven); "under" is the same test with
the samples exchanged. What varies besides the arm in question is integrated over nodes; the count
at which that arm is rejected is found with the deciding p-value itself, and does not depend on the
alternative, so that power is a weighted sum of binomial tails.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Literal, Protocol

import numpy as np

from audit.stats import binomial, score, sparse
from audit.stats.bisection import Counts, crossing, first_true
from audit.stats.contract import Evidence, Side
from audit.stats.score import FloatArray, Scale

Focus = Literal[1, 2]
LARGEST = 1e9
"""Sample size beyond which the normal approximation alone is used."""


class Scalable(Evidence, Protocol):
    """Evidence whose power at other sizes has no closed form."""

    def power_scaled(self, factor: float, at: float, tau: float, alpha: float, side: Side) -> float:
        """Return the power when all sizes are multiplied by `factor`."""


def _probit(p: float) -> float:
    from scipy import special

    return float(special.ndtri(min(max(p, 1e-12), 1 - 1e-12)))


def _walk(rejects: Callable[[int], bool], guess: int, n: int) -> int:
    """Return the smallest rejected count near `guess`, n + 1 if there is none."""
    limit = min(max(guess, 0), n + 1)
    while limit <= n and not rejects(limit):
        limit += 1
    while limit > 0 and rejects(limit - 1):
        limit -= 1
    return limit


def one_proportion_power(at: float, tau: float, alpha: float, n: int) -> float:
    """Return P(exact binomial test rejects p <= tau) when the rate is `at`, n items."""
    if n == 0 or tau >= 1:
        return 0.0
    if tau < 0:
        return 1.0
    return float(binomial.at_least(one_proportion_limit(tau, alpha, n), n, min(max(at, 0.0), 1.0)))


@lru_cache(maxsize=4096)
def one_proportion_limit(tau: float, alpha: float, n: int) -> int:
    """Return the smallest count of n that rejects p <= tau at level `alpha`; n + 1 if none."""
    low, high = np.zeros(1, dtype=np.int64), np.full(1, n)
    return int(first_true(lambda k: binomial.at_least(k, n, tau) <= alpha, low, high)[0])


def one_proportion_detectable(tau: float, alpha: float, n: int, target: float) -> float | None:
    """Return the smallest rate above tau that is proven with probability `target`."""
    if n == 0 or not 0 <= tau < 1:
        return None
    limit = one_proportion_limit(tau, alpha, n)
    if limit > n:
        return None
    return crossing(lambda at: float(binomial.at_least(limit, n, at)) >= target, 1.0, tau)


@lru_cache(maxsize=4096)
def two_proportions_limits(
    n1: int, n2: int, held: float, focus: Focus, tau: float, alpha: float, scale: Scale
) -> tuple[FloatArray, Counts]:
    """Return node weights and, per node of the held arm, the focus arm's rejection limit.

    The limit counts successes of arm 1, or failures of arm 2: theta > tau is proven from this
    count on. It is the size + 1 where nothing is proven.

    Returns
    -------
    weights, limits : ndarray, shape (nodes,)
    """
    n_focus, n_held = (n1, n2) if focus == 1 else (n2, n1)
    held_counts, weights = binomial.nodes(n_held, held)

    def table(count: Counts, other: Counts) -> tuple[Counts, int, Counts, int]:
        return (count, n1, other, n2) if focus == 1 else (other, n1, n2 - count, n2)

    def rejected(count: Counts) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        return score.score_p(*table(count, held_counts), tau, scale) <= alpha

    size = np.full(len(held_counts), n_focus)
    limits = first_true(rejected, np.zeros_like(size), size)
    thin = np.zeros(len(size), dtype=np.bool_)
    for count in (limits, limits - 1):
        thin |= sparse.is_sparse(*table(np.clip(count, 0, n_focus), held_counts), tau, scale)
    shift = 0
    for i in np.flatnonzero(thin):
        other = int(held_counts[i])

        def proves(count: int, other: int = other) -> bool:
            k1, k2 = (count, other) if focus == 1 else (other, n2 - count)
            return sparse.two_proportions_p(k1, n1, k2, n2, tau, scale) <= alpha

        limit = _walk(proves, int(limits[i]) + shift, n_focus)
        shift, limits[i] = limit - int(limits[i]), limit
    for array in (weights, limits):
        array.setflags(write=False)  # they are cached
    return weights, limits


def _extreme_rate(at: float, held: float, focus: Focus, scale: Scale) -> float:
    """Return the success rate of arm 1, or the failure rate of arm 2, that makes theta = at."""
    if scale == "difference":
        rate = held + at if focus == 1 else 1 - (held - at)
    elif focus == 1:
        rate = held * at if held > 0 else 0.0
    else:
        rate = 1 - held / at if at > 0 else 0.0
    return min(max(rate, 0.0), 1.0)


def _theta(rate: float, held: float, focus: Focus, scale: Scale) -> float:
    """Return theta at an `_extreme_rate`; infinite where a ratio's denominator is 0."""
    p1, p2 = (rate, held) if focus == 1 else (held, 1 - rate)
    if scale == "difference":
        return p1 - p2
    return p1 / p2 if p2 > 0 else math.inf


def _inside(tau: float, scale: Scale) -> bool:
    return -1 < tau < 1 if scale == "difference" else 0 < tau < math.inf


def two_proportions_power(
    at: float,
    tau: float,
    alpha: float,
    n1: int,
    n2: int,
    held: float,
    focus: Focus = 1,
    scale: Scale = "difference",
) -> float:
    """Return P(`sparse.two_proportions_p` <= alpha) when theta = at.

    Parameters
    ----------
    at, tau : float
        True parameter and margin of H0: theta <= tau, on `scale`.
    alpha : float
        One-sided level.
    n1, n2 : int
        Sizes.
    held : float
        Rate of the arm that is not in `focus`.
    """
    if n1 == 0 or n2 == 0 or not _inside(tau, scale):
        return 0.0
    weights, limits = two_proportions_limits(n1, n2, held, focus, tau, alpha, scale)
    rate = _extreme_rate(at, held, focus, scale)
    return float(weights @ binomial.at_least(limits, n1 if focus == 1 else n2, rate))


def two_proportions_detectable(
    tau: float,
    alpha: float,
    n1: int,
    n2: int,
    held: float,
    focus: Focus = 1,
    scale: Scale = "difference",
    target: float = 0.9,
) -> float | None:
    """Return the smallest theta above tau proven with probability `target`, None if there is none.

    Arguments as in `two_proportions_power`.
    """
    if n1 == 0 or n2 == 0 or not _inside(tau, scale):
        return None
    weights, limits = two_proportions_limits(n1, n2, held, focus, tau, alpha, scale)
    n_focus = n1 if focus == 1 else n2

    def enough(rate: float) -> bool:
        return float(weights @ binomial.at_least(limits, n_focus, rate)) >= target

    start = _extreme_rate(tau, held, focus, scale)
    if start >= 1 or not enough(1.0):
        return None
    theta = _theta(crossing(enough, 1.0, start, 1e-7), held, focus, scale)
    return theta if math.isfinite(theta) else None


@lru_cache(maxsize=1024)
def paired_power(at: float, tau: float, alpha: float, n: int, discordant: float) -> float:
    """Return P(`sparse.paired_p` <= alpha) when theta = at.

    The discordant share is held, or raised to |at| where it could not carry the difference.
    """
    if n == 0 or not -1 < tau < 1:
        return 0.0
    discordant = min(1.0, max(discordant, abs(at)))
    rate_b, rate_c = (discordant + at) / 2, (discordant - at) / 2
    c, weights = binomial.nodes(n, max(0.0, rate_c))
    limits = first_true(
        lambda b: score.tango_p(b, c, n, tau) <= alpha, np.zeros_like(c), np.asarray(n - c)
    )
    at_limit = np.minimum(limits, n - c)
    q_b, q_c = score.tango_mle(at_limit, c, n, tau)
    thin = (n * np.minimum(q_b, q_c) < sparse.AMPLE) | (
        (tau == 0) & (at_limit + c < sparse.FEW_DISCORDANT)
    )
    shift = 0
    for i in np.flatnonzero(thin):
        other = int(c[i])
        limit = _walk(
            lambda b, other=other: sparse.paired_p(b, other, n, tau) <= alpha,  # type: ignore[misc]
            int(limits[i]) + shift,
            n - other,
        )
        shift, limits[i] = limit - int(limits[i]), limit
    given_c = min(1.0, rate_b / (1 - rate_c)) if rate_c < 1 else 0.0
    return float(weights @ binomial.at_least(limits, n - c, max(0.0, given_c)))


def paired_detectable(
    tau: float, alpha: float, n: int, discordant: float, target: float
) -> float | None:
    """Return the smallest paired difference above tau proven with probability `target`."""
    if n == 0 or not -1 < tau < 1 or paired_power(1.0, tau, alpha, n, discordant) < target:
        return None
    return crossing(
        lambda at: paired_power(at, tau, alpha, n, discordant) >= target, 1.0, tau, 1e-6
    )


def n_factor(
    evidence: Scalable, tau: float, alpha_over: float, alpha_under: float, target: float
) -> float | None:
    """Return the factor on all sizes at which the point estimate would be told from tau.

    Starts from the normal approximation (the statistic grows with the square root of the sizes)
    and corrects it with the power of the deciding test. None if the estimate is undefined or at
    tau, or if no size was found to suffice.
    """
    at = evidence.theta
    if at is None or abs(at - tau) < 1e-12:
        return None
    side: Side = "over" if at > tau else "under"
    alpha = alpha_over if side == "over" else alpha_under
    p = evidence.p_over(tau) if side == "over" else evidence.p_under(tau)
    critical, goal = -_probit(alpha), _probit(target)
    factor, reached = ((critical + goal) / max(-_probit(p), 1e-4)) ** 2, target
    for _ in range(8):
        if factor * evidence.n > LARGEST:
            break
        reached = evidence.power_scaled(factor, at, tau, alpha, side)
        if abs(reached - target) < 0.005:
            break
        ratio = (critical + goal) / max(critical + _probit(reached), 0.1 * (critical + goal))
        factor *= min(max(ratio, 0.5), 3.0) ** 2
    return factor if reached > target / 2 else None
