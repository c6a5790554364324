"""Means of similarities and of their differences, where hardly any may vary."""

from __future__ import annotations

import numpy as np

from audit.examples import FloatArray, IntArray
from audit.stats.clusters import cluster_mean
from audit.stats.evidence import Mean

SAME = 1e-9  # differences of similarities that are nothing but rounding
FEW = 2  # clusters that depart from the others, below which a spread has hardly been seen


def mean_of(values: FloatArray, clusters: IntArray) -> Mean | None:
    """Return the mean of differences between -1 and 1, with an honest error where hardly any vary.

    Where fewer than `FEW` clusters depart from the rest, the sample does not know its own spread.
    The error is then at least what two further clusters at the far end of the range would make of
    it: bounds at 5% and 1% are those of Clopper & Pearson (1934) for a rare difference of full size
    (3 / n and 4.6 / n), or wider.
    """
    count = len(np.unique(clusters))
    if count < 2:
        return None
    found = cluster_mean(values, clusters)
    apart = np.abs(values - np.median(values)) > SAME
    if len(np.unique(clusters[apart])) >= FEW and found.se > SAME:
        return found
    floor = 2 * (1 + abs(found.estimate)) / count
    return Mean(found.estimate, max(found.se, floor), found.df or count - 1.0, n=len(values))
