"""Entries of a table: left out, spelt otherwise, new, or in the wrong column."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import numpy as np

from audit.transform import Chance, TransformKind
from audit.transforms.tabular_columns import (
    SHARES,
    Bools,
    Luck,
    is_number,
    is_text,
    kind,
    over,
    percent,
)

if TYPE_CHECKING:
    import pandas as pd

    from audit.transforms.tabular_columns import Column

UNSEEN = "unseen"
FEW = 0.5  # a text column is one of categories if its values are at most half as many as its cells


def may_be_missing(column: Column) -> bool:
    """Whether a column's type has a word for a missing cell, or is of integers."""
    return column.dtype != np.dtype(bool)


def missing(column: Column, severity: int, luck: Luck) -> Column:
    """Leave some cells out; integers become floats, whether a cell is left out or not."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iu":
        column = column.astype(np.float64)
    return column.mask(luck.hit(SHARES[severity - 1]))


def categories(column: Column) -> set[str]:
    """Return the names of a column's categories; none for other types."""
    import pandas as pd

    return set(column.cat.categories) if isinstance(column.dtype, pd.CategoricalDtype) else set()


def cells_of(column: Column) -> Any:
    """Return cells as ``(n,)`` objects."""
    return column.astype(object).to_numpy()


def texts(column: Column) -> set[str]:
    """Return the texts in a column, and the names of its categories."""
    return {v for v in cells_of(column) if isinstance(v, str)} | categories(column)


def holds_categories(luck: Luck) -> bool:
    """Whether texts repeat in the reference, as categories do and free text does not."""
    import pandas as pd

    if isinstance(luck.known.dtype, pd.CategoricalDtype):
        return True
    cells = sum(isinstance(v, str) for v in cells_of(luck.known))
    return 0 < len(texts(luck.known)) <= FEW * cells


def unseen(column: Column, severity: int, luck: Luck) -> Column:
    """Replace some texts by one that the reference never had."""
    if not holds_categories(luck):
        return column
    taken = texts(luck.known) | categories(column)
    word = UNSEEN
    while word in taken:
        word += "-too"
    return retold(column, dict.fromkeys(texts(column), (word,)), luck, severity)


def spelling(column: Column, severity: int, luck: Luck) -> Column:
    """Write some texts in another case, or with a blank too many."""
    if not holds_categories(luck):
        return column
    taken = texts(luck.known) | categories(column)
    return retold(column, {v: spellings(v, taken) for v in texts(column)}, luck, severity)


def spellings(value: str, taken: set[str]) -> tuple[str, ...]:
    """Return other ways to write a text, none of which is another category."""
    ways = (value.upper(), value.lower(), value.capitalize(), f"{value} ", f" {value}")
    return tuple(w for w in dict.fromkeys(ways) if w not in taken and w != value)


def retold(column: Column, ways: dict[str, tuple[str, ...]], luck: Luck, severity: int) -> Column:
    """Replace some texts by one of the ways to write them; categories grow by all of these."""
    import pandas as pd

    out = column.copy()
    if isinstance(column.dtype, pd.CategoricalDtype):
        more = {w for v in ways.values() for w in v} - categories(column)
        out = out.cat.add_categories(sorted(more))
    cells, pick = cells_of(column), luck.uniform(1)
    new = {
        int(i): choice[int(pick[i] * len(choice))]
        for i in np.flatnonzero(luck.hit(SHARES[severity - 1]))
        if isinstance(cells[i], str) and (choice := ways[cells[i]])
    }
    if new:
        out.iloc[list(new)] = list(new.values())
    return out


def swapped(frame: pd.DataFrame, severity: int, chance: Chance) -> pd.DataFrame:
    """Exchange the cells of two columns of one type in some rows."""
    pairs = neighbours(frame)
    out = frame.copy()
    if not pairs:
        return out
    luck = Luck(chance, "", frame.iloc[:, 0])
    hit = luck.hit(SHARES[severity - 1])
    pick = (luck.uniform(1) * len(pairs)).astype(int)
    for number, (i, j) in enumerate(pairs):
        rows = hit & (pick == number)
        first, second = out.iloc[:, i], out.iloc[:, j]
        out.isetitem(i, taken_from(first, second, rows))
        out.isetitem(j, taken_from(second, first, rows))
    return out


def neighbours(frame: pd.DataFrame) -> list[tuple[int, int]]:
    """Pair each column with the next of its type, by name; positions."""
    kinds: dict[Hashable, list[int]] = {}
    for j in sorted(range(frame.shape[1]), key=lambda j: (str(frame.columns[j]), j)):
        column = frame.iloc[:, j]
        if is_number(column) or is_text(column):
            kinds.setdefault(column.dtype, []).append(j)
    # Two columns are one pair, three or more a ring.
    rings = [(like, like[1:] + like[:1] * (len(like) > 2)) for like in kinds.values()]
    return sorted(
        (pair for like, after in rings for pair in zip(like, after, strict=False)),
        key=lambda pair: tuple((str(frame.columns[j]), j) for j in pair),
    )


def taken_from(column: Column, other: Column, rows: Bools) -> Any:
    """Return a column with the cells of another of its type at some rows."""
    import pandas as pd

    places = np.arange(len(column)) + len(column) * rows
    both = pd.concat([column, other], ignore_index=True)
    return both.take(places).set_axis(column.index)


KINDS: tuple[TransformKind, ...] = (
    kind(
        "missing-values",
        "entry",
        "Leaves random cells out. What a row describes stays the same, and so does its label. "
        "Integers become floats; columns of plain truth values stay. A model that refuses missing "
        "cells cannot be measured under it, and its rows are recorded as failed.",
        "{} % of the cells",
        percent(SHARES),
        over(may_be_missing, missing),
    ),
    kind(
        "unseen-category",
        "entry",
        "Replaces some categories by a word that the reference rows never had. Free text and "
        "integer codes stay. What a row describes stays the same, and so does its label. Columns "
        "of type category gain the word. A model that refuses unknown categories cannot be "
        "measured under it, and its rows are recorded as failed.",
        "{} % of the cells in columns of categories",
        percent(SHARES),
        over(is_text, unseen),
    ),
    kind(
        "category-spelling",
        "entry",
        "Writes some categories in another case, or with a blank before or after, as another clerk "
        "or system does. It is never another category of the reference rows. Columns of type "
        "category gain the spellings.",
        "{} % of the cells in columns of categories",
        percent(SHARES),
        over(is_text, spelling),
    ),
    kind(
        "swapped-columns",
        "entry",
        "Exchanges the cells of two columns of the same type in some rows, as a form filled in on "
        "the wrong line. What a row describes stays the same, and so does its label; the input is "
        "wrong.",
        "{} % of the rows",
        percent(SHARES),
        swapped,
    ),
)
