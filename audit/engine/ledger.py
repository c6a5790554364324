"""What is known of each distinct input while a plan runs."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from audit.engine.store import Digests, Store
from audit.examples import FloatArray, IntArray

MISSING, REUSED, PREDICTED, FAILED, COMING = range(5)


@dataclass
class Ledger:
    """Outputs and state of the distinct inputs, which stand sorted by digest.

    Attributes
    ----------
    digests : (d,) array of 16-byte strings
        Sorted.
    outputs : (d, classes) or (d,) float array
        NaN where nothing is known.
    state : (d,) int array
        `MISSING`, `REUSED`, `PREDICTED`, `FAILED`, or `COMING` from another pass.
    plans : (d,) array of str
        Digest of the plan under which a reused output was predicted.
    reasons : dict of int to str
        Why an input failed.
    """

    digests: Digests
    outputs: FloatArray
    state: npt.NDArray[np.int8]
    plans: npt.NDArray[np.object_]
    reasons: dict[int, str] = field(default_factory=dict)

    @classmethod
    def empty(cls, digests: Digests, width: int) -> Ledger:
        """Return a ledger that knows nothing; ``width`` 0 is for regression."""
        n = len(digests)
        shape = (n, width) if width else (n,)
        return cls(
            digests,
            np.full(shape, np.nan),
            np.zeros(n, dtype=np.int8),
            np.full(n, "", dtype=object),
        )

    def recall(self, store: Store, model: str) -> None:
        """Fill in what a store knows of these inputs; a later batch overrides an earlier one."""
        for batch in store.batches(model):
            if batch.outputs.shape[1:] != self.outputs.shape[1:]:
                continue  # the same weights, read with other labels
            at = np.searchsorted(self.digests, batch.digests)
            at[at == len(self.digests)] = 0
            hit = self.digests[at] == batch.digests
            self.outputs[at[hit]] = batch.outputs[hit]
            self.state[at[hit]] = REUSED
            self.plans[at[hit]] = batch.plan

    def predicted(self, rows: IntArray, outputs: FloatArray) -> None:
        """Record answers."""
        self.outputs[rows] = outputs
        self.state[rows] = PREDICTED

    def expect(self, digests: Digests) -> None:
        """Note which missing inputs another pass over the model will answer."""
        self.state[np.isin(self.digests, digests) & (self.state == MISSING)] = COMING

    def derive(self, other: Ledger, outputs: FloatArray) -> IntArray:
        """Record what another pass says of the inputs that are coming; return their places.

        Parameters
        ----------
        other : Ledger
            Of the other pass.
        outputs : (d, classes) or (d,) float array
            This model's outputs, row for row with the digests of `other`.
        """
        rows = np.flatnonzero(self.state == COMING)
        at = np.searchsorted(other.digests, self.digests[rows])
        lost = other.state[at] == FAILED
        self.predicted(rows[~lost], outputs[at[~lost]])
        for row, where in zip(rows[lost], at[lost], strict=True):
            self.fail(np.array([row]), other.reasons[int(where)])
        return np.asarray(rows[~lost])

    def fail(self, rows: IntArray, reason: str) -> None:
        """Record failures."""
        self.state[rows] = FAILED
        self.reasons.update(dict.fromkeys(rows.tolist(), reason))

    def forget_reused(self) -> None:
        """Drop what came from the store."""
        rows = self.state == REUSED
        self.state[rows] = MISSING
        self.outputs[rows] = np.nan

    def count(self, state: int) -> int:
        """Return how many inputs are in a state."""
        return int((self.state == state).sum())
