"""The charts: evidence lanes, and forest plots. Each is named and drawn the same every time."""

from __future__ import annotations

import math

from markupsafe import Markup

from audit.verdict import Outcome
from reports import svg
from reports.forest import ForestView
from reports.labels import Board, Spot
from reports.rows import Row
from reports.scales import WIDE
from reports.words import css, word

LANE_STEPS = 4.0
LANE_HEIGHT = 40.0
ROW_HEIGHT = 32.0
AXIS_HEIGHT = 20.0
EDGE = 15.0
ROOM = 260.0  # width of a plot in which two labels above it should not touch
LETTER = 3.0  # half the width of one
HEADED = 190.0  # the column from which on a plot of levels has its labels above
OVERHANG = 60.0  # a lane is cut off by its cell, so that zone and line run through all rows


def glyph(outcome: Outcome | None, *, named: bool = True) -> Markup:
    """Return the mark of an outcome; unnamed where the word stands beside it."""
    name = word(outcome) if outcome is not None else "measured"
    how: dict[str, str | None] = (
        {"role": "img", "aria_label": name} if named else {"aria_hidden": "true"}
    )
    body = svg.element("use", href=f"#_g-{css(outcome)}")
    return svg.element(
        "svg", body, class_=f"g {css(outcome)}", viewBox="0 0 16 16", width="18", height="18", **how
    )


def lane(row: Row) -> Markup:
    """Draw one requirement: limit in the centre, breach on the left, a material unit a step."""
    axis = svg.Axis(-LANE_STEPS, LANE_STEPS)
    middle = LANE_HEIGHT / 2
    top, bottom = -OVERHANG, LANE_HEIGHT + OVERHANG
    parts = [svg.box(0, 0.5, top, bottom - top, "bad")]
    steps = (-3, -2, -1, 1, 2, 3)
    parts += [svg.upright(axis.place(step), top, bottom, "gr") for step in steps]
    parts.append(svg.upright(0.5, top, bottom, "req"))
    margin = row.verdict.margin
    if margin is None and row.reach is not None:
        parts.append(svg.whisker(axis, *row.reach, middle, 4.5))
    elif margin is None:
        parts.append(svg.across(0, 1, middle, "ci none"))
    else:
        parts.append(svg.whisker(axis, margin[0], margin[2], middle, 4.5))
        parts.append(_mark(axis, margin[1], middle, row.outcome))
    label = f"{row.spoken}, {word(row.outcome)}"
    return svg.picture(svg.join(parts), label, LANE_HEIGHT, f"lane {css(row.outcome)}")


def forest(view: ForestView) -> Markup:
    """Draw the middle column of a forest plot; its labels and numbers stand beside it as text."""
    height = ROW_HEIGHT * len(view.lines)
    axis = view.axis
    parts = [_zone(view, height)]
    for tick, label in view.ticks:
        place = axis.place(tick)
        parts.append(svg.upright(place, 0, height, "gr"))
        parts.append(svg.text(place, height + 15, label, "t"))
    if view.origin is not None:
        parts.append(svg.upright(axis.inside(view.origin), 0, height, "ax"))
    parts += [svg.upright(axis.inside(limit), 0, height, "req") for limit in view.limits]
    for number, line in enumerate(view.lines):
        y = ROW_HEIGHT * (number + 0.5)
        drawn = [_fall(view, line.row.value, y)]
        if line.row.low is not None or line.row.high is not None:
            drawn.append(svg.whisker(axis, line.row.low, line.row.high, y, 0))
        if line.row.value is not None:
            drawn.append(_mark(axis, line.row.value, y, line.outcome, tested=line.row.tested))
        parts.append(svg.element("g", svg.join(drawn), class_=line.css))
    parts += _heads(view)
    return svg.picture(svg.join(parts), view.spoken, height + AXIS_HEIGHT, "ch")


def _zone(view: ForestView, height: float) -> Markup:
    low, high = (view.axis.inside(bound) for bound in view.zone or (-math.inf, math.inf))
    parts = [svg.box(0, low, 0, height, "bad"), svg.box(high, 1, 0, height, "bad")]
    soft = view.floor.band if view.floor else view.zone
    if soft is not None:
        parts.append(
            svg.box(view.axis.inside(soft[0]), view.axis.inside(soft[1]), 0, height, "tol")
        )
    return svg.join(parts)


def _fall(view: ForestView, value: float | None, y: float) -> Markup:
    """Draw the way from the level that rows are held against to a row's own."""
    if view.floor is None or view.floor.lead is None or value is None:
        return Markup("")
    low, high = sorted((view.axis.inside(view.floor.lead), view.axis.inside(value)))
    return svg.across(low, high, y, "fall")


def _heads(view: ForestView) -> list[Markup]:
    """Name floor and band above the plot; a narrow column has them in the key only."""
    board = Board(0.0, (HEADED, HEADED))
    found: list[Markup] = []
    first: tuple[float, str] | None = None
    for value, words in view.floor.heads if view.floor else ():
        x = view.axis.inside(value)
        if first is not None and abs(x - first[0]) * ROOM < LETTER * (len(first[1]) + len(words)):
            continue  # it stands in the key as well
        first = first or (x, words)
        spots = [Spot(x, -7), Spot(x, -7, "end", 4), Spot(x, -7, "start", -4)]
        found.append(board.put(words, spots, f"t {WIDE}"))
    return found


def _mark(
    axis: svg.Axis, value: float, y: float, outcome: Outcome | None, *, tested: bool = True
) -> Markup:
    """Draw an estimate; one beyond the axis stands beside the arrow head at its edge."""
    symbol = f"_m-{css(outcome)}" if tested else "_m-untested"
    place = axis.place(value)
    shift = EDGE if place < 0 else -EDGE if place > 1 else 0.0
    return svg.stamp(symbol, axis.inside(value), y, shift=shift)
