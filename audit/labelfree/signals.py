"""What is known of the rows of one domain without their labels, and with them where they exist."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from audit.examples import FloatArray, IntArray


@dataclass(frozen=True)
class Signals:
    """Rows of one domain.

    Attributes
    ----------
    outputs : (n, classes) float array
        Probabilities.
    chosen : (n,) int array
        The class that the model decides for.
    clusters : (n,) int array
        Rows of one cluster share a code; every row has its own where rows are independent.
    agree : (n, pairs) float array
        1 where the two models of a pair choose alike; no column without other revisions.
    target : (n,) int array, optional
        The true class; -1 where it is not known.
    features : (n, d) float array, optional
    groups : tuple of (n,) int arrays
        Codes of columns that rows may be weighted by.
    alone : bool
        Whether every row is independent of all others, those of other domains included.
    """

    outputs: FloatArray
    chosen: IntArray
    clusters: IntArray
    agree: FloatArray
    target: IntArray | None = None
    features: FloatArray | None = None
    groups: tuple[IntArray, ...] = ()
    alone: bool = False

    def __len__(self) -> int:
        return len(self.outputs)

    @property
    def classes(self) -> int:
        """Number of classes."""
        return int(self.outputs.shape[1])

    @cached_property
    def units(self) -> int:
        """Number of clusters."""
        return len(self) if self.alone else len(np.unique(self.clusters))

    @cached_property
    def confidence(self) -> FloatArray:
        """Probability of the chosen class, (n,)."""
        return np.asarray(self.outputs[np.arange(len(self)), self.chosen], dtype=np.float64)

    @cached_property
    def certainty(self) -> FloatArray:
        """Negative entropy of the outputs, (n,)."""
        logs = np.log(np.maximum(self.outputs, np.finfo(np.float64).tiny))
        return np.asarray((self.outputs * logs).sum(axis=1))

    @cached_property
    def correct(self) -> FloatArray:
        """1 where the chosen class is the true one, (n,).

        Raises
        ------
        ValueError
            Without labels.
        """
        if self.target is None:
            raise ValueError("these rows have no labels")
        return np.asarray(self.chosen == self.target, dtype=np.float64)

    @cached_property
    def marginal(self) -> FloatArray:
        """Share of each true class, (classes,).

        Raises
        ------
        ValueError
            Without labels.
        """
        if self.target is None:
            raise ValueError("these rows have no labels")
        counts = np.bincount(self.target[self.target >= 0], minlength=self.classes)
        return np.asarray(counts / counts.sum())

    @cached_property
    def order(self) -> IntArray:
        """Rows from the likeliest to be of the second class on, for two classes, (n,)."""
        return np.argsort(-self.outputs[:, 1], kind="stable")

    def take(self, rows: IntArray | Sequence[int]) -> Signals:
        """Return some of the rows."""
        at = np.asarray(rows)
        return Signals(
            outputs=self.outputs[at],
            chosen=self.chosen[at],
            clusters=self.clusters[at],
            agree=self.agree[at],
            target=None if self.target is None else self.target[at],
            features=None if self.features is None else self.features[at],
            groups=tuple(g[at] for g in self.groups),
            alone=self.alone,
        )


def agreements(choices: Sequence[IntArray]) -> FloatArray:
    """Return where each pair of models chooses alike, (n, models * (models - 1) / 2).

    Parameters
    ----------
    choices : sequence of (n,) int arrays
        What each model chooses on the same rows.
    """
    pairs = [choices[i] == choices[j] for j in range(1, len(choices)) for i in range(j)]
    if not pairs:
        return np.empty((len(choices[0]), 0))
    return np.column_stack(pairs).astype(np.float64)
