"""Drawing a panel of a curve: zone, grid, lines and bands, points, answers, and direct labels."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from markupsafe import Markup

from audit.exhibits import Point, Series, Stroke
from reports import svg
from reports.curves import EDGE, Answer, CurveView, PanelView, stand
from reports.frames import Frame, laid, texts
from reports.ranges import drawn

TALL, LOW = 236.0, 124.0
UNDER = 22.0  # what the tick labels need below the axis
LINE = 14.0  # a second line of them
CAP = 4.5


def curve(view: CurveView, number: int) -> Markup:
    """Draw one panel; its label and note stand beside it as text."""
    panel = view.panels[number]
    frame = Frame(view, TALL if view.one else LOW)
    board = laid(frame, panel)
    body = [
        _zone(frame, panel),
        _grid(frame),
        svg.sheet(svg.join(_lines(frame, panel)), frame.height),
        _level(frame, panel),
        *_points(frame, panel),
        *(_answer(frame, panel, answer) for answer in panel.answers),
        *texts(frame, panel, board, first=number == 0),
    ]
    below, extra = _under(frame, panel)
    label, height = panel.spoken, frame.height + UNDER + extra
    return svg.picture(svg.join([*body, below]), label, height, "ch")


def _zone(frame: Frame, panel: PanelView) -> Markup:
    start = panel.panel.beyond
    if start is None or frame.view.x.place(start) >= 1 - EDGE:
        return Markup("")
    return svg.box(frame.view.x.inside(start), 1, 0, frame.height, "ext")


def _grid(frame: Frame) -> Markup:
    parts = []
    for value, label in frame.view.y_ticks:
        y = frame.y(value)
        parts.append(svg.across(0, 1, y, "gr"))
        parts.append(svg.text(0, y + 4, label, "t", "end", shift=-8))
    parts.append(svg.across(0, 1, frame.height, "base"))
    return svg.join(parts)


def _level(frame: Frame, panel: PanelView) -> Markup:
    level = panel.panel.level
    if level is None or not math.isfinite(level):
        return Markup("")
    return svg.across(0, 1, frame.y(level), "req")


def _group(panel: PanelView, series: Series, parts: Iterable[Markup]) -> Markup:
    """Colour a series: grey if it is compared with, by the verdict if nothing else carries it."""
    judged = panel.css if not panel.answers else "measured"
    return svg.element("g", svg.join(parts), class_="second" if series.second else judged)


def _ordered(panel: PanelView) -> list[Series]:
    """Return what is compared with first, so that it lies below."""
    return sorted(panel.panel.series, key=lambda series: not series.second)


def _lines(frame: Frame, panel: PanelView) -> Iterator[Markup]:
    for series in _ordered(panel):
        parts = [_band(frame, stroke) for stroke in (series.fit, series.forecast) if stroke]
        if series.fit is not None:
            parts.append(svg.path(frame.trace(series.fit.x, series.fit.y), "fit"))
        else:
            held = drawn(series)
            parts.append(svg.path(frame.trace([p.x for p in held], [p.y for p in held]), "join"))
        if series.forecast is not None:
            parts.append(svg.path(_onward(frame, series), "fit far"))
        yield _group(panel, series, parts)


def _onward(frame: Frame, series: Series) -> list[tuple[float, float]]:
    """Return a forecast's places, begun where the fit ends, so that no gap is left."""
    if series.forecast is None:
        return []
    places = frame.trace(series.forecast.x, series.forecast.y)
    last = frame.trace(series.fit.x[-1:], series.fit.y[-1:]) if series.fit else []
    return last + places if last and places and last[0][0] < places[0][0] else places


def _band(frame: Frame, stroke: Stroke) -> Markup:
    upper, lower = frame.trace(stroke.x, stroke.high), frame.trace(stroke.x, stroke.low)
    return svg.path([*upper, *reversed(lower)], "band", closed=True)


def _points(frame: Frame, panel: PanelView) -> Iterator[Markup]:
    judged = panel.outcome is not None and not panel.answers and frame.view.one
    for series in _ordered(panel):
        symbol = "_p-second" if series.second else f"_m-{panel.css}" if judged else "_p-first"
        if series.points:
            parts = [_point(frame, point, symbol) for point in drawn(series)]
            yield _group(panel, series, parts)


def _point(frame: Frame, point: Point, symbol: str) -> Markup:
    x, y = frame.x(point.x), frame.y(point.y)
    parts = []
    if point.low is not None or point.high is not None:
        low = frame.height + 1 if point.low is None else frame.y(point.low)
        high = -1.0 if point.high is None else frame.y(point.high)
        top, bottom = max(0.0, high), min(frame.height, low)
        parts.append(svg.upright(x, top, bottom, "ci"))
        parts += [svg.stamp("_up", x, 0, "arrow")] if high < 0 else []
        parts += [svg.stamp("_down", x, frame.height, "arrow")] if low > frame.height else []
    return svg.join([*parts, svg.stamp(symbol, x, y)])


def _answer(frame: Frame, panel: PanelView, answer: Answer) -> Markup:
    """Draw an answer: its interval, its drop line, and an open mark on the level."""
    marker, ruler = answer.marker, frame.view.x
    level = panel.panel.level
    y = frame.height - 9 if level is None else frame.y(level)
    parts = []
    if marker.low is not None or marker.high is not None:
        parts.append(svg.whisker(ruler, marker.low, marker.high, y, CAP, "reach"))
    if marker.x is not None and 0 <= ruler.place(marker.x) <= 1:
        x = ruler.place(marker.x)
        parts.append(svg.upright(x, y, frame.height, "drop"))
        parts.append(svg.stamp(f"_n-{panel.css}", x, y))
    return svg.element("g", svg.join(parts), class_=panel.css)


def _under(frame: Frame, panel: PanelView) -> tuple[Markup, float]:
    """Write ticks and answers under the axis; answers that would touch take a second line."""
    y = frame.height + 16
    parts = [svg.text(t.place, y, t.label, " ".join(("t", t.css)).strip()) for t in panel.ticks]
    taken: list[tuple[float, float]] = []
    extra = 0.0
    for answer in (a for a in panel.answers if a.text):
        share = frame.view.x.inside(stand(answer.marker))
        half = 3.6 * len(answer.text) / frame.view.widths[0]
        lower = any(share - half < right and share + half > left for left, right in taken)
        extra = LINE if lower else extra
        taken.append((share - half, share + half))
        anchor = "end" if share > 0.93 else "start" if share < 0.07 else "middle"
        parts.append(
            svg.text(share, y + (LINE if lower else 0), answer.text, f"t b {panel.css}", anchor)
        )
    return svg.join(parts), extra
