"""Primitives for charts: escaped attributes, horizontal places in per cent, fixed digits.

Places are shares of the width (0 to 1) and heights are pixels. A chart therefore stretches with its
column while its text and marks keep their size. Colours come from CSS classes alone, so that light,
dark and print need no second drawing, and the page's policy can forbid inline styles.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from markupsafe import Markup, escape

from reports.words import clean


def element(name: str, body: Markup | str = "", **attributes: str | None) -> Markup:
    """Return one element; attribute values and a plain body are escaped.

    A trailing underscore is dropped from attribute names, and others become hyphens.
    """
    pairs = Markup("").join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), clean(value))
        for key, value in attributes.items()
        if value is not None
    )
    inner = body if isinstance(body, Markup) else escape(clean(body))
    if not inner:
        return Markup("<{}{}/>").format(Markup(name), pairs)  # noqa: S704 - name is a literal
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(name), pairs, inner)  # noqa: S704


def join(parts: Iterable[Markup]) -> Markup:
    """Concatenate markup."""
    return Markup("").join(parts)


def at(share: float) -> str:
    """Write a horizontal place, as per cent of the width."""
    text = f"{share * 100:.2f}".rstrip("0").rstrip(".")
    return ("0" if text in ("-0", "") else text) + "%"


def px(height: float) -> str:
    """Write a vertical place in pixels."""
    text = f"{height:.1f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def picture(body: Markup, label: str, height: float, css: str) -> Markup:
    """Return a named drawing as wide as its column."""
    return element(
        "svg", body, class_=css, width="100%", height=px(height), role="img", aria_label=label
    )


def box(low: float, high: float, top: float, height: float, css: str) -> Markup:
    """Return a rectangle between two places; nothing if it is empty."""
    if high <= low:
        return Markup("")
    return element(
        "rect", class_=css, x=at(low), width=at(high - low), y=px(top), height=px(height)
    )


def across(low: float, high: float, y: float, css: str) -> Markup:
    """Return a horizontal line."""
    return element("line", class_=css, x1=at(low), x2=at(high), y1=px(y), y2=px(y))


def upright(x: float, top: float, bottom: float, css: str) -> Markup:
    """Return a vertical line."""
    return element("line", class_=css, x1=at(x), x2=at(x), y1=px(top), y2=px(bottom))


def stamp(symbol: str, x: float, y: float, css: str | None = None, shift: float = 0) -> Markup:
    """Return a mark from the page's sprite, shifted by some pixels."""
    moved = f"translate({px(shift)})" if shift else None
    return element("use", class_=css, href=f"#{symbol}", x=at(x), y=px(y), transform=moved)


def text(
    x: float, y: float, words: str, css: str, anchor: str = "middle", shift: float = 0
) -> Markup:
    """Return a text, shifted by some pixels."""
    dx = px(shift) if shift else None
    return element("text", words, class_=css, x=at(x), y=px(y), dx=dx, text_anchor=anchor)


STRETCH = 1000


def sheet(body: Markup, height: float) -> Markup:
    """Return a layer whose lines stretch with the column, and that is clipped at its edges.

    Inside, places run from 0 to `STRETCH`; its strokes keep their width by the style sheet.
    """
    box = f"0 0 {STRETCH} {px(height)}"
    return element(
        "svg",
        body,
        width="100%",
        height=px(height),
        viewBox=box,
        preserveAspectRatio="none",
        aria_hidden="true",
    )


def path(places: Iterable[tuple[float, float]], css: str, *, closed: bool = False) -> Markup:
    """Return a line through places of a `sheet`, given as share and height; nothing of one."""
    steps = [f"{px(share * STRETCH)} {px(y)}" for share, y in places]
    if len(steps) < 2:
        return Markup("")
    return element("path", class_=css, d="M" + "L".join(steps) + ("Z" if closed else ""))


@dataclass(frozen=True)
class Axis:
    """A linear axis from `low` to `high`, as shares of the width."""

    low: float
    high: float

    def place(self, value: float) -> float:
        """Return where a value lies; outside 0 to 1 if it is off the axis."""
        return (value - self.low) / (self.high - self.low)

    def inside(self, value: float) -> float:
        """Return where a value lies, held to the axis."""
        return min(1.0, max(0.0, self.place(value)))

    def ticks(self, most: int = 5, edge: float = 0.03) -> tuple[float, ...]:
        """Return round values on the axis, not nearer to its ends than a share of it."""
        for step in _steps((self.high - self.low) / (most + 1)):
            first = math.ceil(self.low / step)
            last = math.floor(self.high / step)
            found = [i * step for i in range(first, last + 1)]
            found = [v for v in found if edge <= self.place(v) <= 1 - edge]
            if len(found) <= most:
                return tuple(0.0 if abs(v) < step / 1e6 else v for v in found)
        return ()

    def rounded(self, least: int, most: int, growth: float = 0.35) -> Axis:
        """Return the axis carried on to round ends, if few ticks and little growth do."""
        size = self.high - self.low
        found = []
        for step in _steps(size / (most + 1)):
            low, high = math.floor(self.low / step + 1e-9), math.ceil(self.high / step - 1e-9)
            grown = (high - low) * step / size - 1
            if least <= high - low + 1 <= most and grown <= growth and not _awkward(step):
                found.append((grown, Axis(low * step, high * step)))
        return min(found, key=lambda pair: pair[0])[1] if found else self


def _awkward(step: float) -> bool:
    """Whether a step needs one digit more than its neighbours."""
    return f"{step:e}".startswith("2.5")


def _steps(least: float) -> Iterable[float]:
    """Return round steps of at least some size, growing."""
    power = 10.0 ** math.floor(math.log10(least)) if least > 0 else 1.0
    for scale in (power, power * 10, power * 100):
        for factor in (1.0, 2.0, 2.5, 5.0):
            if scale * factor >= least:
                yield scale * factor


class Places(Protocol):
    """What turns values into shares of the width: an axis, or a ruler with a logarithm."""

    def place(self, value: float) -> float:
        """Return where a value lies; outside 0 to 1 if it is off the axis."""
        ...

    def inside(self, value: float) -> float:
        """Return where a value lies, held to the axis."""
        ...


def whisker(
    axis: Places, low: float | None, high: float | None, y: float, cap: float, css: str = "ci"
) -> Markup:
    """Return an interval with caps; an end beyond the axis gets an arrow head instead."""
    lo = -math.inf if low is None else low
    hi = math.inf if high is None else high
    a, b = axis.inside(lo), axis.inside(hi)
    parts = [across(a, b, y, css)] if b > a else []
    for end, place in ((lo, a), (hi, b)):
        share = axis.place(end)
        if share < 0 or share > 1:
            parts.append(stamp("_left" if share < 0 else "_right", place, y, "arrow"))
        elif cap:
            parts.append(upright(place, y - cap, y + cap, "ci"))
    return join(parts)
