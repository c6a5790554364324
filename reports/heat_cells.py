"""The cells of a heat table: how strong each stands, and which are too grave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from audit import writing as fmt
from audit.exhibits import Heat, HeatCell, HeatRow
from audit.measurement import Unit
from audit.verdict import Outcome, Verdict
from reports.heat_table import NONE, cells_of, finite, outcome_of
from reports.index import Index
from reports.words import word

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
class Shader:
    """What turns the cells of one table into text, shade and mark."""

    index: Index
    heat: Heat
    how: fmt.Scale
    ends: tuple[float, float]
    limit: Verdict | None
    held: tuple[bool, bool]

    def line(self, row: HeatRow) -> tuple[CellView, ...]:
        """Return the cells of a line, the total at the end."""
        held = [self.held[0]] * len(self.heat.columns) + [self.held[1]]
        every = cells_of(self.heat, row)
        return tuple(self._cell(c, held=h) for c, h in zip(every, held, strict=False))

    def _cell(self, cell: HeatCell, *, held: bool) -> CellView:
        if cell.value is None or not finite(cell.value):
            return CellView(NONE, -1, self._mark(cell))
        text, level = self.how.number(cell.value), self._level(cell.value)
        return CellView(text, level, self._mark(cell), held and self._over(cell))

    def _level(self, value: float) -> int:
        low, high = self.ends
        if low == high:
            return 0
        return round(STEPS * min(1.0, max(0.0, (value - low) / (high - low))))

    def _mark(self, cell: HeatCell) -> Outcome | None:
        found = outcome_of(self.index, cell)
        return found if found in MARKED else None

    def _over(self, cell: HeatCell) -> bool:
        if self.limit is None or cell.value is None:
            return False
        past = cell.value - self.limit.limit
        return past > 0 if self.index.is_max(self.limit) else past < 0


def shader(index: Index, heat: Heat, shown: Sequence[HeatRow]) -> Shader:
    """Return what shades a table, from the numbers that are shown and the limit on them."""
    values = [c.value for row in shown for c in cells_of(heat, row) if finite(c.value)]
    limit = _limit(index, heat)
    ends = _ends(heat, values, limit.limit if limit else None)
    return Shader(index, heat, fmt.scale(heat.unit, values), ends, limit, _held(index, heat))


def _limit(index: Index, heat: Heat) -> Verdict | None:
    """Return the verdict whose limit cells can be held to: one on the same scale."""
    verdict = index.by_family.get(heat.family)
    return verdict if verdict is not None and verdict.unit is heat.unit else None


def _held(index: Index, heat: Heat) -> tuple[bool, bool]:
    """Return whether cells, and whether totals, are held to the limit: those that it judges.

    Where it judges neither by itself, both are.
    """
    cells = [m for row in heat.rows for cell in row.cells for m in cell.measurements]
    totals = [m for row in heat.rows if row.total for m in row.total.measurements]
    judged = (
        any(m in index.comparisons for m in cells),
        any(m in index.comparisons for m in totals),
    )
    return judged if any(judged) else (True, True)


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
