"""What a heat table shows: lines under their kinds, and a key for shades, frames and marks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from audit import writing as fmt
from audit.exhibits import Heat, HeatRow
from audit.verdict import Outcome, Verdict
from reports.heat_cells import STEPS, CellView, Shader, shader
from reports.heat_table import NAME, numbers, wide
from reports.index import Index
from reports.tables import TableView
from reports.words import RANK, clip, one_line, word

MOST_ROWS = 60


@dataclass(frozen=True)
class RowView:
    """One line of the grid; `aside` is its kind, where no heading says it."""

    label: str
    aside: str
    cells: tuple[CellView, ...]


@dataclass(frozen=True)
class Block:
    """Lines of one kind; `name` is empty where they have no heading."""

    name: str
    rows: tuple[RowView, ...]


@dataclass(frozen=True)
class HeatView:
    """A heat table, ready to be written.

    Attributes
    ----------
    blocks : tuple of Block
    columns : tuple of str
        Without the total, whose heading is `total`.
    swatches : tuple of int
        The shades of the key, between its ends `least` and `most`.
    limit : str
        The requirement that frames cells, in words; empty if there is none.
    marks : tuple of (Outcome, str)
        The marks that stand in cells, with their words.
    data : TableView
        Every number with its interval.
    """

    title: str
    caption: str
    axis: str
    columns: tuple[str, ...]
    total: str
    blocks: tuple[Block, ...]
    least: str
    most: str
    value: str
    limit: str
    marks: tuple[tuple[Outcome, str], ...]
    wide: bool
    count: int
    data: TableView

    @property
    def swatches(self) -> tuple[int, ...]:
        """The shades, weakest first; none where all cells are alike."""
        return tuple(range(STEPS + 1)) if self.most else ()

    @property
    def span(self) -> int:
        """How many columns the table has."""
        return 1 + len(self.columns) + bool(self.total)

    @property
    def shown(self) -> int:
        """How many lines are drawn; `count` is how many there are."""
        return sum(len(block.rows) for block in self.blocks)


def heat_view(index: Index, heat: Heat) -> HeatView:
    """Resolve a heat table against the verdicts of its result."""
    shown = heat.rows[:MOST_ROWS]
    made = shader(index, heat, shown)
    rows = [(one_line(row.group), _row(row, made)) for row in shown]
    cells = [cell for _, row in rows for cell in row.cells]
    found = {cell.outcome for cell in cells if cell.outcome is not None}
    flat = made.ends[0] == made.ends[1]
    return HeatView(
        title=one_line(heat.title),
        caption=_caption(heat),
        axis=one_line(heat.column_axis),
        columns=tuple(clip(name, NAME) for name in heat.columns),
        total=clip(heat.total, NAME),
        blocks=_blocks(rows),
        least="" if flat else made.how.text(made.ends[0]),
        most="" if flat else made.how.text(made.ends[1]),
        value=one_line(heat.value),
        limit=_bound(made.limit, cells),
        marks=tuple((o, word(o)) for o in sorted(found, key=RANK.__getitem__)),
        wide=wide(heat),
        count=len(heat.rows),
        data=numbers(index, heat, shown),
    )


def _row(row: HeatRow, made: Shader) -> RowView:
    return RowView(clip(row.label, NAME), clip(row.group, NAME), made.line(row))


def _blocks(rows: Sequence[tuple[str, RowView]]) -> tuple[Block, ...]:
    """Put lines under the headings of their kinds, where the given order keeps kinds together."""
    runs = [(name, [row for _, row in run]) for name, run in groupby(rows, key=lambda r: r[0])]
    names = [name for name, _ in runs]
    if len(set(names)) == len(names) < len(rows) and len(names) > 1:
        return tuple(
            Block(clip(name, NAME), tuple(RowView(r.label, "", r.cells) for r in run))
            for name, run in runs
        )
    return (Block("", tuple(row for _, row in rows)),)


def _caption(heat: Heat) -> str:
    size = f"{fmt.count(heat.n)} rows behind each number." if heat.n else ""
    return " ".join(filter(None, (one_line(heat.caption), size)))


def _bound(limit: Verdict | None, cells: Sequence[CellView]) -> str:
    if limit is None or not any("over" in cell.css for cell in cells):
        return ""
    return "beyond the limit of " + fmt.scale(limit.unit, [], limit.limit).text(limit.limit)
