"""Bootstrap of everything that is a function of counts.

Drawing rows with replacement and counting cells is one multinomial draw over the cells, so a
replicate costs as much as there are cells, whatever the number of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from audit.stats.evidence import Draws

FloatArray = NDArray[np.float64]
Counts = NDArray[np.int64]

METRICS = ("accuracy", "selection-rate", "tpr", "fpr", "precision")
"""Rows of `NUMERATOR` and `DENOMINATOR`; columns are the cells tn, fp, fn, tp."""
NUMERATOR = ((1, 0, 0, 1), (0, 1, 0, 1), (0, 0, 0, 1), (0, 1, 0, 0), (0, 0, 0, 1))
DENOMINATOR = ((1, 1, 1, 1), (1, 1, 1, 1), (0, 0, 1, 1), (1, 1, 0, 0), (0, 1, 0, 1))


class Replicates(NamedTuple):
    """Bootstrap values of ratio metrics.

    Attributes
    ----------
    values : ndarray, shape (replicates, groups, metrics)
        NaN where a replicate has an empty denominator.
    undefined : ndarray of int, shape (groups, metrics)
        How many replicates that is; they are left out of quantiles.
    """

    values: FloatArray
    undefined: Counts

    def quantile(self, probs: Sequence[float]) -> FloatArray:
        """Return quantiles over defined replicates, shape (probs, groups, metrics).

        NaN where a metric has no defined replicate.
        """
        if not self.undefined.any():
            return np.asarray(np.quantile(self.values, probs, axis=0))
        some = self.undefined < len(self.values)
        out = np.full((len(probs), *some.shape), np.nan)
        out[..., some] = np.nanquantile(self.values[:, some], probs, axis=0)
        return out


def count_cells(
    group: NDArray[np.integer], y: NDArray[np.integer], predicted: NDArray[np.integer], groups: int
) -> Counts:
    """Return the counts of tn, fp, fn, tp per group, shape (groups, 4).

    Parameters
    ----------
    group : ndarray of int, shape (rows,)
        Group codes 0 .. groups - 1.
    y, predicted : ndarray of int or bool, shape (rows,)
        1 for the positive class.
    """
    cell = group.astype(np.int64)
    cell *= 2
    cell += y
    cell *= 2
    cell += predicted
    return np.bincount(cell, minlength=4 * groups).astype(np.int64).reshape(groups, 4)


def ratios(counts: ArrayLike, numerator: ArrayLike, denominator: ArrayLike) -> FloatArray:
    """Return numerator / denominator counts, NaN where the denominator is empty.

    Parameters
    ----------
    counts : array_like, shape (..., cells)
    numerator, denominator : array_like of 0/1, shape (metrics, cells)
        Which cells each metric counts above and below its line.

    Returns
    -------
    ndarray, shape (..., metrics)
    """
    cells = np.asarray(counts, dtype=np.float64)
    above = cells @ np.asarray(numerator, dtype=np.float64).T
    below = cells @ np.asarray(denominator, dtype=np.float64).T
    return np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)


def resample(counts: Counts, replicates: int, seed: int) -> Counts:
    """Return multinomial draws with the law of row resampling, shape (replicates, *counts.shape).

    Raises
    ------
    ValueError
        If there is no row.
    """
    total = int(counts.sum())
    if total == 0:
        raise ValueError("nothing to resample: all counts are 0")
    rng = np.random.default_rng(seed)
    draws = rng.multinomial(total, counts.ravel() / total, size=replicates)
    return draws.reshape(replicates, *counts.shape)


def count_bootstrap(
    counts: Counts,
    numerator: ArrayLike = NUMERATOR,
    denominator: ArrayLike = DENOMINATOR,
    *,
    replicates: int = 1000,
    seed: int = 0,
) -> Replicates:
    """Bootstrap ratio metrics of all groups together (group sizes vary as under row resampling).

    Parameters
    ----------
    counts : ndarray of int, shape (groups, cells)
    numerator, denominator : array_like of 0/1, shape (metrics, cells)
        Default: `METRICS` of a binary classifier on the cells of `count_cells`.
    """
    values = ratios(resample(counts, replicates, seed), numerator, denominator)
    return Replicates(values, np.isnan(values).sum(axis=0))


Statistic = Callable[[FloatArray], tuple[FloatArray, FloatArray]]
"""Maps counts (..., 4) to values (...) and their gradient by cell count (..., 4)."""


def f1(counts: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return F1 = 2 tp / (2 tp + fp + fn) of (tn, fp, fn, tp) and its gradient."""
    _, fp, fn, tp = np.moveaxis(counts, -1, 0)
    below = 2 * tp + fp + fn
    safe = np.where(below > 0, below, 1.0)
    value = np.where(below > 0, 2 * tp / safe, np.nan)
    slope = -2 * tp / safe**2
    return value, np.stack([0 * tp, slope, slope, 2 * (fp + fn) / safe**2], axis=-1)


def balanced_accuracy(counts: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return (tpr + tnr) / 2 of (tn, fp, fn, tp) and its gradient."""
    tn, fp, fn, tp = np.moveaxis(counts, -1, 0)
    negatives, positives = tn + fp, fn + tp
    defined = (negatives > 0) & (positives > 0)
    n, p = np.where(defined, negatives, 1.0), np.where(defined, positives, 1.0)
    value = np.where(defined, (tn / n + tp / p) / 2, np.nan)
    parts = [fp / n**2, -tn / n**2, -tp / p**2, fn / p**2]
    return value, np.stack(parts, axis=-1) / 2


def with_error(counts: FloatArray, statistic: Statistic) -> tuple[FloatArray, FloatArray]:
    """Return a statistic of multinomial counts and its delta-method standard error.

    Variance sum_c n_c g_c^2 - (sum_c n_c g_c)^2 / n, g the gradient by count.
    """
    value, gradient = statistic(counts)
    first = (counts * gradient).sum(axis=-1)
    second = (counts * gradient**2).sum(axis=-1)
    total = np.maximum(counts.sum(axis=-1), 1)
    return value, np.sqrt(np.maximum(second - first**2 / total, 0.0))


def _table_probs(replicates: int) -> FloatArray:
    """Return k / (B + 1) probabilities: every one of the outer 20 a side, thinner inside."""
    ranks = np.unique(np.rint(np.geomspace(1, (replicates + 1) / 2, 100)).astype(np.int64))
    ranks = np.union1d(ranks, np.arange(1, min(20, replicates) + 1))
    both = np.union1d(ranks, replicates + 1 - ranks)
    return both[(both >= 1) & (both <= replicates)] / (replicates + 1)


def draws_from_replicates(
    estimate: float, se: float, values: ArrayLike, errors: ArrayLike, n: int
) -> Draws:
    """Return bootstrap-t evidence from replicated estimates and their standard errors.

    Replicates that are undefined, or have no standard error to divide by, are left out.

    Parameters
    ----------
    estimate, se : float
        Of the sample itself.
    values, errors : array_like, shape (replicates,)
        Of the resampled data.
    n : int
        Observations.

    Raises
    ------
    ValueError
        If fewer than 20 replicates are usable.
    """
    values, errors = np.asarray(values, dtype=np.float64), np.asarray(errors, dtype=np.float64)
    usable = np.isfinite(values) & np.isfinite(errors) & (errors > 0)
    studentised = np.sort((values[usable] - estimate) / errors[usable])
    if len(studentised) < 20:
        raise ValueError(f"only {len(studentised)} usable replicates; at least 20 are needed")
    probs = _table_probs(len(studentised))
    ranks = np.rint(probs * (len(studentised) + 1)).astype(np.int64)
    quantiles = tuple(float(t) for t in studentised[ranks - 1])
    return Draws(estimate, se, tuple(probs.tolist()), quantiles, n, len(studentised))


def draws_from_counts(
    counts: Counts, statistic: Statistic, *, replicates: int = 20_000, seed: int = 0
) -> Draws:
    """Return bootstrap-t evidence for a smooth function of counts, such as `f1`.

    Parameters
    ----------
    counts : ndarray of int, shape (4,)

    Raises
    ------
    ValueError
        If the statistic is undefined on the sample, or on nearly all replicates.
    """
    estimate, se = with_error(counts.astype(np.float64), statistic)
    if np.isnan(estimate):
        raise ValueError("the statistic is undefined on these counts")
    drawn = resample(counts, replicates, seed).astype(np.float64)
    values, errors = with_error(drawn, statistic)
    return draws_from_replicates(float(estimate), float(se), values, errors, int(counts.sum()))
