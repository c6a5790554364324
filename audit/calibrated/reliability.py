"""Stated probabilities held against outcomes, in every place where they are asked about."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from audit.chance import uniforms
from audit.examples import Examples, FloatArray, IntArray
from audit.observations import Observation
from audit.stats.calibration import Binned, binned, error, plug_in
from audit.stats.consistency import consistency
from audit.stats.evidence import Draws
from audit.stats.miscalibration import FEWEST_CLUSTERS, evidence
from audit.task import SMALLEST, Classification

Mask = npt.NDArray[np.bool_]
HALVING = 5  # the stream of luck that cuts rows into halves


@dataclass(frozen=True)
class Reliability:
    """What was stated in one place, and what came of it.

    Attributes
    ----------
    confidence : (n,) float array
    right : (n,) bool array
    clusters : (n,) int array, optional
    bins, draws, seed : int
    """

    confidence: FloatArray
    right: Mask
    clusters: IntArray | None
    bins: int
    draws: int
    seed: int

    @cached_property
    def sums(self) -> Binned:
        """The rows in bins."""
        return binned(self.confidence, self.right, self.clusters, self.bins)

    @cached_property
    def evidence(self) -> Draws | None:
        """The evidence on the calibration error."""
        return evidence(self.sums) if self.n else None

    @cached_property
    def consistency(self) -> float | None:
        """P-value of "calibrated"; None where rows of a cluster may share their luck."""
        if not self.n or self.clusters is not None:
            return None
        return consistency(
            self.confidence, self.right, bins=self.bins, draws=self.draws, seed=self.seed
        )

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.right)

    @property
    def value(self) -> float | None:
        """The debiased error."""
        return error(self.sums) if self.n > 1 else None

    @property
    def usual(self) -> float | None:
        """The plug-in error that is usually printed."""
        return plug_in(self.sums) if self.n else None

    @property
    def why(self) -> str:
        """Why there is no value, or no evidence."""
        if self.n < 2:
            return "fewer than two rows"
        if self.evidence is None:
            return (
                f"its rows come in {self.sums.clusters} clusters, and an error bar takes at least "
                f"{FEWEST_CLUSTERS}"
            )
        return ""


def stated(
    task: Classification, answer: Observation, examples: Examples, label: str = ""
) -> tuple[FloatArray, Mask]:
    """Return each row's stated probability, and whether it came true.

    Parameters
    ----------
    label : str
        The class whose probability is taken; empty for that of the class that is chosen.
    """
    target = task.targets(examples)
    if label:
        hit = task.labels.index(label)
        return answer.outputs[:, hit], target == hit
    chosen = task.decide(answer)
    return answer.outputs[np.arange(len(chosen)), chosen], chosen == target


def first_half(examples: Examples, seed: int) -> Mask:
    """Return which rows fall in the first half: by content, and clusters whole.

    A cluster goes where the smallest digest among its rows goes.
    """
    if examples.clusters is None:
        return np.asarray(uniforms(examples.digests, seed, HALVING) < 0.5)
    order = np.lexsort((examples.digests, examples.clusters))
    _, first, inverse = np.unique(examples.clusters[order], return_index=True, return_inverse=True)
    heads = examples.digests[order][first]
    half = np.empty(len(examples), dtype=bool)
    half[order] = (uniforms(heads, seed, HALVING) < 0.5)[inverse.ravel()]
    return half


def logs_of(outputs: FloatArray) -> FloatArray:
    """Return logarithms of probabilities; 0 is taken as the smallest that log loss knows."""
    return np.asarray(np.log(np.maximum(outputs, SMALLEST)))


def log_loss(outputs: FloatArray, target: IntArray) -> float:
    """Return the mean log loss."""
    return float(-logs_of(outputs)[np.arange(len(target)), target].mean())
