"""The numbers of a curve as text: its answers, and every point and line."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from audit import writing as fmt
from audit.exhibits import Curve, Marker, Panel, Series, Stroke
from audit.measurement import Unit
from audit.verdict import Outcome
from reports.ranges import drawn, known
from reports.scales import brief
from reports.tables import Heading, TableView
from reports.words import clip, one_line, word

MOST_ROWS = 400
STOPS = 9  # a fitted line is written at this many places
NONE = "–"


def status(outcome: Outcome | None) -> str:
    """Say a verdict, or that there was none."""
    return "measured" if outcome is None else word(outcome)


def place_text(marker: Marker, unit: Unit) -> str:
    """Write an answer for the axis; where only a bound is known, that bound."""
    if marker.x is not None:
        return brief(marker.x, unit)
    if marker.low is not None:
        return f"> {brief(marker.low, unit)}"
    return f"< {brief(marker.high, unit)}" if marker.high is not None else ""


def reach_text(marker: Marker, unit: Unit) -> str:
    """Write the interval of an answer; an open end is said in words."""
    low, high = (v if v is not None and math.isfinite(v) else None for v in _ends(marker))
    if low is None:
        return "" if high is None else f"up to {brief(high, unit)}"
    if high is None:
        return f"{brief(low, unit)} or more, without an upper limit"
    return f"{brief(low, unit)} to {brief(high, unit)}"


def _ends(marker: Marker) -> tuple[float | None, float | None]:
    return marker.low, marker.high


def answers(curve: Curve, outcomes: Sequence[Outcome | None]) -> tuple[TableView, ...]:
    """Return a table of panels: what was wanted of each, its answers, its verdict."""
    rows = [
        row
        for panel, outcome in zip(curve.panels, outcomes, strict=True)
        for row in _answered(curve, panel, outcome)
    ]
    if len(curve.panels) == 1 and all(set(row[1:-2]) <= {NONE} and not row[-1] for row in rows):
        return ()
    names = ("Panel", "n", "Level", "Answer", one_line(curve.x_axis), "Interval", "Status", "Note")
    return (_trimmed(f"{one_line(curve.title)}: answers", names, rows, {1, 4, 5}),)


def _answered(curve: Curve, panel: Panel, outcome: Outcome | None) -> Iterator[tuple[str, ...]]:
    head = one_line(panel.label) or "All"
    n = fmt.count(panel.n) if panel.n else NONE
    level = NONE if panel.level is None else _level(curve, panel)
    for marker in panel.markers or (None,):
        found = (NONE, NONE, NONE) if marker is None else _found(marker, curve.x_unit)
        yield (head, n, level, *found, status(outcome), one_line(panel.note))


def _found(marker: Marker, unit: Unit) -> tuple[str, str, str]:
    span = reach_text(marker, unit)
    return clip(marker.label, 120) or NONE, place_text(marker, unit) or NONE, span or NONE


def _level(curve: Curve, panel: Panel) -> str:
    number = fmt.scale(curve.unit, [], panel.level).text(panel.level)
    return f"{number} ({label})" if (label := clip(panel.level_label, 80)) else number


def points(curve: Curve) -> TableView:
    """Return a table of everything that is plotted."""
    core = [p.y for panel in curve.panels for s in panel.series for p in drawn(s)]
    how = fmt.scale(curve.unit, core)
    rows = [row for panel in curve.panels for row in _rows(curve, panel, how)]
    names = ("Panel", "What", one_line(curve.x_axis), one_line(curve.y_axis), "Interval")
    caption = "A line is written at a few of its places."
    if len(rows) > MOST_ROWS:
        caption += f" {MOST_ROWS} of {len(rows):,} rows are shown; the rest are in result.json."
    title = f"{one_line(curve.title)}: plotted numbers"
    return _trimmed(title, names, rows[:MOST_ROWS], {2, 3, 4}, caption)


def _rows(curve: Curve, panel: Panel, how: fmt.Scale) -> Iterator[tuple[str, ...]]:
    head = one_line(panel.label)
    for series in panel.series:
        for what, x, y, low, high in _values(series):
            name = ", ".join(filter(None, (clip(series.name, 80), what)))
            span = how.span(low, high) if known((low, high)) else NONE
            yield head, name, _place(x, curve.x_unit), how.text(y), span


Value = tuple[str, float, float, float | None, float | None]


def _values(series: Series) -> Iterator[Value]:
    for point in series.points:
        yield "measured", point.x, point.y, point.low, point.high
    for what, stroke in (("fit", series.fit), ("extrapolated", series.forecast)):
        if stroke is not None:
            yield from _stops(what, stroke)


def _stops(what: str, stroke: Stroke) -> Iterator[Value]:
    """Return a few places of a line, its ends among them."""
    size = min(len(stroke.x), len(stroke.y))
    stops = min(size, STOPS)
    for i in sorted({round(k * (size - 1) / max(1, stops - 1)) for k in range(stops)}):
        low = stroke.low[i] if i < len(stroke.low) else None
        high = stroke.high[i] if i < len(stroke.high) else None
        yield what, stroke.x[i], stroke.y[i], low, high


def _place(x: float, unit: Unit) -> str:
    if unit is Unit.NUMBER and math.isfinite(x) and (abs(x) >= 100 or x == round(x)):
        return fmt.count(round(x))
    return brief(x, unit)


def _trimmed(
    title: str,
    names: Sequence[str],
    rows: Sequence[tuple[str, ...]],
    right: set[int],
    text: str = "",
) -> TableView:
    """Leave out the columns in which nothing stands."""
    kept = [i for i in range(len(names)) if any(row[i] not in ("", NONE) for row in rows)]
    return TableView(
        title=title,
        caption=text,
        columns=tuple(Heading(names[i], i in right) for i in kept),
        rows=tuple(tuple(row[i] for i in kept) for row in rows),
    )
