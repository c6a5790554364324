"""Drawing a density: filled hills on a common base, medians, a mark, and names at their peaks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from reports import svg
from reports.labels import Board, Spot
from reports.scales import Ruler, Tick

WIDTHS = (250.0, 400.0)  # the narrowest and a wide column, in pixels
HEIGHT, HEAD = 172.0, 36.0  # down to the base, and what of it the texts above the hills take
UNDER = 22.0  # what the tick labels need below the base
TICK, GAP = 7.0, 7.0
OVER = 30.0  # pixels that a name may lie beside its peak
CROSSED = 5.0  # pixels between the dots that make it costly to cross the mark
SIDES = ("middle", "end", "start")
BESIDE = (("end", -1), ("start", 1))
SHORT = 30  # letters of a name that even a narrow column has room for


@dataclass(frozen=True)
class Hump:
    """A hill as it is drawn.

    Attributes
    ----------
    places : tuple of (float, float)
        Places on the axis, ascending, and heights from 0 to 1; none where no height is known, and
        only the median is drawn.
    middle : float, optional
        The median, where it is known.
    label : str
        Its name, with the median.
    css : str
        The class that colours it.
    """

    places: tuple[tuple[float, float], ...]
    middle: float | None
    label: str
    css: str
    second: bool


@dataclass(frozen=True)
class Range:
    """All that a density draws, the hill that is judged last, so that it lies on top.

    Attributes
    ----------
    x : Ruler
    ticks : tuple of Tick
    humps : tuple of Hump
    mark : float, optional
        A place that a dashed line shows, named by `mark_label`.
    """

    x: Ruler
    ticks: tuple[Tick, ...]
    humps: tuple[Hump, ...]
    mark: float | None
    mark_label: str

    @property
    def short(self) -> bool:
        """Whether even a narrow column has room for all names at their hills."""
        return all(len(hump.label) <= SHORT for hump in self.humps)

    def trace(self, hump: Hump) -> list[tuple[float, float]]:
        """Return the outline of a hill as shares of the width and pixels."""
        return [(self.x.place(x), _height(y)) for x, y in hump.places]


def density(held: Range, spoken: str) -> Markup:
    """Draw the hills; the title, the figure and the name of the axis stand beside it as text."""
    body = [
        *(svg.upright(tick.place, HEAD, HEIGHT, _css("gr", tick)) for tick in held.ticks),
        svg.sheet(svg.join(_hill(held, hump) for hump in held.humps), HEIGHT),
        svg.across(0, 1, HEIGHT, "ax"),
        *(_middle(held, hump) for hump in held.humps),
        *_mark(held),
        *_names(held),
    ]
    for tick in held.ticks:
        anchor = "start" if tick.place < 0.02 else "end" if tick.place > 0.98 else "middle"
        body.append(svg.text(tick.place, HEIGHT + 17, tick.label, _css("t", tick), anchor))
    return svg.picture(svg.join(body), spoken, HEIGHT + UNDER, "ch")


def _css(name: str, tick: Tick) -> str:
    return f"{name} {tick.css}".strip()


def _height(share: float) -> float:
    return HEIGHT - (HEIGHT - HEAD) * share


def _hill(held: Range, hump: Hump) -> Markup:
    """Fill a hill and draw its outline, which keeps a hill of no width in sight."""
    outline = held.trace(hump)
    if not outline:
        return Markup("")
    ground = [(outline[0][0], HEIGHT), *outline, (outline[-1][0], HEIGHT)]
    parts = [svg.path(ground, "hill", closed=True), svg.path(outline, "rim")]
    return svg.element("g", svg.join(parts), class_=hump.css)


def _middle(held: Range, hump: Hump) -> Markup:
    """Draw the median: a line up to the outline, or a spike where there is none."""
    if hump.middle is None:
        return Markup("")
    x = held.x.place(hump.middle)
    top = _above(hump, hump.middle) if hump.places else 1.0
    parts = [svg.upright(x, min(_height(top), HEIGHT - TICK), HEIGHT, "mid")]
    return svg.element("g", svg.join(parts), class_=hump.css)


def _above(hump: Hump, place: float) -> float:
    """Return how high a hill stands at a place."""
    for (x, y), (right, end) in pairwise(hump.places):
        if x <= place <= right:
            return y + (end - y) * ((place - x) / (right - x) if right > x else 0.0)
    return 0.0


def _mark(held: Range) -> Iterator[Markup]:
    if held.mark is not None:
        yield svg.upright(held.x.place(held.mark), 0, HEIGHT, "req dashed")


def _names(held: Range) -> Iterator[Markup]:
    """Name the mark, whose line is the highest, then each hill at its peak."""
    board = _board(held)
    if held.mark is not None and held.mark_label:
        x = held.x.place(held.mark)
        spots = [Spot(x, 11, "end", -GAP), Spot(x, 11, "start", GAP), Spot(x, 11)]
        yield board.put(held.mark_label, spots if x > 0.5 else spots[1::-1], "t halo")
    put = board.put if held.short else board.put_wide
    for hump in sorted(held.humps, key=lambda hump: hump.second):
        colour = "t halo" if hump.second else f"t halo b {hump.css}"
        yield put(hump.label, _over(held, hump), colour)


def _over(held: Range, hump: Hump) -> list[Spot]:
    """Return places for a name: over its peak, on its side of the mark, beside it, at the edge."""
    peak = max(hump.places, key=lambda p: p[1], default=(hump.middle or 0.0, 1.0))
    x, y = held.x.inside(peak[0]), _height(peak[1])
    spots = [Spot(x, y - 7, side) for side in SIDES]
    if held.mark is not None:
        place = held.x.place(held.mark)
        side, sign = ("start", 1) if place < x else ("end", -1)
        spot = Spot(place, y - 7, side, sign * GAP)
        left, right, _, _ = spot.box(hump.label, WIDTHS[1])
        spots += [spot] if left - OVER <= x * WIDTHS[1] <= right + OVER else []
    spots += [Spot(x, y - 21, side) for side in SIDES]
    spots += [Spot(x, y + drop, side, 14 * sign) for drop in (14, 34) for side, sign in BESIDE]
    return [*spots, Spot(1.0, y - 7, "end") if x > 0.5 else Spot(0.0, y - 7, "start")]


def _board(held: Range) -> Board:
    """Return what names keep off: lines of hills, and less so the mark, which they may cross."""
    board = Board(HEIGHT, WIDTHS)
    for hump in held.humps:
        board.line(held.trace(hump), 2)
        if hump.middle is not None:
            x = held.x.place(hump.middle)
            board.line([(x, HEIGHT), (x, HEAD if not hump.places else HEIGHT - TICK)], 8)
    if held.mark is not None:
        x = held.x.place(held.mark)
        board.line([(x, 0.0), (x, HEIGHT)], round(HEIGHT / CROSSED))
    return board
