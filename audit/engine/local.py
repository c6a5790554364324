"""Runs batches in this process; keeps one failing input from losing the others."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from audit.engine.ledger import MISSING, PREDICTED
from audit.engine.outputs import fault_of, shaped
from audit.engine.plan import EnginePlan
from audit.engine.store import Store
from audit.errors import AuditError
from audit.examples import FloatArray, IntArray
from audit.model import Predicts

MOST_FAILURES = 32  # a model that fails so often is broken: stop paying for it


@runtime_checkable
class Warms(Protocol):
    """A model that can load itself before it is timed."""

    def warm(self) -> None:
        """Load what the first prediction needs."""
        ...


@dataclass
class LocalExecutor:
    """Predicts the batches of one plan and commits each as it is done.

    Attributes
    ----------
    calls : int
        Calls of the model.
    failures : int
        Inputs that failed alone.
    units, seconds : float
        Cost and time of the batches that went through at once, for the rate.
    """

    model: Predicts
    store: Store
    plan: EnginePlan
    calls: int = 0
    failures: int = 0
    units: float = 0.0
    seconds: float = 0.0
    first_reason: str = ""

    @property
    def stopped(self) -> bool:
        """Whether the model failed too often to go on."""
        return self.failures >= MOST_FAILURES

    @property
    def rate(self) -> float | None:
        """Units a second, so far."""
        return self.units / self.seconds if self.seconds > 0 and self.units else None

    def run(self, batch: IntArray) -> None:
        """Predict a batch, cut it in halves where it fails, and commit what was answered.

        Raises
        ------
        ModelError
            If the answers have the wrong shape, or the model itself says that it cannot go on.
        """
        begun, calls = time.perf_counter(), self.calls
        parts = [batch]
        while parts and not self.stopped:
            parts.extend(reversed(self._attempt(parts.pop())))
        self._commit(batch)
        if self.calls == calls + 1 and not self.stopped:
            self.units += self.plan.cost(batch)
            self.seconds += time.perf_counter() - begun

    def give_up(self) -> None:
        """Count everything that was not predicted as failed."""
        rows = np.flatnonzero(self.plan.ledger.state == MISSING)
        reason = f"stopped after {self.failures} failures, the first: {self.first_reason}"
        self.plan.ledger.fail(rows, reason)

    def predict(self, rows: IntArray) -> FloatArray:
        """Call the model once and check the shape of what it answers."""
        self.calls += 1
        outputs = self.model.predict(self.plan.inventory.take(rows))
        return shaped(outputs, len(rows), self.model.card)

    def _attempt(self, rows: IntArray) -> list[IntArray]:
        """Predict rows together; return the parts to try again."""
        try:
            outputs = self.predict(rows)
        except AuditError:
            raise
        except Exception as error:
            reason = reason_of(error)
        else:
            bad, reason = fault_of(outputs, self.model.card)
            good = np.setdiff1d(np.arange(len(rows)), bad, assume_unique=True)
            self.plan.ledger.predicted(rows[good], outputs[good])
            if not len(bad):
                return []
            if len(good):
                return [rows[bad]]
        # the error and its frames are gone here, and with them the memory of the failed attempt
        if len(rows) == 1:
            self._fail(rows, reason)
            return []
        return list(np.array_split(rows, 2))

    def _fail(self, rows: IntArray, reason: str) -> None:
        self.failures += 1
        self.first_reason = self.first_reason or reason
        self.plan.ledger.fail(rows, reason)

    def _commit(self, batch: IntArray) -> None:
        ledger = self.plan.ledger
        done = batch[ledger.state[batch] == PREDICTED]
        if len(done):
            key = self.model.card.fingerprint
            self.store.commit(key, self.plan.digest, ledger.digests[done], ledger.outputs[done])


def reason_of(error: Exception) -> str:
    """Say an exception in one line."""
    first = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__
