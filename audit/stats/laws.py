"""Four families of learning curves, fitted without starting values.

Every family is ``c + a z(x)`` with a, c >= 0 and a falling z that has one or two parameters of its
own. For these a fixed grid is searched; a and c have a closed form at each of its points (variable
projection). Sizes are relative to the largest, so that one grid serves every curve.

References
----------
Families: Mohr, Viering, Loog & van Rijn (2022), LCDB 1.0, ECML PKDD, table 1 (pow3, pow4, mmf4,
wbl4). Variable projection: Golub & Pereyra (1973), SIAM J. Numer. Anal. 10, 413-432.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Law = Callable[[FloatArray, FloatArray, FloatArray], FloatArray]

EXPONENTS = tuple(np.r_[np.linspace(0.05, 1.2, 24), 1.4, 1.7, 2.0].tolist())
NOISE_FLOOR = 1e-4  # added to every variance, so that one quiet anchor cannot take over


def power(x: FloatArray, b: FloatArray, d: FloatArray) -> FloatArray:
    """Return ``(x + d)^-b``."""
    return np.asarray((x + d) ** -b)


def mmf(x: FloatArray, b: FloatArray, k: FloatArray) -> FloatArray:
    """Return the Morgan-Mercer-Flodin law ``k / (k + x^b)``."""
    return np.asarray(k / (k + x**b))


def weibull(x: FloatArray, b: FloatArray, k: FloatArray) -> FloatArray:
    """Return ``exp(-k x^b)``."""
    return np.asarray(np.exp(-k * x**b))


GRIDS: dict[str, tuple[Law, tuple[float, ...], tuple[float, ...]]] = {
    "pow3": (power, EXPONENTS, (0.0,)),
    "pow4": (power, EXPONENTS, (0.0, 0.004, 0.016, 0.06, 0.25, 1.0)),
    "mmf4": (
        mmf,
        tuple(np.linspace(0.2, 2.0, 10).tolist()),
        tuple(np.geomspace(1e-3, 30.0, 12).tolist()),
    ),
    "wbl4": (
        weibull,
        tuple(np.linspace(0.1, 1.0, 10).tolist()),
        tuple(np.geomspace(0.02, 12.0, 14).tolist()),
    ),
}


class Fit(NamedTuple):
    """Fits of one family to m curves: its own parameters, and those in closed form, each (m,)."""

    law: Law
    b: FloatArray
    k: FloatArray
    a: FloatArray
    c: FloatArray
    sse: FloatArray

    def at(self, x: FloatArray) -> FloatArray:
        """Return the fitted errors at relative sizes, shape (m, len(x))."""
        z = self.law(x[None, :], self.b[:, None], self.k[:, None])
        return np.asarray(self.c[:, None] + self.a[:, None] * z)


@lru_cache(maxsize=64)
def basis(name: str, x: tuple[float, ...]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the grid of a family, (p,) and (p,), and z at relative sizes for it, (p, k)."""
    law, first, second = GRIDS[name]
    b, k = np.array(list(product(first, second))).T
    return b, k, law(np.array(x)[None, :], b[:, None], k[:, None])


def fit(name: str, x: FloatArray, y: FloatArray, weights: FloatArray) -> Fit:
    """Fit one family to m curves by weighted least squares.

    Parameters
    ----------
    name : str
        A key of `GRIDS`.
    x : (k,) float array
        Sizes relative to the largest.
    y, weights : (m, k) float array
        Errors, and what each counts.
    """
    b, k, z = basis(name, tuple(np.round(x, 9).tolist()))
    w = weights / weights.sum(axis=1, keepdims=True)
    mean_y = (w * y).sum(axis=1)
    mean_z = w @ z.T
    square_z, cross = w @ (z**2).T, (w * y) @ z.T
    square_y = (w * y**2).sum(axis=1)
    spread = np.maximum(square_z - mean_z**2, 1e-15)
    a = np.maximum((cross - mean_z * mean_y[:, None]) / spread, 0.0)
    c = mean_y[:, None] - a * mean_z
    through = cross / np.maximum(square_z, 1e-15)  # no asymptote lies under 0
    a, c = np.where(c < 0, through, a), np.maximum(c, 0.0)
    sse = (
        square_y[:, None]
        - 2 * c * mean_y[:, None]
        - 2 * a * cross
        + c**2
        + 2 * a * c * mean_z
        + a**2 * square_z
    )
    best, rows = sse.argmin(axis=1), np.arange(len(y))
    return Fit(
        GRIDS[name][0],
        b[best],
        k[best],
        a[rows, best],
        c[rows, best],
        np.maximum(sse[rows, best], 0),
    )


def fit_all(x: FloatArray, y: FloatArray, se: FloatArray) -> tuple[Fit, ...]:
    """Fit all four families; an error counts by the inverse of its variance.

    Parameters
    ----------
    x : (k,) float array
        Sizes relative to the largest.
    y, se : (m, k) float array
        Errors and their standard errors.
    """
    weights = 1.0 / (se**2 + NOISE_FLOOR)
    return tuple(fit(name, x, y, weights) for name in GRIDS)


def forecast(fits: tuple[Fit, ...], x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the median of the families and their spread (largest minus smallest), (m, len(x))."""
    every = np.stack([f.at(x) for f in fits])
    return np.median(every, axis=0), every.max(axis=0) - every.min(axis=0)
