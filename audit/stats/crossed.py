"""Means over test rows that are crossed with training seeds: what either contributes to the error.

A column of scores is ``mean + row + seed + row x seed``. The variance of the row averages holds
the interaction once, and so does that of the seed averages, so it is taken off once.

References
----------
Cameron, Gelbach & Miller (2011), J. Bus. Econ. Stat. 29, 238-249, section 2.2 (V = V_G + V_H -
V_GH); Satterthwaite (1946), Biometrics Bulletin 2, 110-114 (degrees of freedom).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from audit.stats.clusters import cluster_mean
from audit.stats.evidence import Mean

FloatArray = NDArray[np.float64]

DUST = 1e-20  # a variance that is nothing but rounding, for scores of order 1


@dataclass(frozen=True)
class Crossed:
    """Mean scores of some columns with their two covariances.

    Attributes
    ----------
    means : (k,) float array
        Over rows and seeds.
    rows : (k, k) float array
        Covariance of the means due to the test rows, with that of rows by seeds.
    seeds : (k, k) float array
        Covariance of the means due to the trainings alone.
    df_rows, df_seeds : float
        Degrees of freedom of either.
    n : int
        Test rows.
    """

    means: FloatArray
    rows: FloatArray
    seeds: FloatArray
    df_rows: float
    df_seeds: float
    n: int

    @classmethod
    def of(cls, scores: FloatArray, clusters: ArrayLike | None = None) -> Crossed:
        """Take both covariances of some columns.

        Parameters
        ----------
        scores : (J, k, n) float array
            Score of every test row, under every seed, in every column; J is at least 2.
        clusters : array_like, shape (n,), optional
            Rows with one label depend on each other.

        Raises
        ------
        ValueError
            With a single seed, which says nothing about how trainings differ.
        """
        trainings, k, n = scores.shape
        if trainings < 2:
            raise ValueError("one seed does not say how trainings differ")
        code = np.arange(n)
        if clusters is not None:
            code = np.unique(np.asarray(clusters), return_inverse=True)[1].ravel()
        average, by_seed = scores.mean(axis=0), scores.mean(axis=2)
        apart = sum((row_covariance(s - average, code) for s in scores), np.zeros((k, k)))
        among = np.cov(by_seed, rowvar=False).reshape(k, k) / trainings
        df = cluster_mean(average[0], code).df
        return cls(
            means=average.mean(axis=1),
            rows=row_covariance(average, code),
            seeds=positive(among - apart / (trainings * (trainings - 1))),
            df_rows=1.0 if df is None else df,
            df_seeds=trainings - 1.0,
            n=n,
        )

    def combined(self, weights: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return value, standard error and degrees of freedom of weighted sums of the means.

        Parameters
        ----------
        weights : (m, k) float array

        Returns
        -------
        values, errors, df : (m,) float arrays
            The degrees of freedom are Satterthwaite's, of the sum of both variances.
        """
        parts = [
            (form(self.rows, weights), self.df_rows),
            (form(self.seeds, weights), self.df_seeds),
        ]
        return weights @ self.means, *satterthwaite(parts)

    def mean(self, weights: ArrayLike) -> Mean:
        """Return one weighted sum of the means as evidence."""
        value, error, df = self.combined(np.asarray(weights, dtype=np.float64)[None, :])
        return Mean(float(value[0]), float(error[0]), float(df[0]), n=self.n)


def crossed_mean(values: FloatArray, clusters: ArrayLike | None = None) -> Mean:
    """Return the mean of one column over trainings and test rows.

    Parameters
    ----------
    values : (J, n) float array
        For a difference, pass that of each cell: rows and seeds are then paired. One training
        alone has the error of its rows, and says nothing of how trainings differ.
    clusters : array_like, shape (n,), optional

    Returns
    -------
    Mean
        With se = 0, that is no evidence, where nothing varies.
    """
    trainings, n = values.shape
    if trainings > 1:
        return Crossed.of(values[:, None, :], clusters).mean([1.0])
    code = np.arange(n) if clusters is None else np.asarray(clusters)
    mean = cluster_mean(values[0], code)
    return Mean(mean.estimate, mean.se, mean.df, n=n)


def row_covariance(columns: FloatArray, code: NDArray[np.intp]) -> FloatArray:
    """Return the CR2 covariance of the means of some ``(k, n)`` columns, rows clustered by code.

    With every row its own cluster it is the plain one: the covariance of the rows over n.
    """
    k, n = columns.shape
    size = np.bincount(code).astype(np.float64)
    if len(size) < 2:
        return np.zeros((k, k))
    residual = columns - columns.mean(axis=1, keepdims=True)
    sums = np.stack([np.bincount(code, weights=r) for r in residual])
    sums = sums / np.sqrt(1 - size / n) / n
    return np.asarray(sums @ sums.T)


def satterthwaite(parts: Sequence[tuple[FloatArray, float]]) -> tuple[FloatArray, FloatArray]:
    """Return standard errors and degrees of freedom of sums of independent parts, (m,) each.

    Parameters
    ----------
    parts : sequence of ((m,) float array, float)
        Variances with their degrees of freedom; those of the first stand where all are 0.
    """
    both = np.sum([variance for variance, _ in parts], axis=0)
    below = np.sum([variance**2 / df for variance, df in parts], axis=0)
    df = np.divide(both**2, below, out=np.full(len(both), parts[0][1]), where=below > 0)
    return np.sqrt(both), df


def form(covariance: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the variance of weighted sums; what cancels but for its last digits is 0.

    Two equal columns have no difference, and dust for a standard error would make evidence of it.
    """
    value = np.einsum("mk,kl,ml->m", weights, covariance, weights)
    size = weights**2 @ np.diag(covariance)
    return np.asarray(np.where((value > 1e-12 * size) & (value > DUST), value, 0.0))


def positive(matrix: FloatArray) -> FloatArray:
    """Return the nearest covariance matrix: a difference of two may have negative eigenvalues."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    return np.asarray((vectors * np.maximum(values, 0.0)) @ vectors.T)
