"""Explanations as they are stored, and laid on the parts that were asked for."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from audit.engine.cases import Case
from audit.examples import FloatArray
from audit.explainer import Explained
from audit.observations import Explanations, Observation

HEAD = 3  # value, start and passes stand before the attributions of a stored row


@dataclass
class Found:
    """What is known of the distinct inputs of one case."""

    rows: dict[int, FloatArray] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)
    unable: str = ""


def stored(made: Explained) -> FloatArray:
    """Lay explanations out as rows of one width, NaN behind each."""
    longest = max((len(a) for a in made.attributions), default=0)
    rows = np.full((len(made.attributions), HEAD + longest), np.nan)
    rows[:, 0], rows[:, 1], rows[:, 2] = made.value, made.start, made.passes
    for row, own in zip(rows, made.attributions, strict=True):
        row[HEAD : HEAD + len(own)] = own
    return rows


def trimmed(row: FloatArray) -> FloatArray:
    """Return a stored row without what was put behind it."""
    known = np.flatnonzero(~np.isnan(row))
    return row[: max(HEAD, int(known[-1]) + 1 if len(known) else HEAD)]


def answered(case: Case, found: Found) -> Observation:
    """Lay the explanations on the parts of the unchanged inputs."""
    n = len(case.back)
    if found.unable:
        blank = np.full((n, 0), np.nan)
        return Observation(blank, np.arange(n), found.unable, unable=True)
    before = case.before.inputs.take(np.arange(n))
    counts = np.asarray(case.modality.parts(before), dtype=np.int64)
    after = before if case.request.transform is None else case.after.inputs.take(np.arange(n))
    same = case.request.transform is None
    places = None if same else case.modality.matched(before, after)
    laid = np.full((n, int(counts.max(initial=0))), np.nan)
    heads = np.full((n, HEAD), np.nan)
    total = np.full(n, np.nan)
    failed: list[int] = []
    for row, item in enumerate(case.back):
        if int(item) not in found.rows:
            failed.append(row)
            continue
        known = found.rows[int(item)]
        heads[row], own = known[:HEAD], known[HEAD:]
        total[row] = own.sum()
        at = np.arange(counts[row]) if places is None else places[row]
        there = (at >= 0) & (at < len(own))
        laid[row, : counts[row]][there] = own[at[there]]
    explained = Explanations(laid, counts, heads[:, 0], heads[:, 1], total, heads[:, 2])
    first = found.failed.get(int(case.back[failed[0]]), "") if failed else ""
    return Observation(laid, np.array(failed, dtype=np.int64), first, explained=explained)
