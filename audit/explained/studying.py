"""A stability study: its samples, what is still to be asked, and what was found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from audit.chance import uniforms
from audit.errors import NotApplicable
from audit.examples import Examples
from audit.explained.compared import compared
from audit.explained.identified import Figure, Studied
from audit.explained.places import Place
from audit.explained.retrained import (
    Trainings,
    agreement,
    baseline_of,
    explainable,
    refits_for,
)
from audit.explained.similarity import LEAST_PARTS, SIMILARITIES
from audit.explained.staged import Asked, Sample, gather, joined
from audit.explained.survivors import Survivors
from audit.model import ModelCard
from audit.observations import Observations
from audit.requests import Predict, Refit, Request
from audit.sampled import ROWS_STREAM, part
from audit.stats.anytime import settled
from audit.task import Task

LOOK = 30  # inputs before which no look is taken


@dataclass(frozen=True, kw_only=True)
class Studying:
    """What is asked, and how it is read.

    Attributes
    ----------
    data : mapping of split name to Examples
    samples : mapping of key to Sample
    groups : mapping of key to Place
        The places of each sample that figures are taken of.
    task : Task
    rule : str
        The similarity that figures are taken by.
    others : int
    until : float or None
        The limit on identifiability at which explaining stops once it is settled.
    seed : int
    refits : tuple of Refit
        Trainings under each of which inputs are explained again.
    trained : tuple of str
        Splits whose inputs are.
    untrainable : str
        Why they cannot be, where it was asked for.
    """

    data: Mapping[str, Examples]
    samples: Mapping[str, Sample]
    task: Task
    rule: str
    others: int
    until: float | None
    seed: int
    groups: Mapping[str, Sequence[Place]] = field(default_factory=dict)
    refits: tuple[Refit, ...] = ()
    trained: tuple[str, ...] = ()
    untrainable: str = ""

    def training(
        self, model: ModelCard, recipe: str, count: int, splits: tuple[str, ...]
    ) -> Studying:
        """Return the study with trainings, or with the reason why there can be none."""
        try:
            refits = refits_for(self.data, model, recipe, count, self.seed)
        except NotApplicable as reason:
            return replace(self, untrainable=str(reason))
        return replace(self, refits=refits, trained=splits)

    def requests(self, seen: Observations) -> list[Request]:
        """Return what is asked so far: a later stage once the answers of the last are there.

        Raises
        ------
        ModelError, NotApplicable
            If the model or the explainer failed on an input, or does not fit.
        """
        first: list[Request] = [p for s in self.samples.values() for p in s.predictions()]
        if any(r not in seen.answers for r in first):
            return first
        out = list(first)
        for key in self.samples:
            for asked in self.asked(key, seen):
                out += asked.requests()
        for split in self.trained:
            out += self.retraining(split, seen)
        return out

    def survivors(self, key: str, seen: Observations) -> Survivors:
        """Find what kept its prediction.

        Where no figure could be made, for too few versions survive everywhere, none is explained.
        """
        found = self.samples[key].survivors(self.task, seen)
        if all(found.few(p.inside) for p in self.groups.get(key, ())):
            return found.none_taken()
        return found

    def asked(self, key: str, seen: Observations) -> Iterator[Asked]:
        """Yield block after block of a sample, until a limit is settled by those before."""
        sample, found = self.samples[key], self.survivors(key, seen)
        blocks = sample.blocks(self.data[sample.cells.split])
        done: list[Asked] = []
        for b in range(int(blocks.max(initial=0)) + 1):
            asked = sample.asked(blocks == b, found)
            # what has its answers was asked: then the blocks before had not settled it
            known = all(r in seen.answers for r in asked.requests())
            if not known and self.settled(key, found, done, seen):
                return
            yield asked
            if not known:
                return
            done.append(asked)

    def settled(
        self, key: str, found: Survivors, done: Sequence[Asked], seen: Observations
    ) -> bool:
        """Whether the blocks that were explained settle the limit for every place that they can."""
        if self.until is None or sum(len(a.whole) for a in done) < LOOK:
            return False
        one = self.read(key, found, done, seen, (self.rule,))
        places = [p.inside for p in self.groups[key] if not one.unfit(p.inside)]
        areas = [one.area(inside[one.found.at]).evidence for inside in places]
        return all(settled(area, self.until) for area in areas)

    def studied(self, key: str, seen: Observations) -> Studied:
        """Read everything that was explained of a sample, by every similarity."""
        answered = [
            a for a in self.asked(key, seen) if all(r in seen.answers for r in a.requests())
        ]
        found = self.survivors(key, seen)
        return self.read(key, found, answered, seen, tuple(SIMILARITIES))

    def read(
        self,
        key: str,
        found: Survivors,
        done: Sequence[Asked],
        seen: Observations,
        rules: tuple[str, ...],
    ) -> Studied:
        """Compare what was explained."""
        sample = self.samples[key]
        gathered = joined([gather(seen, a) for a in done])
        rows = part(self.data[sample.cells.split], sample.cells.rows)
        classes = None if found.classes is None else found.classes[gathered.at, 0]
        digests = rows.digests[gathered.at]
        table = compared(gathered, classes, digests, self.others, rules)
        tuned = 0 if self.until is None else max(LOOK, len(sample) // 2)
        return Studied(sample, rows, found, gathered, table, self.rule, tuned)

    def trainings(self, split: str, seen: Observations) -> Trainings | None:
        """Return what is asked of the trainings; None until the inputs' parts are known."""
        sample = self.samples[split]
        first = next(self.asked(split, seen))
        if first.base not in seen.answers:
            return None
        parts = seen.explanations(first.base).parts
        examples = self.data[split]
        rows = sample.cells.rows[first.whole]
        luck = uniforms(examples.digests[rows], self.seed, ROWS_STREAM)
        order = np.argsort(luck, kind="stable")
        own = order[explainable(parts[order])]
        classes = self.survivors(split, seen).classes
        return Trainings(
            split,
            self.refits,
            rows[own],
            None if classes is None else classes[first.whole[own]],
            parts[own],
            baseline_of(examples),
        )

    def retraining(self, split: str, seen: Observations) -> list[Predict]:
        """Return the requests to the trainings, as soon as they can be worded."""
        found = self.trainings(split, seen)
        return [] if found is None else found.requests()

    def agreement(self, split: str, seen: Observations) -> Figure:
        """Measure how alike explanations are between trainings."""
        found = self.trainings(split, seen)
        if found is None or not len(found.rows):
            return Figure(None, 0, why=f"no input has {LEAST_PARTS} parts that can be compared")
        examples = self.data[split]
        codes = examples.digests if examples.clusters is None else examples.clusters
        clusters = np.unique(codes[found.rows], return_inverse=True)[1]
        evidence = agreement(found.attributions(self.task, seen), self.rule, clusters)
        why = "" if evidence else "a single input does not say how inputs differ"
        return Figure(evidence, len(found.rows), why=why)


def warned(key: str, one: Studied) -> list[str]:
    """Say what was left out of a sample."""
    out = []
    found, total = one.found, len(one.sample)
    short = int((found.parts < LEAST_PARTS).sum())
    if short:
        out.append(
            f"{short} of {len(found.at)} explained inputs ({key}) are left out: they have fewer "
            f"than {LEAST_PARTS} parts, and nothing to compare"
        )
    same = int((~one.survivors.changed).sum())
    if same:
        out.append(
            f"{same:,} of {one.survivors.changed.size:,} versions ({key}) are the input itself: "
            "the change found nothing to change"
        )
    if len(found.at) < total:
        out.append(
            f"explaining stopped after {len(found.at)} of {total} inputs ({key}): the limit was "
            "settled"
        )
    return out
