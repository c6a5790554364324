"""Scores that are no mean of a column: balanced accuracy, macro F1, area under the ROC curve."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from audit.estimate import Scale, bounded
from audit.examples import FloatArray, IntArray
from audit.groups import Cut
from audit.stats.evidence import AnyEvidence, Mean

Mask = npt.NDArray[np.bool_]
REPLICATES = 20_000  # fine enough for a Holm level of alpha / 50 (20 m / alpha replicates)


@dataclass(frozen=True)
class Scored:
    """An estimator that scores whole slices; it offers no comparison of two."""

    cut: Cut
    score: Callable[[Mask], AnyEvidence | None]

    def n(self, i: int) -> int:
        """Return the rows of a slice."""
        return int((self.cut.codes == i).sum())

    def rest_n(self, i: int) -> int:
        """Return the rows outside a slice."""
        return int((self.cut.codes != i).sum())

    def one(self, i: int) -> AnyEvidence | None:
        """Return the evidence on a slice."""
        return self.score(self.cut.codes == i)

    def two(self, i: int, j: int, scale: Scale, focus: Literal[1, 2]) -> AnyEvidence | None:  # noqa: ARG002
        """Refuse: these scores are not compared between slices."""
        raise ValueError("this score is not compared between slices")


def balanced_accuracy(
    correct: FloatArray, target: IntArray, clusters: IntArray | None = None
) -> AnyEvidence | None:
    """Return the mean recall over the classes that occur.

    Parameters
    ----------
    correct : (n,) float array of 0 and 1
    target : (n,) int array
    clusters : (n,) int array, optional
        Then the standard error is CR2 on the influence values.

    Returns
    -------
    Mean or None
        Conditional on the class sizes, recalls are independent proportions; each variance is taken
        at ``(k + 1) / (n + 2)`` so that a perfect class is not taken for certain (Agresti & Coull
        1998), and the degrees of freedom are Satterthwaite's. None with fewer than two classes, or
        with a class of one row.
    """
    classes, sizes = np.unique(target, return_counts=True)
    if len(classes) < 2 or sizes.min() < 2:
        return None
    hits = np.array([correct[target == c].sum() for c in classes])
    recall = hits / sizes
    if clusters is not None:
        from audit.stats.clusters import cluster_mean

        place = np.searchsorted(classes, target)
        weight = len(target) / (len(classes) * sizes[place])
        return bounded(cluster_mean(recall.mean() + weight * (correct - recall[place]), clusters))
    smooth = (hits + 1) / (sizes + 2)
    parts = smooth * (1 - smooth) / sizes / len(classes) ** 2
    return bounded(
        Mean(
            estimate=float(recall.mean()),
            se=float(np.sqrt(parts.sum())),
            df=float(parts.sum() ** 2 / (parts**2 / (sizes - 1)).sum()),
            n=len(target),
        )
    )


def promised_balance(target: IntArray, level: float) -> AnyEvidence | None:
    """Return the balanced accuracy that class sizes promise at one recall."""
    sizes = np.bincount(target, minlength=1)
    sizes = sizes[sizes > 0]
    if len(sizes) < 2 or sizes.min() < 2:
        return None
    parts = level * (1 - level) / sizes / len(sizes) ** 2
    df = float(parts.sum() ** 2 / (parts**2 / (sizes - 1)).sum())
    return bounded(Mean(estimate=level, se=float(np.sqrt(parts.sum())), df=df, n=int(sizes.sum())))


def macro_f1_of(counts: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return macro F1 and its gradient by cell count.

    Parameters
    ----------
    counts : (..., classes * classes) float array
        Confusion counts, targets in rows. A class that neither occurs nor is chosen scores 0.
    """
    k = math.isqrt(counts.shape[-1])
    table = counts.reshape(*counts.shape[:-1], k, k)
    hits = np.diagonal(table, axis1=-2, axis2=-1)
    size = table.sum(-1) + table.sum(-2)
    known = size > 0
    safe = np.where(known, size, 1.0)
    f1 = np.where(known, 2 * hits / safe, 0.0)
    slope = f1 / safe
    gradient = np.eye(k) * np.where(known, 2 / safe, 0.0)[..., :, None]
    gradient = (gradient - slope[..., :, None] - slope[..., None, :]) / k
    return f1.mean(-1), gradient.reshape(counts.shape)


def macro_f1(
    chosen: IntArray,
    target: IntArray,
    classes: int,
    seed: int,
    clusters: IntArray | None = None,
) -> AnyEvidence | None:
    """Return macro F1 with a studentised count bootstrap; without spread it is no evidence.

    With clusters: the mean of the influence values, with a CR2 standard error.
    """
    from audit.stats.clusters import cluster_mean
    from audit.stats.resampling import draws_from_counts, with_error

    if not len(target):
        return None
    cell = target * classes + chosen
    cells = np.bincount(cell, minlength=classes**2)
    if clusters is not None:
        value, gradient = macro_f1_of(cells.astype(np.float64))
        return bounded(cluster_mean(value + len(target) * gradient[cell], clusters))
    estimate, error = with_error(cells.astype(np.float64), macro_f1_of)
    if error == 0:
        return Mean(estimate=float(estimate), se=0.0, df=None, n=len(target))
    return draws_from_counts(cells, macro_f1_of, replicates=REPLICATES, seed=seed)


def area(score: FloatArray, y: FloatArray, clusters: IntArray | None = None) -> AnyEvidence | None:
    """Return the area under the ROC curve with DeLong's error; None without both classes.

    With clusters: the mean of the influence values, from DeLong's components, with a CR2 standard
    error (Obuchowski 1997 sums the same components by cluster).
    """
    from audit.stats.auc import auc, components
    from audit.stats.clusters import cluster_mean

    positive = y > 0
    if min(positive.sum(), (~positive).sum()) < 2:
        return None
    if clusters is None:
        return auc(positive, score)
    parts = components(positive, score)
    value = parts[positive].mean()
    share = np.where(positive, positive.mean(), 1 - positive.mean())
    return bounded(cluster_mean(value + (parts - value) / share, clusters))
