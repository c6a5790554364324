"""Student's t law, central and non-central, with the normal law as its limit (df None)."""

from __future__ import annotations

import math

from audit.stats.bisection import crossing

NORMAL_FROM = 1e5
"""Degrees of freedom beyond which t is taken as normal (the difference is below 1e-5)."""


def _is_normal(df: float | None) -> bool:
    return df is None or df > NORMAL_FROM


def at_least(t: float, df: float | None) -> float:
    """Return P(T >= t)."""
    from scipy import special

    if df is None or _is_normal(df):
        return float(special.ndtr(-t))
    return float(special.stdtr(df, -t))


def quantile(p: float, df: float | None) -> float:
    """Return t with P(T <= t) = p."""
    from scipy import special

    if df is None or _is_normal(df):
        return float(special.ndtri(p))
    return float(special.stdtrit(df, p))


def power(shift: float, alpha: float, df: float | None) -> float:
    """Return P(T >= critical value at `alpha`) when T is non-central by `shift`."""
    from scipy import special

    critical = -quantile(alpha, df)
    if df is None or _is_normal(df):
        return float(special.ndtr(shift - critical))
    return 1 - float(special.nctdtr(df, shift, critical))


def shift_needed(alpha: float, df: float | None, target: float) -> float:
    """Return the non-centrality at which a test at `alpha` has power `target`."""
    normal = quantile(target, None) - quantile(alpha, df)
    if df is None or _is_normal(df):
        return normal
    high = 2 * normal
    while power(high, alpha, df) < target and math.isfinite(high):
        high *= 2
    return crossing(lambda shift: power(shift, alpha, df) >= target, high, 0.0, 1e-9)


def n_factor(shift: float, alpha: float, df: float | None, target: float) -> float | None:
    """Return the factor on n that lifts the non-centrality `shift` to the one needed.

    Non-centrality grows with the square root of n and the degrees of freedom with n; solved by
    iteration. None if there is no shift.
    """
    if shift <= 0:
        return None
    factor = (shift_needed(alpha, None, target) / shift) ** 2
    for _ in range(20):
        grown = None if df is None else df * factor
        needed = (shift_needed(alpha, grown, target) / shift) ** 2
        if abs(needed - factor) < 1e-3 * factor:
            break
        factor = math.sqrt(needed * factor)
    return needed
