"""Corrections for many tests at once: family-wise (Holm) and false discovery rate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Holm(NamedTuple):
    """Outcome of Holm's procedure, in the order of the p-values given.

    Attributes
    ----------
    rejected : tuple of bool
    adjusted : tuple of float
        Smallest family-wise level at which each test is rejected.
    level : tuple of float
        Level at which each test was finally held against its own p-value: rejected if and only if
        ``p <= level``, so a confidence bound at this level lies beyond the margin if and only if
        the test rejects.
    """

    rejected: tuple[bool, ...]
    adjusted: tuple[float, ...]
    level: tuple[float, ...]


def _check(p: Sequence[float]) -> None:
    if any(not 0 <= value <= 1 for value in p):
        raise ValueError("p-values must lie between 0 and 1")


def holm(p: Sequence[float], alpha: float = 0.05, weights: Sequence[float] | None = None) -> Holm:
    """Control the family-wise error of all tests at `alpha`, under any dependence.

    Parameters
    ----------
    p : sequence of float
        One p-value per test.
    alpha : float
        Family-wise level.
    weights : sequence of float, optional
        Positive shares of the level, in any unit; equal by default.

    Raises
    ------
    ValueError
        If a p-value is outside [0, 1], or the weights are not positive or not one per test.

    References
    ----------
    Holm (1979), Scand. J. Statist. 6, 65-70; weights: section 4 there.
    """
    _check(p)
    weight = [1.0] * len(p) if weights is None else [float(w) for w in weights]
    if len(weight) != len(p) or any(not w > 0 for w in weight):
        raise ValueError("weights must be positive, one per test")
    order = sorted(range(len(p)), key=lambda i: p[i] / weight[i])
    remaining = [0.0] * (len(p) + 1)
    for rank in reversed(range(len(p))):
        remaining[rank] = remaining[rank + 1] + weight[order[rank]]
    rejected, adjusted, level = [False] * len(p), [1.0] * len(p), [0.0] * len(p)
    going, reached, stopped_with = True, 0.0, 0.0
    for rank, i in enumerate(order):
        reached = max(reached, min(1.0, p[i] * remaining[rank] / weight[i]))
        adjusted[i] = reached
        level[i] = alpha * weight[i] / remaining[rank]
        if going and p[i] > level[i]:
            going, stopped_with = False, remaining[rank]
        if not going:
            level[i] = alpha * weight[i] / stopped_with
        rejected[i] = going
    return Holm(tuple(rejected), tuple(adjusted), tuple(level))


def benjamini_hochberg(p: Sequence[float], q: float = 0.1) -> tuple[list[bool], list[float]]:
    """Control the false discovery rate at `q`.

    Returns
    -------
    rejected : list of bool
    adjusted : list of float
        Smallest rate at which each test is rejected, in the order given.

    Raises
    ------
    ValueError
        If a p-value is outside [0, 1].

    References
    ----------
    Benjamini & Hochberg (1995), J. R. Stat. Soc. B 57, 289-300.
    """
    _check(p)
    adjusted, best = [1.0] * len(p), 1.0
    order = sorted(range(len(p)), key=lambda i: p[i])
    for rank in reversed(range(len(p))):
        best = min(best, p[order[rank]] * len(p) / (rank + 1))
        adjusted[order[rank]] = best
    return [value <= q for value in adjusted], adjusted
