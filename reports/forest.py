"""What a forest plot shows: its rows, their verdicts, the zone that is tolerated, and the axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from audit import writing as fmt
from audit.exhibits import Forest, ForestRow
from audit.measurement import Unit
from audit.verdict import Outcome, Verdict
from reports.floors import Floor, Key, floored
from reports.index import Index
from reports.scales import named
from reports.svg import Axis
from reports.words import RANK, clean, css, one_line, word, worst

MOST_ROWS = 24
PAD = 0.05


@dataclass(frozen=True)
class Line:
    """One row of the plot, with its numbers as text."""

    row: ForestRow
    outcome: Outcome | None
    label: str
    value: str
    span: str
    n: str

    @property
    def css(self) -> str:
        """The class that colours the row."""
        return css(self.outcome) if self.row.tested else "untested"

    @property
    def status(self) -> str:
        """The verdict on the row, in words."""
        if not self.row.tested:
            return "too small to test"
        return "measured" if self.outcome is None else word(self.outcome)

    @property
    def indent(self) -> int:
        """How deep the label stands, held to what the style sheet knows."""
        return max(0, min(3, self.row.indent))


@dataclass(frozen=True)
class ForestView:
    """A forest plot, ready to be drawn.

    Attributes
    ----------
    lines, every : tuple of Line
        The rows that are drawn, and all of them for the table.
    zone : pair of floats or None
        What the requirement tolerates; an open side is infinite.
    limits : tuple of float
        Where a requirement line is drawn: only where one side is open.
    floor : Floor or None
        What else the rows are held against.
    """

    forest: Forest
    lines: tuple[Line, ...]
    every: tuple[Line, ...]
    axis: Axis
    ticks: tuple[tuple[float, str], ...]
    zone: tuple[float, float] | None
    limits: tuple[float, ...]
    origin: float | None
    tolerance: str
    spoken: str
    floor: Floor | None = None

    @property
    def unit_word(self) -> str:
        """What heads the column of values."""
        heads = {Unit.SHARE: "%", Unit.POINTS: "pp", Unit.RATIO: "ratio"}
        return heads.get(self.forest.unit, "value")

    @property
    def marks(self) -> tuple[Key, ...]:
        """What else stands in the key."""
        return self.floor.keys if self.floor else ()


def forest_view(index: Index, forest: Forest) -> ForestView:
    """Resolve a forest exhibit against the verdicts of its result."""
    verdict = index.by_family.get(forest.family)
    how = _scale(forest)
    every = tuple(_line(index, row, how) for row in forest.rows)
    shown = _chosen(every, forest.origin)
    floor = floored(index, forest, verdict)
    zone = floor.zone if floor else _zone(index, forest, verdict)
    axis = _axis(forest, shown, zone, floor)
    finite = [bound for bound in zone or () if math.isfinite(bound)]
    return ForestView(
        forest=forest,
        lines=shown,
        every=every,
        axis=axis,
        ticks=named(axis.ticks(), forest.unit, sign=forest.origin == 0),
        zone=zone,
        limits=tuple(finite) if len(finite) == 1 else (),
        origin=forest.origin,
        tolerance="" if floor else _tolerance(forest, zone, verdict),
        spoken=_spoken(forest, every, shown, floor),
        floor=floor,
    )


def _scale(forest: Forest) -> fmt.Scale:
    rows = [r for r in forest.rows if r.tested] or list(forest.rows)
    return fmt.scale(forest.unit, [v for r in rows for v in (r.value, r.low, r.high)])


def _line(index: Index, row: ForestRow, how: fmt.Scale) -> Line:
    found = [index.comparisons[m][1].outcome for m in row.measurements if m in index.comparisons]
    sign = how.suffix == " pp"
    return Line(
        row=row,
        outcome=worst(found) if row.tested else None,
        label=one_line(row.label),
        value=how.number(row.value, sign=sign),
        span="" if row.low is None and row.high is None else how.span(row.low, row.high),
        n=fmt.count(row.n),
    )


def _chosen(every: tuple[Line, ...], origin: float | None) -> tuple[Line, ...]:
    """Keep the gravest rows where there are too many, in their own order."""
    if len(every) <= MOST_ROWS:
        return every

    def gravity(number: int) -> tuple[bool, int, float, int]:
        line = every[number]
        rank = len(RANK) if line.outcome is None else RANK[line.outcome]
        far = 0.0 if line.row.value is None else line.row.value - (origin or 0.0)
        return not line.row.tested, rank, -abs(far) if origin is not None else far, number

    kept = sorted(sorted(range(len(every)), key=gravity)[:MOST_ROWS])
    return tuple(every[number] for number in kept)


def _zone(index: Index, forest: Forest, verdict: Verdict | None) -> tuple[float, float] | None:
    if verdict is None:
        return None
    limit, is_max = verdict.limit, index.is_max(verdict)
    if forest.origin is None or (forest.unit is not Unit.RATIO and not is_max):
        return (-math.inf, limit) if is_max else (limit, math.inf)
    if forest.unit is Unit.RATIO:
        if limit <= 0:
            return None
        return tuple(sorted((limit, forest.origin**2 / limit)))  # type: ignore[return-value]
    return forest.origin - limit, forest.origin + limit


def _axis(
    forest: Forest,
    lines: Sequence[Line],
    zone: tuple[float, float] | None,
    floor: Floor | None,
) -> Axis:
    """Span the tested intervals, zones, lead and origin; small groups do not stretch it."""
    tested = [line for line in lines if line.row.tested] or list(lines)
    marks = [v for line in tested for v in (line.row.low, line.row.value, line.row.high)]
    marks += [*(zone or ()), forest.origin]
    marks += [*(floor.band or ()), floor.lead] if floor else []
    known = [v for v in marks if v is not None and math.isfinite(v)]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    if high - low < 1e-9:
        low, high = low - 0.5 * (abs(low) or 1.0), high + 0.5 * (abs(high) or 1.0)
    pad = PAD * (high - low)
    return Axis(low - pad, high + pad)


def _tolerance(forest: Forest, zone: tuple[float, float] | None, verdict: Verdict | None) -> str:
    if zone is None or verdict is None:
        return ""
    how = fmt.scale(forest.unit, [], verdict.limit)
    low, high = zone
    if math.isinf(low):
        return f"required: at most {how.text(high)}"
    if math.isinf(high):
        return f"required: at least {how.text(low)}"
    if forest.origin == 0:
        return f"tolerated: ±{how.text(high)}"
    return f"tolerated: {how.number(low)} to {how.text(high)}"


def _spoken(
    forest: Forest, every: Sequence[Line], shown: Sequence[Line], floor: Floor | None
) -> str:
    tested = [line for line in every if line.row.tested]
    bad = [line.label for line in tested if line.outcome is Outcome.FAILED]
    parts = [f"{one_line(forest.title)}: {len(shown)} of {len(every)} rows with intervals"]
    parts += [key.text for key in floor.keys] if floor else []
    if bad:
        parts.append("failed: " + "; ".join(bad[:5]) + (" and more" if len(bad) > 5 else ""))
    parts.append("all numbers are in the table of the fold")
    return clean(", ".join(parts))
