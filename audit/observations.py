"""What comes back from the engine, narrowed to what a probe asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from audit.errors import ModelError
from audit.examples import Examples, FloatArray, IntArray
from audit.model import ModelCard
from audit.requests import Predict, Request


@dataclass(frozen=True)
class Observation:
    """Outputs for one request.

    Attributes
    ----------
    outputs : (n, classes) or (n,) float array
        Row for row with the split; NaN where the model failed.
    failed : (f,) int array
        Positions of rows that the model could not answer.
    reason : str
        What the model said on the first failed row.
    scored : bool
        False where only a chosen label was recorded, so that scores mean nothing.
    decisions : (n,) int array, optional
        Chosen label of each row, where it was recorded beside the scores.
    logits : (n, classes) float array, optional
        Of an `Embed` request on a network: what the softmax is taken of.
    head : (weights, bias), optional
        Of the same: the last layer, ``(classes, d)`` and ``(classes,)``, so that
        ``logits = outputs @ weights.T + bias``.
    """

    outputs: FloatArray
    failed: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    reason: str = ""
    scored: bool = True
    decisions: IntArray | None = None
    logits: FloatArray | None = None
    head: tuple[FloatArray, FloatArray] | None = None


@dataclass(frozen=True)
class Observations:
    """The data columns and the model outputs that a probe may see. No model is in it.

    Attributes
    ----------
    examples : mapping of split name to Examples
    answers : mapping of Request to Observation
    card : ModelCard
        Whose outputs they are.
    """

    examples: Mapping[str, Examples]
    answers: Mapping[Request, Observation] = field(default_factory=dict)
    card: ModelCard = field(default_factory=lambda: ModelCard(name="", kind="", task=""))

    @staticmethod
    def who(request: Request) -> str:
        """Say which model failed, and on which version of its inputs."""
        if not isinstance(request, Predict):
            return "the model"
        who = f'the revision "{request.revision}"' if request.revision else "the model"
        return f"{who}, after {request.transform}," if request.transform else who

    def outputs(self, request: Request) -> Observation:
        """Return what came back for a request.

        Raises
        ------
        ModelError
            If the model failed on any of its rows: a figure on the rest would be another figure.
        """
        seen = self.answers[request]
        fit = request.fit if isinstance(request, Predict) else None
        if len(seen.failed) and fit is not None:
            raise ModelError(
                f"the training on {fit.size:,} rows (recipe {fit.recipe}, seed {fit.seed}) failed",
                where=seen.reason,
                hint="a curve without it would be another curve; mend what it says and run again: "
                "trainings that succeeded are kept",
            )
        if len(seen.failed):
            raise ModelError(
                f"{self.who(request)} failed on {len(seen.failed)} of {len(seen.outputs)} rows of "
                f'split "{request.split}"',
                where=f"first at row {int(seen.failed[0])}: {seen.reason}",
                hint="a figure on the other rows alone would be a different figure; mend the model "
                "or the row and run again: what was predicted is kept",
            )
        return seen
