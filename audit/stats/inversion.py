"""Bounds as inversions of the tests that decide."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

PValue = Callable[[float], float]


def _unit(x: float) -> float:
    return 1.0 if math.isinf(x) else x / (1 + x)


def _from_unit(u: float) -> float:
    return math.inf if u >= 1 else u / (1 - u)


def _probit(p: float) -> float:
    return NormalDist().inv_cdf(min(max(p, 1e-300), 1 - 1e-16))


def _narrow(p: PValue, alpha: float, rejected: float, kept: float, tolerance: float) -> float:
    """Return a rejected point within `tolerance` of a kept one: Illinois steps on the probit of p.

    Every third step halves the bracket, because exact p-values jump where two tables tie.
    """
    goal = _probit(alpha)
    below, above = _probit(p(rejected)) - goal, _probit(p(kept)) - goal
    step = 0
    while abs(kept - rejected) > tolerance:
        step += 1
        share = 0.5 if step % 3 == 0 or above <= below else -below / (above - below)
        share = min(max(share, 0.01), 0.99) if step < 60 else 0.5
        middle = rejected + share * (kept - rejected)
        value = p(middle)
        if value <= alpha:
            rejected, below, above = middle, _probit(value) - goal, above / 2
        else:
            kept, above, below = middle, _probit(value) - goal, below / 2
    return rejected


def settle(bound: float, near: float | None, rejected: bool, upward: bool) -> float:
    """Return `bound`, moved by rounding error at most, on the side of `near` that p has decided.

    A lower bound (`upward`) lies above `near` if and only if theta <= near is rejected; mirrored
    for an upper bound.
    """
    if near is None:
        return bound
    if upward:
        beyond = max(bound, math.nextafter(near, math.inf))
        return beyond if rejected else min(bound, near)
    return -settle(-bound, -near, rejected, True)


def bound(
    p: PValue,
    alpha: float,
    start: float,
    end: float,
    theta: float | None,
    near: float | None = None,
    tolerance: float = 1e-8,
) -> float:
    """Return the one-sided confidence bound at level `alpha` by inverting `p`.

    Parameters
    ----------
    p : callable
        One-sided p-value at a margin; small near `start`, large near `end`.
    alpha : float
        One-sided level, below 0.5.
    start, end : float
        Limits of the parameter: ``(low, high)`` gives a lower bound, ``(high, low)`` an upper one.
        An infinite limit needs the other one to be 0.
    theta : float or None
        Point estimate, where p is about 1/2.
    near : float or None
        A margin of interest. Exact p-values are not everywhere monotone: with `near` the bound
        lies strictly beyond it if and only if ``p(near) <= alpha``.
    tolerance : float
        Absolute width of the last bracket (of x / (1 + x) if a limit is infinite).
    """
    rejected, kept = start, end if theta is None else theta
    near_rejected = near is not None and p(near) <= alpha
    if near is not None and min(start, end) < near < max(start, end):
        if near_rejected:
            rejected = near
            kept = end if (kept - near) * (end - start) <= 0 else kept
        else:
            kept = near
    if p(rejected) > alpha:
        found = start
    elif p(kept) <= alpha:
        found = kept
    elif math.isinf(start) or math.isinf(end):
        in_unit = _narrow(
            lambda u: p(_from_unit(u)), alpha, _unit(rejected), _unit(kept), tolerance
        )
        found = _from_unit(in_unit)
    else:
        found = _narrow(p, alpha, rejected, kept, tolerance)
    return settle(found, near, near_rejected, start < end)
