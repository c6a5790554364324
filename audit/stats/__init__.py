"""Statistics of the verdict: evidence, its tests, bounds and power.

Importing this package pulls in neither numpy nor scipy, so that a stored result can be read
quickly; the numerical modules are imported when a number is first asked for.
"""

from __future__ import annotations

from audit.stats.evidence import (
    AnyEvidence,
    Crossing,
    Draws,
    Evidence,
    Mean,
    MeanRatio,
    OneProportion,
    Paired,
    Side,
    TwoProportions,
)

__all__ = [
    "AnyEvidence",
    "Crossing",
    "Draws",
    "Evidence",
    "Mean",
    "MeanRatio",
    "OneProportion",
    "Paired",
    "Side",
    "TwoProportions",
]
