"""Rules of quadrature on [0, 1]: where a path is looked at, and what each point weighs."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from audit.examples import FloatArray


@lru_cache
def clenshaw_curtis(steps: int) -> tuple[FloatArray, FloatArray]:
    """Return ``(steps + 1,)`` nodes in [0, 1], ends included, and weights that sum to 1.

    The nodes of twice as many steps hold these at every second place. Clenshaw & Curtis (1960), A
    method for numerical integration on an automatic computer; weights as in Waldvogel (2006), Fast
    construction of the Fejer and Clenshaw-Curtis quadrature rules, eq. 2.3-2.4.

    Parameters
    ----------
    steps : int
        Even.
    """
    angles = np.pi * np.arange(steps + 1) / steps
    orders = np.arange(1, steps // 2 + 1)
    halved = np.where(orders == steps // 2, 1.0, 2.0) / (4.0 * orders**2 - 1)
    weights = (1 - np.cos(2 * np.outer(angles, orders)) @ halved) / steps
    weights[[0, -1]] /= 2
    return (1 - np.cos(angles)) / 2, weights


@lru_cache
def gauss_legendre(steps: int) -> tuple[FloatArray, FloatArray]:
    """Return ``(steps,)`` nodes in (0, 1) and weights that sum to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    return (1 + nodes) / 2, weights / 2
