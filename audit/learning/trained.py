"""What a model's trainings got wrong on one split, ready to be read by size and by group."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import msgspec
import numpy as np
import numpy.typing as npt

from audit.estimate import bounded
from audit.examples import Examples, FloatArray, IntArray
from audit.learning.anchors import Schedule, error_unit, scores_of
from audit.metrics import METRICS, Metric
from audit.observations import Observations
from audit.stats.crossed import crossed_mean
from audit.stats.curves import MeasuredCurve
from audit.stats.evidence import Draws, Mean, OneProportion
from audit.task import Task

Mask = npt.NDArray[np.bool_]
LEVEL = {True: "accuracy", False: "mean_absolute_error"}


def level_of(task: Task) -> Metric:
    """Return the figure whose curve is drawn: accuracy, or the mean absolute error."""
    return METRICS[LEVEL[bool(task.labels)]]


@dataclass(frozen=True)
class Trained:
    """The trainings of one split: what they were, and what they got wrong.

    Attributes
    ----------
    plan : Schedule
    scores : (J, k, n) float array
        Error of every training on every test row, divided by `unit`.
    examples : Examples
    unit : float
        1, or what a regression's errors are divided by.
    """

    plan: Schedule
    scores: FloatArray
    examples: Examples
    unit: float

    @cached_property
    def curve(self) -> MeasuredCurve:
        """The curve over all rows."""
        sizes = np.array(self.plan.sizes)
        return MeasuredCurve.of(sizes, self.scores, self.examples.clusters)

    def level(self, error: float) -> float:
        """Turn an error into the figure that a reader knows."""
        return error * self.unit if self.examples.labels is None else 1.0 - error

    def clusters(self, rows: Mask) -> IntArray | None:
        """Return the clusters of some rows."""
        return None if self.examples.clusters is None else self.examples.clusters[rows]

    def mean(self, rows: Mask, anchor: int = -1) -> Mean | OneProportion:
        """Return the figure on some rows at one anchor, as evidence.

        Where every training is right (or wrong) on every row nothing varies; the rows, or one of
        each cluster, are then as many trials of which all (or none) succeeded.
        """
        scores, clusters = self.scores[:, anchor][:, rows], self.clusters(rows)
        if self.examples.labels is None:
            return crossed_mean(scores * self.unit, clusters)
        share = float(1.0 - scores.mean())
        if share in (0.0, 1.0):
            trials = scores.shape[1] if clusters is None else len(np.unique(clusters))
            return OneProportion(k=round(share) * trials, n=trials)
        return bounded(crossed_mean(1.0 - scores, clusters))


def read(task: Task, seen: Observations, split: str, plan: Schedule) -> Trained:
    """Read the errors of all trainings on one split.

    Raises
    ------
    ModelError
        If one of the trainings failed.
    """
    examples = seen.examples[split]
    unit = error_unit(task, examples)
    return Trained(plan, scores_of(task, seen, split, plan, unit=unit), examples, unit)


def scaled(evidence: Mean | Draws, unit: float) -> Mean | Draws:
    """Return evidence on a difference of errors in the target's own unit."""
    if unit == 1.0:
        return evidence
    return msgspec.structs.replace(
        evidence, estimate=evidence.estimate * unit, se=evidence.se * unit
    )
