"""Filling examples in: the one place where inputs enter a result, and only if the spec says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import msgspec
import numpy as np

from audit.disclosed_parts import headed, named
from audit.errors import AuditError
from audit.examples import Examples, IntArray
from audit.exhibits import Attributions, Cases, Exhibit, Pair, Pairs
from audit.pictures import picture
from audit.requests import Transform

LONGEST = 600
BEFORE = 120  # letters that stand before the first difference of two long texts


def disclose(exhibits: Sequence[Exhibit], examples: Mapping[str, Examples]) -> tuple[Exhibit, ...]:
    """Return the exhibits with the inputs of their cases and pairs, and the names of their parts.

    Texts are cut at `LONGEST` characters; pictures are made small, and stand there as addresses.
    """
    return tuple(_disclosed(exhibit, examples) for exhibit in exhibits)


def withhold(exhibits: Sequence[Exhibit], examples: Mapping[str, Examples]) -> tuple[Exhibit, ...]:
    """Return the exhibits without any input, but with the names of columns."""
    return tuple(headed(e, examples) if isinstance(e, Attributions) else e for e in exhibits)


def _disclosed(exhibit: Exhibit, examples: Mapping[str, Examples]) -> Exhibit:
    if isinstance(exhibit, Attributions):
        return named(exhibit, examples)
    if isinstance(exhibit, Cases):
        return filled(exhibit, examples)
    return paired(exhibit, examples) if isinstance(exhibit, Pairs) else exhibit


def filled(exhibit: Cases, examples: Mapping[str, Examples]) -> Cases:
    """Return one exhibit with the inputs of its cases."""
    cases = tuple(
        msgspec.structs.replace(c, input=said(_taken(examples[c.split], [c.row])))
        for c in exhibit.cases
    )
    return msgspec.structs.replace(exhibit, cases=cases)


def paired(exhibit: Pairs, examples: Mapping[str, Examples]) -> Pairs:
    """Return one exhibit with its inputs before and after, changed as the model met them.

    Pairs of one transform are changed together. What cannot be changed again is left out.
    """
    found = list(exhibit.pairs)
    order = sorted(range(len(found)), key=lambda number: _change(found[number]))
    for _, run in groupby(order, key=lambda number: _change(found[number])):
        numbers = list(run)
        pairs = [found[number] for number in numbers]
        for number, pair in zip(numbers, _changed(pairs, examples), strict=True):
            found[number] = pair
    return msgspec.structs.replace(exhibit, pairs=tuple(found))


def _change(pair: Pair) -> tuple[str, str, int, int]:
    return pair.split, pair.transform, pair.severity, pair.seed


def _changed(pairs: Sequence[Pair], examples: Mapping[str, Examples]) -> list[Pair]:
    from audit.engine.altered import changed_inputs

    first = pairs[0]
    held, rows = examples[first.split], np.array([p.row for p in pairs], dtype=np.int64)
    try:
        change = Transform(first.transform, first.severity, first.seed)
        befores, afters = _taken(held, rows), changed_inputs(held, rows, change)
    except AuditError:  # the audit is paid for; it is not lost for want of a picture
        return list(pairs)
    out = []
    for number, pair in enumerate(pairs):
        before, after = beside(_one(befores, number), _one(afters, number))
        out.append(msgspec.structs.replace(pair, before=before, after=after))
    return out


def _taken(examples: Examples, rows: Sequence[int] | IntArray) -> Any:
    return examples.inputs.take(np.asarray(rows, dtype=np.int64))


def _one(taken: Any, number: int) -> Any:
    """Return one of some inputs as a batch of one."""
    if hasattr(taken, "to_dict"):
        return taken.iloc[[number]]
    return [taken[number]]


def said(taken: Any) -> str:
    """Write one input: a text as it is, a row of a table as its columns, a picture as its address.

    Parameters
    ----------
    taken : list or data frame
        One input, as `Inputs.take` gives it.
    """
    text, long = _whole(taken)
    return _cut(text, 0) if long else text


def beside(before: Any, after: Any) -> tuple[str, str]:
    """Write one input before and after; of long texts, the stretch in which they first differ."""
    (one, long), (other, also) = _whole(before), _whole(after)
    if not (long and also):
        return one, other
    pairs = enumerate(zip(one, other, strict=False))
    shared = next((i for i, (a, b) in pairs if a != b), min(len(one), len(other)))
    start = shared - BEFORE if shared > LONGEST - BEFORE else 0
    return _cut(one, start), _cut(other, start)


def _whole(taken: Any) -> tuple[str, bool]:
    """Return an input as text, and whether it may be cut."""
    if hasattr(taken, "to_dict"):
        row = taken.to_dict("records")[0]
        return ", ".join(f"{k} = {v}" for k, v in row.items()), True
    if hasattr(taken[0], "convert"):
        return picture(taken[0]), False
    return str(taken[0]), True


def _cut(text: str, start: int) -> str:
    head = "…" if start > 0 else ""
    left = text[start:]
    return head + (left if len(left) <= LONGEST else left[: LONGEST - 1] + "…")
