"""The inside of a panel: from values to places, and the texts that stand in it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from audit.exhibits import Series
from reports.curve_table import level_text
from reports.curves import CurveView, PanelView
from reports.labels import Board, Spot, around
from reports.ranges import drawn
from reports.words import clip

MOST_STOPS = 60
NAME, LEVEL = 24, 32  # letters of a series' name and of the label of the level


@dataclass(frozen=True)
class Frame:
    """The panel's inside: from values to shares of the width and pixels."""

    view: CurveView
    height: float

    def x(self, value: float) -> float:
        """Return a place, far off the sheet at most."""
        return min(3.0, max(-2.0, self.view.x.place(value)))

    def y(self, value: float) -> float:
        """Return a height in pixels, far off the sheet at most."""
        share = self.view.y.place(value)
        return self.height * (1 - min(3.0, max(-2.0, share)))

    def trace(self, xs: Sequence[float], ys: Sequence[float]) -> list[tuple[float, float]]:
        """Return the places of a line; what is no number is left out."""
        pairs = [(x, y) for x, y in zip(xs, ys, strict=False) if not (math.isnan(x + y))]
        step = max(1, math.ceil(len(pairs) / MOST_STOPS))
        kept = pairs[::step] + (pairs[-1:] if (len(pairs) - 1) % step else [])
        return [(self.x(x), self.y(y)) for x, y in kept]


def laid(frame: Frame, panel: PanelView) -> Board:
    """Return what texts must keep off."""
    board = Board(frame.height, frame.view.widths)
    for series in panel.panel.series:
        board.line(frame.trace([p.x for p in drawn(series)], [p.y for p in drawn(series)]), 4)
        for stroke in filter(None, (series.fit, series.forecast)):
            for ys in (stroke.y, stroke.low, stroke.high):
                board.line(frame.trace(stroke.x, ys), 3)
        for p in drawn(series):
            ends = [(frame.x(p.x), frame.y(v)) for v in (p.low, p.y, p.high) if v is not None]
            board.line(ends, 4)
    level = panel.panel.level
    if level is not None:
        board.line([(0, frame.y(level)), (1, frame.y(level))], 30)
    for answer in panel.answers:
        if answer.marker.x is not None:
            x = frame.x(answer.marker.x)
            board.line([(x, frame.height), (x, 0 if level is None else frame.y(level))])
    return board


def texts(frame: Frame, panel: PanelView, board: Board, *, first: bool) -> Iterator[Markup]:
    """Write the level's label, the names of the series and of the zone where they hide least."""
    label = clip(level_text(frame.view.curve, panel.panel), LEVEL)
    if panel.panel.level is not None and label and frame.view.one:
        y = frame.y(panel.panel.level)
        sides = (("start", 0.0, 4.0), ("end", 1.0, -4.0))
        spots = [Spot(x, v, side, aside) for side, x, aside in sides for v in (y - 6, y + 15)]
        yield board.put(label, spots, "t halo")
    if first and len(panel.panel.series) > 1:
        for series in panel.panel.series:
            yield from _name(frame, series, board)
    if frame.view.zone and frame.view.one and panel.panel.beyond is not None:
        yield _zone_name(frame, panel.panel.beyond, board)


def _name(frame: Frame, series: Series, board: Board) -> Iterator[Markup]:
    strokes = [(p.x, p.y) for p in drawn(series)]
    for stroke in filter(None, (series.fit, series.forecast)):
        strokes += zip(stroke.x, stroke.y, strict=False)
    places = sorted((frame.x(x), frame.y(y)) for x, y in strokes if math.isfinite(x + y))
    name = clip(series.name, NAME)
    if not places or not name:
        return
    stops = [places[-1 - round(share * (len(places) - 1))] for share in (0, 0.2, 0.4, 0.7, 1)]
    spots = [spot for x, y in stops for spot in around(min(1.0, x), y)]
    css = "t halo second" if series.second else "t halo name"
    yield (board.put if frame.view.one else board.put_wide)(name, spots, css)


def _zone_name(frame: Frame, beyond: float, board: Board) -> Markup:
    start, bottom = frame.view.x.inside(beyond), frame.height - 9
    spots = [
        Spot(x, y, side, shift)
        for y in (bottom, 15.0)
        for x, side, shift in (
            (1.0, "end", -8.0),
            (start, "start", 8.0),
            ((1 + start) / 2, "middle", 0.0),
        )
    ]
    return board.put_wide(frame.view.zone, spots, "t")
