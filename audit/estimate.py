"""From a metric's column and a cut to evidence: counts where rows are independent, else clusters.

The same arithmetic serves the plan (sizes with an assumed rate) and the measurement (sums of what
was seen), so that both expand to the same comparisons.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from audit.examples import FloatArray, IntArray
from audit.groups import Cut
from audit.metrics import Metric, Values
from audit.stats.evidence import AnyEvidence, Mean, MeanRatio, OneProportion, TwoProportions

REST = -1
Scale = Literal["difference", "ratio"]


class Estimator(Protocol):
    """Evidence about the slices of one cut."""

    def n(self, i: int) -> int:
        """Return the relevant rows of slice ``i``; `REST` is not a slice."""
        ...

    def one(self, i: int) -> AnyEvidence | None:
        """Return the evidence on the level of slice ``i``, or None where it is undefined."""
        ...

    def two(self, i: int, j: int, scale: Scale, focus: Literal[1, 2]) -> AnyEvidence | None:
        """Return the evidence on level ``i`` against level ``j``; either may be the rest."""
        ...

    def rest_n(self, i: int) -> int:
        """Return the relevant rows outside slice ``i``."""
        ...


@dataclass(frozen=True)
class Sums:
    """Sufficient sums of a metric, by slice.

    Attributes
    ----------
    count, total, square : (slices,) float arrays
        Relevant rows, sum and sum of squares of the values.
    proportion : bool
        Whether values are 0 or 1: then `total` is a count, and evidence is exact.
    """

    count: FloatArray
    total: FloatArray
    square: FloatArray
    proportion: bool

    @classmethod
    def of(cls, values: Values, cut: Cut, proportion: bool) -> Sums:
        """Sum a column over every slice of a cut in one pass."""
        k = len(cut.slices)
        given = values.given.astype(np.float64)
        count = np.bincount(cut.codes, weights=given, minlength=k)
        total = np.bincount(cut.codes, weights=values.value, minlength=k)
        square = np.bincount(cut.codes, weights=values.value**2, minlength=k)
        return cls(
            count.astype(np.float64),
            total.astype(np.float64),
            square.astype(np.float64),
            proportion,
        )

    @classmethod
    def expected(cls, sizes: FloatArray, rate: float, spread: float, proportion: bool) -> Sums:
        """Return what sizes promise under an assumed level, and spread for values not 0 or 1."""
        sizes = np.round(sizes)
        total = np.round(sizes * rate) if proportion else sizes * rate
        square: FloatArray = total if proportion else sizes * (rate**2 + spread**2)
        return cls(sizes, total, square, proportion)

    def arm(self, i: int, other: int) -> tuple[float, float, float]:
        """Return (count, total, square) of slice ``i``, or of all but ``other`` for the rest."""
        parts = (self.count, self.total, self.square)
        if i == REST:
            count, total, square = (float(p.sum() - p[other]) for p in parts)
        else:
            count, total, square = (float(p[i]) for p in parts)
        return count, total, square

    def n(self, i: int) -> int:
        """Return the relevant rows of a slice."""
        return int(self.count[i])

    def rest_n(self, i: int) -> int:
        """Return the relevant rows outside a slice."""
        return int(self.count.sum() - self.count[i])

    def one(self, i: int) -> AnyEvidence | None:
        """Return a proportion, or a mean with its t interval."""
        count, total, square = self.arm(i, i)
        if count < 1:
            return None
        if self.proportion:
            return OneProportion(k=round(total), n=round(count))
        if count < 2:
            return None
        mean, var = moments(count, total, square)
        return Mean(estimate=mean, se=float(np.sqrt(var / count)), df=count - 1, n=round(count))

    def two(self, i: int, j: int, scale: Scale, focus: Literal[1, 2]) -> AnyEvidence | None:
        """Return two proportions, Welch's difference of means, or Fieller's ratio of means."""
        (n1, t1, s1), (n2, t2, s2) = self.arm(i, j), self.arm(j, i)
        if n1 < 1 or n2 < 1:
            return None
        if self.proportion:
            if scale == "ratio" and t2 == 0:
                return None
            return TwoProportions(
                k1=round(t1), n1=round(n1), k2=round(t2), n2=round(n2), scale=scale, focus=focus
            )
        if n1 < 2 or n2 < 2:
            return None
        (m1, v1), (m2, v2) = moments(n1, t1, s1), moments(n2, t2, s2)
        a, b = v1 / n1, v2 / n2
        df = (a + b) ** 2 / (a**2 / (n1 - 1) + b**2 / (n2 - 1)) if a + b > 0 else n1 + n2 - 2
        n = round(n1 + n2)
        if scale == "difference":
            return Mean(estimate=m1 - m2, se=float(np.sqrt(a + b)), df=df, n=n)
        if m2 == 0:
            return None
        return MeanRatio(mean1=m1, mean2=m2, var1=a, var2=b, cov=0.0, df=df, n=n)


def moments(count: float, total: float, square: float) -> tuple[float, float]:
    """Return mean and unbiased variance from sums."""
    mean = total / count
    return mean, max(square - count * mean**2, 0.0) / max(count - 1, 1.0)


def bounded(mean: Mean) -> Mean:
    """Return the mean of a share or score with its error on the logit scale.

    There its interval stays between 0 and 1. A mean of exactly 0 or 1 has no logit and is left.
    """
    inside = 0 < mean.estimate < 1
    return msgspec.structs.replace(mean, scale="logit") if inside else mean


@dataclass(frozen=True)
class Clustered:
    """Evidence where rows of one person, document or template depend on each other.

    Attributes
    ----------
    values : Values
    cut : Cut
    clusters : (n,) int array
    proportion : bool
        Whether values are 0 or 1, so that a level lies between them.
    """

    values: Values
    cut: Cut
    clusters: IntArray
    proportion: bool

    def rows(self, i: int, other: int) -> npt.NDArray[np.bool_]:
        """Return the relevant rows of a slice, or of all but ``other`` for the rest."""
        inside = self.cut.codes != other if i == REST else self.cut.codes == i
        return np.asarray(inside & self.values.given)

    def n(self, i: int) -> int:
        """Return the relevant rows of a slice."""
        return int(self.rows(i, i).sum())

    def rest_n(self, i: int) -> int:
        """Return the relevant rows outside a slice."""
        return int(self.rows(REST, i).sum())

    def one(self, i: int) -> AnyEvidence | None:
        """Return a mean with a CR2 standard error; None with fewer than two clusters.

        A share of exactly 0 or 1 has no such error. One row from each cluster is an independent
        sample, so it is then judged as 0 or all of as many trials as there are clusters.
        """
        from audit.stats.clusters import cluster_mean

        rows = self.rows(i, i)
        clusters = len(np.unique(self.clusters[rows]))
        if clusters < 2:
            return None
        share = float(self.values.value[rows].mean())
        if self.proportion and share in (0.0, 1.0):
            return OneProportion(k=round(share) * clusters, n=clusters)
        mean = cluster_mean(self.values.value[rows], self.clusters[rows])
        return bounded(mean) if self.proportion else mean

    def two(self, i: int, j: int, scale: Scale, focus: Literal[1, 2]) -> AnyEvidence | None:  # noqa: ARG002
        """Return a CR2 difference or ratio of means; clusters may lie in both arms."""
        from audit.stats.clusters import cluster_difference, cluster_ratio

        first, second = self.rows(i, j), self.rows(j, i)
        both = first | second
        if min(len(np.unique(self.clusters[r])) if r.any() else 0 for r in (first, second)) < 2:
            return None
        arguments = (self.values.value[both], self.clusters[both], first[both])
        if scale == "difference":
            return cluster_difference(*arguments)
        if self.values.value[second].sum() == 0:
            return None
        return cluster_ratio(*arguments)


def estimator(metric: Metric, values: Values, cut: Cut, clusters: IntArray | None) -> Estimator:
    """Choose counts or clusters: where a cluster column is set, plain counts are refused."""
    if clusters is None:
        return Sums.of(values, cut, metric.proportion)
    return Clustered(values, cut, clusters, metric.proportion)
