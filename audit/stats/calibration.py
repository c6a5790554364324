"""How far stated probabilities lie from what is observed: equal-mass bins and their error."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

BINS = 15  # Guo et al. (2017), Kumar, Liang & Ma (2019)
ROWS_A_BIN = 20  # fewer bins where there would be fewer rows in each


@dataclass(frozen=True)
class Binned:
    """Rows in bins of their stated probability, in increasing order of it.

    Attributes
    ----------
    rows, right : (bins,) float arrays
        Rows of each bin, and those of them for which the statement came true.
    stated : (bins,) float array
        Mean stated probability.
    covariance : (bins, bins) float array, optional
        Of the gaps, where rows come in clusters; None where rows are independent.
    clusters : int
        How many clusters there are; 0 where rows are independent.
    trials : (bins,) float array, optional
        Clusters with rows in each bin.
    """

    rows: FloatArray
    right: FloatArray
    stated: FloatArray
    covariance: FloatArray | None = None
    clusters: int = 0
    trials: FloatArray | None = None

    @property
    def n(self) -> int:
        """Number of rows."""
        return int(self.rows.sum())

    @property
    def share(self) -> FloatArray:
        """Share of the rows that lies in each bin."""
        return np.asarray(self.rows / self.rows.sum())

    @property
    def observed(self) -> FloatArray:
        """Share of each bin for which the statement came true."""
        return self.right / self.rows

    @property
    def gap(self) -> FloatArray:
        """Stated minus observed: positive where the model is overconfident."""
        return self.stated - self.observed


def bins_for(n: int, most: int = BINS) -> int:
    """Return how many bins so many rows are put into; sizes alone decide."""
    return max(1, min(most, n // ROWS_A_BIN))


def bin_codes(confidence: FloatArray, bins: int) -> IntArray:
    """Return the bin of each row, 0 for the lowest probabilities; equal ones stay together.

    A run of equal probabilities goes where the middle of its ranks goes. A bin that ties left with
    less than half of its due is joined to the one below it. Neither looks at outcomes or at the
    order of rows.
    """
    _, inverse, sizes = np.unique(confidence, return_inverse=True, return_counts=True)
    n = len(confidence)
    middle = np.cumsum(sizes) - sizes / 2
    code = np.minimum((middle * bins / n).astype(np.int64), bins - 1)
    held = np.bincount(code, weights=sizes, minlength=bins)
    target, kept = np.zeros(bins, dtype=np.int64), -1
    for b in range(bins):
        kept += bool(held[b] >= n / bins / 2)
        target[b] = max(kept, 0)
    return np.asarray(target[code][inverse.ravel()])


def binned(
    confidence: FloatArray,
    right: NDArray[np.bool_],
    clusters: IntArray | None = None,
    bins: int = BINS,
) -> Binned:
    """Put rows into bins of equal mass.

    Parameters
    ----------
    confidence : (n,) float array
        Stated probability, at least one row.
    right : (n,) bool array
        Whether the statement came true.
    clusters : (n,) int array, optional
        Rows with one code depend on each other.
    bins : int
        At most so many; see `bins_for`.
    """
    # sums are taken in the order of the probabilities, so that the order of rows cannot show
    order = np.argsort(confidence, kind="stable")
    stated, hit = confidence[order], right[order].astype(np.float64)
    code = bin_codes(stated, bins_for(len(stated), bins))
    rows = np.bincount(code).astype(np.float64)
    counts: FloatArray = np.bincount(code, weights=hit).astype(np.float64)
    sums = Binned(rows, counts, np.bincount(code, weights=stated) / rows)
    if clusters is None:
        return sums
    names, which = np.unique(clusters[order], return_inverse=True)
    spread = covariance(hit - stated + sums.gap[code], code, which.ravel(), rows)
    inside = np.unique(which.ravel() * len(rows) + code) % len(rows)
    trials = np.bincount(inside, minlength=len(rows)).astype(np.float64)
    return Binned(sums.rows, sums.right, sums.stated, spread, len(names), trials)


def covariance(
    residual: FloatArray, code: IntArray, clusters: IntArray, rows: FloatArray
) -> FloatArray:
    """Return the covariance of bin means over clusters (coded from 0), as CR2 has it.

    Each cluster's sum in a bin is scaled by (1 - its share of the bin)^(-1/2) (Bell & McCaffrey
    2002, Survey Methodology 28, eq. 5); a bin that is one cluster keeps its plain sum.
    """
    shape = int(clusters.max()) + 1, len(rows)
    cell = clusters * shape[1] + code
    sums = np.bincount(cell, weights=residual, minlength=shape[0] * shape[1]).reshape(shape)
    counts = np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape)
    left = 1 - counts / rows
    scaled = sums / rows / np.sqrt(np.where(left > 0, left, 1.0))
    return np.asarray(scaled.T @ scaled)


def squared_error(sums: Binned) -> float:
    """Return the debiased squared L2 calibration error; below 0 where chance alone gives more.

    Kumar, Liang & Ma (2019), Verified Uncertainty Calibration, NeurIPS, definition 4.1: from each
    squared gap the variance of the observed share, ``y (1 - y) / (rows - 1)``, is taken. Where rows
    come in clusters their variance over clusters is taken instead.
    """
    if sums.covariance is not None:
        noise = np.diagonal(sums.covariance)
    else:
        noise = sums.observed * (1 - sums.observed) / np.maximum(sums.rows - 1, 1.0)
    return float((sums.share * (sums.gap**2 - noise)).sum())


def error(sums: Binned) -> float:
    """Return the debiased L2 calibration error: the root of `squared_error`, or 0 below it."""
    return math.sqrt(max(squared_error(sums), 0.0))


def plug_in(sums: Binned) -> float:
    """Return the expected calibration error that is usually printed: biased upward.

    Naeini, Cooper & Hauskrecht (2015), AAAI, eq. 3: the mean over rows of the absolute gap.
    """
    return float((sums.share * np.abs(sums.gap)).sum())
