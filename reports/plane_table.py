"""The numbers of a plane as text: every spot with its intervals, and every line at some places."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from audit import writing as fmt
from audit.exhibits import Line, Plane, Spot
from audit.verdict import Outcome
from reports.curve_table import status
from reports.tables import Heading, TableView, trimmed
from reports.words import clip, one_line

MOST_ROWS = 300
MOST_BESIDE = 4  # lines whose numbers stand side by side
STOPS = 11  # places at which a line is written
NAME = 60
NONE = "–"


def named_line(line: Line) -> str:
    """Say a line's name and what is noted of it."""
    return ", ".join(filter(None, (clip(line.name, NAME), clip(line.note, NAME))))


def spots_table(
    plane: Plane, spots: Sequence[tuple[Spot, Outcome | None]]
) -> tuple[TableView, ...]:
    """Return a table of the spots, in their own order; none without spots."""
    if not spots:
        return ()
    xs = fmt.scale(plane.x_unit, [spot.x for spot, _ in spots])
    ys = fmt.scale(plane.y_unit, [spot.y for spot, _ in spots])
    x, y = one_line(plane.x_axis), one_line(plane.y_axis)
    return (
        trimmed(
            f"{one_line(plane.title)}: plotted points",
            [
                Heading(name, right)
                for name, right in (
                    ("Point", False),
                    (x, True),
                    ("Interval", True),
                    (y, True),
                    ("Interval", True),
                    ("n", True),
                    ("Status", False),
                )
            ],
            [tuple(_row(spot, outcome, xs, ys)) for spot, outcome in spots[:MOST_ROWS]],
            capped(len(spots), "points"),
        ),
    )


def capped(n: int, noun: str) -> str:
    """Say how many rows a table leaves out."""
    if n <= MOST_ROWS:
        return ""
    return f"{MOST_ROWS} of {n:,} {noun} are shown; the rest are in result.json."


def _row(spot: Spot, outcome: Outcome | None, xs: fmt.Scale, ys: fmt.Scale) -> Iterator[str]:
    yield clip(spot.label, NAME) or NONE
    yield xs.text(spot.x)
    yield _span(xs, spot.x_low, spot.x_high)
    yield ys.text(spot.y)
    yield _span(ys, spot.y_low, spot.y_high)
    yield fmt.count(spot.n) if spot.n else NONE
    yield NONE if outcome is None else status(outcome)


def _span(how: fmt.Scale, low: float | None, high: float | None) -> str:
    return NONE if low is None and high is None else how.span(low, high)


def lines_table(plane: Plane) -> tuple[TableView, ...]:
    """Return a table of the lines at a few places, side by side where these are common to all."""
    lines = [line for line in plane.lines if _stops(line)]
    if not lines:
        return ()
    title = f"{one_line(plane.title)}: plotted lines"
    if len({line.x for line in lines}) == 1 and len(lines) <= MOST_BESIDE:
        return (_beside(plane, lines, title),)
    rows = [row for line in lines for row in _places(plane, line)]
    names = (one_line(plane.x_axis), one_line(plane.y_axis), "Interval")
    columns = [Heading("Line", False), *(Heading(name, True) for name in names)]
    return (trimmed(title, columns, rows[:MOST_ROWS], capped(len(rows), "places")),)


def _stops(line: Line) -> list[int]:
    """Return the numbers of a few places of a line, its ends among them."""
    size = min(len(line.x), len(line.y))
    stops = min(size, STOPS)
    chosen = sorted({round(k * (size - 1) / max(1, stops - 1)) for k in range(stops)})
    return [i for i in chosen if math.isfinite(line.x[i] + line.y[i])]


def _beside(plane: Plane, lines: Sequence[Line], title: str) -> TableView:
    xs = fmt.scale(plane.x_unit, lines[0].x)
    ys = fmt.scale(plane.y_unit, [y for line in lines for y in line.y])
    heads = [Heading(named_line(line) or one_line(plane.y_axis), True) for line in lines]
    rows = [
        (xs.text(lines[0].x[i]), *(_valued(line, i, ys) for line in lines))
        for i in _stops(lines[0])
    ]
    return TableView(title, "", (Heading(one_line(plane.x_axis), False), *heads), tuple(rows))


def _valued(line: Line, i: int, how: fmt.Scale) -> str:
    """Write a line at a place, with its interval in brackets."""
    if i >= len(line.y) or not math.isfinite(line.y[i]):
        return NONE
    span = _band(line, i, how)
    return how.text(line.y[i]) + (f" ({span})" if span != NONE else "")


def _band(line: Line, i: int, how: fmt.Scale) -> str:
    low = line.low[i] if i < len(line.low) else None
    high = line.high[i] if i < len(line.high) else None
    return _span(how, low, high)


def _places(plane: Plane, line: Line) -> Iterator[tuple[str, ...]]:
    xs = fmt.scale(plane.x_unit, line.x)
    ys = fmt.scale(plane.y_unit, line.y)
    for i in _stops(line):
        yield (named_line(line), xs.text(line.x[i]), ys.text(line.y[i]), _band(line, i, ys))
