"""Confident learning: how many labels are wrong, and which, from out-of-sample probabilities.

References
----------
Northcutt, Jiang & Chuang (2021), Journal of Artificial Intelligence Research 70, 1373-1411,
section 3: eq. 1 (confident joint), 2 (thresholds), 3 (estimated joint), and "prune by noise rate".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Joint:
    """How given and true labels occur together.

    Attributes
    ----------
    share : (K, K) float array
        Estimated P(given = i, true = j); sums to 1.
    thresholds : (K,) float array
        Mean self-confidence of the rows that were given each label.
    n : int
        Rows.
    """

    share: FloatArray
    thresholds: FloatArray
    n: int

    @property
    def rate(self) -> float:
        """Estimated share of wrong labels: the mass off the diagonal."""
        return float(self.share.sum() - np.trace(self.share))

    @property
    def transition(self) -> FloatArray:
        """The ``(K, K)`` matrix of P(given = i | true = j); a class without mass keeps its own."""
        true = self.share.sum(axis=0)
        return np.where(true > 0, self.share / np.where(true > 0, true, 1.0), np.eye(len(true)))


@dataclass(frozen=True)
class Suspects:
    """Rows whose labels are probably wrong, the surest first.

    Attributes
    ----------
    rows, suggested : (s,) int arrays
    margins : (s,) float array
        Probability of the suggested label minus that of the given one.
    """

    rows: IntArray
    suggested: IntArray
    margins: FloatArray


def thresholds(probabilities: FloatArray, given: IntArray) -> FloatArray:
    """Return each class's mean self-confidence (eq. 2); 1 for a class that no row was given."""
    k = probabilities.shape[1]
    own = probabilities[np.arange(len(given)), given]
    count = np.bincount(given, minlength=k)
    total = np.bincount(given, weights=own, minlength=k)
    return np.where(count > 0, total / np.maximum(count, 1), 1.0)


def confident_joint(probabilities: FloatArray, given: IntArray) -> Joint:
    """Estimate the joint distribution of given and true labels.

    A row counts for the most probable of the classes whose threshold it reaches (eq. 1); counts
    are then scaled so that rows sum to how often each label was given (eq. 3). A label none of
    whose rows reaches a threshold is taken as right.

    Parameters
    ----------
    probabilities : (n, K) float array
        From models that were not trained on the row.
    given : (n,) int array
    """
    k = probabilities.shape[1]
    limit = thresholds(probabilities, given)
    # a mean of equal numbers may exceed them by a rounding error
    reached = probabilities >= limit - 1e-12
    best = np.where(reached, probabilities, -1.0).argmax(axis=1)
    sure = reached.any(axis=1)
    counts = np.bincount(given[sure] * k + best[sure], minlength=k * k).reshape(k, k)
    size = np.bincount(given, minlength=k).astype(np.float64)
    total = counts.sum(axis=1, keepdims=True)
    row = np.where(total > 0, counts / np.maximum(total, 1), np.eye(k))
    return Joint(row * size[:, None] / len(given), limit, len(given))


def prune_by_noise_rate(probabilities: FloatArray, given: IntArray, joint: Joint) -> Suspects:
    """Return the rows that the estimated joint says are wrong.

    For each pair of a given label i and a true label j these are the ``n Q[i, j]`` rows (to the
    nearest whole number) with the largest margin p_j - p_i. A row that several pairs choose keeps
    the label of its largest margin.
    """
    k = probabilities.shape[1]
    wanted = np.rint(joint.n * joint.share).astype(np.int64)
    margins = probabilities - probabilities[np.arange(len(given)), given][:, None]
    best = np.full(len(given), -np.inf)
    suggested = given.copy()
    for i in range(k):
        own = np.flatnonzero(given == i)
        for j in range(k):
            if i == j or not wanted[i, j]:
                continue
            chosen = own[np.argsort(-margins[own, j], kind="stable")[: wanted[i, j]]]
            better = chosen[margins[chosen, j] > best[chosen]]
            best[better], suggested[better] = margins[better, j], j
    rows = np.flatnonzero(np.isfinite(best))
    rows = rows[np.argsort(-best[rows], kind="stable")]
    return Suspects(rows, suggested[rows], best[rows])


def prune_by_class(probabilities: FloatArray, given: IntArray, joint: Joint) -> IntArray:
    """Return, for each label, as many of its least self-confident rows as are wrong."""
    wrong = np.rint(joint.n * (joint.share.sum(axis=1) - np.diag(joint.share))).astype(np.int64)
    own = probabilities[np.arange(len(given)), given]
    chosen = []
    for i, count in enumerate(wrong):
        rows = np.flatnonzero(given == i)
        chosen.append(rows[np.argsort(own[rows], kind="stable")[:count]])
    return np.sort(np.concatenate(chosen))
