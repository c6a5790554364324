"""The mean of a table whose rows are trainings and whose columns are test rows: both vary.

A figure of several trainings on one test set is uncertain twice: another seed would train another
model, and another test set would ask other questions. Treating all cells as independent forgets
that every cell of a column is the same question.

References
----------
Searle, Casella & McCulloch (1992), Variance Components, section 4.3 (two crossed random factors);
Satterthwaite (1946), Biometrics Bulletin 2, 110-114 (degrees of freedom).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from audit.stats.evidence import Mean

FloatArray = NDArray[np.float64]


def crossed_mean(values: ArrayLike, clusters: ArrayLike | None = None) -> Mean:
    """Return the mean over trainings and test rows.

    The variance of the mean is that of the row means over rows, plus that of the training means
    over trainings, minus the part of the residual that both contain.

    Parameters
    ----------
    values : array_like of float, shape (J, n)
        For differences, pass the difference of each cell: rows and seeds are then paired.
    clusters : array_like, shape (n,), optional
        Test rows with one label depend on each other; their part is then CR2.

    Returns
    -------
    Mean
        With Satterthwaite's degrees of freedom; se = 0, that is no evidence, where nothing varies
        or there are fewer than two rows or clusters.
    """
    table = np.asarray(values, dtype=np.float64)
    trainings, n = table.shape
    by_row, by_training = table.mean(axis=0), table.mean(axis=1)
    estimate = float(by_row.mean())
    rows, rows_df = row_variance(by_row, clusters)
    if trainings < 2:
        se = float(np.sqrt(rows))
        return Mean(estimate, se, rows_df if se else None, n=n)
    between = float(by_training.var(ddof=1) / trainings)
    residual = table - by_row - by_training[:, None] + estimate
    shared = float((residual**2).sum()) / max((trainings - 1) * (n - 1), 1) / (trainings * n)
    variance = max(rows + between - shared, rows, between)
    if not variance > 0 or not rows_df:
        return Mean(estimate, 0.0, None, n=n)
    df = (rows + between) ** 2 / (rows**2 / rows_df + between**2 / (trainings - 1))
    return Mean(estimate, float(np.sqrt(variance)), df, n=n)


def row_variance(by_row: FloatArray, clusters: ArrayLike | None) -> tuple[float, float]:
    """Return the variance of the mean of rows, and its degrees of freedom (0 without any)."""
    n = len(by_row)
    if clusters is None:
        return (float(by_row.var(ddof=1) / n), n - 1.0) if n > 1 else (0.0, 0.0)
    from audit.stats.clusters import cluster_mean

    if len(np.unique(np.asarray(clusters))) < 2:
        return 0.0, 0.0
    mean = cluster_mean(by_row, clusters)
    return mean.se**2, mean.df or float(n - 1)
