"""The area under the ROC curve of a detector: alone, and as sizes promise it."""

from __future__ import annotations

import numpy as np

from audit.examples import FloatArray
from audit.separation import hanley_mcneil
from audit.stats.evidence import AnyEvidence, Mean


def point(home: FloatArray, away: FloatArray) -> float | None:
    """Return the area alone; None where there is no row of one kind."""
    if not len(home) or not len(away):
        return None
    ordered = np.sort(home)
    below = np.searchsorted(ordered, away, side="left") + np.searchsorted(ordered, away, "right")
    return float(below.mean() / (2 * len(home)))


def promised(level: float, m: int, n: int) -> AnyEvidence | None:
    """Return the evidence that sizes promise at an area."""
    if min(m, n) < 2:
        return None
    return Mean(level, hanley_mcneil(level, m, n), float(m + n - 2), "logit", m + n)
