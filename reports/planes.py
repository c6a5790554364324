"""What a plane shows: spots and lines with their verdicts, both axes, and words for all."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from audit import writing as fmt
from audit.exhibits import Line, Plane, Spot
from audit.measurement import Unit
from audit.verdict import Outcome
from reports.curve_table import status
from reports.index import Index
from reports.plane_table import lines_table, named_line, spots_table
from reports.scales import Room, Ruler, Tick, named, ticks
from reports.svg import Axis
from reports.tables import TableView
from reports.words import RANK, clean, clip, one_line, worst

WIDTHS = (190.0, 400.0)  # the narrowest and a wide column, in pixels
MOST_SPOTS = 300
MOST_LINES = 12
DASHES = 8
STRETCH = 0.7  # how far intervals may stretch an axis, in the length of what they are about
PAD = 0.06


@dataclass(frozen=True)
class SpotView:
    """A spot with its verdict."""

    spot: Spot
    outcome: Outcome | None
    label: str


@dataclass(frozen=True)
class LineView:
    """A line with its words; `dash` tells it from others of its kind."""

    line: Line
    name: str
    dash: int

    @property
    def css(self) -> str:
        """The class that tells it from others."""
        return f"{'second ' if self.line.second else ''}l{self.dash}"


@dataclass(frozen=True)
class PlaneView:
    """A plane exhibit, ready to be drawn.

    Attributes
    ----------
    spots, lines : tuples
        What is drawn.
    outcome : Outcome or None
        The verdict on the whole, which colours what has none of its own.
    gutter : int
        The length of the longest label of the vertical axis.
    most : int
        The largest count of the strip; 0 where there is none.
    """

    plane: Plane
    spots: tuple[SpotView, ...]
    lines: tuple[LineView, ...]
    outcome: Outcome | None
    x: Ruler
    y: Axis
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[tuple[float, str], ...]
    diagonal: str
    gutter: int
    most: int
    spoken: str
    tables: tuple[TableView, ...]

    @property
    def left(self) -> int:
        """How many spots and lines are not drawn."""
        held = len(self.plane.spots) + len(self.plane.lines)
        return held - len(self.spots) - len(self.lines)

    @property
    def shared(self) -> Outcome | None:
        """The verdict that spots and a lone line take on: none where spots have their own."""
        return None if _own(self.plane) else self.outcome

    def second(self, spot: SpotView) -> bool:
        """Whether a spot only stands around others: those that are judged, or that have a name."""
        if spot.outcome is not None or self.shared is not None:
            return False
        judged = any(other.outcome is not None for other in self.spots)
        return judged or (not spot.label and any(other.label for other in self.spots))

    @property
    def keyed(self) -> tuple[LineView, ...]:
        """The lines that the key tells apart."""
        return tuple(line for line in self.lines if line.name) if len(self.lines) > 1 else ()


def plane_view(index: Index, plane: Plane) -> PlaneView:
    """Resolve a plane against the verdicts of its result."""
    spots = [_spot(index, spot) for spot in plane.spots if math.isfinite(spot.x + spot.y)]
    ranked = sorted(range(len(spots)), key=lambda n: (_rank(spots[n].outcome), n))
    shown = tuple(spots[n] for n in sorted(ranked[:MOST_SPOTS]))
    lines = _lines(plane)
    outcome = outcome_of(index, plane)
    x, y = _axes(plane)
    y_ticks = named(y.ticks(6, edge=0.0), plane.y_unit, suffix=True)
    return PlaneView(
        plane=plane,
        spots=shown,
        lines=lines,
        outcome=outcome,
        x=x,
        y=y,
        x_ticks=_x_ticks(plane, x),
        y_ticks=y_ticks,
        diagonal=clip(plane.diagonal_label, 40) if plane.diagonal else "",
        gutter=max(2, min(9, max((len(label) for _, label in y_ticks), default=2))),
        most=max((s.spot.n for s in shown), default=0) if plane.strip else 0,
        spoken=_spoken(plane, spots, lines, outcome),
        tables=(*spots_table(plane, [(s.spot, s.outcome) for s in spots]), *lines_table(plane)),
    )


def outcome_of(index: Index, plane: Plane) -> Outcome | None:
    """Return the gravest verdict on the whole: of its comparisons, else of its family."""
    ids = [m for m in plane.measurements if m in index.comparisons]
    if not ids and plane.family in index.by_family and not _own(plane):
        return index.by_family[plane.family].outcome
    return worst(index.comparisons[m][1].outcome for m in ids)


def every_outcome(index: Index, plane: Plane) -> Outcome | None:
    """Return the gravest verdict on the whole or on any spot."""
    own = [_spot(index, spot).outcome for spot in plane.spots]
    held = [outcome_of(index, plane), *own]
    return worst(outcome for outcome in held if outcome is not None)


def _own(plane: Plane) -> bool:
    """Whether verdicts are on single spots, so that none is on the whole."""
    return any(spot.measurements for spot in plane.spots)


def _spot(index: Index, spot: Spot) -> SpotView:
    found = (index.comparisons[m][1].outcome for m in spot.measurements if m in index.comparisons)
    return SpotView(spot, worst(found), one_line(spot.label))


def _rank(outcome: Outcome | None) -> int:
    return len(RANK) if outcome is None else RANK[outcome]


def _lines(plane: Plane) -> tuple[LineView, ...]:
    out: list[LineView] = []
    for line in plane.lines[:MOST_LINES]:
        before = sum(held.line.second == line.second for held in out)
        out.append(LineView(line, named_line(line), before % DASHES))
    return tuple(out)


def _axes(plane: Plane) -> tuple[Ruler, Axis]:
    """Return both axes: from 0 to 1, or as the data go, alike where the diagonal says so."""
    if plane.square:
        return Ruler(Axis(0.0, 1.0)), Axis(0.0, 1.0)
    xs = [s.x for s in plane.spots] + [v for line in plane.lines for v in line.x]
    ys = [s.y for s in plane.spots] + [v for line in plane.lines for v in line.y]
    soft_x = _known(v for s in plane.spots for v in (s.x_low, s.x_high))
    soft_y = _known(v for s in plane.spots for v in (s.y_low, s.y_high))
    soft_y += _known(v for line in plane.lines for v in (*line.low, *line.high))
    if plane.diagonal and plane.x_unit is plane.y_unit:
        both = _reach(_known(xs + ys), soft_x + soft_y, plane.x_unit)
        return Ruler(both), both
    return (
        Ruler(_reach(_known(xs), soft_x, plane.x_unit)),
        _reach(_known(ys), soft_y, plane.y_unit),
    )


def _known(values: Iterable[float | None]) -> list[float]:
    return [v for v in values if v is not None and math.isfinite(v)]


def _reach(core: Sequence[float], soft: Sequence[float], unit: Unit) -> Axis:
    """Return an axis with every place on it, and intervals as far as they leave those room."""
    held = list(core) or list(soft) or [0.0, 1.0]
    low, high = min(held), max(held)
    span = high - low or 0.2 * abs(high) or 1.0
    bottom = min(low, max(min([low, *soft]), low - STRETCH * span))
    top = max(high, min(max([high, *soft]), high + STRETCH * span))
    lack = max(0.0, span - (top - bottom)) / 2
    pad = PAD * max(top - bottom, span)
    bottom, top = bottom - lack - pad, top + lack + pad
    if unit is Unit.SHARE and min(held) >= 0 and max(held) <= 1:
        bottom, top = max(bottom, 0.0), min(top, 1.0)
    return Axis(bottom, top).rounded(3, 6)


def _x_ticks(plane: Plane, x: Ruler) -> tuple[Tick, ...]:
    narrow, wide = (Room(width) for width in WIDTHS)
    return ticks(x, [], plane.x_unit, narrow, wide)


def _spoken(
    plane: Plane, spots: Sequence[SpotView], lines: Sequence[LineView], outcome: Outcome | None
) -> str:
    """Say a plane in one sentence: its lines by name, its spots from end to end, its verdict."""
    x, y = one_line(plane.x_axis), one_line(plane.y_axis)
    parts = [line.name for line in lines if line.name]
    if spots:
        parts.append(f"{len(spots)} points of {y} against {x}")
        ends = sorted((s.spot for s in spots), key=lambda s: (s.x, s.y))
        for spot in (ends[0], ends[-1])[: len(ends)]:
            at, value = fmt.value(spot.x, plane.x_unit), fmt.value(spot.y, plane.y_unit)
            parts.append(f"{value} at {at}")
    bad = [s.label for s in spots if s.outcome is Outcome.FAILED and s.label]
    if bad:
        parts.append("failed: " + "; ".join(bad[:5]) + (" and more" if len(bad) > 5 else ""))
    if outcome is not None:
        parts.append(status(outcome))
    parts.append("all numbers are in the table of the fold")
    return clean(f"{one_line(plane.title)}: " + "; ".join(parts))
