"""Where a text goes in a plot: the first of some places where it hides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from markupsafe import Markup

from reports import svg

LETTER = 6.4
HEIGHT = 13.0
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
    widths : tuple of float
        Columns that the plot must be readable in.
    dots : list
        Places on lines and points: share of the width, and height in pixels.
    """

    height: float
    widths: tuple[float, ...]
    dots: list[tuple[float, float]] = field(default_factory=list)
    texts: list[tuple[Spot, str]] = field(default_factory=list)

    def line(self, places: Iterable[tuple[float, float]], steps: int = 12) -> None:
        """Remember a line as dots."""
        held = list(places)
        for (x1, y1), (x2, y2) in pairwise(held):
            shares = (step / steps for step in range(steps + 1))
            self.dots += [(x1 + (x2 - x1) * s, y1 + (y2 - y1) * s) for s in shares]

    def put(self, words: str, spots: Sequence[Spot], css: str, least: float = 0) -> Markup:
        """Write a text at the best of some spots, the first of equals.

        What stands only in columns of at least some width is judged by those alone.
        """
        widths = [width for width in self.widths if width >= least]
        best = min(spots, key=lambda spot: self._cost(spot, words, widths))
        self.texts.append((best, words))
        return svg.text(best.x, best.y, words, css, best.anchor, best.shift)

    def _cost(self, spot: Spot, words: str, widths: Sequence[float]) -> float:
        return sum(self._cost_at(spot, words, width) for width in widths)

    def _cost_at(self, spot: Spot, words: str, width: float) -> float:
        left, right, top, bottom = spot.box(words, width)
        hidden = sum(left <= x * width <= right and top <= y <= bottom for x, y in self.dots)
        out = sum((left < -2, right > width + 10, top < -4, bottom > self.height + 2))
        boxes = (held.box(text, width) for held, text in self.texts)
        clashes = sum(left < r and right > lf and top < b and bottom > t for lf, r, t, b in boxes)
        return hidden + ASIDE * out + CLASH * clashes


def around(x: float, y: float, gap: float = 9.0) -> tuple[Spot, ...]:
    """Return spots above and below a place, held so that they stay in the plot."""
    sides = ("end", "middle", "start") if x > 0.6 else ("middle", "start", "end")
    sides = sides if x > 0.2 else ("start", "middle", "end")
    above = [Spot(x, y - gap, side) for side in sides]
    return (*above, *(replace(spot, y=y + gap + HEIGHT - 4) for spot in above))
