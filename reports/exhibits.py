"""One table from the shape of an exhibit to how it is drawn: a new probe needs no new drawing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from audit import writing as fmt
from audit.exhibits import (
    Attributions,
    Case,
    Cases,
    Cell,
    Column,
    Curve,
    Density,
    Exhibit,
    Forest,
    Heat,
    Pairs,
    Plane,
    Table,
)
from audit.measurement import Unit
from reports.attributions import attributions_view
from reports.changes import pairs_view, pictured
from reports.curves import curve_view
from reports.densities import density_view
from reports.forest import forest_view
from reports.heat_table import wide
from reports.heats import heat_view
from reports.index import Index
from reports.planes import plane_view
from reports.tables import WIDE, Heading, Picture, TableView
from reports.words import clean, one_line

_NUMBER = re.compile(r"^(undefined|[<>] ?[\d.]+|[-−+]?\d[\d.,]*( ?%| pp| [kM])?( to .{1,14})?)$")
CASES = 200
ROWS = 200
INPUT = 600


def broad(exhibit: Exhibit) -> bool:
    """Whether an exhibit needs the whole width of its card."""
    if isinstance(exhibit, Curve):
        return len(exhibit.panels) > 1
    if isinstance(exhibit, Heat):
        return wide(exhibit)
    if isinstance(exhibit, Pairs | Attributions):
        return True
    return isinstance(exhibit, Table | Cases) and len(exhibit.columns) >= WIDE


def table_view(_: Index, table: Table) -> TableView:
    """Write each column in its own unit and digits."""
    shown = table.rows[:ROWS]
    columns = [
        _column(column, [row[i] if i < len(row) else None for row in shown])
        for i, column in enumerate(table.columns)
    ]
    return TableView(
        title=one_line(table.title),
        caption=_capped(one_line(table.caption), len(shown), len(table.rows), "rows"),
        columns=tuple(heading for heading, _ in columns),
        rows=tuple(zip(*(cells for _, cells in columns), strict=True)) if columns else (),
    )


def cases_view(_: Index, cases: Cases) -> TableView:
    """Show examples as a table: their place, what is known of them, their input if allowed."""
    shown = cases.cases[:CASES]
    with_input = any(case.input is not None for case in shown)
    names = ["Row", *(one_line(c) for c in cases.columns), *(["Input"] if with_input else [])]
    width = len(cases.columns)
    return TableView(
        title=one_line(cases.title),
        caption=_capped(one_line(cases.caption), len(shown), len(cases.cases), "examples"),
        columns=tuple(Heading(name, False) for name in names),
        rows=tuple(_case(case, width, with_input) for case in shown),
    )


def _case(case: Case, width: int, with_input: bool) -> tuple[str | Picture, ...]:
    facts = [one_line(fact) for fact in case.facts[:width]]
    facts += [""] * (width - len(facts))
    place = f"{one_line(case.split)} {case.row:,}"
    shown = [pictured(case.input, place) or _trimmed(case.input)] if with_input else []
    return (place, *facts, *shown)


def _trimmed(text: str | None) -> str:
    if text is None:
        return "withheld"
    return clean(text if len(text) <= INPUT else text[:INPUT] + "…")


def _column(column: Column, cells: list[Cell]) -> tuple[Heading, list[str]]:
    numbers = [c for c in cells if isinstance(c, int | float)]
    right = any(c is not None and c != "" for c in cells) and all(_numeric(c) for c in cells)
    how = fmt.scale(column.unit or Unit.NUMBER, numbers)
    return Heading(one_line(column.name), right), [_cell(c, column.unit, how) for c in cells]


def _numeric(cell: Cell) -> bool:
    """Whether a cell is a number, or a text that is one to the eye."""
    return not isinstance(cell, str) or not cell or bool(_NUMBER.match(cell))


def _cell(cell: Cell, unit: Unit | None, how: fmt.Scale) -> str:
    if cell is None:
        return fmt.UNDEFINED
    if isinstance(cell, str):
        return one_line(cell)
    if isinstance(cell, int) and unit in (None, Unit.NUMBER):
        return fmt.count(cell)
    return how.text(cell)


def _capped(caption: str, shown: int, whole: int, noun: str) -> str:
    if shown == whole:
        return caption
    return f"{caption} {shown} of {whole:,} {noun} are shown; the rest are in result.json.".strip()


# The type of an exhibit -> what prepares it, the macro that shows it, and the macro that lists its
# plotted numbers in the fold (None if it is a table already).
EXHIBITS: Mapping[type, tuple[Callable[..., object], str, str | None]] = {
    Forest: (forest_view, "forest", "forest_data"),
    Curve: (curve_view, "curve", "curve_data"),
    Heat: (heat_view, "heat", "heat_data"),
    Plane: (plane_view, "plane", "plane_data"),
    Pairs: (pairs_view, "pairs", None),
    Density: (density_view, "density", "density_data"),
    Attributions: (attributions_view, "attributions", None),
    Table: (table_view, "table", None),
    Cases: (cases_view, "table", None),
}
