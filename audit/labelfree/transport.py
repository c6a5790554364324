"""How sure the outputs of some rows can be of a given mix of classes.

The cheapest way to hand every row a class, so that the classes have given shares, costs on average
the Wasserstein distance between outputs and one-hot labels under the cost 1 - q_k: the largest
difference of the two vectors, and half the sum of all. One minus that cost is what is returned.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audit.examples import FloatArray, IntArray

SMOOTH = (0.02, 0.005, 0.001)  # temperatures of the soft maximum: rough first, then close
STEPS = 30
CLOSE = 1e-4  # of the shares
RIDGE = 1e-3  # keeps the prices of classes that no row takes from running away


@dataclass(frozen=True)
class Coupling:
    """The best matching of rows and classes.

    Attributes
    ----------
    value : float
        Mean probability of the class that each row is handed.
    prices : (classes,) float array
        What a further share of each class is worth.
    gains : (n,) float array
        The best a row can do at these prices; ``value = shares @ prices + weights @ gains``.
    """

    value: float
    prices: FloatArray
    gains: FloatArray


def coupled(
    outputs: FloatArray, shares: FloatArray, weights: FloatArray, order: IntArray | None = None
) -> Coupling:
    """Hand every row a class in the way that its probability allows best.

    Parameters
    ----------
    outputs : (n, classes) float array
    shares : (classes,) float array
        Of the classes; they sum to 1.
    weights : (n,) float array
        Of the rows; they sum to 1.
    order : (n,) int array, optional
        For two classes: rows by falling probability of the second, where it is known already.

    Notes
    -----
    By duality (Kantorovich) the value is the least of ``shares @ v + weights @ max_k(q_k - v_k)``
    over prices v: exact by sorting for two classes, by a smoothed descent for more, whose value
    is at most a few ten-thousandths too high.
    """
    if outputs.shape[1] == 2:
        prices = sorted_prices(outputs, float(shares[1]), weights, order)
    else:
        prices = np.zeros(outputs.shape[1])
        for heat in SMOOTH:
            prices = descended(outputs, shares, weights, prices, heat)
    gains = (outputs - prices).max(axis=1)
    return Coupling(float(shares @ prices + weights @ gains), prices, gains)


def sorted_prices(
    outputs: FloatArray, share: float, weights: FloatArray, order: IntArray | None
) -> FloatArray:
    """Return the prices for two classes: rows likeliest to be of the second take its share."""
    rows = np.argsort(-outputs[:, 1], kind="stable") if order is None else order
    filled = np.cumsum(weights[rows])
    last = rows[min(int(np.searchsorted(filled, share)), len(rows) - 1)]
    return np.array([0.0, float(outputs[last, 1] - outputs[last, 0])])


def descended(
    outputs: FloatArray, shares: FloatArray, weights: FloatArray, start: FloatArray, heat: float
) -> FloatArray:
    """Return prices at which the soft maximum at a temperature is least, (classes,).

    Newton's steps on a convex function, each halved until it descends (Armijo's rule).
    """
    prices, ridge = start, RIDGE / heat * np.eye(len(start))
    cost, soft = softened(outputs, shares, weights, prices, heat)
    for _ in range(STEPS):
        taken = weights @ soft
        slope = shares - taken
        if np.abs(slope).max() < CLOSE:
            break
        bend = (np.diag(taken) - soft.T @ (soft * weights[:, None])) / heat + ridge
        step = -np.linalg.solve(bend, slope)
        size = 1.0
        while size > CLOSE:
            trial = softened(outputs, shares, weights, prices + size * step, heat)
            if trial[0] <= cost + 1e-4 * size * (slope @ step):
                break
            size /= 2
        else:
            break
        prices, (cost, soft) = prices + size * step, trial
    return np.asarray(prices - prices[0])


def softened(
    outputs: FloatArray, shares: FloatArray, weights: FloatArray, prices: FloatArray, heat: float
) -> tuple[float, FloatArray]:
    """Return the smoothed cost of some prices, and the part of each row that each class takes."""
    raw = (outputs - prices) / heat
    top = raw.max(axis=1)
    soft = np.exp(raw - top[:, None])
    total = soft.sum(axis=1)
    level = heat * (top + np.log(total))
    return float(shares @ prices + weights @ level), soft / total[:, None]
