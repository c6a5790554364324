"""A detector in exhibits: ROC curves, and areas by foreign set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audit.detection.scores import TITLES
from audit.examples import FloatArray
from audit.exhibits import Forest, ForestRow, Line, Plane
from audit.forests import untested as small_rows
from audit.measurement import Interval, Unit, Untested
from audit.stats.evidence import AnyEvidence
from audit.writing import interval, value

PLACES = 60


@dataclass(frozen=True)
class Shown:
    """One foreign set as it is drawn.

    Attributes
    ----------
    name : str
    home, away : (m,), (n,) float arrays
        Scores by the chosen detector.
    evidence : AnyEvidence or None
        On the area.
    measurements : tuple of str
        Comparisons that are about it.
    """

    name: str
    home: FloatArray
    away: FloatArray
    evidence: AnyEvidence | None
    measurements: tuple[str, ...]


def roc(home: FloatArray, away: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return shares of foreign and of familiar inputs accepted, at every threshold.

    Returns
    -------
    x, y : (places,) float arrays
        From (0, 0) to (1, 1); where there are more than `PLACES`, those that lie most evenly
        along the curve.
    """
    steps = np.unique(np.r_[home, away])
    x = np.r_[0.0, np.searchsorted(np.sort(away), steps, side="right") / len(away)]
    y = np.r_[0.0, np.searchsorted(np.sort(home), steps, side="right") / len(home)]
    if len(x) <= PLACES:
        return x, y
    way = np.r_[0.0, np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y)))]
    kept = np.unique(np.searchsorted(way, np.linspace(0.0, way[-1], PLACES)).clip(0, len(x) - 1))
    return x[kept], y[kept]


def curves(shown: Sequence[Shown], detector: str, family: str) -> Plane:
    """Draw the ROC curve of the chosen detector on every foreign set."""
    lines = []
    for s in shown:
        x, y = roc(s.home, s.away)
        lines.append(
            Line(
                name=s.name,
                x=tuple(x.tolist()),
                y=tuple(y.tolist()),
                note=area_note(s.evidence),
            )
        )
    return Plane(
        id="ood-detection-roc",
        title="Foreign inputs against those in distribution",
        caption=(
            f"Detector: {TITLES[detector]}, chosen on other rows than these. Each place is a "
            "threshold; inputs in distribution are the positives. Plain 95% intervals."
        ),
        x_axis="share of foreign inputs accepted (false-positive rate)",
        y_axis="share of inputs in distribution accepted (true-positive rate)",
        diagonal_label="chance",
        lines=tuple(lines),
        family=family,
        measurements=tuple(dict.fromkeys(i for s in shown for i in s.measurements)),
    )


def area_note(evidence: AnyEvidence | None) -> str:
    """Write an area with its interval."""
    between = Interval.of(evidence)
    if evidence is None or between is None:
        return ""
    span = interval(between.low, between.high, Unit.RATIO)
    return f"AUROC {value(evidence.theta, Unit.RATIO)} ({span})"


def areas(shown: Sequence[Shown], untested: Sequence[Untested], family: str) -> Forest:
    """Draw the area on every foreign set; those too small to test are drawn and not dropped."""
    rows = []
    for s in shown:
        between = Interval.of(s.evidence)
        rows.append(
            ForestRow(
                label=s.name,
                value=None if s.evidence is None else s.evidence.theta,
                low=None if between is None else between.low,
                high=None if between is None else between.high,
                n=len(s.away),
                measurements=s.measurements,
            )
        )
    return Forest(
        id="ood-detection-auroc",
        title="How well foreign inputs are told apart",
        caption="Area under the ROC curve of the chosen detector; plain 95% intervals.",
        axis="area under the ROC curve",
        count="foreign rows",
        unit=Unit.RATIO,
        rows=(*rows, *small_rows(untested)),
        family=family,
    )
