"""How alike explanations are: of an input and its changed versions, and of different inputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from audit.examples import FloatArray, IntArray
from audit.explained.others import laid_on, others_of
from audit.explained.similarity import SIMILARITIES
from audit.explained.staged import Gathered

CELLS = 2**21  # attributions that are compared at once
DIGITS = 12  # similarities that differ by less are equal: they are sums in different orders


@dataclass(frozen=True)
class Compared:
    """Similarities of some inputs, by one rule.

    Attributes
    ----------
    owner, cell : (p,) int arrays
        Input of each changed version, and the number of its cell.
    source : (p,) int array
        Its position among what was gathered.
    own : (p,) float array
        Of the explanations of an input and of its version, on the parts that both have; NaN where
        these are too few.
    floor : (p,) float array
        Of the same input under other seeds, on the same parts, mean over seeds; 1 for an explainer
        without luck.
    rival : (p, m) float array
        Of an input and each of its others, on the same parts.
    other : (n, m) int array
        Positions of the others, -1 where there are no more.
    """

    owner: IntArray
    cell: IntArray
    source: IntArray
    own: FloatArray
    floor: FloatArray
    rival: FloatArray
    other: IntArray

    @cached_property
    def won(self) -> FloatArray:
        """Return ``(p, m)``: 1 where a version is more alike than an other, ties one half."""
        own = self.own[:, None]
        won = np.where(own > self.rival, 1.0, np.where(own == self.rival, 0.5, 0.0))
        won[np.isnan(own) | np.isnan(self.rival)] = np.nan
        return won

    @cached_property
    def win(self) -> FloatArray:
        """Return the ``(n, m)`` share of versions that are more alike than an other."""
        return self.by_input(self.won)

    @cached_property
    def beaten(self) -> FloatArray:
        """Return the ``(p,)`` share of others that each version is more alike than."""
        return mean_of_rows(self.won)

    @cached_property
    def stability(self) -> FloatArray:
        """Return the ``(n,)`` mean similarity of each input to its versions."""
        return self.by_input(self.own[:, None])[:, 0]

    @cached_property
    def noise(self) -> FloatArray:
        """Return the ``(n,)`` noise floor of each input."""
        floor = np.where(np.isnan(self.own), np.nan, self.floor)
        return self.by_input(floor[:, None])[:, 0]

    @cached_property
    def null(self) -> FloatArray:
        """Return the ``(n,)`` mean similarity of each input to its others."""
        return mean_of_rows(self.by_input(self.rival))

    def by_input(self, values: FloatArray) -> FloatArray:
        """Return the ``(n, m)`` mean over each input's versions of ``(p, m)`` values."""
        n = len(self.other)
        known = ~np.isnan(values)
        total, count = np.zeros((n, values.shape[1])), np.zeros((n, values.shape[1]))
        np.add.at(total, self.owner, np.where(known, values, 0.0))
        np.add.at(count, self.owner, known.astype(np.float64))
        out = np.full(total.shape, np.nan)
        return np.asarray(np.divide(total, count, out=out, where=count > 0))


def mean_of_rows(values: FloatArray) -> FloatArray:
    """Return the mean of what is known in each row; NaN where nothing is."""
    known = ~np.isnan(values)
    total, count = np.where(known, values, 0.0).sum(axis=1), known.sum(axis=1)
    out = np.full(len(values), np.nan)
    return np.asarray(np.divide(total, count, out=out, where=count > 0))


def compared(
    found: Gathered,
    classes: IntArray | None,
    digests: npt.NDArray[np.bytes_],
    most: int,
    names: tuple[str, ...],
) -> dict[str, Compared]:
    """Compare every version with its input, and every input with others of its class.

    An other's attributions are laid on the parts of the input by relative position, and only the
    parts that the version has as well count: were explanations nothing but noise, both would be
    equally alike.

    Parameters
    ----------
    found : Gathered
    classes : (m,) int array or None
        Chosen class of each input.
    digests : (m,) array of 16-byte strings
    most : int
        Others of each input.
    names : tuple of str
        Rules of similarity.
    """
    other = others_of(found.parts, classes, digests, most)
    order = np.argsort(found.owner, kind="stable")
    owner = found.owner[order]
    bounds = np.searchsorted(owner, np.arange(len(found.at) + 1))
    out = {name: _blank(owner, found.cell[order], order, other) for name in names}
    for batch in _batches(found, bounds, order, other):
        right = np.concatenate([b.right for b in batch])
        left = np.repeat(
            found.base[[b.input for b in batch]], [len(b.right) for b in batch], axis=0
        )
        for name in names:
            flat = np.round(SIMILARITIES[name](left, right), DIGITS)
            ends = np.cumsum([len(b.right) for b in batch])
            for b, own in zip(batch, np.split(flat, ends[:-1]), strict=True):
                b.fill(own, out[name])
    return out


def _blank(owner: IntArray, cell: IntArray, source: IntArray, other: IntArray) -> Compared:
    nothing = np.full(len(owner), np.nan)
    rival = np.full((len(owner), other.shape[1]), np.nan)
    return Compared(owner, cell, source, nothing, nothing.copy(), rival, other)


@dataclass(frozen=True)
class _Work:
    """What one input is compared with.

    Attributes
    ----------
    input : int
    span : slice
        Its versions among all, input by input.
    right : (r, k) float array
        Its versions; then, for each set of parts that some of them have, others and further seeds.
    sets : int
    back : (t,) int array
        The set of each version.
    there : (m',) int array
        Which columns of others there are.
    seeds : int
    """

    input: int
    span: slice
    right: FloatArray
    sets: int
    back: IntArray
    there: IntArray
    seeds: int

    @classmethod
    def of(cls, found: Gathered, i: int, span: slice, after: FloatArray, other: IntArray) -> _Work:
        """Lay out what an input is compared with."""
        masks, back = np.unique(~np.isnan(after), axis=0, return_inverse=True)
        there = np.flatnonzero(other >= 0)
        rest = np.full((len(there) + len(found.again), after.shape[1]), np.nan)
        laid = laid_on(
            found.base[other[there]],
            found.parts[other[there]],
            np.full(len(there), found.parts[i]),
        )
        rest[: len(there), : laid.shape[1]] = laid
        rest[len(there) :] = found.again[:, i]
        stack = np.where(masks[:, None, :], rest[None], np.nan).reshape(-1, after.shape[1])
        right = np.concatenate([after, stack])
        return cls(i, span, right, len(masks), back.ravel(), there, len(found.again))

    def fill(self, flat: FloatArray, out: Compared) -> None:
        """Put similarities where they belong."""
        count = len(self.back)
        table = flat[count:].reshape(self.sets, len(self.there) + self.seeds)
        rival = np.full((self.sets, out.rival.shape[1]), np.nan)
        rival[:, self.there] = table[:, : len(self.there)]
        floor = np.ones(self.sets)
        if self.seeds:
            floor = table[:, len(self.there) :].mean(axis=1)
        out.own[self.span] = flat[:count]
        out.floor[self.span] = floor[self.back]
        out.rival[self.span] = rival[self.back]


def _batches(
    found: Gathered, bounds: IntArray, order: IntArray, other: IntArray
) -> Iterator[list[_Work]]:
    """Yield inputs that have versions, as many at a time as fit `CELLS` numbers."""
    batch: list[_Work] = []
    size = 0
    for i in range(len(found.at)):
        span = slice(int(bounds[i]), int(bounds[i + 1]))
        if span.start == span.stop:
            continue
        work = _Work.of(found, i, span, found.after[order[span]], other[i])
        if batch and size + work.right.size > CELLS:
            yield batch
            batch, size = [], 0
        batch.append(work)
        size += work.right.size
    if batch:
        yield batch
