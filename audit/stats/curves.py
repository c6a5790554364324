"""A measured learning curve: its errors, what they are worth, and whether it ever rises.

References
----------
Nadeau & Bengio (2003), Machine Learning 52, 239-281, eq. 9 (variance where trainings share rows);
Holm (1979), Scand. J. Stat. 6, 65-70.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from audit.stats.crossed import Crossed
from audit.stats.evidence import Mean
from audit.stats.multiplicity import holm

FloatArray = NDArray[np.float64]

ALPHA = 0.05  # of the test for a rise
LAGS = (2, 4, 7, 10)  # anchors apart: a rise between neighbours is too small to be told from noise


@dataclass(frozen=True)
class MeasuredCurve:
    """Test errors of trainings on nested subsets, on one fixed test set.

    Attributes
    ----------
    sizes : (k,) float array
        Training sizes, ascending.
    errors : (J, k) float array
        Mean test error of every seed at every size; of order 1.
    crossed : Crossed
        What test rows and trainings contribute to the error of the means.
    """

    sizes: FloatArray
    errors: FloatArray
    crossed: Crossed

    @classmethod
    def of(
        cls, sizes: ArrayLike, scores: FloatArray, clusters: ArrayLike | None = None
    ) -> MeasuredCurve:
        """Read a curve from the errors of all rows.

        Parameters
        ----------
        sizes : array_like, shape (k,)
        scores : (J, k, n) float array
            J is at least 2.
        clusters : array_like, shape (n,), optional
            Test rows with one label depend on each other.
        """
        anchors = np.asarray(sizes, dtype=np.float64)
        return cls(anchors, scores.mean(axis=2), Crossed.of(scores, clusters))

    @property
    def means(self) -> FloatArray:
        """Mean error at every size, shape (k,)."""
        return self.crossed.means

    @cached_property
    def se(self) -> FloatArray:
        """Standard error of every mean, over seeds and test rows, shape (k,)."""
        return self.crossed.combined(np.eye(len(self.sizes)))[1]

    @property
    def df(self) -> FloatArray:
        """Degrees of freedom of every standard error, shape (k,)."""
        return self.crossed.combined(np.eye(len(self.sizes)))[2]

    @property
    def last(self) -> float:
        """Mean error at the largest size."""
        return float(self.means[-1])


@dataclass(frozen=True)
class Rise:
    """Two sizes between which the error grows, and the adjusted p-value of that."""

    small: int
    large: int
    growth: float
    p_value: float


def pairs_of(k: int) -> NDArray[np.int64]:
    """Return the pairs of anchors that are compared, (pairs, 2): some lags apart, all to the last.

    Fewer comparisons leave more power to each; a peak or a dip spans several anchors.
    """
    apart = {(i, i + lag) for lag in LAGS for i in range(k - lag)}
    return np.array(sorted(apart | {(i, k - 1) for i in range(k - 1)}), dtype=np.int64)


def rises(curve: MeasuredCurve, alpha: float = ALPHA) -> tuple[Rise, ...]:
    """Return the significant rises of the error, by Holm over all pairs that are compared.

    Rows and seeds are paired in every comparison.
    """
    from scipy.special import stdtr

    pairs = pairs_of(len(curve.sizes))
    weights = np.zeros((len(pairs), len(curve.sizes)))
    weights[np.arange(len(pairs)), pairs[:, 1]] = 1.0
    weights[np.arange(len(pairs)), pairs[:, 0]] = -1.0
    growth, errors, df = curve.crossed.combined(weights)
    t = np.divide(growth, errors, out=np.zeros(len(pairs)), where=errors > 0)
    adjusted = holm(stdtr(df, -t).tolist(), alpha).adjusted
    return tuple(
        Rise(int(curve.sizes[i]), int(curve.sizes[j]), float(g), float(p))
        for (i, j), g, p in zip(pairs, growth, adjusted, strict=True)
        if p <= alpha and g > 0
    )


def last_halving(curve: MeasuredCurve) -> Mean:
    """Return what the last doubling of the rows brought: error at about half of them, minus at all.

    The seed part of the variance is multiplied by ``1 + J * overlap``, where the overlap is the
    share of the larger subset that the smaller one holds: the J differences share training rows,
    so that their spread understates how another sample would differ (Nadeau & Bengio's
    ``1/J + n_test/n_train`` with the shared part in place of the test share).

    Returns
    -------
    Mean
        Positive where more rows helped.
    """
    sizes = curve.sizes
    half = int(np.argmin(np.abs(np.log(sizes[:-1] / sizes[-1]) + np.log(2.0))))
    weights = np.zeros((1, len(sizes)))
    weights[0, half], weights[0, -1] = 1.0, -1.0
    crossed = curve.crossed
    rows = float(np.einsum("mk,kl,ml->m", weights, crossed.rows, weights)[0])
    seeds = float(np.einsum("mk,kl,ml->m", weights, crossed.seeds, weights)[0])
    overlap = float(sizes[half] / sizes[-1])
    seeds = max(seeds, 0.0) * (1.0 + len(curve.errors) * overlap)
    rows = max(rows, 0.0)
    both = rows + seeds
    if not both > 0:
        return Mean(float(weights[0] @ crossed.means), 0.0, None, n=crossed.n)
    df = both**2 / (rows**2 / crossed.df_rows + seeds**2 / crossed.df_seeds)
    return Mean(float(weights[0] @ crossed.means), float(np.sqrt(both)), df, n=crossed.n)
