"""Tables of numbers, and of examples."""

from __future__ import annotations

import msgspec

from audit.measurement import Unit

Cell = str | int | float | None


class Column(msgspec.Struct, frozen=True):
    """Heading of a table column and how its numbers are written."""

    name: str
    unit: Unit | None = None


class Table(msgspec.Struct, frozen=True, kw_only=True, tag="table"):
    """Numbers in rows; the first column names the row."""

    id: str
    title: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One example. `input` is filled in by the runner only where the spec allows it."""

    id: str
    split: str
    row: int
    facts: tuple[str, ...]
    input: str | None = None


class Cases(msgspec.Struct, frozen=True, kw_only=True, tag="cases"):
    """Examples a reader may want to see, with what is known of each."""

    id: str
    title: str
    caption: str
    columns: tuple[str, ...]
    cases: tuple[Case, ...]
