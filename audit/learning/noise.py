"""Wrong labels: flipping them on purpose, and asking every training row's label out of sample.

What is flipped, and into which fold a row falls, follows from content and seed, never from
position. Flips are nested: what is flipped at one level is flipped at every higher one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audit.config import TRAIN
from audit.examples import Examples, FloatArray, IntArray
from audit.learning.anchors import Schedule, order_of
from audit.observations import Observations
from audit.requests import Predict, Refit, packed


@dataclass(frozen=True)
class Folded:
    """A cross-validation of the training rows.

    Attributes
    ----------
    plan : Schedule
        Its recipe, its first seed, and the rows of its largest training.
    rows, fold, given : (n,) int arrays
        Position in the split, fold, and label, in training order.
    """

    plan: Schedule
    rows: IntArray
    fold: IntArray
    given: IntArray

    @classmethod
    def of(cls, train: Examples, targets: IntArray, plan: Schedule, folds: int) -> Folded:
        """Deal the rows out; equal inputs, and rows of one cluster, stay in one fold.

        Parameters
        ----------
        train : Examples
        targets : (all,) int array
            Label of every row of the split.
        plan : Schedule
        folds : int
        """
        rows = plan.orders[0, : plan.sizes[-1]]
        same = train.digests if train.clusters is None else train.clusters
        _, first, code = np.unique(same[rows], return_index=True, return_inverse=True)
        rank = np.empty(len(first), dtype=np.int64)
        rank[np.argsort(first)] = np.arange(len(first))
        return cls(plan, rows, rank[code.ravel()] % folds, targets[rows])

    @property
    def folds(self) -> list[int]:
        """Folds that hold a row."""
        return [int(f) for f in np.unique(self.fold)]

    @property
    def missing(self) -> int:
        """A label that lies in one fold alone, so that none of the others could learn it; or -1."""
        pairs = np.unique(np.stack([self.given, self.fold], axis=1), axis=0)
        labels, count = np.unique(pairs[:, 0], return_counts=True)
        return int(labels[count < 2][0]) if (count < 2).any() else -1

    def request(self, fold: int) -> Predict:
        """Return the outputs on one fold of a training on the others."""
        fit = Refit.on(
            TRAIN, self.plan.recipe.name, self.plan.seeds[0], self.rows[self.fold != fold]
        )
        return Predict(TRAIN, fit, packed(self.rows[self.fold == fold]))

    def requests(self) -> list[Predict]:
        """Return all of them; none where a label cannot be learned."""
        return [] if self.missing >= 0 else [self.request(f) for f in self.folds]

    def probabilities(self, seen: Observations) -> FloatArray:
        """Return the ``(n, K)`` out-of-sample probabilities, in training order."""
        parts = {f: seen.outputs(self.request(f)).outputs for f in self.folds}
        out = np.empty((len(self.rows), parts[self.folds[0]].shape[1]))
        for fold, part in parts.items():
            out[self.fold == fold] = part
        return out


@dataclass(frozen=True)
class Flips:
    """Trainings with some labels flipped.

    Attributes
    ----------
    train : Examples
    targets : (all,) int array
        Label of every training row.
    plan : Schedule
    levels : tuple of float
        Shares of flipped labels; 0 is added in front.
    towards : (K, K) float array
        Where labels are flipped to: P(new | old), with 0 on the diagonal.
    """

    train: Examples
    targets: IntArray
    plan: Schedule
    levels: tuple[float, ...]
    towards: FloatArray

    @property
    def counts(self) -> list[int]:
        """Rows that are flipped at every level, ascending."""
        size = self.plan.sizes[-1]
        return [0, *(round(level * size) for level in sorted(self.levels))]

    @property
    def shares(self) -> FloatArray:
        """Share of flipped rows at every level."""
        return np.array(self.counts) / self.plan.sizes[-1]

    def requests(self, split: str) -> list[Predict]:
        """Return the outputs of every training: seed by seed, levels ascending."""
        return [
            Predict(split, fit) for j in range(len(self.plan.seeds)) for fit in self._trainings(j)
        ]

    def _trainings(self, j: int) -> list[Refit]:
        """Return the trainings under one seed; the first is that on the labels as they are."""
        size, seed = self.plan.sizes[-1], self.plan.seeds[j]
        rows = self.plan.orders[j, :size]
        old = self.targets[rows]
        first, which = np.random.SeedSequence(seed).generate_state(2)
        turn = places(self.train, int(first))[rows].argsort()
        share = (places(self.train, int(which))[rows] + 0.5) / len(self.train)
        below = self.towards.cumsum(axis=1)[old] < share[:, None]
        new = np.minimum(below.sum(axis=1), last_of(self.towards)[old])
        out = [self.plan.refit(j, size)]
        for count in self.counts[1:]:
            labels = old.copy()
            labels[turn[:count]] = new[turn[:count]]
            out.append(Refit.on(TRAIN, self.plan.recipe.name, seed, rows, labels))
        return out


def places(examples: Examples, seed: int) -> IntArray:
    """Return each row's place in the order that follows from content and seed."""
    order = order_of(examples, seed)
    out = np.empty_like(order)
    out[order] = np.arange(len(order))
    return out


def last_of(towards: FloatArray) -> IntArray:
    """Return the last class that each class is flipped to: sums of shares may end below 1."""
    return np.asarray(towards.shape[1] - 1 - (towards[:, ::-1] > 0).argmax(axis=1))


def evenly(present: Sequence[int], classes: int) -> FloatArray:
    """Return flips to each other class that is there, with equal probability."""
    out = np.zeros((classes, classes))
    out[np.ix_(present, present)] = 1.0
    np.fill_diagonal(out, 0.0)
    return np.asarray(out / np.maximum(out.sum(axis=1, keepdims=True), 1.0))


def as_confused(given: IntArray, chosen: IntArray, otherwise: FloatArray) -> FloatArray:
    """Return flips in proportion to what a model takes each class for.

    Parameters
    ----------
    given, chosen : (n,) int array
        Label, and out-of-sample choice.
    otherwise : (K, K) float array
        For classes that were never confused.
    """
    k = len(otherwise)
    count = np.bincount(given * k + chosen, minlength=k * k).reshape(k, k) * (otherwise > 0)
    total = count.sum(axis=1, keepdims=True)
    return np.where(total > 0, count / np.maximum(total, 1), otherwise)


def answered(seen: Observations, requests: Sequence[Predict]) -> bool:
    """Whether everything has come back."""
    return all(r in seen.answers for r in requests)
