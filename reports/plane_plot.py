"""Drawing a plane: grid, diagonal, lines and bands, spots with both intervals, and counts."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from markupsafe import Markup

from audit.exhibits import Line
from reports import svg
from reports.plane_field import HEIGHT, Field, colour, corner, rank, texts
from reports.planes import PlaneView, SpotView
from reports.words import css

UNDER = 22.0  # what the tick labels need below the axis
STRIP, APART = 30.0, 7.0  # the bars of counts, and their distance from the axis
BAR, THIN = 0.032, 0.004  # the widest and the thinnest bar, as shares of the width
FILL = 0.7  # of the room between two spots, what their bars take


def plane(view: PlaneView) -> Markup:
    """Draw a plane; its title, its key and its note stand beside it as text."""
    field = Field(view)
    strip = STRIP + APART if view.most else 0.0
    body = [
        *_grid(field),
        svg.sheet(svg.join([_diagonal(field), *_lines(field)]), HEIGHT),
        *(_spot(field, spot) for spot in sorted(view.spots, key=rank, reverse=True)),
        *_counts(field),
        *texts(field),
    ]
    for tick in view.x_ticks:
        held = " ".join(("t", tick.css)).strip()
        body.append(svg.text(tick.place, HEIGHT + strip + 16, tick.label, held))
    return svg.picture(svg.join(body), view.spoken, HEIGHT + strip + UNDER, "ch")


def legended(view: PlaneView) -> bool:
    """Whether the lines are named in the plane itself, where it is wide."""
    return corner(Field(view)) is not None


def _grid(field: Field) -> Iterator[Markup]:
    for tick in field.view.x_ticks:
        yield svg.upright(tick.place, 0, HEIGHT, " ".join(("gr", tick.css)).strip())
    for value, label in field.view.y_ticks:
        yield svg.across(0, 1, field.y(value), "gr")
        yield svg.text(0, field.y(value) + 4, label, "t", "end", shift=-8)
    yield svg.across(0, 1, HEIGHT, "base")


def _diagonal(field: Field) -> Markup:
    low, high = field.ends
    if not field.view.plane.diagonal or low >= high:
        return Markup("")
    return svg.path(field.trace((low, high), (low, high)), "diag")


def _lines(field: Field) -> Iterator[Markup]:
    view = field.view
    for line in sorted(view.lines, key=lambda held: not held.line.second):
        judged = view.shared is not None and len(view.lines) == 1
        held = f"{css(view.shared)} {line.css}" if judged else colour(line)
        parts = [_band(field, line.line), svg.path(field.trace(line.line.x, line.line.y), "fit")]
        yield svg.element("g", svg.join(parts), class_=held)


def _band(field: Field, line: Line) -> Markup:
    upper, lower = field.trace(line.x, line.high), field.trace(line.x, line.low)
    return svg.path([*upper, *reversed(lower)], "band", closed=True)


def _spot(field: Field, view: SpotView) -> Markup:
    """Draw a spot with its intervals, which are held to the plane."""
    spot, outcome = view.spot, view.outcome or field.view.shared
    x, y = field.x(spot.x), field.y(spot.y)
    parts = [*_wide(field, view, y), *_tall(field, view, x)]
    second = field.view.second(view)
    symbol = "_p-second" if second else "_p-first" if outcome is None else f"_m-{css(outcome)}"
    parts.append(svg.stamp(symbol, x, y))
    return svg.element("g", svg.join(parts), class_="second" if second else css(outcome))


def _wide(field: Field, view: SpotView, y: float) -> Iterator[Markup]:
    low, high = view.spot.x_low, view.spot.x_high
    if low is not None or high is not None:
        yield svg.whisker(field.view.x, low, high, y, 0)


def _tall(field: Field, view: SpotView, x: float) -> Iterator[Markup]:
    if view.spot.y_low is None and view.spot.y_high is None:
        return
    low = HEIGHT + 1 if view.spot.y_low is None else field.y(view.spot.y_low)
    high = -1.0 if view.spot.y_high is None else field.y(view.spot.y_high)
    yield svg.upright(x, max(0.0, high), min(HEIGHT, low), "ci")
    if high < 0:
        yield svg.stamp("_up", x, 0, "arrow")
    if low > HEIGHT:
        yield svg.stamp("_down", x, HEIGHT, "arrow")


def _counts(field: Field) -> Iterator[Markup]:
    """Draw how many rows stand behind each spot as bars under the axis."""
    view = field.view
    if not view.most:
        return
    places = sorted({field.x(s.spot.x) for s in view.spots})
    gaps = [b - a for a, b in pairwise(places)]
    half = max(THIN, min([BAR, *(FILL * gap for gap in gaps)])) / 2
    bottom = HEIGHT + APART + STRIP
    for spot in view.spots:
        if spot.spot.n > 0:
            x, tall = field.x(spot.spot.x), max(1.0, STRIP * spot.spot.n / view.most)
            yield svg.box(max(0.0, x - half), min(1.0, x + half), bottom - tall, tall, "cnt")
    yield svg.across(0, 1, bottom, "base")
