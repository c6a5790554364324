"""Metrics as means of a column over the rows where another column holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.measurement import Unit
from audit.task import Columns


@dataclass(frozen=True)
class Metric:
    """A mean of ``value`` over the rows where ``given`` is 1.

    Attributes
    ----------
    name, title : str
        Name in a measure, and in a sentence.
    value, given : str
        Columns of `Task.score`; an empty ``given`` takes every row.
    proportion : bool
        Whether ``value`` is 0 or 1, so that exact counts can be judged.
    typical : float or None
        Rate that is assumed before an outcome is seen; None: the share of positive labels.
    task : str
        ``classification`` or ``regression``.
    labelled : bool
        Whether it is about one class.
    high_is_bad : bool
        Whether the group with the higher level is the one that is worse off.
    """

    name: str
    title: str
    value: str
    given: str = ""
    proportion: bool = True
    typical: float | None = 0.85
    task: str = "classification"
    labelled: bool = True
    high_is_bad: bool = False

    @property
    def heading(self) -> str:
        """The title as a sentence or a plot begins."""
        return self.title[0].upper() + self.title[1:]

    @property
    def unit(self) -> Unit:
        """How a level of this metric is written."""
        if self.name in ("auc", "macro_f1"):
            return Unit.RATIO
        return Unit.NUMBER if self.task == "regression" or self.name == "log_loss" else Unit.SHARE

    @property
    def gap_unit(self) -> Unit:
        """How a difference of two levels is written."""
        return Unit.POINTS if self.unit is Unit.SHARE else Unit.NUMBER


METRICS = {
    m.name: m
    for m in (
        Metric("selection_rate", "selection rate", "yhat", typical=None),
        Metric("tpr", "true-positive rate", "yhat", "y"),
        Metric("fpr", "false-positive rate", "yhat", "not_y", typical=0.15, high_is_bad=True),
        Metric("fnr", "false-negative rate", "not_yhat", "y", typical=0.15, high_is_bad=True),
        Metric("ppv", "positive predictive value", "y", "yhat"),
        Metric("accuracy", "accuracy", "correct", labelled=False),
        Metric("balanced_accuracy", "balanced accuracy", "correct", labelled=False),
        Metric("macro_f1", "macro F1", "correct", labelled=False),
        Metric("auc", "area under the ROC curve", "score"),
        Metric("calibration", "score minus outcome", "score_error", proportion=False, typical=0.0),
        Metric("mean_score", "mean score", "score", proportion=False, typical=None),
        Metric("log_loss", "log loss", "log_loss", proportion=False, typical=0.5, labelled=False),
        Metric(
            "mean_error", "mean error", "error", proportion=False, typical=0.0, task="regression"
        ),
        Metric(
            "mean_absolute_error",
            "mean absolute error",
            "absolute_error",
            proportion=False,
            typical=None,
            task="regression",
        ),
    )
}


@dataclass(frozen=True)
class Values:
    """A metric's column on a split.

    Attributes
    ----------
    value : (n,) float array
        Zero where `given` is False.
    given : (n,) bool array
        The relevant rows.
    """

    value: npt.NDArray[np.float64]
    given: npt.NDArray[np.bool_]


def values(metric: Metric, columns: Columns) -> Values | None:
    """Return a metric's column, or None where the task or the record does not offer it."""
    if metric.value not in columns or (metric.given and metric.given not in columns):
        return None
    value = columns[metric.value]
    given = columns[metric.given] > 0 if metric.given else np.ones(len(value), dtype=bool)
    return Values(np.where(given, value, 0.0), given)
