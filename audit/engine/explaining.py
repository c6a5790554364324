"""Explanations: each one made once, and kept as soon as it is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from audit import registry
from audit.engine.altered import luck, narrowed, place
from audit.engine.cases import Case, Errand, Outcome, key_of, told_apart
from audit.engine.engine import Engine
from audit.engine.laid import Found, answered, stored, trimmed
from audit.engine.masked import modality_of, others_of
from audit.engine.opened import Opener
from audit.engine.progress import Progress, Silent
from audit.engine.solved import Solver
from audit.engine.store import Store
from audit.errors import ModelError, NotApplicable, did_you_mean
from audit.examples import Examples, FloatArray, IntArray
from audit.explainer import ByMasks, Explainer
from audit.model import Model
from audit.observations import Observation
from audit.requests import Explain, Transform, packed

MIB = 2**20
DEFAULT_BUDGET = 1024 * MIB


@dataclass(frozen=True)
class ExplainPlan:
    """Some requests, those that can be met as cases."""

    cases: Mapping[Explain, Case] = field(default_factory=dict)
    lost: Mapping[Explain, Observation] = field(default_factory=dict)


@dataclass
class Made:
    """What explanations brought, and what was predicted for them."""

    answers: dict[Explain, Observation] = field(default_factory=dict)
    explained: int = 0
    reused: int = 0
    predicted: int = 0
    predicted_before: int = 0
    warnings: list[str] = field(default_factory=list)


class Explaining:
    """Answers `Explain` requests.

    Parameters
    ----------
    model : Model
    engine : Engine
        What black-box explainers predict with.
    store : Store
    progress : Progress, optional
    budget : int
        Bytes that explanations may use on top of what the model takes.
    """

    def __init__(
        self,
        model: Model,
        engine: Engine,
        store: Store,
        progress: Progress | None = None,
        budget: int = DEFAULT_BUDGET,
    ) -> None:
        self.model = model
        self.store = store if model.card.cacheable or store.folder is None else Store()
        self.progress = progress or Silent()
        self.opener = Opener(model, budget)
        self.solver = Solver(engine, budget)
        self._known: dict[str, dict[bytes, FloatArray]] = {}  # by key: the store is read once
        self._own: set[tuple[str, bytes]] = set()  # made by this object, and so not from before

    def plan(self, requests: Sequence[Explain], examples: Mapping[str, Examples]) -> ExplainPlan:
        """Find out what is wanted; nothing is explained yet.

        Parameters
        ----------
        requests : sequence of Explain
        examples : mapping of str to Examples
            By split, and by the `place` of each request.
        """
        cases: dict[Explain, Case] = {}
        lost: dict[Explain, Observation] = {}
        kinds = registry.explainers() if requests else {}
        for request in requests:
            try:
                cases[request] = self._case(request, examples, kinds)
            except (ModelError, NotApplicable) as error:
                n = len(request.rows) // 4
                lost[request] = Observation(
                    np.full((n, 0), np.nan), np.arange(n), reason_in(error),
                    unable=isinstance(error, NotApplicable),
                )  # fmt: skip
        return ExplainPlan(cases, lost)

    def run(self, plan: ExplainPlan) -> Made:
        """Explain what is missing and return an answer to every request.

        Raises
        ------
        AuditError
            If the model cannot be loaded or the store cannot be written. Inputs that fail are
            recorded in the answers instead.
        """
        made = Made(dict(plan.lost))
        opened = {r: c for r, c in plan.cases.items() if not isinstance(c.explainer, ByMasks)}
        left = len({key for case in opened.values() for key in self._wanted(case)})
        if left:
            self.progress.start("explain", left)
        try:
            for request, case in opened.items():
                made.answers[request] = self._answer(case, made)
        finally:
            if left:
                self.progress.finish()
        # these predict, and that is what is told of them
        for request in (r for r in plan.cases if r not in opened):
            made.answers[request] = self._answer(plan.cases[request], made)
        made.predicted, made.predicted_before = self.solver.taken()
        made.warnings = self.solver.warned()
        return made

    def _answer(self, case: Case, made: Made) -> Observation:
        """Explain what is missing of one case, and count it."""
        found = self._recalled(case)
        known = {(case.key, bytes(case.digests[item])) for item in found.rows}
        made.reused += len(known - self._own)
        missing = self._missing(case, found)
        if len(missing):
            self._explain(case, missing, found)
            made.explained += 0 if found.unable else len(missing) - len(found.failed)
        self._own |= {(case.key, bytes(case.digests[item])) for item in found.rows}
        return answered(case, found)

    def _wanted(self, case: Case) -> Iterator[tuple[str, bytes]]:
        """Yield what is missing of one case, so that equal ones of several cases count once."""
        for item in self._missing(case, self._recalled(case)):
            yield case.key, bytes(case.digests[item])

    def _missing(self, case: Case, found: Found) -> IntArray:
        return np.setdiff1d(np.arange(len(case.digests)), sorted(found.rows))

    def _case(
        self, request: Explain, examples: Mapping[str, Examples], kinds: Mapping[str, Explainer]
    ) -> Case:
        if request.explainer not in kinds:
            raise ModelError(
                f'unknown explainer "{request.explainer}"',
                hint=did_you_mean(request.explainer, kinds),
            )
        explainer = kinds[request.explainer]
        whole, after = examples[request.split], examples[place(request)]
        modality = modality_of(whole)
        settings = explainer.sheet.settled(dict(request.settings))
        keys = told_apart(after.digests, request.classes)
        digests, first, back = np.unique(keys, return_index=True, return_inverse=True)
        return Case(
            request,
            explainer,
            modality,
            settings,
            narrowed(whole, request.rows),
            after,
            whole,
            digests,
            first,
            back,
            key_of(request, explainer, settings, self.model.card.fingerprint, whole),
        )

    def _recalled(self, case: Case) -> Found:
        if case.key not in self._known:
            known: dict[bytes, FloatArray] = {}
            for batch in self.store.batches(case.key):
                known |= zip(batch.digests.tolist(), map(trimmed, batch.outputs), strict=True)
            self._known[case.key] = known
        known = self._known[case.key]
        digests = case.digests.tolist()
        return Found({i: known[d] for i, d in enumerate(digests) if d in known})

    def _explain(self, case: Case, missing: IntArray, found: Found) -> None:
        """Explain some distinct inputs, chunk by chunk; each chunk is kept at once."""
        opened = not isinstance(case.explainer, ByMasks)
        try:
            for items, made, reason in self._made(case, missing):
                if opened:
                    self.progress.advance(len(items))
                if made is None:
                    found.failed |= dict.fromkeys(items.tolist(), reason)
                    continue
                rows = stored(made)
                self.store.commit(case.key, "explanation", case.digests[items], rows)
                for item, row in zip(items.tolist(), map(trimmed, rows), strict=True):
                    found.rows[item] = row
                    self._known[case.key][bytes(case.digests[item])] = row
        except NotApplicable as error:
            found.unable = str(error)

    def _made(self, case: Case, missing: IntArray) -> Iterator[Outcome]:
        """Yield chunks of distinct inputs with their explanations, or why there are none."""
        wanted = np.zeros(len(case.digests), dtype=bool)
        wanted[missing] = True
        classes = case.classes
        errand = Errand(
            explainer=case.explainer,
            randomised=case.request.randomised,
            draw=case.request.seed,
            modality=case.modality,
            settings=case.settings,
            examples=narrowed(case.after, packed(case.first)),
            wanted=wanted,
            classes=None if classes is None else classes[case.first],
            reference=others_of(case.whole),
            seed=luck(Transform(case.request.explainer, 0, case.request.seed)),
        )
        worker = self.solver if isinstance(case.explainer, ByMasks) else self.opener
        yield from worker.explain(errand)


def reason_in(error: Exception) -> str:
    """Say an error with its place."""
    where = getattr(error, "where", "")
    return f"{error.args[0]}: {where}" if where else str(error.args[0])
