"""Signed bars around zero: the columns of a table that weigh most, before and after."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from audit.exhibits import Weighed
from reports import svg
from reports.weights import Number, Scale, named, numbers, percent, size, strongest

MOST_BARS = 8
MOST_NUMBERS = 60
HEIGHT = 16.0


@dataclass(frozen=True)
class BarView:
    """One column: its name before, and after where it differs, with a bar for each."""

    name: str
    after: str
    bars: tuple[tuple[Markup, str], ...]


@dataclass(frozen=True)
class BarsView:
    """The strongest columns of a row, ready to be written.

    Attributes
    ----------
    sides : tuple of str
        Headings of the bars; one, or two where there is a change.
    left : int
        Columns that are not drawn.
    numbers : tuple of (str, tuple of Number)
        Each side with its columns.
    """

    sides: tuple[str, ...]
    rows: tuple[BarView, ...]
    left: int
    strongest: tuple[tuple[str, tuple[Number, ...]], ...]
    numbers: tuple[tuple[str, tuple[Number, ...]], ...]


def bars_view(before: Weighed, after: Weighed | None, noun: str, how: Scale) -> BarsView:
    """Draw the columns that weigh most before or after, the strongest first.

    A table has the same columns before and after, so that they are matched by their places.
    """
    held = {"before": before, "after": after} if after is not None else {"weight": before}
    sides = {name: side for name, side in held.items() if side is not None}
    count = max(len(side.weights) for side in sides.values())
    names = {name: named(side, noun) for name, side in sides.items()}
    sizes = [max(size(_at(side, i)) for side in sides.values()) for i in range(count)]
    order = sorted((i for i in range(count) if sizes[i] > 0), key=lambda i: (-sizes[i], i))
    rows = []
    for i in order[:MOST_BARS]:
        called = [own[i] for own in names.values() if i < len(own)]
        other = called[-1] if called[-1] != called[0] else ""
        weights = [_at(side, i) for side in sides.values()]
        rows.append(BarView(called[0], other, tuple((_bar(w, how), percent(w)) for w in weights)))
    return BarsView(
        sides=tuple(sides),
        rows=tuple(rows),
        left=count - len(rows),
        strongest=tuple((s, strongest(names[s], sides[s].weights)) for s in sides),
        numbers=tuple((s, _listed(names[s], sides[s])) for s in sides),
    )


def _listed(names: tuple[str, ...], side: Weighed) -> tuple[Number, ...]:
    return numbers(names, side.weights, range(min(MOST_NUMBERS, len(names))))


def _at(side: Weighed, number: int) -> float | None:
    return side.weights[number] if number < len(side.weights) else None


def _bar(weight: float | None, how: Scale) -> Markup:
    """Draw one bar; the line of zero stands in the middle."""
    share = 0.5 * size(weight) / how.most if how.most > 0 else 0.0
    against = (weight or 0.0) < 0
    low, high = (0.5 - share, 0.5) if against else (0.5, 0.5 + share)
    parts = [svg.box(low, high, 2, HEIGHT - 4, "anti" if against else "pro")]
    parts.append(svg.upright(0.5, 0, HEIGHT, "ax"))
    return svg.element(
        "svg", svg.join(parts), width="100%", height=svg.px(HEIGHT), aria_hidden="true"
    )
