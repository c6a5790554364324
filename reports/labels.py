"""Where a text goes in a plot: the first of some places where it hides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from markupsafe import Markup

from reports import svg
from reports.scales import NARROW, WIDE

LETTER = 6.4
HEIGHT = 13.0
OVER = 18.0  # pixels by which a text that may be left out may run over
ASIDE, CLASH = 4, 40  # what it costs to leave the plot and to touch another text, in hidden dots


@dataclass(frozen=True)
class Spot:
    """A place for a text: share of the width, pixels aside, baseline, and where it is held."""

    x: float
    y: float
    anchor: str = "middle"
    shift: float = 0.0

    def box(self, words: str, width: float) -> tuple[float, float, float, float]:
        """Return left, right, top and bottom in pixels, in a column of some width."""
        size = LETTER * len(words)
        back = {"start": 0.0, "middle": size / 2, "end": size}[self.anchor]
        left = self.x * width + self.shift - back
        return left, left + size, self.y - HEIGHT + 3, self.y + 3


@dataclass
class Board:
    """What is drawn already, so that texts can keep off it.

    Attributes
    ----------
    widths : pair of floats
        The narrowest column that the plot must be readable in, and a wide one.
    dots : list
        Places on lines and points: share of the width, and height in pixels.
    """

    height: float
    widths: tuple[float, float]
    dots: list[tuple[float, float]] = field(default_factory=list)
    texts: list[tuple[Spot, str, float]] = field(default_factory=list)

    def line(self, places: Iterable[tuple[float, float]], steps: int = 12) -> None:
        """Remember a line as dots."""
        held = list(places)
        for (x1, y1), (x2, y2) in pairwise(held):
            shares = (step / steps for step in range(steps + 1))
            self.dots += [(x1 + (x2 - x1) * s, y1 + (y2 - y1) * s) for s in shares]

    def put(self, words: str, spots: Sequence[Spot], css: str) -> Markup:
        """Write a text at its best spot, the first of equals; in two, if columns disagree."""
        narrow, wide = (self._best(words, spots, width) for width in self.widths)
        if narrow == wide:
            return _written(wide, words, css)
        return _written(narrow, words, f"{css} {NARROW}") + _written(wide, words, f"{css} {WIDE}")

    def put_wide(self, words: str, spots: Sequence[Spot], css: str) -> Markup:
        """Write a text that only a wide column has room for."""
        return _written(self._best(words, spots, self.widths[1]), words, f"{css} {WIDE}")

    def put_free(self, words: str, spots: Sequence[Spot], css: str) -> Markup:
        """Write a text in the columns where it touches no other, and leave it out elsewhere."""
        found = []
        for width, held in zip(self.widths, (NARROW, WIDE), strict=True):
            best = min(spots, key=lambda spot: self._cost_at(spot, words, width))
            left, right, _, _ = best.box(words, width)
            if self._cost_at(best, words, width) < CLASH and left > -OVER and right < width + OVER:
                self.texts.append((best, words, width))
                found.append((best, held))
        if len(found) == 2 and found[0][0] == found[1][0]:
            return _written(found[0][0], words, css)
        return svg.join(_written(spot, words, f"{css} {held}") for spot, held in found)

    def _best(self, words: str, spots: Sequence[Spot], width: float) -> Spot:
        best = min(spots, key=lambda spot: self._cost_at(spot, words, width))
        self.texts.append((best, words, width))
        return best

    def _cost_at(self, spot: Spot, words: str, width: float) -> float:
        left, right, top, bottom = spot.box(words, width)
        hidden = sum(left <= x * width <= right and top <= y <= bottom for x, y in self.dots)
        out = sum((left < -2, right > width + 10, top < -4, bottom > self.height + 2))
        boxes = (held.box(text, width) for held, text, at in self.texts if at == width)
        clashes = sum(left < r and right > lf and top < b and bottom > t for lf, r, t, b in boxes)
        return hidden + ASIDE * out + CLASH * clashes


def _written(spot: Spot, words: str, css: str) -> Markup:
    return svg.text(spot.x, spot.y, words, css, spot.anchor, spot.shift)


def around(x: float, y: float, gap: float = 9.0) -> tuple[Spot, ...]:
    """Return spots above and below a place, held so that they stay in the plot."""
    sides = ("end", "middle", "start") if x > 0.6 else ("middle", "start", "end")
    sides = sides if x > 0.2 else ("start", "middle", "end")
    above = [Spot(x, y - gap, side) for side in sides]
    return (*above, *(replace(spot, y=y + gap + HEIGHT - 4) for spot in above))
