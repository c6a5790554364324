"""One number that makes probabilities more or less sure: the temperature, fitted and applied."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from audit.stats.clusters import cluster_mean
from audit.stats.evidence import Mean

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

WIDEST = 5.0  # the logarithm of a temperature is looked for within this of 0


def rescaled(logs: FloatArray, temperature: float) -> FloatArray:
    """Return probabilities at a temperature: ``softmax(logs / temperature)``, row by row.

    Parameters
    ----------
    logs : (n, classes) float array
        Logits, or logarithms of probabilities: they differ by a constant a row, which cancels.
    temperature : float
    """
    return np.asarray(special.softmax(logs / temperature, axis=1))


def slopes(logs: FloatArray, target: IntArray, inverse: float) -> tuple[FloatArray, FloatArray]:
    """Return each row's first and second derivative of the log loss by the inverse temperature."""
    p = special.softmax(inverse * logs, axis=1)
    mean = (p * logs).sum(axis=1)
    own = logs[np.arange(len(target)), target]
    return mean - own, (p * (logs - mean[:, None]) ** 2).sum(axis=1)


def temperature(
    logs: FloatArray, target: IntArray, clusters: IntArray | None = None
) -> Mean | None:
    """Return the temperature of the smallest log loss, with its error on the log scale.

    The loss is convex in the inverse temperature. The standard error is the sandwich of the
    influence values: HC2 for independent rows, CR2 for clustered ones, with Satterthwaite's degrees
    of freedom.

    Parameters
    ----------
    logs : (n, classes) float array
        Logits, or logarithms of probabilities.
    target : (n,) int array
        The class of each row.
    clusters : (n,) int array, optional

    Returns
    -------
    Mean or None
        None where no finite temperature is best: every row is right, or nothing tells classes
        apart.

    References
    ----------
    Guo, Pleiss, Sun & Weinberger (2017), On Calibration of Modern Neural Networks, ICML, section 4.
    """
    centred = logs - logs.max(axis=1, keepdims=True)

    def slope(at: float) -> float:
        return math.fsum(slopes(centred, target, math.exp(at))[0])

    if len(target) < 2 or not slope(-WIDEST) < 0 < slope(WIDEST):
        return None
    at = float(optimize.brentq(slope, -WIDEST, WIDEST, xtol=1e-12))
    inverse = math.exp(at)
    first, second = slopes(centred, target, inverse)
    influence = first / (inverse * second.mean())  # of the logarithm of the temperature
    rows = np.arange(len(target)) if clusters is None else clusters
    found = cluster_mean(influence, rows)
    best = 1 / inverse
    return Mean(best, best * found.se, found.df, "log", len(target))


def promised(n: int, shape: tuple[float, float]) -> Mean | None:
    """Return what so many rows promise on a calibrated model of two classes.

    Parameters
    ----------
    n : int
    shape : (float, float)
        Beta law of the probabilities.
    """
    if n < 2:
        return None
    p = special.betaincinv(*shape, (np.arange(1000) + 0.5) / 1000)
    information = float((p * (1 - p) * special.logit(p) ** 2).mean())
    return Mean(1.0, 1 / math.sqrt(n * information), n - 1.0, "log", n)
