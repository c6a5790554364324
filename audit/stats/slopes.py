"""The slope of one column on another, with an error that no equal variance is assumed for.

References
----------
MacKinnon & White (1985), J. Econometrics 29, 305-325 (HC3, which is the delete-one jackknife);
Bell & McCaffrey (2002), Survey Methodology 28, 169-181, section 3 (CR3, the same with clusters).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from audit.stats.evidence import Mean

FloatArray = NDArray[np.float64]


def standardised_slope(x: ArrayLike, y: ArrayLike, clusters: ArrayLike | None = None) -> Mean:
    """Return the least-squares slope of `y` on `x`, per standard deviation of `x`.

    The standard deviation is that of these rows: the slope is about rows spread as these are.

    Parameters
    ----------
    x, y : array_like of float, shape (n,)
    clusters : array_like, shape (n,), optional
        Rows with one label depend on each other; without it every row stands alone.

    Returns
    -------
    Mean
        In the unit of `y`. Its standard error is HC3, CR3 with clusters; Student's t with one
        degree of freedom fewer than clusters, two fewer than rows. With se = 0, that is no
        evidence, where leaving out one cluster leaves no slope.

    Raises
    ------
    ValueError
        If `x` does not vary.
    """
    across, up = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    spread = float(across.std())
    if not spread > 0:
        raise ValueError("a slope needs a column that varies")
    z, n = (across - across.mean()) / spread, len(across)
    slope = float(z @ up / n)
    code = np.arange(n)
    if clusters is not None:
        code = np.unique(np.asarray(clusters), return_inverse=True)[1].ravel()
    without = slopes_without(z, up - up.mean(), code)
    count = len(without)
    if count < 3 or not np.isfinite(without).all():
        return Mean(slope, 0.0, None, n=n)
    se = float(np.sqrt(((without - slope) ** 2).sum()))
    return Mean(slope, se, float(count - (2 if clusters is None else 1)), n=n)


def slopes_without(x: FloatArray, y: FloatArray, code: NDArray[np.intp]) -> FloatArray:
    """Return the slope when each cluster in turn is left out, from sums alone.

    Parameters
    ----------
    x, y : (n,) float array
        Centred, so that differences of sums lose no digits.
    code : (n,) int array
        Cluster of each row, 0, 1, ... without gaps.

    Returns
    -------
    (clusters,) float array
        NaN where nothing varies any more.
    """
    ones = np.ones(len(x))
    parts = [np.bincount(code, weights=w) for w in (ones, x, y, x * x, x * y)]
    n, sx, sy, sxx, sxy = (p.sum() - p for p in parts)
    with np.errstate(invalid="ignore", divide="ignore"):
        across = sxx - sx * sx / n
        return np.where(across > 1e-9, (sxy - sx * sy / n) / across, np.nan)
