"""The closed set of shapes a probe may show. A probe fills them; a reporter draws them.

A new probe needs no new drawing code as long as it fills one of these.
"""

from __future__ import annotations

import msgspec

from audit.measurement import Unit

Cell = str | int | float | None


class ForestRow(msgspec.Struct, frozen=True, kw_only=True):
    """One interval of a forest plot.

    `measurements` names the comparisons whose verdicts colour the row: the first that is not met
    decides. A row that was too small to test is drawn, not dropped.
    """

    label: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    indent: int = 0
    measurements: tuple[str, ...] = ()
    tested: bool = True
    note: str = ""


class Forest(msgspec.Struct, frozen=True, kw_only=True, tag="forest"):
    """Estimates with intervals, one line a slice, on a common axis.

    Attributes
    ----------
    family : str
        Key of the ask whose requirement is drawn as the tolerance zone; may be empty.
    origin : float, optional
        Where "no difference" lies (0 for gaps, 1 for ratios); None for plain rates.
    """

    id: str
    title: str
    caption: str
    axis: str
    count: str
    unit: Unit
    rows: tuple[ForestRow, ...]
    family: str = ""
    origin: float | None = None


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


Exhibit = Forest | Table | Cases
