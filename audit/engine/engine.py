"""The engine: what is asked becomes a plan, and a plan becomes answers."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from audit.engine import canary
from audit.engine.altered import place
from audit.engine.ledger import FAILED, MISSING, PREDICTED, REUSED, Ledger
from audit.engine.local import LocalExecutor, Warms
from audit.engine.outputs import fault_of, shaped, tells_scores
from audit.engine.plan import EnginePlan, Inventory, freeze
from audit.engine.progress import Progress, Silent
from audit.engine.store import Digests, Store
from audit.errors import ModelError
from audit.examples import Examples, FloatArray
from audit.model import Model, Predicts, Recorded
from audit.observations import Observation
from audit.requests import Predict

TIMING_SECONDS = 1.0


@dataclass(frozen=True)
class Answers:
    """What a plan brought.

    Attributes
    ----------
    answers : mapping of Predict to Observation
        Row for row with each request's split.
    predicted : int
        Distinct inputs predicted in this run.
    reused : int
        Distinct inputs whose output was already stored.
    calls : int
        Calls of the model in this run, those that timed it included.
    warnings : list of str
        What went wrong on the way; the store keeps its own.
    """

    answers: Mapping[Predict, Observation]
    predicted: int = 0
    reused: int = 0
    calls: int = 0
    warnings: list[str] = field(default_factory=list)


class Engine:
    """Calls one model, and keeps what it answers.

    Parameters
    ----------
    model : Model
        One that predicts, or whose predictions are recorded.
    store : Store
        A model whose fingerprint is not honest beyond this run is kept in memory instead.
    progress : Progress, optional
    """

    def __init__(self, model: Model, store: Store, progress: Progress | None = None) -> None:
        self.model = model
        self.store = store if model.card.cacheable or store.folder is None else Store()
        self.progress = progress or Silent()
        self._calls = 0

    def plan(
        self,
        requests: Sequence[Predict],
        examples: Mapping[str, Examples],
        coming: Digests | None = None,
    ) -> EnginePlan:
        """Cut everything that is asked into batches; nothing is predicted yet.

        Parameters
        ----------
        requests : sequence of Predict
            All of them, and none of a training: equal inputs are predicted once for all
            requests together.
        examples : mapping of str to Examples
            What each request looks at, by its `place`.
        coming : (d,) array of 16-byte strings, optional
            Inputs whose outputs another pass over the model brings (`Ledger.derive`).
        """
        asked = tuple(dict.fromkeys(requests))
        card = self.model.card
        inventory = Inventory.of([examples[p] for p in dict.fromkeys(map(place, asked))])
        ledger = Ledger.empty(inventory.digests, card.width)
        if isinstance(self.model, Recorded):
            ledger.state[:] = REUSED
        else:
            ledger.recall(self.store, card.fingerprint)
            if coming is not None:
                ledger.expect(coming)
        plan = freeze(self.model, asked, inventory, ledger, coming)
        return replace(plan, rate=self.store.rate(card.fingerprint))

    def time(self, plan: EnginePlan, seconds: float = TIMING_SECONDS) -> EnginePlan:
        """Return the plan with a rate, measured for about ``seconds`` where none is known.

        The batches that are timed are the first of the plan; what they answer is kept.
        """
        if plan.rate is not None or not plan.ledger.count(MISSING):
            return plan
        executor = self._executor(plan)
        end = time.perf_counter() + seconds
        for batch in plan.pending():
            executor.run(batch)
            if time.perf_counter() >= end or executor.stopped:
                break
        return replace(plan, rate=self._close(executor))

    def run(self, plan: EnginePlan) -> Answers:
        """Predict what is missing and return an answer to every request.

        Raises
        ------
        ModelError
            If the model cannot be loaded, or answers with the wrong shape. Rows on which it fails
            are recorded in the answers instead.
        OutputError
            If the store cannot be written.
        """
        if isinstance(self.model, Recorded):
            return Answers({r: self._recorded(self.model, plan, r) for r in plan.requests})
        warning = self._predict(plan) if plan.ledger.count(MISSING) else ""
        calls, self._calls = self._calls, 0
        ledger = plan.ledger
        scored = tells_scores(ledger.outputs)
        return Answers(
            answers={r: observed(plan, r, scored=scored) for r in plan.requests},
            predicted=ledger.count(PREDICTED),
            reused=ledger.count(REUSED),
            calls=calls,
            warnings=[warning] if warning else [],
        )

    def _recorded(self, model: Recorded, plan: EnginePlan, request: Predict) -> Observation:
        """Read recorded outputs; nothing is recorded of an input that was changed."""
        rows = next(s for s in plan.inventory.splits if s.split == place(request))
        if request.transform is None and request.masks is None:
            return recalled(model, rows)
        return refused(rows, "its predictions are recorded, and none of them is of changed inputs")

    def _predict(self, plan: EnginePlan) -> str:
        """Run the pending batches; return the canary's warning."""
        executor = self._executor(plan)
        warning = canary.check(executor)
        verb = "embed" if self.model.card.dim else "predict"
        self.progress.start(verb, plan.ledger.count(MISSING))
        try:
            for batch in plan.pending():
                executor.run(batch)
                self.progress.advance(len(batch))
                if executor.stopped:
                    executor.give_up()
                    break
        finally:
            self.progress.finish()
            self._close(executor)
        return warning

    def _executor(self, plan: EnginePlan) -> LocalExecutor:
        if not isinstance(self.model, Predicts):
            raise ModelError(f"{self.model.card.name} cannot predict")
        if isinstance(self.model, Warms):
            self.model.warm()
        return LocalExecutor(self.model, self.store, plan)

    def _close(self, executor: LocalExecutor) -> float | None:
        """Add up the calls and remember the rate."""
        self._calls += executor.calls
        if executor.rate is not None:
            self.store.set_rate(self.model.card.fingerprint, executor.rate)
        return executor.rate


def observed(plan: EnginePlan, request: Predict, *, scored: bool) -> Observation:
    """Spread the answers of the distinct inputs over the rows that are asked for."""
    index = plan.inventory.index[place(request)]
    failed = np.flatnonzero(plan.ledger.state[index] == FAILED)
    reason = plan.ledger.reasons[int(index[failed[0]])] if len(failed) else ""
    return Observation(plan.ledger.outputs[index], failed, reason, scored)


def recalled(model: Recorded, examples: Examples) -> Observation:
    """Read recorded outputs; rows without a valid one count as failed."""
    card = model.card
    outputs = shaped(model.recall(examples), len(examples), card)
    failed, reason = fault_of(outputs, card)
    chosen = model.decisions(examples)
    unsaid: npt.NDArray[np.bool_] = np.asarray(
        np.isnan(outputs).reshape(len(outputs), -1).all(axis=1)
    )
    if chosen is not None:
        unsaid |= chosen < 0
    failed = np.union1d(failed, np.flatnonzero(unsaid))
    if len(failed) and unsaid[failed[0]]:
        reason = "no prediction is recorded"
    return Observation(blank(outputs, failed), failed, reason, model.scored, chosen)


def refused(examples: Examples, reason: str) -> Observation:
    """Return an answer in which every row failed."""
    every = np.arange(len(examples))
    return Observation(np.full(len(examples), np.nan), every, reason)


def blank(outputs: FloatArray, failed: np.ndarray) -> FloatArray:
    """Return outputs with NaN in the failed rows."""
    out = outputs.copy()
    out[failed] = np.nan
    return out
