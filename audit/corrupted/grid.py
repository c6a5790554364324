"""What the answers became: paired differences of every cell, and the evidence in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.corrupted.cells import Cells
from audit.examples import Examples, FloatArray, IntArray
from audit.observations import Observation, Observations
from audit.sampled import part
from audit.stats import effective
from audit.stats.clusters import cluster_mean
from audit.stats.evidence import AnyEvidence, Mean, OneProportion, Paired
from audit.task import Classification, Task
from audit.ways import Way

FELT = 0.05  # share of answers that is assumed to change before one is seen
LEVEL = 0.85  # accuracy that is assumed before an answer is seen
SPREAD = 0.3  # standard deviation of a change of error, in those of the targets, assumed likewise

Figure = tuple[float, AnyEvidence | None]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Grid:
    """One split's answers, before and after.

    Attributes
    ----------
    cells : Cells
    examples : Examples
        The rows that were asked about.
    task : Task
    column : str
        What is scored: ``correct`` or ``absolute_error``; empty where there is no label.
    answers : tuple of Observation
        To the unchanged inputs, and to each cell, way by way.
    scores : (1 + w * s, n) float array
        `column` of each of the answers; empty without a label.
    changed : (w * s, n) bool array
        Where the answer differs from that of the unchanged input; empty for regression.
    """

    cells: Cells
    examples: Examples
    task: Task
    column: str
    answers: tuple[Observation, ...]
    scores: FloatArray
    changed: Bools

    @classmethod
    def read(cls, task: Task, seen: Observations, cells: Cells) -> Grid:
        """Score the answers of a split.

        Raises
        ------
        ModelError
            If the model failed on any input.
        """
        examples = part(seen.examples[cells.split], cells.rows)
        answers = tuple(seen.outputs(r) for r in cells.requests())
        column = "absolute_error" if not isinstance(task, Classification) else "correct"
        columns = [task.score(a, examples) for a in answers]
        known = all(column in c for c in columns)
        scores = np.stack([c[column] for c in columns]) if known else np.empty((0, 0))
        changed = np.empty((0, 0), dtype=np.bool_)
        if isinstance(task, Classification):
            chosen = np.stack([task.decide(a) for a in answers])
            changed = chosen[1:] != chosen[0]
        return cls(cells, examples, task, column if known else "", answers, scores, changed)

    def at(self, way: Way, severity: int | None = None) -> list[int]:
        """Return the numbers of a way's cells: one, or all of its severities."""
        first = len(self.cells.severities) * self.cells.ways.index(way)
        if severity is not None:
            return [first + self.cells.severities.index(severity)]
        return list(range(first, first + len(self.cells.severities)))

    def answer(self, way: Way, severity: int) -> Observation:
        """Return what came back for one cell."""
        return self.answers[1 + self.at(way, severity)[0]]

    def loss(self, numbers: Sequence[int]) -> FloatArray:
        """Return what each item loses over some cells: positive is worse; shape (n,)."""
        sign = 1.0 if self.column == "correct" else -1.0
        after = self.scores[1 + np.asarray(numbers)].mean(axis=0)
        return np.asarray(sign * (self.scores[0] - after))

    def drop(self, numbers: Sequence[int]) -> Figure:
        """Return the mean loss over some cells, and its evidence.

        Differences of right answers are counts, or as good as counts (`audit.stats.effective`);
        those of errors are a mean with Student's t, or CR2 where rows are clustered.
        """
        loss = self.loss(numbers)
        evidence: AnyEvidence | None
        if self.column == "correct":
            evidence = effective.difference(loss, self.examples.clusters)
        else:
            evidence = mean_of(loss, self.examples.clusters)
        return float(loss.mean()), evidence

    def level(self, numbers: Sequence[int]) -> Figure:
        """Return the mean score over some cells, and its evidence."""
        after = self.scores[1 + np.asarray(numbers)].mean(axis=0)
        return float(after.mean()), effective.share(after, self.examples.clusters)

    def moved(self, numbers: Sequence[int]) -> Figure:
        """Return the share of answers that changed over some cells, and its evidence."""
        share = self.changed[np.asarray(numbers)].mean(axis=0)
        return float(share.mean()), effective.share(share, self.examples.clusters)


def mean_of(values: FloatArray, clusters: IntArray | None) -> Mean | None:
    """Return a mean with Student's t, or CR2 where rows are clustered; None of a single row."""
    if len(values) < 2:
        return None
    return cluster_mean(values, np.arange(len(values)) if clusters is None else clusters)


def promised(kind: str, examples: Examples) -> AnyEvidence | None:
    """Return what sizes promise, before an answer is seen.

    Parameters
    ----------
    kind : str
        ``drop``, ``level`` or ``moved``.
    examples : Examples
        The rows that are asked about; clusters count as one row each.
    """
    clusters = examples.clusters
    n = len(examples.digests) if clusters is None else len(np.unique(clusters))
    if kind == "level":
        return OneProportion(round(LEVEL * n), n)
    if kind == "moved":
        return OneProportion(round(FELT * n), n)
    if examples.targets is None:
        half = round(FELT * n / 2)
        return Paired(half, half, n)
    spread = SPREAD * float(examples.targets.std()) if n else 0.0
    return Mean(0.0, spread / np.sqrt(n), n - 1.0, n=n) if n > 1 else None
