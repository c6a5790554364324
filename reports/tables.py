"""A table as it is shown: every cell is text."""

from __future__ import annotations

from dataclasses import dataclass

WIDE = 6


@dataclass(frozen=True)
class Heading:
    """A column's name, and whether its cells are numbers."""

    name: str
    right: bool


@dataclass(frozen=True)
class TableView:
    """A table whose cells are text."""

    title: str
    caption: str
    columns: tuple[Heading, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def wide(self) -> bool:
        """Whether it needs the whole width of its card."""
        return len(self.columns) >= WIDE
