"""A measured learning curve: its errors, what they are worth, and whether it ever rises.

An error has three parts. Test rows are shared by all trainings. Seeds differ. And the training rows
themselves are a sample: the subsets of two seeds share as many rows as the subset is a share of the
pool, so that near the full size all seeds have the same luck, which their spread cannot show. That
third part is estimated from smaller sizes, where seeds share little, as a variance that falls like
1/n.

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

from audit.stats.crossed import Crossed, form, satterthwaite
from audit.stats.evidence import Mean
from audit.stats.multiplicity import holm

FloatArray = NDArray[np.float64]

ALPHA = 0.05  # of the test for a rise
# Sizes up to this share of the pool tell how lucky a subset is: seeds share little there.
APART = 0.5
FEWEST, MOST = 2, 6  # how many sizes are asked that
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
    def luck(self) -> FloatArray:
        """Covariance of the means due to training rows that all seeds share, shape (k, k).

        Subsets are nested, so two sizes are correlated like means of nested samples.
        """
        share = self.sizes / self.sizes[-1]
        small = np.flatnonzero(share <= APART)[-MOST:]
        if len(small) < FEWEST:
            small = np.arange(min(FEWEST, len(share)))
        trainings = len(self.errors)
        seeds = np.diag(self.crossed.seeds)[small] * trainings
        unit = float((seeds * share[small] / (1.0 - share[small])).mean())
        variance = unit / share * share  # of one subset, times the share of it that is common
        correlation = np.sqrt(np.minimum.outer(share, share) / np.maximum.outer(share, share))
        return np.asarray(np.sqrt(np.outer(variance, variance)) * correlation)

    def combined(self, weights: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return value, standard error and degrees of freedom of weighted sums of the means.

        Parameters
        ----------
        weights : (m, k) float array

        Returns
        -------
        values, errors, df : (m,) float arrays
            The degrees of freedom are Satterthwaite's, over the three parts.
        """
        crossed = self.crossed
        of_seeds = len(self.errors) - 1.0
        parts = [
            (form(crossed.rows, weights), crossed.df_rows),
            (form(crossed.seeds, weights), of_seeds),
            (form(self.luck, weights), of_seeds * FEWEST),
        ]
        return weights @ crossed.means, *satterthwaite(parts)

    @cached_property
    def se(self) -> FloatArray:
        """Standard error of every mean, shape (k,)."""
        return self.combined(np.eye(len(self.sizes)))[1]

    @property
    def df(self) -> FloatArray:
        """Degrees of freedom of every standard error, shape (k,)."""
        return self.combined(np.eye(len(self.sizes)))[2]

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
    growth, errors, df = curve.combined(weights)
    t = np.divide(growth, errors, out=np.zeros(len(pairs)), where=errors > 0)
    adjusted = holm(stdtr(df, -t).tolist(), alpha).adjusted
    return tuple(
        Rise(int(curve.sizes[i]), int(curve.sizes[j]), float(g), float(p))
        for (i, j), g, p in zip(pairs, growth, adjusted, strict=True)
        if p <= alpha and g > 0
    )


def last_halving(curve: MeasuredCurve) -> Mean:
    """Return what the last doubling of the rows brought: error at about half of them, minus at all.

    The luck of training rows that all seeds share is in its error (see the module): without it the
    difference of trainings that share rows would look surer than it is (Nadeau & Bengio).

    Returns
    -------
    Mean
        Positive where more rows helped; no evidence (se = 0) where nothing varies.
    """
    sizes = curve.sizes
    half = int(np.argmin(np.abs(np.log(sizes[:-1] / sizes[-1]) + np.log(2.0))))
    weights = np.zeros((1, len(sizes)))
    weights[0, half], weights[0, -1] = 1.0, -1.0
    value, error, df = (float(v[0]) for v in curve.combined(weights))
    return Mean(value, error, df if error > 0 else None, n=curve.crossed.n)
