"""From requests to a frozen list of batches: every distinct input once, long inputs first.

The list follows from the requests alone, whatever is already known: which rows share a batch
decides the last digits of their outputs, so a resumed run must cut the same batches
(docs/decisions/0003-frozen-batches.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any

import numpy as np

from audit.engine.altered import place
from audit.engine.ledger import MISSING, Ledger
from audit.engine.store import Digests
from audit.examples import Examples, IntArray
from audit.model import Model, Sized
from audit.requests import Predict

UNSIZED_ROWS = 256  # rows in a batch where a model does not say what its inputs cost
SIZING_ROWS = 16_384  # inputs whose size is asked at once


@dataclass(frozen=True)
class Inventory:
    """The distinct inputs of several splits.

    Attributes
    ----------
    splits : tuple of Examples
    digests : (d,) array of 16-byte strings
        Sorted.
    home : (d, 2) int array
        Split and row in which each input first stands.
    index : mapping of split to (n,) int array
        The distinct input of each row, by the split's name: its place, where part of one is asked.
    """

    splits: tuple[Examples, ...]
    digests: Digests
    home: IntArray
    index: Mapping[str, IntArray]

    @classmethod
    def of(cls, splits: Sequence[Examples]) -> Inventory:
        """Find equal inputs, within and across splits."""
        lengths = [len(s) for s in splits]
        every = np.concatenate([s.digests for s in splits]) if splits else np.empty(0, "S16")
        digests, first, inverse = np.unique(every, return_index=True, return_inverse=True)
        of_split = np.repeat(np.arange(len(splits)), lengths)
        starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        home = np.stack([of_split[first], first - starts[of_split[first]]], axis=1)
        index = {
            s.split: inverse[starts[i] : starts[i + 1]].astype(np.int64)
            for i, s in enumerate(splits)
        }
        return cls(tuple(splits), digests, home.astype(np.int64), index)

    def take(self, items: IntArray) -> Any:
        """Return the inputs of distinct positions, in their order."""
        home = self.home[items]
        used = np.unique(home[:, 0])
        if len(used) == 1:
            return self.splits[int(used[0])].inputs.take(home[:, 1])
        order = np.argsort(home[:, 0], kind="stable")
        parts = [self.splits[int(s)].inputs.take(home[home[:, 0] == s, 1]) for s in used]
        return joined(parts, np.argsort(order, kind="stable"))


def joined(parts: Sequence[Any], back: IntArray) -> Any:
    """Concatenate lists or data frames and put their rows in the order ``back``."""
    if isinstance(parts[0], list):
        flat = [value for part in parts for value in part]
        return [flat[i] for i in back]
    import pandas as pd

    return pd.concat(parts, ignore_index=True).take(back).reset_index(drop=True)


@dataclass(frozen=True)
class EnginePlan:
    """What a set of requests will cost.

    Attributes
    ----------
    requests : tuple of Predict
    inventory : Inventory
    batches : tuple of (b,) int array
        Distinct inputs of each frozen batch; empty where nothing needs the model.
    sizes : (d,) int array
        Cost of each distinct input; 1 each where the model does not say.
    limit : int
        The most that rows times largest size may be.
    digest : str
        Names the frozen list of batches.
    rows : int
        Rows asked, over all requests.
    ledger : Ledger
        What is known of each distinct input; filled as the plan runs.
    rate : float, optional
        Units a second, where the model was measured before.
    covered : (c,) int array
        Distinct inputs that another pass over the model answers.
    """

    requests: tuple[Predict, ...]
    inventory: Inventory
    batches: tuple[IntArray, ...]
    sizes: IntArray
    limit: int
    digest: str
    rows: int
    ledger: Ledger
    rate: float | None = None
    covered: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    @property
    def distinct(self) -> int:
        """Distinct inputs."""
        return len(self.inventory.digests)

    @property
    def cached(self) -> int:
        """Distinct inputs that need no further call."""
        return self.distinct - self.ledger.count(MISSING)

    def pending(self) -> list[IntArray]:
        """Return the batches to run now.

        A frozen batch of which nothing is known stays as it is; what is missing of the others is
        pooled and cut anew.
        """
        missing = self.ledger.state == MISSING
        whole = [b for b in self.batches if missing[b].all()]
        parts = [b[missing[b]] for b in self.batches if missing[b].any() and not missing[b].all()]
        pool = np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
        return whole + cut(pool, self.sizes, self.limit)

    @property
    def calls(self) -> int:
        """Batches that are still to be run."""
        return len(self.pending())

    @property
    def units(self) -> int:
        """Cost of what is still to be predicted, padding included."""
        return sum(self.cost(batch) for batch in self.pending())

    def cost(self, batch: IntArray) -> int:
        """Return rows times largest size."""
        return len(batch) * int(self.sizes[batch].max())

    @property
    def seconds(self) -> float | None:
        """Estimated time to predict what is missing; None where the model was never measured."""
        units = self.units
        if not units:
            return 0.0
        return units / self.rate if self.rate else None


def freeze(
    model: Model,
    requests: Sequence[Predict],
    inventory: Inventory,
    ledger: Ledger,
    coming: Digests | None = None,
) -> EnginePlan:
    """Cut the distinct inputs into batches, without those that another pass answers.

    Sizes are asked only if an input is missing: a run that is wholly cached loads no tokenizer.
    """
    ones = np.ones(len(inventory.digests), dtype=np.int64)
    rows = sum(len(inventory.index[place(r)]) for r in requests)
    plan = EnginePlan(tuple(requests), inventory, (), ones, UNSIZED_ROWS, "", rows, ledger)
    items = np.arange(len(ones))
    if coming is not None:  # by content and not by state: a resumed run cuts the same batches
        plan = replace(plan, covered=items[np.isin(inventory.digests, coming)])
        items = np.setdiff1d(items, plan.covered)
    if not ledger.count(MISSING):
        return plan
    sizes, limit = ones, UNSIZED_ROWS
    if isinstance(model, Sized):
        sizes, limit = sizes_of(model, inventory), model.batch_size_limit
    batches = tuple(cut(items, sizes, limit))
    digest = digest_of(batches, inventory.digests)
    return replace(plan, batches=batches, sizes=sizes, limit=limit, digest=digest)


def sizes_of(model: Sized, inventory: Inventory) -> IntArray:
    """Ask for the cost of every distinct input; pictures are resized alike and not taken for it."""
    if all(split.modality == "image" for split in inventory.splits):
        return np.ones(len(inventory.digests), dtype=np.int64)
    items = np.arange(len(inventory.digests))
    parts = [
        np.asarray(model.sizes(inventory.take(items[i : i + SIZING_ROWS])), dtype=np.int64)
        for i in range(0, len(items), SIZING_ROWS)
    ]
    return np.maximum(np.concatenate(parts), 1)


def cut(items: IntArray, sizes: IntArray, limit: int) -> list[IntArray]:
    """Sort by size, descending, then by digest, and cut so that rows x largest size <= ``limit``.

    ``items`` index the distinct inputs, which stand sorted by digest.
    """
    ordered = items[np.lexsort((items, -sizes[items]))]
    batches = []
    start = 0
    while start < len(ordered):
        rows = max(1, limit // int(sizes[ordered[start]]))
        batches.append(ordered[start : start + rows])
        start += rows
    return batches


def digest_of(batches: Sequence[IntArray], digests: Digests) -> str:
    """Name a frozen list of batches by its content."""
    out = blake2b(digest_size=16)
    for batch in batches:
        out.update(len(batch).to_bytes(8, "little"))
        out.update(digests[batch].tobytes())
    return out.hexdigest()
