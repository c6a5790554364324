"""A function as a model: ``python:module:function``, or a callable in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from audit.adapters.answers import one_hot
from audit.adapters.options import ModelOptions
from audit.adapters.references import function_of
from audit.errors import ModelError
from audit.examples import FloatArray, IntArray
from audit.model import ModelCard

BATCH_ROWS = 256  # nothing is known of a function's cost: small enough to lose little when killed


def load(ref: str, options: ModelOptions, *, base: Path) -> PythonModel:
    """Import ``module:function``.

    Raises
    ------
    ModelError
        If it cannot be imported, or the options do not say what it returns.
    """
    return from_callable(function_of(ref, base, ModelError), options, name=f"python:{ref}")


def from_callable(
    function: Callable[[Any], Any], options: ModelOptions, *, name: str = ""
) -> PythonModel:
    """Wrap a callable.

    Its answers are kept beyond this run only where ``options.revision`` names its version: a
    function has no digest that would notice a change in what it calls.

    Raises
    ------
    ModelError
        If it classifies and no labels are named.
    """
    name = name or f"python:{getattr(function, '__qualname__', type(function).__name__)}"
    task = options.task or ("classification" if options.labels else "regression")
    if task != "regression" and len(options.labels) < 2:
        raise ModelError(
            f"{name} does not say what its answers are",
            hint="set labels: to the names of its classes, in the order of its columns",
        )
    labels = () if task == "regression" else options.labels
    words = [name, options.revision, task, *labels, options.positive or ""]
    card = ModelCard(
        name=name,
        kind="python",
        task=task,
        labels=labels,
        revision=options.revision,
        fingerprint=blake2b("\n".join(words).encode(), digest_size=16).hexdigest(),
        cacheable=bool(options.revision),
    )
    return PythonModel(card, function, options)


@dataclass(frozen=True)
class PythonModel:
    """Calls a function with a batch of inputs and reads what it returns."""

    card: ModelCard
    function: Callable[[Any], Any]
    options: ModelOptions

    @property
    def batch_size_limit(self) -> int:
        """Rows in one call."""
        return self.options.batch_tokens or BATCH_ROWS

    def sizes(self, inputs: Any) -> IntArray:
        """Return 1 for each row: nothing is known of their cost."""
        return np.ones(len(inputs), dtype=np.int64)

    def predict(self, inputs: Any) -> FloatArray:
        """Return ``(n, labels)`` probabilities, or ``(n,)`` values for regression.

        The function may return a column of probabilities for each label, a label name for each
        row, or with two labels a float in [0, 1]: the probability of ``options.positive``.

        Raises
        ------
        ModelError
            If it returns something else.
        """
        answer = np.asarray(self.function(inputs))
        if not self.card.labels or answer.ndim == 2:
            return answer.astype(np.float64)
        if answer.ndim != 1:
            raise ModelError(
                f"{self.card.name} returned an array of shape {answer.shape}",
                hint=f"wanted: ({len(inputs)}, {len(self.card.labels)}) probabilities, or one "
                "answer for each row",
            )
        if answer.dtype.kind == "f":
            return self.of_scores(answer.astype(np.float64))
        return one_hot(answer.tolist(), self.card.labels, self.card.name)

    def of_scores(self, scores: FloatArray) -> FloatArray:
        """Spread P(positive) over two columns."""
        labels, positive = self.card.labels, self.options.positive
        if len(labels) != 2 or positive not in labels:
            raise ModelError(
                f"{self.card.name} returned one number for each row",
                hint="with two labels, set positive: to the label that it is the probability of; "
                "otherwise return a column of probabilities for each label",
            )
        columns = [scores, 1.0 - scores]
        return np.stack(columns if labels[0] == positive else columns[::-1], axis=1)
