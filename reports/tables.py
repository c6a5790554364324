"""A table as it is shown: every cell is text, or a small picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDE = 6
EMPTY = ("", "–")


@dataclass(frozen=True)
class Heading:
    """A column's name, and whether its cells are numbers."""

    name: str
    right: bool


@dataclass(frozen=True)
class Picture:
    """A small picture that stands in the page itself."""

    address: str
    alt: str


@dataclass(frozen=True)
class TableView:
    """A table whose cells are text, or small pictures."""

    title: str
    caption: str
    columns: tuple[Heading, ...]
    rows: tuple[tuple[str | Picture, ...], ...]

    @property
    def wide(self) -> bool:
        """Whether it needs the whole width of its card."""
        return len(self.columns) >= WIDE


def trimmed(
    title: str,
    columns: Sequence[Heading],
    rows: Sequence[tuple[str | Picture, ...]],
    caption: str = "",
) -> TableView:
    """Return a table without the columns in which nothing stands."""
    kept = [i for i in range(len(columns)) if any(row[i] not in EMPTY for row in rows)]
    return TableView(
        title=title,
        caption=caption,
        columns=tuple(Heading(columns[i].name, columns[i].right and i != kept[0]) for i in kept),
        rows=tuple(tuple(row[i] for i in kept) for row in rows),
    )
