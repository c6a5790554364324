"""Are stated probabilities consistent with what happened? Labels drawn from them say."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audit.stats.calibration import BINS, Binned, bin_codes, bins_for, squared_error

FloatArray = NDArray[np.float64]

DRAWS = 2000
EXACT = 10_000  # rows up to which every label is drawn by itself
CELLS = 1500  # beyond: runs of rows with neighbouring probabilities, one binomial each


def consistency(
    confidence: FloatArray,
    right: NDArray[np.bool_],
    *,
    bins: int = BINS,
    draws: int = DRAWS,
    seed: int = 0,
) -> float:
    """Return the p-value of "the probabilities are calibrated", for independent rows.

    Outcomes are drawn from the stated probabilities themselves, and the debiased squared error of
    each draw is held against the one seen. The null is exact: only the number of draws limits it.

    Parameters
    ----------
    confidence : (n,) float array
        Stated probabilities, at least one.
    right : (n,) bool array
        Whether the statement came true.
    bins, draws, seed : int

    Returns
    -------
    float
        ``(1 + draws with an error at least as large) / (1 + draws)``.

    References
    ----------
    Broecker & Smith (2007), Weather and Forecasting 22, 651-661; Vaicenavicius et al. (2019),
    AISTATS, section 5.
    """
    order = np.argsort(confidence, kind="stable")
    stated, hit = confidence[order], right[order].astype(np.float64)
    code = bin_codes(stated, bins_for(len(stated), bins))
    rows = np.bincount(code).astype(np.float64)
    means = np.bincount(code, weights=stated) / rows
    own: FloatArray = np.bincount(code, weights=hit).astype(np.float64)
    seen = squared_error(Binned(rows, own, means))
    drawn = np.array(
        [
            squared_error(Binned(rows, counts, means))
            for counts in drawn_counts(stated, code, draws, np.random.default_rng(seed))
        ]
    )
    # rounding must not tell a draw from the sample that it repeats
    return float((1 + (drawn >= seen - 1e-12).sum()) / (1 + draws))


def drawn_counts(
    stated: FloatArray, code: NDArray[np.int64], draws: int, rng: np.random.Generator
) -> FloatArray:
    """Return counts of each bin under the stated probabilities, ``(draws, bins)``."""
    starts = np.flatnonzero(np.diff(code, prepend=-1))
    if len(stated) <= EXACT:
        block = max(1, 4_000_000 // len(stated))
        parts = [
            np.add.reduceat(
                rng.random((min(block, draws - at), len(stated))) < stated, starts, axis=1,
                dtype=np.float64,
            )
            for at in range(0, draws, block)
        ]  # fmt: skip
        return np.vstack(parts)
    fine = np.arange(len(stated)) * CELLS // len(stated)
    edges = np.unique(np.concatenate([starts, np.flatnonzero(np.diff(fine, prepend=-1))]))
    sizes = np.diff(np.append(edges, len(stated)))
    levels = np.add.reduceat(stated, edges) / sizes
    counts = rng.binomial(sizes, np.clip(levels, 0.0, 1.0), (draws, len(edges)))
    return np.add.reduceat(counts.astype(np.float64), np.searchsorted(edges, starts), axis=1)
