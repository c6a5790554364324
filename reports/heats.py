"""What a heat table shows: numbers as text, how strong each stands, and which are too grave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from audit import writing as fmt
from audit.exhibits import Heat, HeatCell, HeatRow
from audit.measurement import Unit
from audit.verdict import Outcome, Verdict
from reports.heat_table import NAME, NONE, cells_of, finite, numbers, outcome_of, wide
from reports.index import Index
from reports.tables import TableView
from reports.words import RANK, clip, one_line, word

MOST_ROWS = 60
STEPS = 8
MARKED = (Outcome.FAILED, Outcome.INCONCLUSIVE, Outcome.ERROR, Outcome.NOT_RUN)


@dataclass(frozen=True)
class CellView:
    """One number of the grid.

    Attributes
    ----------
    level : int
        How strong it stands, 0 to `STEPS`; -1 where there is no number.
    outcome : Outcome or None
        The verdict, where it is one to be marked.
    beyond : bool
        Whether the number itself lies beyond the limit.
    """

    text: str
    level: int
    outcome: Outcome | None = None
    beyond: bool = False

    @property
    def css(self) -> str:
        """The classes that shade it, and that frame what is too grave."""
        shade = "hx" if self.level < 0 else f"h{self.level}"
        return f"{shade} over" if self.beyond or self.outcome is Outcome.FAILED else shade

    @property
    def spoken(self) -> str:
        """What a mark says, for those who do not see it."""
        if self.outcome is None:
            return "beyond the limit" if self.beyond else ""
        return word(self.outcome)


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
    values = [c.value for row in shown for c in cells_of(heat, row) if finite(c.value)]
    limit = _limit(index, heat)
    ends = _ends(heat, values, limit.limit if limit else None)
    how = fmt.scale(heat.unit, values)
    maker = _Maker(index, heat, how, ends, limit)
    rows = [(one_line(row.group), maker.row(row)) for row in shown]
    cells = [cell for _, row in rows for cell in row.cells]
    found = {cell.outcome for cell in cells if cell.outcome is not None}
    flat = ends[0] == ends[1]
    return HeatView(
        title=one_line(heat.title),
        caption=_caption(heat),
        axis=one_line(heat.column_axis),
        columns=tuple(clip(name, NAME) for name in heat.columns),
        total=clip(heat.total, NAME),
        blocks=_blocks(rows),
        least="" if flat else how.text(ends[0]),
        most="" if flat else how.text(ends[1]),
        value=one_line(heat.value),
        limit=_bound(index, limit, cells),
        marks=tuple((o, word(o)) for o in sorted(found, key=RANK.__getitem__)),
        wide=wide(heat),
        count=len(heat.rows),
        data=numbers(index, heat, shown),
    )


def _limit(index: Index, heat: Heat) -> Verdict | None:
    """Return the verdict whose limit cells can be held to: one on the same scale."""
    verdict = index.by_family.get(heat.family)
    return verdict if verdict is not None and verdict.unit is heat.unit else None


def _ends(heat: Heat, values: Sequence[float | None], limit: float | None) -> tuple[float, float]:
    """Return the values of the weakest and the strongest shade.

    Losses are shaded from none on, and to the limit at least, so that small ones stay pale.
    """
    known = [v for v in values if v is not None]
    if not known:
        return 0.0, 0.0
    if heat.grave == "low":
        return max(known), min(known)
    start = 0.0 if heat.unit is Unit.POINTS and max(known) > 0 else min(known)
    top = max(known)
    return start, max(top, limit) if limit is not None and heat.unit is Unit.POINTS else top


@dataclass(frozen=True)
class _Maker:
    """What turns the cells of one table into text, shade and mark."""

    index: Index
    heat: Heat
    how: fmt.Scale
    ends: tuple[float, float]
    limit: Verdict | None

    def row(self, row: HeatRow) -> RowView:
        cells = tuple(self.cell(cell) for cell in cells_of(self.heat, row))
        return RowView(clip(row.label, NAME), clip(row.group, NAME), cells)

    def cell(self, cell: HeatCell) -> CellView:
        if cell.value is None or not finite(cell.value):
            return CellView(NONE, -1, self.mark(cell))
        return CellView(
            self.how.number(cell.value), self.level(cell.value), self.mark(cell), self.over(cell)
        )

    def level(self, value: float) -> int:
        low, high = self.ends
        if low == high:
            return 0
        return round(STEPS * min(1.0, max(0.0, (value - low) / (high - low))))

    def mark(self, cell: HeatCell) -> Outcome | None:
        found = outcome_of(self.index, cell)
        return found if found in MARKED else None

    def over(self, cell: HeatCell) -> bool:
        if self.limit is None or cell.value is None:
            return False
        past = cell.value - self.limit.limit
        return past > 0 if self.index.is_max(self.limit) else past < 0


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


def _bound(index: Index, limit: Verdict | None, cells: Sequence[CellView]) -> str:
    if limit is None or not any("over" in cell.css for cell in cells):
        return ""
    return "beyond " + fmt.requirement(limit.limit, limit.unit, is_max=index.is_max(limit))
