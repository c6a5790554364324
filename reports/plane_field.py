"""The inside of a plane: from values to places, and the texts that stand in it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from audit.verdict import Outcome
from reports import svg
from reports.labels import LETTER, Board, Spot, around
from reports.planes import WIDTHS, LineView, PlaneView, SpotView
from reports.scales import WIDE
from reports.words import RANK, clip, css

HEIGHT = 272.0
MOST_STOPS = 120
NAMED_SPOTS = 14
NAME = 28
LONGEST = 56  # letters of a line's name in the plane; longer ones stand in the key alone
ROW, SWATCH, EDGE = 17.0, 34.0, 0.02


@dataclass(frozen=True)
class Field:
    """What turns values of a plane into shares of the width and pixels."""

    view: PlaneView

    def x(self, value: float) -> float:
        """Return a place, far off the sheet at most."""
        return min(3.0, max(-2.0, self.view.x.place(value)))

    def y(self, value: float) -> float:
        """Return a height in pixels, far off the sheet at most."""
        return HEIGHT * (1 - min(3.0, max(-2.0, self.view.y.place(value))))

    def trace(self, xs: Sequence[float], ys: Sequence[float]) -> list[tuple[float, float]]:
        """Return the places of a line; what is no number is left out."""
        pairs = [(x, y) for x, y in zip(xs, ys, strict=False) if math.isfinite(x + y)]
        step = max(1, math.ceil(len(pairs) / MOST_STOPS))
        kept = pairs[::step] + (pairs[-1:] if (len(pairs) - 1) % step else [])
        return [(self.x(x), self.y(y)) for x, y in kept]

    @property
    def ends(self) -> tuple[float, float]:
        """The values between which the diagonal runs: those that both axes hold."""
        (left, right), y = self.view.x.ends, self.view.y
        return max(left, y.low), min(right, y.high)


def rank(spot: SpotView) -> int:
    """Return how grave a spot is, the gravest first."""
    return len(RANK) if spot.outcome is None else RANK[spot.outcome]


def laid(field: Field) -> Board:
    """Return what labels must keep off."""
    view = field.view
    board = Board(HEIGHT, WIDTHS)
    if view.plane.diagonal:
        board.line(field.trace(field.ends, field.ends), 40)
    for line in view.lines:
        for ys in (line.line.y, line.line.low, line.line.high):
            board.line(field.trace(line.line.x, ys), 3)
    for spot in (held.spot for held in view.spots):
        x, y = field.x(spot.x), field.y(spot.y)
        board.line([(x - 0.008, y), (x + 0.008, y)], 6)
        reach = [field.x(v) for v in (spot.x_low, spot.x_high) if v is not None]
        board.line([(held, y) for held in (*reach, x)], 10)
        tall = [field.y(v) for v in (spot.y_low, spot.y_high) if v is not None]
        board.line([(x, held) for held in (*tall, y)], 10)
    return board


def corner(field: Field) -> tuple[bool, bool] | None:
    """Return the corner in which the lines' names hide nothing: right or left, bottom or top."""
    lines = [line for line in field.view.keyed if len(line.name) <= LONGEST]
    if len(lines) < len(field.view.keyed) or not lines:
        return None
    board = laid(field)
    wide = (SWATCH + LETTER * max(len(line.name) for line in lines)) / WIDTHS[1]
    tall = ROW * len(lines) + 8
    for right, bottom in ((True, True), (False, False), (True, False), (False, True)):
        left = 1 - EDGE - wide if right else EDGE
        top = HEIGHT - tall if bottom else 0.0
        inside = (left <= x <= left + wide and top <= y <= top + tall for x, y in board.dots)
        if left >= 0 and not any(inside):
            return right, bottom
    return None


def texts(field: Field) -> Iterator[Markup]:
    """Name the lines, then the gravest spots, then the diagonal, where there is room."""
    view, board = field.view, laid(field)
    if len(view.lines) == 1:
        yield from _line_name(field, view.lines[0], board)
    place = corner(field)
    if place is not None:
        yield from _legend(field, *place, board)
    for spot in sorted((s for s in view.spots if s.label), key=rank)[:NAMED_SPOTS]:
        x, y = field.x(spot.spot.x), field.y(spot.spot.y)
        grave = spot.outcome in (Outcome.FAILED, Outcome.INCONCLUSIVE)
        held = f"t halo b {css(spot.outcome)}" if grave else "t halo own"
        yield board.put_free(clip(spot.label, NAME), _beside(x, y), held)
    if view.diagonal:
        yield board.put_free(view.diagonal, _along(field), "t halo")


def _legend(field: Field, right: bool, bottom: bool, board: Board) -> Iterator[Markup]:
    """Name the lines in a free corner of a wide column, in the order of their heights."""
    lines = sorted(field.view.keyed, key=_height, reverse=True)
    longest = max(len(line.name) for line in lines) * LETTER
    wide = (SWATCH + longest) / WIDTHS[1]
    x = 1 - EDGE - wide if right else EDGE
    first = HEIGHT - 10 - ROW * (len(lines) - 1) if bottom else 18.0
    for number, line in enumerate(lines):
        y = first + ROW * number
        board.texts.append((Spot(x, y, "start", SWATCH), line.name, WIDTHS[1]))
        yield swatch(line, x=svg.at(x), y=svg.px(y - 9), held=WIDE)
        yield svg.text(x, y, line.name, f"t own {WIDE}", "start", shift=SWATCH)


def _height(line: LineView) -> float:
    """Return how high a line runs, on the whole."""
    known = [y for y in line.line.y if math.isfinite(y)]
    return sum(known) / len(known) if known else 0.0


def swatch(line: LineView, x: str | None = None, y: str | None = None, held: str = "") -> Markup:
    """Draw a line's own dashes, for a key."""
    body = svg.element("path", class_="fit", d="M0 5H26")
    group = svg.element("g", body, class_=colour(line))
    classes = f"ch sw {held}".strip()
    size: dict[str, str | None] = {"width": "26", "height": "10", "x": x, "y": y}
    return svg.element("svg", group, class_=classes, aria_hidden="true", **size)


def colour(line: LineView) -> str:
    """Return the classes that colour a line without a verdict."""
    return line.css if line.line.second else f"measured {line.css}"


def _beside(x: float, y: float) -> tuple[Spot, ...]:
    """Return spots beside a mark, at its corners, and above and below it."""
    sides = (("start", 1), ("end", -1))
    aside = [Spot(x, y + 4, side, 10 * sign) for side, sign in sides]
    near = [Spot(x, y + drop, side, 7 * sign) for drop in (-7, 16) for side, sign in sides]
    return (*aside, *near, *around(min(1.0, max(0.0, x)), y, 11))


def _along(field: Field) -> list[Spot]:
    """Return spots on either side of the diagonal, first near its ends."""
    low, high = field.ends
    places = [low + (high - low) * share for share in (0.8, 0.7, 0.25, 0.6, 0.5, 0.35)]
    below = [Spot(field.x(v), field.y(v) + 15, "start", 8) for v in places]
    return below + [Spot(field.x(v), field.y(v) - 7, "end", -8) for v in places]


def _line_name(field: Field, line: LineView, board: Board) -> Iterator[Markup]:
    places = field.trace(line.line.x, line.line.y)
    inner = [p for p in places if 0 <= p[0] <= 1 and 0 <= p[1] <= HEIGHT] or places
    name = clip(line.name, LONGEST)
    if not inner or not name:
        return
    stops = [inner[round(s * (len(inner) - 1))] for s in (0.5, 0.35, 0.65, 0.2, 0.8, 0.95)]
    spots = [Spot(x, y + drop, "start", 10) for x, y in stops for drop in (14, 22, -6)]
    spots += [spot for x, y in stops for spot in around(x, y, 14)]
    yield board.put_free(name, spots, f"t halo {'second' if line.line.second else 'name'}")
