"""Explanations from predictions alone: versions without some parts, predicted as any input is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from audit.engine.altered import narrowed
from audit.engine.cases import Errand, Outcome
from audit.engine.engine import Engine
from audit.engine.local import reason_of
from audit.engine.masked import versions
from audit.errors import NotApplicable
from audit.examples import FloatArray, IntArray
from audit.explainer import ByMasks, Explained
from audit.margins import margins
from audit.modality import BoolArray
from audit.model import Recorded
from audit.observations import Observation
from audit.requests import Masks, Predict, packed
from audit.transform import Chance

WHOLE, CUT = "whole", "versions"
VERSION_BYTES = 16_384  # what one version takes while it waits: a text with its digest and outputs


@dataclass
class Wanted:
    """The versions of some inputs, in order."""

    items: IntArray
    kept: list[BoolArray]

    def among(self, left: BoolArray) -> Wanted:
        """Return those that are still to be explained."""
        kept = [k for i, k in zip(self.items, self.kept, strict=True) if left[i]]
        return Wanted(self.items[left[self.items]], kept)


class Solver:
    """Runs explainers of the kind `ByMasks`.

    Parameters
    ----------
    engine : Engine
        Each distinct version is predicted once, and kept like every other input.
    budget : int
        Bytes that versions and their outputs may take at once.
    """

    def __init__(self, engine: Engine, budget: int) -> None:
        self.engine = engine
        self.most = max(1, budget // VERSION_BYTES)
        self._predicted = self._reused = 0
        self._warnings: list[str] = []

    def warned(self) -> list[str]:
        """Return what went wrong on the way since the last call."""
        found, self._warnings = self._warnings, []
        return found

    def taken(self) -> tuple[int, int]:
        """Return how many inputs were predicted, and found predicted, since the last call."""
        found = self._predicted, self._reused
        self._predicted = self._reused = 0
        return found

    def explain(self, errand: Errand) -> Iterator[Outcome]:
        """Yield places of inputs with their explanations, or with the reason why there are none."""
        explainer, examples = errand.explainer, errand.examples
        assert isinstance(explainer, ByMasks)
        if errand.randomised:
            raise NotApplicable(
                f"{explainer.sheet.name} asks for answers alone: no layer can be made random"
            )
        if isinstance(self.engine.model, Recorded):
            raise NotApplicable("recorded predictions say nothing of inputs without some parts")
        parts = errand.modality.parts(examples.inputs.take(np.arange(len(examples))))
        chance = Chance(examples.digests, errand.seed, errand.reference)
        broken: dict[int, str] = {}
        for wanted in self._chunks(explainer, parts, chance, errand.settings, broken):
            left = wanted.among(errand.wanted)
            if len(left.items):
                yield from self._solved(explainer, errand, left)
        for item, reason in broken.items():
            if errand.wanted[item]:
                yield np.array([item]), None, reason

    def _chunks(
        self,
        explainer: ByMasks,
        parts: IntArray,
        chance: Chance,
        settings: Mapping[str, float],
        broken: dict[int, str],
    ) -> Iterator[Wanted]:
        """Yield as many inputs as their versions fit the budget, one at least.

        Why an explainer asks for nothing that can be predicted is put down in ``broken``.
        """
        items: list[int] = []
        kept: list[BoolArray] = []
        for i, k in enumerate(parts.tolist()):
            own = np.zeros((0, k), dtype=bool)
            try:
                if k:
                    own = np.asarray(explainer.kept(k, chance.generator(i), settings), dtype=bool)
                    check(own, (len(own), k))
            except Exception as error:  # an explainer may be a guest
                broken[i] = reason_of(error)
                continue
            if items and sum(map(len, kept)) + len(own) > self.most:
                yield Wanted(np.array(items), kept)
                items, kept = [], []
            items.append(i)
            kept.append(own)
        if items:
            yield Wanted(np.array(items), kept)

    def _solved(self, explainer: ByMasks, errand: Errand, wanted: Wanted) -> Iterator[Outcome]:
        whole, cut = self._asked(errand, wanted)
        if not whole.scored:
            raise NotApplicable(
                "the model answers with labels alone: without probabilities there is no margin to "
                "explain"
            )
        classes, at = errand.classes, 0
        for place, (item, kept) in enumerate(zip(wanted.items, wanted.kept, strict=True)):
            span = slice(at, at + 1 + len(kept))
            at = span.stop
            if place in whole.failed or np.isin(np.arange(span.start, at), cut.failed).any():
                reason = whole.reason if place in whole.failed else cut.reason
                yield np.array([item]), None, reason
                continue
            pair = None if classes is None else np.repeat(classes[[item]], 1 + len(kept), axis=0)
            value = float(margins(whole.outputs[[place]], None if pair is None else pair[:1])[0])
            found = margins(cut.outputs[span], pair)
            start, rest = float(found[0]), found[1:]
            try:
                own: FloatArray = np.zeros(0)
                if kept.shape[1]:
                    own = explainer.solve(kept, rest, value, start, errand.settings)
                    check(own, (kept.shape[1],))
            except Exception as error:  # an explainer may be a guest
                yield np.array([item]), None, reason_of(error)
                continue
            passes = np.array([2.0 + len(kept)])
            one = Explained((own,), np.array([value]), np.array([start]), passes)
            yield np.array([item]), one, ""

    def _asked(self, errand: Errand, wanted: Wanted) -> tuple[Observation, Observation]:
        """Predict the inputs as they are, and their versions, the empty one first."""
        sets = [np.concatenate([np.zeros((1, k.shape[1]), dtype=bool), k]) for k in wanted.kept]
        repeated = np.repeat(wanted.items, [len(s) for s in sets])
        flat = [row for s in sets for row in s]
        masks = Masks.of(flat, errand.modality.baselines[0], errand.seed)
        examples = errand.examples
        whole = replace(narrowed(examples, packed(wanted.items)), split=WHOLE)
        cut = versions(narrowed(examples, packed(repeated)), masks, errand.reference)
        places = {WHOLE: whole, CUT: replace(cut, split=CUT)}
        asked = [Predict(WHOLE), Predict(CUT)]
        back = self.engine.run(self.engine.plan(asked, places))
        self._predicted += back.predicted
        self._reused += back.reused
        self._warnings += back.warnings
        return back.answers[asked[0]], back.answers[asked[1]]


def check(found: FloatArray | BoolArray, shape: tuple[int, ...]) -> None:
    """Refuse what an explainer returned in another shape than it was asked for."""
    if np.shape(found) != shape:
        raise ValueError(f"the explainer returned the shape {np.shape(found)}, not {shape}")
