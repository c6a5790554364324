"""The closed union of evidence that verdicts are judged on."""

from __future__ import annotations

from audit.stats.anytime import Anytime
from audit.stats.contract import Evidence, MergeError, Side
from audit.stats.counted import OneProportion, TwoProportions
from audit.stats.crossing import Crossing
from audit.stats.draws import Draws
from audit.stats.means import Mean
from audit.stats.paired import Paired
from audit.stats.ratios import MeanRatio

AnyEvidence = (
    OneProportion | TwoProportions | Paired | Mean | MeanRatio | Draws | Crossing | Anytime
)

__all__ = [
    "AnyEvidence",
    "Anytime",
    "Crossing",
    "Draws",
    "Evidence",
    "Mean",
    "MeanRatio",
    "MergeError",
    "OneProportion",
    "Paired",
    "Side",
    "TwoProportions",
]
