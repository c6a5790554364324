"""Score tests at a margin: difference, ratio and paired difference of proportions.

Everything is vectorised over counts; the margin ``tau`` is one number. A statistic is large when
the data speak for theta > tau. With no information (zero numerator and zero standard error) the
statistic is 0; an impossible margin gives an infinite one; never NaN for positive sizes.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

FloatArray = NDArray[np.float64]
Scale = Literal["difference", "ratio"]


def difference_mle(
    k1: ArrayLike, n1: ArrayLike, k2: ArrayLike, n2: ArrayLike, tau: float
) -> tuple[FloatArray, FloatArray]:
    """Return the maximum likelihood rates (q1, q2) under q1 - q2 = tau.

    Closed form by the trigonometric solution of the cubic likelihood equation, then one Newton
    step, because the arc cosine loses half of the digits where the discriminant vanishes.

    Parameters
    ----------
    k1, n1, k2, n2 : array_like
        Counts and sizes, broadcast; sizes positive.
    tau : float
        Margin in [-1, 1].

    References
    ----------
    Farrington & Manning (1990), Statist. Med. 9, 1447-1454, appendix; the same estimate as
    Miettinen & Nurminen (1985), Statist. Med. 4, 213-226.
    """
    k1, n1, k2, n2 = (np.asarray(x, dtype=np.float64) for x in (k1, n1, k2, n2))
    p1, p2, theta = k1 / n1, k2 / n2, n2 / n1
    if tau == 0:
        pooled = (k1 + k2) / (n1 + n2)
        return pooled, pooled
    a = 1 + theta
    b = -(1 + theta + p1 + theta * p2 + tau * (theta + 2))
    c = tau * tau + tau * (2 * p1 + theta + 1) + p1 + theta * p2
    d = -p1 * tau * (1 + tau)
    centre = -b / (3 * a)
    v = -(centre**3) - b * c / (6 * a * a) + d / (2 * a)
    u = np.sign(v) * np.sqrt(np.maximum(centre**2 - c / (3 * a), 0.0))
    angle = np.arccos(np.clip(v / np.where(u == 0, 1.0, u**3), -1.0, 1.0))
    q = 2 * u * np.cos((np.pi + angle) / 3) + centre
    slope = (3 * a * q + 2 * b) * q + c
    step = (((a * q + b) * q + c) * q + d) / np.where(slope == 0, np.inf, slope)
    q = np.where(np.abs(step) < 1e-4, q - step, q)
    q1 = np.clip(q, max(0.0, tau), min(1.0, 1.0 + tau))
    return q1, np.clip(q1 - tau, 0.0, 1.0)


def ratio_mle(
    k1: ArrayLike, n1: ArrayLike, k2: ArrayLike, n2: ArrayLike, tau: float
) -> tuple[FloatArray, FloatArray]:
    """Return the maximum likelihood rates (q1, q2) under q1 = tau * q2, tau >= 0.

    References
    ----------
    Miettinen & Nurminen (1985), Statist. Med. 4, 213-226, eq. 12; Koopman (1984),
    Biometrics 40, 513-517. The quadratic is solved in its cancellation-free form.
    """
    k1, n1, k2, n2 = (np.asarray(x, dtype=np.float64) for x in (k1, n1, k2, n2))
    half = tau * (n1 + k2) + k1 + n2
    root = np.sqrt(np.maximum(half * half - 4 * (n1 + n2) * tau * (k1 + k2), 0.0))
    q2 = np.minimum(2 * (k1 + k2) / (half + root), 1.0 if tau <= 1 else 1.0 / tau)
    return np.minimum(tau * q2, 1.0), q2


def restricted_mle(
    k1: ArrayLike, n1: ArrayLike, k2: ArrayLike, n2: ArrayLike, tau: float, scale: Scale
) -> tuple[FloatArray, FloatArray]:
    """Return the rates that maximise the likelihood under theta = tau on `scale`."""
    solve = difference_mle if scale == "difference" else ratio_mle
    return solve(k1, n1, k2, n2, tau)


def _standardise(excess: FloatArray, variance: FloatArray) -> FloatArray:
    # rounding leaves crumbs of either sign where both are zero in exact arithmetic
    excess = np.where(np.abs(excess) < 1e-14, 0.0, excess)
    flat = variance <= 1e-28
    z = excess / np.sqrt(np.where(flat, 1.0, variance))
    return np.where(flat & (excess != 0), np.copysign(np.inf, excess), z)


def z_score(
    k1: ArrayLike, n1: ArrayLike, k2: ArrayLike, n2: ArrayLike, tau: float, scale: Scale
) -> FloatArray:
    """Return the score statistic of theta = tau, theta = p1 - p2 or p1 / p2.

    The variance is taken at the restricted maximum likelihood rates (Farrington & Manning 1990,
    eq. 3; Miettinen & Nurminen 1985, eq. 8 and 11, without their factor N / (N - 1)).

    Returns
    -------
    ndarray
        Broadcast shape of the counts; standard normal in large samples when theta = tau.
    """
    k1, n1, k2, n2 = (np.asarray(x, dtype=np.float64) for x in (k1, n1, k2, n2))
    q1, q2 = restricted_mle(k1, n1, k2, n2, tau, scale)
    weight, shift = (1.0, tau) if scale == "difference" else (tau, 0.0)
    excess = k1 / n1 - weight * (k2 / n2) - shift
    variance = q1 * (1 - q1) / n1 + weight * weight * q2 * (1 - q2) / n2
    return _standardise(excess, variance)


def score_p(
    k1: ArrayLike,
    n1: ArrayLike,
    k2: ArrayLike,
    n2: ArrayLike,
    tau: float,
    scale: Scale = "difference",
) -> FloatArray:
    """Return the one-sided p-value of H0: theta <= tau by the score test."""
    return special.ndtr(-z_score(k1, n1, k2, n2, tau, scale))


def tango_mle(
    b: ArrayLike, c: ArrayLike, n: ArrayLike, tau: float
) -> tuple[FloatArray, FloatArray]:
    """Return the rates (q_b, q_c) of the discordant cells under q_b - q_c = tau.

    References
    ----------
    Tango (1998), Statist. Med. 17, 891-908, eq. 8.
    """
    b, c, n = (np.asarray(x, dtype=np.float64) for x in (b, c, n))
    linear = (2 * n - b + c) * tau - b - c
    constant = -c * tau * (1 - tau)
    root = np.sqrt(np.maximum(linear * linear - 8 * n * constant, 0.0))
    q_c = (root - linear) / (4 * n)
    q_c = np.clip(q_c, max(0.0, -tau), (1 - tau) / 2)
    return q_c + tau, q_c


def tango_z(b: ArrayLike, c: ArrayLike, n: ArrayLike, tau: float) -> FloatArray:
    """Return Tango's score statistic of (b - c) / n = tau (Tango 1998, eq. 7)."""
    b, c, n = (np.asarray(x, dtype=np.float64) for x in (b, c, n))
    _, q_c = tango_mle(b, c, n, tau)
    variance = np.maximum(2 * q_c + tau * (1 - tau), 0.0) / n
    return _standardise((b - c) / n - tau, variance)


def tango_p(b: ArrayLike, c: ArrayLike, n: ArrayLike, tau: float) -> FloatArray:
    """Return the one-sided p-value of H0: theta <= tau for a paired difference."""
    return special.ndtr(-tango_z(b, c, n, tau))
