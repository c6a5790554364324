"""How far the similarity to the original explanation falls once layers are random."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from audit.examples import FloatArray, IntArray
from audit.explained.others import laid_on, others_of, shared_mean
from audit.explained.similarity import LEAST_PARTS, SIMILARITIES, Similarity
from audit.observations import Observations
from audit.sane.cascade import Cascade
from audit.stats.clusters import cluster_mean
from audit.stats.evidence import Mean

CROWDED = 0.9  # different inputs this alike leave no room for an excess that would be a defect
DUST = 1e-9  # a standard error that is nothing but rounding
SPREAD = 0.3  # standard deviation of an excess, assumed before one is seen


class Figure(NamedTuple):
    """A value, its evidence, and why there is none."""

    value: float | None
    evidence: Mean | None
    why: str = ""


@dataclass(frozen=True)
class Fallen:
    """Similarities of the explanations of one split.

    Attributes
    ----------
    cascade : Cascade
    kept : (k,) int array
        Explained inputs, by their place among the rows, that can be compared with others.
    random : (depths, k) float array
        Similarity of each explanation with random layers to the original one, mean over draws.
    others : (k,) float array
        Values whose mean is the similarity of original explanations of different inputs, and
        whose spread is honest (`audit.explained.others.shared_mean`).
    clusters : (k,) int array
        Inputs with one code depend on each other.
    least : int
        Fewest inputs that a verdict rests on.
    """

    cascade: Cascade
    kept: IntArray
    random: FloatArray
    others: FloatArray
    clusters: IntArray
    least: int

    @classmethod
    def read(
        cls, cascade: Cascade, seen: Observations, similarity: str, most: int, least: int
    ) -> Fallen:
        """Compare the explanations of a split.

        Raises
        ------
        ModelError, NotApplicable
            As `audit.observations.Observations.explanations`.
        """
        alike = SIMILARITIES[similarity]
        own, classes = seen.explanations(cascade.explain(seen)), cascade.classes(seen)
        digests = cascade.examples.digests[cascade.rows]
        known = (~np.isnan(own.attributions)).sum(axis=1)
        enough = np.flatnonzero(known >= LEAST_PARTS)
        chosen = None if classes is None else classes[enough, 0]
        found = others_of(own.parts[enough], chosen, digests[enough], most)
        original = own.attributions[enough]
        mean = shared_mean(to_others(original, own.parts[enough], found, alike), found)
        random = to_random(original, cascade, seen, enough, alike)
        able = ~np.isnan(mean) & ~np.isnan(random).any(axis=0)
        kept = enough[able]
        clusters = cascade.examples.clusters
        codes = (
            np.unique(digests[kept], return_inverse=True)[1].ravel()
            if clusters is None
            else clusters[cascade.rows[kept]]
        )
        return cls(cascade, kept, random[:, able], mean[able], codes, least)

    @property
    def null(self) -> float:
        """Mean similarity of the explanations of different inputs; NaN without any."""
        return float(self.others.mean()) if len(self.others) else float("nan")

    def level(self, depth: int) -> Mean | None:
        """Return the mean similarity at one depth."""
        return mean_of(self.random[depth], self.clusters)

    def excess(self, depth: int) -> Figure:
        """Return how much more alike explanations are at one depth than those of different inputs.

        There is no verdict on fewer than `least` inputs, where different inputs are explained so
        much alike that no excess would show, and where no input differs from the rest.
        """
        values = self.random[depth] - self.others
        value = float(values.mean()) if len(values) else None
        if len(values) < self.least:
            return Figure(
                value,
                None,
                f"{len(values)} inputs have {LEAST_PARTS} parts and another of their class; "
                f"at least {self.least} are needed",
            )
        if self.null > CROWDED:
            return Figure(
                value,
                None,
                f"explanations of different inputs have a similarity of {self.null:.2f} among "
                "themselves: one that depends on nothing learned would look the same",
            )
        evidence = mean_of(values, self.clusters)
        if evidence is None:
            return Figure(value, None, "the excess is the same for all inputs, or one cluster")
        return Figure(value, evidence)

    def left_out(self) -> str:
        """Say how many inputs could not be compared; nothing if all could."""
        n, left = len(self.cascade.rows), len(self.cascade.rows) - len(self.kept)
        if not left:
            return ""
        return (
            f"{left} of {n} explained inputs are left out: they have fewer than {LEAST_PARTS} "
            "parts, or the model gives no other its class"
        )


def to_others(
    attributions: FloatArray, parts: IntArray, others: IntArray, similarity: Similarity
) -> FloatArray:
    """Return the similarity of each explanation to those of its others, ``(n, m)``; NaN without."""
    found = np.full(others.shape, np.nan)
    for j in range(others.shape[1]):
        there = np.flatnonzero(others[:, j] >= 0)
        other = others[there, j]
        laid = laid_on(attributions[other], parts[other], parts[there])
        own = attributions[there, : laid.shape[1]]
        found[there, j] = similarity(own, laid)
    return found


def to_random(
    attributions: FloatArray,
    cascade: Cascade,
    seen: Observations,
    places: IntArray,
    similarity: Similarity,
) -> FloatArray:
    """Return the similarity of original explanations to those with random layers.

    Parameters
    ----------
    attributions : (k, parts) float array
    cascade : Cascade
    seen : Observations
    places : (k,) int array
        Where these inputs stand among the explained ones.
    similarity : callable

    Returns
    -------
    (depths, k) float array
        Mean over draws.
    """
    found = np.zeros((len(cascade.depths), len(places)))
    for line, depth in zip(found, cascade.depths, strict=True):
        for draw in range(cascade.draws):
            random = seen.explanations(cascade.explain(seen, depth, draw)).attributions[places]
            line += similarity(attributions, random) / cascade.draws
    return found


def mean_of(values: FloatArray, clusters: IntArray) -> Mean | None:
    """Return a mean with Student's t, or CR2; None where nothing varies."""
    if len(values) < 2:
        return None
    mean = cluster_mean(values, clusters)
    return mean if mean.se > DUST else None


def promised(n: int) -> Callable[[int], Figure]:
    """Return what so many inputs promise at any depth, before an explanation is seen."""
    evidence = Mean(0.0, SPREAD / np.sqrt(n), n - 1.0, n=n) if n > 1 else None
    figure = Figure(None if evidence is None else 0.0, evidence)
    return lambda _: figure
