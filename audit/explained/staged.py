"""What is asked, stage by stage: answers first, then explanations of what kept its prediction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

import numpy as np

from audit.chance import uniforms
from audit.corrupted.cells import Cells
from audit.examples import Examples, FloatArray, IntArray
from audit.explained.chosen import explain_request, versions_behind
from audit.explained.survivors import Survivors, survivors
from audit.explainer import Chosen
from audit.observations import Observations
from audit.requests import Explain, Predict, Transform
from audit.sampled import ROWS_STREAM
from audit.task import Task


@dataclass(frozen=True)
class Sample:
    """Some inputs of a split, what is done to them, and how they are explained.

    Attributes
    ----------
    cells : Cells
        The inputs, and each way of changing them at each severity.
    chosen : Chosen
    seeds : int
        Explanations of the same input under different seeds; 1 for an explainer without luck.
    most : int
        Changed versions that are explained of each input.
    margin : float
        Share by which the margin may move.
    block : int
        Distinct inputs that are explained together; 0 for all at once.
    """

    cells: Cells
    chosen: Chosen
    seeds: int
    most: int
    margin: float
    block: int = 0

    def __len__(self) -> int:
        return len(self.cells.rows)

    @cached_property
    def changes(self) -> list[Transform]:
        """Every cell's change, way by way."""
        own = self.cells
        return [Transform(w.sheet.name, s, own.seed) for w in own.ways for s in own.severities]

    @property
    def times(self) -> int:
        """How often one input is explained, at most: under every seed, and changed."""
        return self.seeds + min(self.most, len(self.changes))

    def versions(self, examples: Examples) -> int:
        """Return how many versions of the inputs are predicted for that, at most."""
        behind = versions_behind(self.chosen, examples, self.cells.rows)
        return int(behind.sum()) * self.times

    def predictions(self) -> list[Predict]:
        """Return the requests of the first stage."""
        return list(self.cells.requests())

    def survivors(self, task: Task, seen: Observations) -> Survivors:
        """Find what kept its prediction, from the answers of the first stage.

        Raises
        ------
        ModelError, NotApplicable
            If the model failed on an input, or answers with labels alone.
        """
        answers = [seen.outputs(r) for r in self.predictions()]
        digests = seen.examples[self.cells.split].digests[self.cells.rows]
        luck = np.stack([uniforms(digests, self.cells.seed, stream_of(c)) for c in self.changes])
        return survivors(task, answers, self.margin, luck, self.most)

    def blocks(self, examples: Examples) -> IntArray:
        """Return the block of each input, by the luck of its content; equal inputs together."""
        if not self.block:
            return np.zeros(len(self), dtype=np.int64)
        digests = examples.digests[self.cells.rows]
        distinct, back = np.unique(digests, return_inverse=True)
        order = np.argsort(uniforms(distinct, self.cells.seed, ROWS_STREAM), kind="stable")
        place = np.empty(len(distinct), dtype=np.int64)
        place[order] = np.arange(len(distinct))
        return np.asarray(place[back] // self.block)

    def request(
        self, which: IntArray, found: Survivors, change: Transform | None = None, seed: int = 0
    ) -> Explain:
        """Return the request for some of the inputs, by their positions in the sample."""
        classes = None if found.classes is None else found.classes[which]
        rows = self.cells.rows[which]
        return explain_request(
            self.cells.split, rows, self.chosen, classes, seed=seed, transform=change
        )

    def asked(self, inside: np.ndarray, found: Survivors) -> Asked:
        """Return what is asked about some inputs: as they are, under other seeds, changed."""
        whole = np.flatnonzero(inside)
        alive = np.flatnonzero(inside & found.taken.any(axis=0))
        cells = {c: np.flatnonzero(inside & t) for c, t in enumerate(found.taken)}
        return Asked(
            whole,
            self.request(whole, found),
            alive,
            tuple(self.request(alive, found, None, s) for s in range(1, self.seeds))
            if len(alive)
            else (),
            {
                c: (which, self.request(which, found, self.changes[c]))
                for c, which in cells.items()
                if len(which)
            },
        )


@dataclass(frozen=True)
class Asked:
    """What is asked about some inputs of a sample.

    Attributes
    ----------
    whole : (m,) int array
        Positions in the sample.
    base : Explain
    alive : (a,) int array
        Those with a version that is explained: they are explained under other seeds as well.
    again : tuple of Explain
    cells : mapping of number of a cell to (positions, request)
    """

    whole: IntArray
    base: Explain
    alive: IntArray
    again: tuple[Explain, ...]
    cells: dict[int, tuple[IntArray, Explain]]

    def requests(self) -> list[Explain]:
        """Return every request."""
        return [self.base, *self.again, *(r for _, r in self.cells.values())]


@dataclass(frozen=True)
class Gathered:
    """Explanations of some inputs of a sample, side by side.

    Attributes
    ----------
    at : (m,) int array
        Positions in the sample.
    base : (m, k) float array
        Attributions, NaN beyond the parts.
    parts : (m,) int array
    error, passes : (m,) float arrays
        Completeness error, and evaluations of the model.
    owner, cell : (p,) int arrays
        Input (0 to m - 1) and number of the cell of each version.
    after : (p, k) float array
        Attributions of the versions, on the parts of the unchanged inputs.
    again : (s, m, k) float array
        Under each further seed; NaN where none was asked for.
    """

    at: IntArray
    base: FloatArray
    parts: IntArray
    error: FloatArray
    passes: FloatArray
    owner: IntArray
    cell: IntArray
    after: FloatArray
    again: FloatArray


def gather(seen: Observations, asked: Asked) -> Gathered:
    """Lay the answers out.

    Raises
    ------
    ModelError, NotApplicable
        If an input could not be explained, or the explainer does not fit the model.
    """
    base = seen.explanations(asked.base)
    width = base.attributions.shape[1]
    place = {int(i): j for j, i in enumerate(asked.whole)}
    alive = np.array([place[int(i)] for i in asked.alive], dtype=np.int64)
    again = np.full((len(asked.again), len(asked.whole), width), np.nan)
    for s, request in enumerate(asked.again):
        again[s, alive] = padded(seen.explanations(request).attributions, width)
    owner, cell, after = [], [], []
    for c, (which, request) in asked.cells.items():
        owner += [place[int(i)] for i in which]
        cell += [c] * len(which)
        after.append(padded(seen.explanations(request).attributions, width))
    return Gathered(
        asked.whole,
        base.attributions,
        base.parts,
        base.completeness_error,
        base.passes,
        np.array(owner, dtype=np.int64),
        np.array(cell, dtype=np.int64),
        np.concatenate(after) if after else np.empty((0, width)),
        again,
    )


def joined(blocks: Sequence[Gathered]) -> Gathered:
    """Return the explanations of several blocks as those of one."""
    if len(blocks) == 1:
        return blocks[0]
    width = max(b.base.shape[1] for b in blocks)
    starts = np.cumsum([0, *(len(b.at) for b in blocks)])
    seeds = max(len(b.again) for b in blocks)
    again = np.full((seeds, int(starts[-1]), width), np.nan)
    for b, start in zip(blocks, starts, strict=False):
        again[: len(b.again), start : start + len(b.at), : b.again.shape[2]] = b.again
    return Gathered(
        at=np.concatenate([b.at for b in blocks]),
        base=np.concatenate([padded(b.base, width) for b in blocks]),
        parts=np.concatenate([b.parts for b in blocks]),
        error=np.concatenate([b.error for b in blocks]),
        passes=np.concatenate([b.passes for b in blocks]),
        owner=np.concatenate([b.owner + s for b, s in zip(blocks, starts, strict=False)]),
        cell=np.concatenate([b.cell for b in blocks]),
        after=np.concatenate([padded(b.after, width) for b in blocks]),
        again=again,
    )


def padded(own: FloatArray, width: int) -> FloatArray:
    """Return attributions with as many columns as the widest input has parts."""
    out = np.full((len(own), width), np.nan)
    out[:, : own.shape[1]] = own
    return out


def stream_of(change: Transform) -> int:
    """Return the stream of luck of a change, from its name and severity."""
    return int.from_bytes(blake2b(str(change).encode(), digest_size=6).digest(), "little")
