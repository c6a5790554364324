"""Cutting a split into groups, and deciding from sizes alone which are large enough to test."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import msgspec
import numpy as np

from audit.data import Slice
from audit.errors import ConfigError, DataError, did_you_mean
from audit.examples import Examples, IntArray
from audit.measurement import Ask


class GroupRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is tested.

    Attributes
    ----------
    intersections : int
        Group columns are crossed up to this many at a time.
    min_n : int
        Fewest relevant rows of a group.
    min_events : float
        Fewest expected positives of a group, from its size and the share of positive labels.
    on_small : str
        ``exclude`` lists smaller groups as not tested; ``block`` makes them keep a requirement
        from passing.
    """

    intersections: int = 1
    min_n: int = 30
    min_events: float = 5.0
    on_small: str = "exclude"


@dataclass(frozen=True)
class Cut:
    """One way to cut a split: each row lies in exactly one slice.

    Attributes
    ----------
    columns : tuple of str
    codes : (n,) int array
        Index into `slices`.
    slices : tuple of Slice
    """

    columns: tuple[str, ...]
    codes: IntArray
    slices: tuple[Slice, ...]

    @property
    def depth(self) -> int:
        """How many columns are crossed."""
        return len(self.columns)


def cut_by(examples: Examples, columns: tuple[str, ...]) -> Cut:
    """Cross some group columns; only combinations that occur become slices."""
    if not columns:
        return Cut((), np.zeros(len(examples), dtype=np.int64), (Slice(),))
    factors = [examples.groups[c] for c in columns]
    shape = tuple(len(f.names) for f in factors)
    flat = np.ravel_multi_index([f.codes for f in factors], shape)
    present = np.unique(flat)
    back = np.full(int(np.prod(shape)), -1, dtype=np.int64)
    back[present] = np.arange(len(present))
    slices = tuple(
        Slice(tuple((c, f.names[i]) for c, f, i in zip(columns, factors, at, strict=True)))
        for at in zip(*np.unravel_index(present, shape), strict=True)
    )
    return Cut(columns, back[flat], slices)


def cuts(examples: Examples, by: Sequence[str], depth: int) -> Iterator[Cut]:
    """Yield every single column's cut, then the crossings, up to ``depth`` columns at a time.

    Raises
    ------
    DataError
        If a column is not a group column of the split.
    """
    for column in by:
        if column not in examples.groups:
            raise DataError(
                f'split "{examples.split}" has no group column "{column}"',
                hint=did_you_mean(column, examples.groups) + "\nname it under groups: of the split",
                exit_code=2,
            )
    if not by:
        yield cut_by(examples, ())
    for size in range(1, max(1, min(depth, len(by))) + 1):
        for columns in combinations(by, size):
            yield cut_by(examples, columns)


def too_small(rules: GroupRules, n: float, events: float) -> str:
    """Return why a group is not tested, or an empty text. Sizes only: no outcome is looked at."""
    if n < rules.min_n:
        return f"{round(n)} relevant rows; at least {rules.min_n} are needed"
    if events < rules.min_events:
        return f"about {events:.1f} positives expected; at least {rules.min_events:g} are needed"
    return ""


def about_all_rows(ask: Ask, hint: str = "") -> Ask:
    """Return an ask that names no groups, comparison or class.

    Raises
    ------
    ConfigError
        If it names one; `hint` says what to ask for instead.
    """
    if ask.by or ask.compare or ask.reference or ask.label:
        raise ConfigError(
            f'measure "{ask.measure}" is about all rows: '
            "leave out by:, compare:, reference: and label:",
            hint=hint,
        )
    return ask
