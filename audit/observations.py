"""What comes back from the engine, narrowed to what a probe asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from audit.errors import ModelError, NotApplicable
from audit.examples import Examples, FloatArray, IntArray
from audit.model import ModelCard
from audit.requests import Explain, Predict, Request


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
    explained : Explanations, optional
        Of an `Explain` request; `outputs` are its attributions then.
    altered : (n,) bool array, optional
        Where a transform was asked for: which inputs it changed at all, by content. Pictures count
        as changed.
    unable : bool
        Whether nothing failed, but the question does not fit the model, as `reason` says: no
        gradient reaches the input, ...
    """

    outputs: FloatArray
    failed: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    reason: str = ""
    scored: bool = True
    decisions: IntArray | None = None
    logits: FloatArray | None = None
    head: tuple[FloatArray, FloatArray] | None = None
    explained: Explanations | None = None
    altered: npt.NDArray[np.bool_] | None = None
    unable: bool = False


@dataclass(frozen=True)
class Explanations:
    """Attributions of some inputs, on the parts of the inputs as they stand in the data.

    Attributes
    ----------
    attributions : (n, k) float array
        k is the largest number of parts. NaN beyond an input's own parts, and where a part has no
        counterpart in the input that was explained.
    parts : (n,) int array
        Parts of each unchanged input; 0 for an empty one.
    value, start : (n,) float arrays
        The margin of the input that was explained, and of its baseline. Attributions of a complete
        explainer sum to their difference.
    total : (n,) float array
        Sum of all attributions of the input that was explained, those without counterpart too.
    passes : (n,) float array
        Evaluations of the model behind each: steps of a path, masked versions; 0 where none.
    """

    attributions: FloatArray
    parts: IntArray
    value: FloatArray
    start: FloatArray
    total: FloatArray
    passes: FloatArray

    @property
    def completeness_error(self) -> FloatArray:
        """Return ``|total - (value - start)| / |value - start|``, row for row.

        Sundararajan, Taly & Yan (2017), Axiomatic Attribution for Deep Networks, proposition 1.
        """
        whole = self.value - self.start
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.abs(self.total - whole) / np.abs(whole))


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
        if isinstance(request, Explain):
            return f"the explainer {request.explainer}"
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
        NotApplicable
            If the question does not fit the model.
        """
        seen = self.answers[request]
        if seen.unable:
            raise NotApplicable(seen.reason)
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

    def explanations(self, request: Explain) -> Explanations:
        """Return the attributions that came back for a request.

        Raises
        ------
        ModelError, NotApplicable
            As `outputs`.
        """
        found = self.outputs(request).explained
        assert found is not None
        return found
