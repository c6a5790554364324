"""Two-sided score intervals, by inversion of the score tests."""

from __future__ import annotations

import math

from scipy import special

from audit.stats import inversion, score


def ratio_interval(k1: int, n1: int, k2: int, n2: int, level: float = 0.95) -> tuple[float, float]:
    """Return the score interval of p1 / p2, its variance with the factor N / (N - 1).

    References
    ----------
    Miettinen & Nurminen (1985), Statist. Med. 4, 213-226, eq. 11; without the factor it is that
    of Koopman (1984), Biometrics 40, 513-517, and of the deciding test.
    """
    tail = (1 - level) / 2
    shrink = math.sqrt(1 - 1 / (n1 + n2)) if n1 + n2 else 1.0
    if n1 == 0 or n2 == 0 or k1 + k2 == 0:
        return 0.0, math.inf
    theta = k1 / n1 / (k2 / n2) if k2 else None

    def p_over(tau: float) -> float:
        if tau <= 0 or math.isinf(tau):
            return float(math.isinf(tau) or k1 == 0)
        return float(special.ndtr(-shrink * score.z_score(k1, n1, k2, n2, tau, "ratio")))

    def p_under(tau: float) -> float:
        if tau <= 0 or math.isinf(tau):
            return float(tau <= 0 or k2 == 0)
        return float(special.ndtr(-shrink * score.z_score(k2, n2, k1, n1, 1 / tau, "ratio")))

    low = inversion.bound(p_over, tail, 0.0, math.inf, theta)
    return low, inversion.bound(p_under, tail, math.inf, 0.0, theta)


def tango_interval(b: int, c: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Return the score interval of a paired difference (b - c) / n.

    References
    ----------
    Tango (1998), Statist. Med. 17, 891-908, section 3.
    """
    tail = (1 - level) / 2
    if n == 0:
        return -1.0, 1.0

    def p_over(tau: float) -> float:
        if abs(tau) >= 1:
            return float(tau > 0 or c == n)
        return float(score.tango_p(b, c, n, tau))

    def p_under(tau: float) -> float:
        if abs(tau) >= 1:
            return float(tau < 0 or b == n)
        return float(score.tango_p(c, b, n, -tau))

    theta = (b - c) / n
    low = inversion.bound(p_over, tail, -1.0, 1.0, theta)
    return low, inversion.bound(p_under, tail, 1.0, -1.0, theta)
