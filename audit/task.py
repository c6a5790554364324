"""Tasks: how one answer is scored. Probes see the columns that come out, never the outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

from audit.errors import DataError, NotApplicable
from audit.examples import Examples, FloatArray
from audit.observations import Observation, Observations
from audit.requests import Predict

Columns = Mapping[str, npt.NDArray[np.float64]]
Scores = Callable[[str, str], Columns]

# A probability of exactly 0 would make one row's log loss infinite; this is the usual float floor.
SMALLEST = float(np.finfo(np.float64).tiny) ** 0.5


class Task(Protocol):
    """Turns outputs and targets into per-example columns."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the classes; empty for regression."""
        ...

    def score(self, seen: Observation, examples: Examples, label: str = "") -> Columns:
        """Return per-example columns; those that cannot be had are left out."""
        ...

    def truth(self, examples: Examples, label: str = "") -> Columns:
        """Return the columns that need no model, for planning."""
        ...


@dataclass(frozen=True)
class Classification:
    """One label an input.

    Attributes
    ----------
    labels : tuple of str
        In the order of the columns of the outputs.
    positive : str
        The class that counts as positive where a measure does not say; empty if none.
    threshold : float, optional
        For two classes: the positive one is chosen at or above it. None: the largest score wins.
    """

    labels: tuple[str, ...]
    positive: str = ""
    threshold: float | None = None

    def truth(self, examples: Examples, label: str = "") -> Columns:
        """Return ``y`` (1 where the target is ``label``) and ``not_y``."""
        if examples.labels is None:
            return {}
        y = examples.labels.has(label or self.positive).astype(np.float64)
        return {"y": y, "not_y": 1.0 - y}

    def decide(self, seen: Observation) -> npt.NDArray[np.int64]:
        """Return the chosen class of each row as an index into `labels`."""
        if seen.decisions is not None:
            return seen.decisions
        if self.threshold is not None and len(self.labels) == 2 and self.positive:
            hit = self.labels.index(self.positive)
            above = seen.outputs[:, hit] >= self.threshold
            return np.asarray(np.where(above, hit, 1 - hit), dtype=np.int64)
        return np.asarray(seen.outputs.argmax(axis=1), dtype=np.int64)

    def targets(self, examples: Examples) -> npt.NDArray[np.int64]:
        """Return the target of each row as an index into `labels`."""
        if examples.labels is None:
            raise NotApplicable(f'split "{examples.split}" has no label column')
        place = np.array(
            [self.labels.index(n) if n in self.labels else -1 for n in examples.labels.names],
            dtype=np.int64,
        )
        return place[examples.labels.codes]

    def score(self, seen: Observation, examples: Examples, label: str = "") -> Columns:
        """Return the columns of a classification.

        ``y``, ``not_y``, ``yhat``, ``not_yhat``, ``correct`` are 0 or 1; ``score`` is the
        probability of ``label``, ``score_error`` is ``score - y``, ``log_loss`` is of the target.
        """
        name = label or self.positive
        chosen = self.decide(seen)
        columns = dict(self.truth(examples, name))
        if name:
            hit = self.labels.index(name)
            columns["yhat"] = (chosen == hit).astype(np.float64)
            columns["not_yhat"] = 1.0 - columns["yhat"]
            if seen.scored:
                columns["score"] = seen.outputs[:, hit]
        if examples.labels is not None:
            target = self.targets(examples)
            columns["correct"] = (chosen == target).astype(np.float64)
            if "score" in columns:
                columns["score_error"] = columns["score"] - columns["y"]
            if seen.scored:
                own = seen.outputs[np.arange(len(target)), target]
                columns["log_loss"] = -np.log(np.maximum(own, SMALLEST))
        return columns


@dataclass(frozen=True)
class Regression:
    """One number an input."""

    labels: tuple[str, ...] = ()
    positive: str = ""

    def truth(self, examples: Examples, label: str = "") -> Columns:  # noqa: ARG002
        """Return ``target``, in the target's own unit."""
        return {} if examples.targets is None else {"target": examples.targets}

    def score(self, seen: Observation, examples: Examples, label: str = "") -> Columns:  # noqa: ARG002
        """Return ``prediction``, ``error`` (prediction minus target) and ``absolute_error``."""
        prediction = values_of(seen.outputs)
        columns = {"prediction": prediction}
        if examples.targets is not None:
            columns["error"] = prediction - examples.targets
            columns["absolute_error"] = np.abs(columns["error"])
        return columns


def scored(task: Task, seen: Observations) -> Scores:
    """Return a function that scores a split for a class, each of them once.

    Raises
    ------
    ModelError
        When it is called on a split on which the model failed.
    """

    @cache
    def columns(split: str, label: str) -> Columns:
        return task.score(seen.outputs(Predict(split)), seen.examples[split], label)

    return columns


def values_of(outputs: FloatArray) -> FloatArray:
    """Return regression outputs as ``(n,)``."""
    return outputs[:, 0] if outputs.ndim == 2 else outputs


def check_labels(task: Task, examples: Mapping[str, Examples]) -> None:
    """Refuse data whose labels the model does not know.

    Raises
    ------
    DataError
        Naming the labels on both sides.
    """
    for split, rows in examples.items():
        if not task.labels or rows.labels is None:
            continue
        unknown = [n for n in rows.labels.names if n not in task.labels]
        if unknown:
            raise DataError(
                f'split "{split}" has labels that the model does not know: ' + ", ".join(unknown),
                hint="the model knows: "
                + ", ".join(task.labels)
                + "\nname them alike with label_map: {data label: model label}, or set labels: "
                "on the model in the order of its outputs",
                exit_code=2,
            )
