"""Four families of learning curves, averaged over all of their shapes, without starting values.

Every family is ``c + a z(x)`` with a, c >= 0 and a falling z that has one or two parameters of its
own. These lie on a fixed grid; a and c have a closed form at each of its points (variable
projection). The forecast is the mean over the grids of all families, weighted by how well each
point fits: no fit can fail, and shapes that the data cannot tell apart all have their say. Sizes
are relative to the largest, so that one grid serves every curve.

References
----------
Families: Mohr, Viering, Loog & van Rijn (2022), LCDB 1.0, ECML PKDD, table 1 (pow3, pow4, mmf4,
wbl4). Variable projection: Golub & Pereyra (1973), SIAM J. Numer. Anal. 10, 413-432. Averaging:
Hoeting, Madigan, Raftery & Volinsky (1999), Statistical Science 14, 382-401.
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

EXPONENTS = (*np.linspace(0.05, 1.2, 24).tolist(), 1.4, 1.7, 2.0)
SHIFTS = (0.0, *np.geomspace(0.003, 1.0, 14).tolist())
NOISE_FLOOR = 1e-6  # no grid holds the true shape exactly, nor is it one of the families
# Most of an error is luck that all sizes share: it lifts a curve and does not bend it. About this
# share of its variance is left between neighbouring sizes, and tells one shape from another.
BENDING = 0.3
WIDEST = 0.5  # an asymptote lies anywhere from 0 to this, unless it is 0


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
    "pow4": (power, EXPONENTS, SHIFTS),
    "mmf4": (
        mmf,
        tuple(np.linspace(0.2, 2.0, 13).tolist()),
        tuple(np.geomspace(1e-3, 10.0, 17).tolist()),
    ),
    "wbl4": (
        weibull,
        tuple(np.linspace(0.1, 1.0, 13).tolist()),
        tuple(np.geomspace(0.05, 12.0, 17).tolist()),
    ),
}


class Mixture(NamedTuple):
    """All shapes of all families, with what the data leave of each, for m curves.

    Attributes
    ----------
    b, k : (p,) float arrays by family
        Own parameters at every point of its grid.
    a, c : (m, p) float arrays by family
        What the data make of the others there.
    share : (m, p) float arrays by family
        Posterior weight; over all families they add up to 1.
    """

    b: dict[str, FloatArray]
    k: dict[str, FloatArray]
    a: dict[str, FloatArray]
    c: dict[str, FloatArray]
    share: dict[str, FloatArray]

    def at(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the mean error at relative sizes, (m, f), and how unsure the shapes are of it.

        The second, (m, f, 2), holds the standard deviation over all shapes, and how far apart the
        families are, each averaged over its own shapes.
        """
        own, first, second = [], 0.0, 0.0
        for name, share in self.share.items():
            z = GRIDS[name][0](x[None, :], self.b[name][:, None], self.k[name][:, None])
            a, c = self.a[name], self.c[name]
            mean = (share * c).sum(axis=1)[:, None] + (share * a) @ z
            square = (share * c**2).sum(axis=1)[:, None] + 2 * (share * a * c) @ z
            own.append(mean / np.maximum(share.sum(axis=1), 1e-300)[:, None])
            first = first + mean
            second = second + square + (share * a**2) @ z**2
        apart = np.max(own, axis=0) - np.min(own, axis=0)
        deviation = np.sqrt(np.maximum(second - np.square(first), 0.0))
        return np.asarray(first), np.stack([deviation, apart], axis=2)


@lru_cache(maxsize=64)
def basis(name: str, x: tuple[float, ...]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the grid of a family, (p,) and (p,), and z at relative sizes for it, (p, k)."""
    law, first, second = GRIDS[name]
    b, k = np.array(list(product(first, second))).T
    return b, k, law(np.array(x)[None, :], b[:, None], k[:, None])


def fit(
    z: FloatArray, y: FloatArray, weights: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return a, c and minus twice the log-likelihood at every point of a grid, each (m, 2 p).

    The first p let c be what fits best, at least 0; the others hold it at 0. A free c pays for its
    freedom: its likelihood is averaged over all that it could be (`WIDEST`), not taken at the best.

    Parameters
    ----------
    z : (p, k) float array
    y, weights : (m, k) float array
        Errors, and the inverse of their variances.
    """
    total = weights.sum(axis=1, keepdims=True)
    w = weights / total
    mean_y = (w * y).sum(axis=1, keepdims=True)
    square_y = (w * y**2).sum(axis=1, keepdims=True)
    mean_z, square_z, cross = w @ z.T, w @ (z**2).T, (w * y) @ z.T
    spread = np.maximum(square_z - mean_z**2, 1e-15)
    through = cross / np.maximum(square_z, 1e-15)
    without = square_y - through * cross
    a = np.maximum((cross - mean_z * mean_y) / spread, 0.0)
    c = mean_y - a * mean_z
    a, c = np.where(c < 0, through, a), np.maximum(c, 0.0)
    misfit = square_y - 2 * c * mean_y - 2 * a * cross + c**2 + 2 * a * c * mean_z + a**2 * square_z
    width = np.sqrt(2 * np.pi * square_z / spread / total)  # of c's likelihood, a following it
    price = -2 * np.log(np.minimum(width, WIDEST) / WIDEST)
    return (
        np.concatenate([a, through], axis=1),
        np.concatenate([c, np.zeros_like(c)], axis=1),
        np.concatenate(
            [np.maximum(misfit, 0.0) * total + price, np.maximum(without, 0.0) * total], axis=1
        ),
    )


def mixture(x: FloatArray, y: FloatArray, se: FloatArray) -> Mixture:
    """Weigh every shape of the four families by how well it fits.

    Every family has the same prior weight, so has every point of its grid, and so have there an
    asymptote of 0 and one that is free. The likelihood is normal.

    Parameters
    ----------
    x : (k,) float array
        Sizes relative to the largest.
    y, se : (m, k) float array
        Errors and their standard errors.
    """
    weights = 1.0 / (BENDING * se**2 + NOISE_FLOOR)
    places = tuple(np.round(x, 9).tolist())
    made = {name: basis(name, places) for name in GRIDS}
    found = {name: fit(z, y, weights) for name, (_, _, z) in made.items()}
    best = np.min([misfit.min(axis=1) for _, _, misfit in found.values()], axis=0)[:, None]
    share = {
        name: np.exp((best - misfit) / 2) / misfit.shape[1]
        for name, (_, _, misfit) in found.items()
    }
    whole = sum(s.sum(axis=1, keepdims=True) for s in share.values())
    return Mixture(
        {name: np.tile(b, 2) for name, (b, _, _) in made.items()},
        {name: np.tile(k, 2) for name, (_, k, _) in made.items()},
        {name: a for name, (a, _, _) in found.items()},
        {name: c for name, (_, c, _) in found.items()},
        {name: s / whole for name, s in share.items()},
    )
