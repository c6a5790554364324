"""The numbers of a curve as text: its answers, and every point and line."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from audit import writing as fmt
from audit.exhibits import Curve, Marker, Panel, Series, Stroke
from audit.measurement import Unit
from audit.verdict import Outcome
from reports.ranges import drawn, known
from reports.scales import brief
from reports.tables import Heading, TableView, trimmed
from reports.words import clip, one_line, word

MOST_ROWS = 300
STOPS = 4  # a line is written at this many places where there is no point
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
        return f"{brief(low, unit)} or more"
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
    if len(curve.panels) == 1 and not curve.panels[0].markers and curve.panels[0].level is None:
        return ()
    x = one_line(curve.x_axis)
    names = ("Panel", "Answer", x, "Interval", "Level", "n", "Status", "Note")
    return (_trimmed(f"{one_line(curve.title)}: answers", names, rows, {2, 3, 5}),)


def _answered(curve: Curve, panel: Panel, outcome: Outcome | None) -> Iterator[tuple[str, ...]]:
    many = len(curve.panels) > 1
    head = one_line(panel.label) if many else ""
    note = one_line(panel.note) if many else ""
    n = fmt.count(panel.n) if panel.n else NONE
    level = NONE if panel.level is None else clip(level_text(curve, panel), 120)
    for marker in panel.markers or (None,):
        found = (NONE, NONE, NONE) if marker is None else _found(marker, curve.x_unit)
        yield (head, *found, level, n, status(outcome), note)


def _found(marker: Marker, unit: Unit) -> tuple[str, str, str]:
    span = reach_text(marker, unit)
    return clip(marker.label, 120) or NONE, place_text(marker, unit) or NONE, span or NONE


def level_text(curve: Curve, panel: Panel) -> str:
    """Write a level: its own words, and its number if those do not say it."""
    label = one_line(panel.level_label)
    if panel.level is None:
        return label
    number = fmt.scale(curve.unit, [], panel.level).text(panel.level)
    if number in label or brief(panel.level, curve.unit) in label:
        return label
    gap = ": " if any(letter.isdigit() for letter in label) else " "
    return f"{label}{gap}{number}" if label else f"level {number}"


def points(curve: Curve) -> TableView:
    """Return a table of everything that is plotted."""
    core = [p.y for panel in curve.panels for s in panel.series for p in drawn(s)]
    how = fmt.scale(curve.unit, core)
    rows = [row for panel in curve.panels for row in _rows(curve, panel, how)]
    x, y = one_line(curve.x_axis), one_line(curve.y_axis)
    names = ("Panel", "What", x, y, "Interval", "Fit", "Interval of the fit")
    caption = ""
    if len(rows) > MOST_ROWS:
        caption += f" {MOST_ROWS} of {len(rows):,} rows are shown; the rest are in result.json."
    title = f"{one_line(curve.title)}: plotted numbers"
    return _trimmed(title, names, rows[:MOST_ROWS], {2, 3, 4, 5, 6}, caption.strip())


def _rows(curve: Curve, panel: Panel, how: fmt.Scale) -> Iterator[tuple[str, ...]]:
    for series in panel.series:
        for what, x, own, line in _values(series):
            head = (one_line(panel.label), ", ".join(filter(None, (clip(series.name, 80), what))))
            yield (*head, _place(x, curve.x_unit), *_number(own, how), *_number(line, how))


Value = tuple[float, float | None, float | None]


def _values(series: Series) -> Iterator[tuple[str, float, Value | None, Value | None]]:
    """Return each point with the fit there, and the lines where no point stands."""
    held = drawn(series)
    fit = series.fit
    for point in held:
        own = (point.y, point.low, point.high)
        yield "measured", point.x, own, _between(fit, point.x) if fit else None
    if fit and not held:
        yield from (("fit", x, None, _between(fit, x)) for x in _stops(fit))
    if series.forecast:
        far = series.forecast
        last = max((point.x for point in held), default=-math.inf)
        yield from (("extrapolated", x, None, _between(far, x)) for x in _stops(far) if x > last)


def _number(value: Value | None, how: fmt.Scale) -> tuple[str, str]:
    if value is None:
        return NONE, NONE
    y, low, high = value
    return how.text(y), how.span(low, high) if known((low, high)) else NONE


def _stops(stroke: Stroke) -> Iterator[float]:
    """Return a few places of a line, its ends among them."""
    size = min(len(stroke.x), len(stroke.y))
    stops = min(size, STOPS)
    for i in sorted({round(k * (size - 1) / max(1, stops - 1)) for k in range(stops)}):
        yield stroke.x[i]


def _between(stroke: Stroke, x: float) -> Value | None:
    """Return a line and its band at a place, straight between its own places."""
    y, low, high = (_at(stroke.x, ys, x) for ys in (stroke.y, stroke.low, stroke.high))
    return None if y is None else (y, low, high)


def _at(xs: Sequence[float], ys: Sequence[float], x: float) -> float | None:
    for (x1, y1), (x2, y2) in pairwise(zip(xs, ys, strict=False)):
        if x1 <= x <= x2:
            return y1 if x2 == x1 else y1 + (y2 - y1) * (x - x1) / (x2 - x1)
    return None


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
    return trimmed(title, [Heading(n, i in right) for i, n in enumerate(names)], rows, text)
