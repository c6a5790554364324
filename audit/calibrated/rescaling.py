"""Temperature scaling offered on one half of a split, and tried on the other."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from audit.calibrated.reliability import Mask, Reliability, first_half, log_loss, logs_of, stated
from audit.examples import Examples, FloatArray
from audit.observations import Observation
from audit.stats.evidence import Mean
from audit.stats.temperature import rescaled, temperature
from audit.task import Classification


@dataclass(frozen=True)
class Rescaling:
    """One split in two halves: the temperature is fitted on the first, and tried on the second.

    Attributes
    ----------
    task : Classification
    answer : Observation
    examples : Examples
    bins, draws, seed : int
    least : int
        Fewest rows of a half.
    """

    task: Classification
    answer: Observation
    examples: Examples
    bins: int
    draws: int
    seed: int
    least: int

    @cached_property
    def first(self) -> Mask:
        """Which rows the temperature is fitted on."""
        return first_half(self.examples, self.seed)

    @property
    def why(self) -> str:
        """Why there is no temperature."""
        small = min(int(self.first.sum()), int((~self.first).sum()))
        if small < self.least:
            return f"{small} rows in the smaller half; at least {self.least} are needed"
        if self.fitted is None:
            return (
                "no finite temperature is best: every row is right, or no row tells classes apart"
            )
        return ""

    @cached_property
    def fitted(self) -> Mean | None:
        """The temperature of the first half."""
        rows, clusters = self.first, self.examples.clusters
        target = self.task.targets(self.examples)[rows]
        own = None if clusters is None else clusters[rows]
        return temperature(logs_of(self.answer.outputs[rows]), target, own)

    @cached_property
    def after(self) -> Reliability | None:
        """The second half at the fitted temperature; the chosen classes stay as they were."""
        return None if self.why else self.second(self.cooled)

    @cached_property
    def before(self) -> Reliability:
        """The second half as it was stated."""
        return self.second(self.answer.outputs)

    @property
    def cooled(self) -> FloatArray:
        """All outputs at the fitted temperature."""
        if self.fitted is None:
            return self.answer.outputs
        return rescaled(logs_of(self.answer.outputs), self.fitted.estimate)

    @property
    def losses(self) -> tuple[float, float]:
        """Log loss of the second half, before and after."""
        rows = ~self.first
        target = self.task.targets(self.examples)[rows]
        both = (self.answer.outputs, self.cooled)
        return log_loss(both[0][rows], target), log_loss(both[1][rows], target)

    def second(self, outputs: FloatArray) -> Reliability:
        """Hold some outputs of the second half against its outcomes."""
        rows, clusters = np.flatnonzero(~self.first), self.examples.clusters
        chosen = self.task.decide(self.answer)
        answer = dataclasses.replace(self.answer, outputs=outputs, decisions=chosen)
        confidence, right = stated(self.task, answer, self.examples)
        return Reliability(
            confidence[rows],
            right[rows],
            None if clusters is None else clusters[rows],
            self.bins,
            self.draws,
            self.seed,
        )
