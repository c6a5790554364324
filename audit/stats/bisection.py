"""Bisection: over counts for many tables at once, and over a real bracket."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]


def first_true(holds: Callable[[Counts], NDArray[np.bool_]], low: Counts, high: Counts) -> Counts:
    """Return, element by element, the smallest count in [low, high] at which `holds` is true.

    Parameters
    ----------
    holds : callable
        Vectorised predicate on counts of the shape of `low`; false up to some count, then true.
    low, high : ndarray of int
        Inclusive limits.

    Returns
    -------
    ndarray of int
        ``high + 1`` where the predicate holds nowhere.
    """
    below, above = low - 1, high + 1
    while (is_open := above - below > 1).any():
        middle = (below + above) // 2
        true = holds(np.clip(middle, low, high))
        above = np.where(is_open & true, middle, above)
        below = np.where(is_open & ~true, middle, below)
    return above


def crossing(
    holds: Callable[[float], bool], inside: float, outside: float, tolerance: float = 1e-9
) -> float:
    """Return the last point seen from `inside`, where `holds` is true, before it turns false.

    `holds` is taken to be true at `inside` and false at `outside`; either may be the larger.
    """
    while abs(outside - inside) > tolerance * max(1.0, abs(inside)):
        middle = (inside + outside) / 2
        if holds(middle):
            inside = middle
        else:
            outside = middle
    return inside
