"""Filling explanations in: what each part is called, and weights laid on the changed input's own.

It is part of `audit.disclose`, and runs only where the specification allows inputs in a result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import msgspec
import numpy as np

from audit.errors import ConfigError
from audit.examples import Examples, IntArray
from audit.exhibits import Attributions, Likeness, Weighed
from audit.modality import Modality
from audit.pictures import picture
from audit.requests import Transform

LONGEST = 80  # letters of the name of a part

Change = tuple[str, str, int, int]


def named(exhibit: Attributions, examples: Mapping[str, Examples]) -> Attributions:
    """Return one exhibit with the names of its parts, and with small pictures.

    Inputs of one transform are changed together. What cannot be changed or named again is left as
    it is.

    Parameters
    ----------
    exhibit : Attributions
        Weights after a change lie on the parts of the unchanged input.
    examples : mapping of split name to Examples
    """
    from audit import registry

    try:
        modality = registry.modality(exhibit.modality)
    except ConfigError:
        return exhibit
    found = list(exhibit.pairs)
    order = sorted(range(len(found)), key=lambda number: _change(found[number]))
    for change, run in groupby(order, key=lambda number: _change(found[number])):
        numbers = list(run)
        pairs = [found[number] for number in numbers]
        for number, pair in zip(numbers, _filled(pairs, change, modality, examples), strict=True):
            found[number] = pair
    return msgspec.structs.replace(exhibit, pairs=tuple(found))


def headed(exhibit: Attributions, examples: Mapping[str, Examples]) -> Attributions:
    """Return explanations of rows of a table with the names of its columns, and nothing of a row.

    These stand in the specification; they may be shown where inputs may not.
    """
    if exhibit.modality != "tabular" or not exhibit.pairs:
        return exhibit
    first = exhibit.pairs[0]
    taken = examples[first.split].inputs.take(np.array([first.row], dtype=np.int64))
    names = tuple(str(c) for c in getattr(taken, "columns", ()))
    return msgspec.structs.replace(exhibit, headings=names)


def _change(pair: Likeness) -> Change:
    return pair.split, pair.transform, pair.severity, pair.seed


def _filled(
    pairs: Sequence[Likeness], change: Change, modality: Modality, examples: Mapping[str, Examples]
) -> list[Likeness]:
    """Return inputs that one change made, with their names before and after."""
    held, rows = examples[change[0]], np.array([pair.row for pair in pairs], dtype=np.int64)
    befores = held.inputs.take(rows)
    try:
        afters = _changed(held, rows, change, befores)
        names, others = modality.names(befores), modality.names(afters)
        places = _places(modality, befores, afters)
    except Exception:  # a guest may throw; the audit is paid for, and not lost for want of a name
        return list(pairs)
    return [
        msgspec.structs.replace(
            pair,
            before=_told(pair.before, names[i], befores, i),
            after=pair.after and _laid(pair.after, places[i], others[i], afters, i),
        )
        for i, pair in enumerate(pairs)
    ]


def _changed(held: Examples, rows: IntArray, change: Change, befores: Any) -> Any:
    """Return the inputs after their change; without one, as they are."""
    from audit.engine.altered import changed_inputs

    _, name, severity, seed = change
    if not name or severity == 0:
        return befores
    return changed_inputs(held, rows, Transform(name, severity, seed))


def _places(modality: Modality, befores: Any, afters: Any) -> list[IntArray]:
    if afters is befores:
        return [np.arange(int(n)) for n in modality.parts(befores)]
    return modality.matched(befores, afters)


def _laid(side: Weighed, places: IntArray, names: Sequence[str], inputs: Any, i: int) -> Weighed:
    """Lay weights on an input's own parts; None where a part has no counterpart before."""
    own: list[float | None] = [None] * len(names)
    for weight, place in zip(side.weights, places.tolist(), strict=False):
        if 0 <= place < len(own):
            own[place] = weight
    return _told(msgspec.structs.replace(side, weights=tuple(own)), names, inputs, i)


def _told(side: Weighed, names: Sequence[str], inputs: Any, i: int) -> Weighed:
    """Return weights with the names of their parts; as they are if these are not as many."""
    if len(names) != len(side.weights):
        return side
    cut = tuple(n if len(n) <= LONGEST else n[: LONGEST - 1] + "…" for n in names)
    drawn = isinstance(inputs, list) and hasattr(inputs[i], "convert")
    return msgspec.structs.replace(side, names=cut, picture=picture(inputs[i]) if drawn else "")
