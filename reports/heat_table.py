"""The numbers of a heat table as text, and what its cells and verdicts are."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from audit import writing as fmt
from audit.exhibits import Heat, HeatCell, HeatRow
from audit.verdict import Outcome
from reports.index import Index
from reports.tables import Heading, TableView
from reports.words import clip, one_line, word, worst

NONE = "–"
NAME = 60
MOST_COLUMNS = 7  # what half a card has room for


def wide(heat: Heat) -> bool:
    """Whether a grid needs the whole width of its card."""
    return len(heat.columns) > MOST_COLUMNS


def finite(value: float | None) -> bool:
    """Whether there is a number."""
    return value is not None and math.isfinite(value)


def cells_of(heat: Heat, row: HeatRow) -> tuple[HeatCell, ...]:
    """Return the cells of a line, as many as the table has columns, the total at the end."""
    empty = HeatCell(value=None)
    held = (*row.cells, *[empty] * len(heat.columns))[: len(heat.columns)]
    return (*held, row.total or empty) if heat.total else held


def outcome_of(index: Index, cell: HeatCell) -> Outcome | None:
    """Return the gravest verdict on a cell."""
    held = (index.comparisons[m][1].outcome for m in cell.measurements if m in index.comparisons)
    return worst(held)


def numbers(index: Index, heat: Heat, shown: Sequence[HeatRow]) -> TableView:
    """Return every number with its interval and its verdict, a line of the grid a row."""
    every = [v for row in shown for c in cells_of(heat, row) for v in (c.value, c.low, c.high)]
    how = fmt.scale(heat.unit, [v for v in every if finite(v)])
    axis = one_line(heat.column_axis)
    names = [clip(f"{axis} {one_line(name)}".strip(), NAME) for name in heat.columns]
    names += [clip(heat.total, NAME)] if heat.total else []
    unit = f" ({how.suffix.strip()})" if how.suffix.strip() else ""
    return TableView(
        title=f"{one_line(heat.title)}: every number{unit}, with its interval",
        caption="",
        columns=(Heading("Row", False), *(Heading(name, True) for name in names)),
        rows=tuple(tuple(_line(index, heat, row, how)) for row in shown),
    )


def _line(index: Index, heat: Heat, row: HeatRow, how: fmt.Scale) -> Iterator[str]:
    yield "\n".join(filter(None, (clip(row.label, NAME), clip(row.group, NAME))))
    for cell in cells_of(heat, row):
        yield _written(index, cell, how)


def _written(index: Index, cell: HeatCell, how: fmt.Scale) -> str:
    """Write a cell over several lines: number, interval, and a verdict that is not a pass."""
    if not finite(cell.value):
        return NONE
    outcome = outcome_of(index, cell)
    span = how.span(cell.low, cell.high) if finite(cell.low) or finite(cell.high) else ""
    said = word(outcome) if outcome not in (None, Outcome.PASSED) else ""
    return "\n".join(filter(None, (how.number(cell.value), span, said)))
