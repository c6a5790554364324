"""Which changed versions of an input keep its prediction, and which of these are explained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from audit.examples import FloatArray, IntArray
from audit.explained.chosen import pair_of_classes
from audit.margins import margins
from audit.observations import Observation
from audit.task import Classification, Task, values_of

LEAST_RATE = 0.2  # share of changed versions that must survive: fewer are no fair sample of changes

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Survivors:
    """What became of the changed versions of some inputs, cell by cell.

    Attributes
    ----------
    classes : (n, 2) int array, optional
        Class that is explained and class that it is held against, of the unchanged inputs.
    changed : (c, n) bool array
        Where the transform changed the input at all: one that it found nothing to change in is no
        version of it.
    kept : (c, n) bool array
        Where a changed version keeps the prediction.
    taken : (c, n) bool array
        Those of the kept that are explained.
    """

    classes: IntArray | None
    changed: Bools
    kept: Bools
    taken: Bools

    @property
    def share(self) -> FloatArray:
        """Return the ``(n,)`` share of each input's changed versions that keep the prediction."""
        total = self.changed.sum(axis=0).astype(np.float64)
        out = np.full(len(total), np.nan)
        return np.asarray(np.divide(self.kept.sum(axis=0), total, out=out, where=total > 0))

    def rate(self, inside: Bools) -> float | None:
        """Return the share of some inputs' changed versions that survive; None if none changed."""
        total = int(self.changed[:, inside].sum())
        return int(self.kept[:, inside].sum()) / total if total else None

    def few(self, inside: Bools) -> bool:
        """Whether too few versions of some inputs survive to speak for harmless changes."""
        rate = self.rate(inside)
        return rate is None or rate < LEAST_RATE

    def none_taken(self) -> Survivors:
        """Return the same without anything to explain."""
        return replace(self, taken=np.zeros_like(self.taken))


def survivors(
    task: Task, answers: Sequence[Observation], margin: float, luck: FloatArray, most: int
) -> Survivors:
    """Find the versions that keep the prediction.

    A version keeps it where the same class is chosen and the margin (the logit of that class minus
    that of the most probable other one, for the unchanged input) moves by at most a share of
    itself. Of a regression the value may move by that share of the standard deviation of all
    outputs.

    Parameters
    ----------
    task : Task
    answers : sequence of 1 + c Observation
        To the unchanged inputs, and to each cell.
    margin : float
        That share.
    luck : (c, n) float array
        Of each version, below 1: those with the least are explained, and those that left the
        output as it was after all others.
    most : int
        Versions that are explained of each input, at most.

    Raises
    ------
    NotApplicable
        If the model answers with labels alone.
    """
    first, rest = answers[0], answers[1:]
    classes = pair_of_classes(task, first)
    before = values(task, first, classes)
    allowed = margin * (np.abs(before) if classes is not None else np.std(before))
    changed = np.stack([differs(first, a) for a in rest])
    near = np.stack([np.abs(values(task, a, classes) - before) <= allowed for a in rest])
    if isinstance(task, Classification):
        chosen = task.decide(first)
        near &= np.stack([task.decide(a) == chosen for a in rest])
    kept = changed & near
    # what the model did not feel is explained as before: it tells least, and comes last
    felt = np.stack([moved(first, a) for a in rest])
    return Survivors(classes, changed, kept, first_of(kept, luck + ~felt, most))


def values(task: Task, seen: Observation, classes: IntArray | None) -> FloatArray:
    """Return the margin of each answer, or the value of a regression."""
    if isinstance(task, Classification):
        return margins(seen.outputs, classes)
    return values_of(seen.outputs)


def differs(before: Observation, after: Observation) -> Bools:
    """Return which inputs a change has changed; where nobody noted it, those whose output moved."""
    return moved(before, after) if after.altered is None else after.altered


def moved(before: Observation, after: Observation) -> Bools:
    """Return where outputs are not the same to the last digit."""
    other = before.outputs != after.outputs
    return np.asarray(other.reshape(len(other), -1).any(axis=1))


def first_of(kept: Bools, luck: FloatArray, most: int) -> Bools:
    """Return up to so many of each input's kept versions, those with the least luck."""
    order = np.argsort(np.where(kept, luck, np.inf), axis=0, kind="stable")
    place = np.empty_like(order)
    np.put_along_axis(place, order, np.arange(len(kept))[:, None], axis=0)
    return kept & (place < most)
