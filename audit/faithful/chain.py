"""What is asked about one split, stage by stage: answers, explanations, versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat

import numpy as np

from audit.errors import NotApplicable
from audit.examples import Examples, IntArray
from audit.explained.chosen import explain_request, pair_of_classes, versions_behind
from audit.explainer import Chosen
from audit.faithful.versions import Sizes, Versions, flat, seeds_of, versions_of
from audit.observations import Explanations, Observations
from audit.requests import Explain, Masks, Predict, Request, packed
from audit.task import Task


@dataclass(frozen=True)
class Chain:
    """What is asked about one split; each stage needs the answers to those before.

    Attributes
    ----------
    examples : Examples
        The split.
    rows : (n,) int array
        Those that are explained.
    chosen : Chosen
        The explainer.
    baselines : tuple of str
    sizes : Sizes
    task : Task
    seed : int
    """

    examples: Examples
    rows: IntArray
    chosen: Chosen
    baselines: tuple[str, ...]
    sizes: Sizes
    task: Task
    seed: int

    @property
    def first(self) -> Predict:
        """The request for the answers to the inputs as they are."""
        return Predict(self.examples.split, rows=packed(self.rows))

    def most(self) -> int:
        """Return how many versions of inputs may be asked for, those behind explanations too."""
        curve = (
            (self.sizes.orders + 2) * max(self.sizes.fractions - 1, 0) if self.sizes.orders else 0
        )
        each = len(self.baselines) * (curve + 1 + self.sizes.masks)
        behind = versions_behind(self.chosen, self.examples, self.rows)
        return len(self.rows) * each + int(behind.sum())

    def explain(self, seen: Observations) -> Explain:
        """Return the request for explanations: of the chosen class against the most probable other.

        Raises
        ------
        NotApplicable
            If the model answers with labels alone.
        """
        pair = pair_of_classes(self.task, seen.outputs(self.first))
        split = self.examples.split
        return explain_request(split, self.rows, self.chosen, pair, seed=self.seed)

    def requests(self, seen: Observations) -> list[Request]:
        """Return everything that can be asked so far.

        Raises
        ------
        NotApplicable
            If the model has no such explanations, or no input has a part.
        ModelError
            If the model, or the explainer, failed on an input.
        """
        asked: list[Request] = [self.first]
        if self.first not in seen.answers:
            return asked
        explain = self.explain(seen)
        asked.append(explain)
        if explain not in seen.answers:
            return asked
        found = seen.explanations(explain)
        rows = able(found)
        if not self.sizes.orders and not self.sizes.masks:
            return asked
        versions = self.versions(found, rows)
        return [*asked, *(self.masked(rows, versions, b) for b in self.baselines)]

    def versions(self, found: Explanations, rows: IntArray) -> list[Versions]:
        """Return the versions of some of the explained inputs."""
        seeds = seeds_of(self.examples.digests[self.rows[rows]], self.seed)
        own = [found.attributions[i, : found.parts[i]] for i in rows]
        return list(map(versions_of, own, repeat(self.sizes), seeds))

    def masked(self, rows: IntArray, versions: Sequence[Versions], baseline: str) -> Predict:
        """Return the request for all versions of all inputs under one baseline."""
        repeated = np.repeat(self.rows[rows], [len(v.kept) for v in versions])
        masks = Masks.of(flat(versions), baseline, self.seed)
        return Predict(self.examples.split, rows=packed(repeated), masks=masks)


def able(found: Explanations) -> IntArray:
    """Return the explained inputs that have a part, and a number for each of their parts.

    Raises
    ------
    NotApplicable
        If there is none.
    """
    known = (~np.isnan(found.attributions)).sum(axis=1) == found.parts
    rows = np.flatnonzero(known & (found.parts > 0))
    if not len(rows):
        raise NotApplicable("no input has a part that could be taken away")
    return rows
