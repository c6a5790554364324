"""How alike two explanations are: by rank, by their strongest parts, by angle."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.stats import rankdata

from audit.examples import FloatArray

LEAST_PARTS = 3  # two parts have two orders only, and one has none: nothing to compare
TOP = 0.1  # share of the parts that count as the strongest

Similarity = Callable[[FloatArray, FloatArray], FloatArray]


def spearman(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return Spearman's correlation of absolute attributions, row by row.

    Parameters
    ----------
    a, b : (n, k) float arrays
        NaN where a part is not there; only parts that both have are compared.

    Returns
    -------
    (n,) float array
        NaN with fewer than `LEAST_PARTS` such parts; 0 where either does not vary.
    """
    x, y, enough = shared(a, b)
    return _correlation(ranks(x), ranks(y), enough)


def cosine(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return the cosine of absolute attributions, row by row, as `spearman`."""
    x, y, enough = shared(a, b)
    top = np.nansum(x * y, axis=1)
    below = np.sqrt(np.nansum(x**2, axis=1) * np.nansum(y**2, axis=1))
    found = np.divide(top, below, out=np.zeros(len(top)), where=below > 0)
    return np.where(enough, found, np.nan)


def top_parts(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return the Jaccard index of the strongest tenth of the parts (one at least), as `spearman`.

    Of equal attributions the first part counts as stronger.
    """
    x, y, enough = shared(a, b)
    most = np.maximum(1, np.ceil(TOP * (~np.isnan(x)).sum(axis=1)))
    first, second = (_place(v) < most[:, None] for v in (x, y))
    both = (first & second).sum(axis=1)
    return np.where(enough, both / np.maximum((first | second).sum(axis=1), 1), np.nan)


SIMILARITIES: dict[str, Similarity] = {
    "spearman": spearman,
    "top": top_parts,
    "cosine": cosine,
}


def shared(a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray, np.ndarray]:
    """Return absolute attributions on the parts that both have, and where these are enough."""
    there = ~(np.isnan(a) | np.isnan(b))
    x, y = (np.where(there, np.abs(v), np.nan) for v in (a, b))
    return x, y, there.sum(axis=1) >= LEAST_PARTS


def ranks(x: FloatArray) -> FloatArray:
    """Return mean ranks, row by row, NaN where there is nothing."""
    # what is not there ranks behind all that is; scipy's own way with NaN goes row by row
    there = ~np.isnan(x)
    placed = rankdata(np.where(there, x, np.inf), axis=1)
    return np.where(there, np.asarray(placed, dtype=np.float64), np.nan)


def _correlation(x: FloatArray, y: FloatArray, enough: np.ndarray) -> FloatArray:
    n = np.maximum((~np.isnan(x)).sum(axis=1), 1)[:, None]
    u = x - np.nansum(x, axis=1, keepdims=True) / n
    v = y - np.nansum(y, axis=1, keepdims=True) / n
    below = np.sqrt(np.nansum(u**2, axis=1) * np.nansum(v**2, axis=1))
    top = np.nansum(u * v, axis=1)
    found = np.divide(top, below, out=np.zeros(len(top)), where=below > 0)
    return np.where(enough, found, np.nan)


def _place(x: FloatArray) -> FloatArray:
    """Return the place of each part in descending order; those that are not there come last."""
    order = np.argsort(np.where(np.isnan(x), np.inf, -x), axis=1, kind="stable")
    places = np.empty_like(x)
    np.put_along_axis(places, order, np.arange(x.shape[1], dtype=np.float64)[None, :], axis=1)
    return places
