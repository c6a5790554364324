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
    yield clip(spot.label, NAME)
    yield xs.text(spot.x)
    yield _span(xs, spot.x_low, spot.x_high)
    yield ys.text(spot.y)
    yield _span(ys, spot.y_low, spot.y_high)
    yield fmt.count(spot.n) if spot.n else NONE
    yield status(outcome)


def _span(how: fmt.Scale, low: float | None, high: float | None) -> str:
    return NONE if low is None and high is None else how.span(low, high)


def lines_table(plane: Plane) -> tuple[TableView, ...]:
    """Return a table of the lines, each at a few places; none without lines."""
    rows = [row for line in plane.lines for row in _places(plane, line)]
    if not rows:
        return ()
    names = (one_line(plane.x_axis), one_line(plane.y_axis), "Interval")
    columns = [Heading("Line", False), *(Heading(name, True) for name in names)]
    title = f"{one_line(plane.title)}: plotted lines"
    return (trimmed(title, columns, rows[:MOST_ROWS], capped(len(rows), "places")),)


def _places(plane: Plane, line: Line) -> Iterator[tuple[str, ...]]:
    size = min(len(line.x), len(line.y))
    stops = min(size, STOPS)
    chosen = sorted({round(k * (size - 1) / max(1, stops - 1)) for k in range(stops)})
    xs = fmt.scale(plane.x_unit, line.x)
    ys = fmt.scale(plane.y_unit, line.y)
    for i in chosen:
        if math.isfinite(line.x[i] + line.y[i]):
            low = line.low[i] if i < len(line.low) else None
            high = line.high[i] if i < len(line.high) else None
            place = (xs.text(line.x[i]), ys.text(line.y[i]), _span(ys, low, high))
            yield (named_line(line), *place)
