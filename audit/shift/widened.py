"""Does the gap between groups widen out of distribution? A difference of differences each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from audit.data import Slice
from audit.examples import IntArray
from audit.groups import too_small
from audit.measurement import Ask, Family, Measurement, Untested
from audit.shift.compared import Setting, figured, side_of, unit_of
from audit.shift.pooled import Mask, Pooled, group_codes

CELLS = (
    "of the group there",
    "of the rest there",
    "of the group in distribution",
    "of the rest in distribution",
)


@dataclass(frozen=True)
class Cell:
    """A group in a domain.

    Attributes
    ----------
    slice : Slice
    domain : int
        Place among the labelled domains.
    inside : (n,) bool array
        The group's rows in all domains.
    sizes : tuple of int
        Of the group and of the rest: there, and in distribution.
    """

    slice: Slice
    domain: int
    inside: Mask
    sizes: tuple[int, ...]


def expand_widening(ask: Ask, title: str, setting: Setting, figure: Pooled) -> Family:
    """Expand an ask for how much more each group loses than the rest, in every domain.

    Parameters as in `audit.shift.compared.expand`.
    """
    kept = [setting.place(d) for d in setting.kept(labels=True)]
    found, small = widenings(ask, setting, figure, kept)
    untested = setting.left_out(labels=True) + small + without_columns(ask, setting, figure, kept)
    return Family(
        ask=ask,
        title=title,
        unit=unit_of(ask),
        measurements=tuple(found),
        untested=tuple(untested),
    )


def widenings(
    ask: Ask, setting: Setting, figure: Pooled, kept: Sequence[int]
) -> tuple[list[Measurement], list[Untested]]:
    """Measure how much more each group loses than the rest, in every domain that has its column."""
    found: list[Measurement] = []
    small: list[Untested] = []
    for cell in cells(ask, setting, figure, kept):
        n, least = cell.sizes[0], int(np.argmin(cell.sizes))
        why = too_small(setting.rules, cell.sizes[least], setting.rules.min_events)
        if why:
            reason = why.replace("relevant rows", f"relevant rows {CELLS[least]}")
            small.append(Untested(slice=cell.slice, n=n, reason=reason))
            continue
        evidence = figure.widening(cell.domain, cell.inside)
        found.append(
            figured(
                ask, figure, cell.slice, evidence, n, n_against=cell.sizes[1],
                side=side_of(ask.metric),
            )
        )  # fmt: skip
    return found, small


def without_columns(
    ask: Ask, setting: Setting, figure: Pooled, kept: Sequence[int]
) -> list[Untested]:
    """Return the domains whose split lacks a group column."""
    out = []
    for i in kept:
        domain = figure.domains[i]
        lacks = [c for c in ask.by if c not in setting.data[domain.split].groups]
        if lacks:
            reason = f'split "{domain.split}" has no group column ' + ", ".join(lacks)
            out.append(Untested(slice=domain.slice, n=len(domain), reason=reason))
    return out


def cells(ask: Ask, setting: Setting, figure: Pooled, kept: Sequence[int]) -> Iterator[Cell]:
    """Yield every group in distribution, and every crossing of some, in every foreign domain."""
    for i in kept:
        columns = [c for c in ask.by if c in setting.data[figure.domains[i].split].groups]
        for depth in range(1, min(setting.rules.intersections, len(columns)) + 1):
            for crossed in combinations(columns, depth):
                yield from cells_of(setting, figure, i, crossed)


def cells_of(setting: Setting, figure: Pooled, i: int, columns: tuple[str, ...]) -> Iterator[Cell]:
    """Yield the groups of some columns in one domain."""
    both = figure.of(0) | figure.of(i)
    pair = figure.domains[0], figure.domains[i]
    groups, codes = group_codes(setting.data, pair, columns)
    everywhere: IntArray = figure.code * 0 - 1
    everywhere[both] = codes
    home, away = figure.of(0), figure.of(i)
    for g, group in enumerate(groups):
        inside = everywhere == g
        masks = (away & inside, away & ~inside, home & inside, home & ~inside)
        where = Slice(pair[1].slice.terms + group.terms)
        yield Cell(where, i, inside, tuple(int(m.sum()) for m in masks))
