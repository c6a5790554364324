"""The scales of a plot: how places and numbers follow from values, and which ticks fit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from audit import writing as fmt
from audit.measurement import Unit
from reports.svg import Axis

NARROW, WIDE = "xn", "xw"  # classes of ticks that only a narrow or only a wide column shows
LETTER = 6.6  # pixels, of a figure at the size of tick labels
GAP = 12.0


@dataclass(frozen=True)
class Ruler:
    """An axis, linear or logarithmic."""

    axis: Axis
    log: bool = False

    def place(self, value: float) -> float:
        """Return where a value lies as a share of the width; outside 0 to 1 if it is off."""
        if not self.log:
            return self.axis.place(value)
        return self.axis.place(math.log10(value)) if value > 0 else -math.inf

    def inside(self, value: float) -> float:
        """Return where a value lies, held to the axis."""
        return min(1.0, max(0.0, self.place(value)))

    @property
    def ends(self) -> tuple[float, float]:
        """The values at both ends."""
        low, high = self.axis.low, self.axis.high
        return (10.0**low, 10.0**high) if self.log else (low, high)


@dataclass(frozen=True)
class Tick:
    """A tick of the horizontal axis; `css` says in which columns it stands."""

    place: float
    label: str
    css: str = ""


@dataclass(frozen=True)
class Room:
    """Labels that already stand under an axis, and the width of the narrowest column."""

    width: float
    taken: tuple[tuple[float, str], ...] = ()

    def fits(self, marks: Sequence[tuple[float, str]]) -> bool:
        """Whether no two labels, in the order of their places, touch."""
        return all(not self.touch(a, b) for a, b in pairwise(marks))

    def free(self, mark: tuple[float, str]) -> bool:
        """Whether a label touches none of those that already stand."""
        return not any(self.touch(mark, held) for held in self.taken)

    def touch(self, a: tuple[float, str], b: tuple[float, str]) -> bool:
        """Whether two labels, each a place and a text, touch."""
        need = LETTER * (len(a[1]) + len(b[1])) / 2 + GAP
        return abs(a[0] - b[0]) * self.width < need


def brief(value: float, unit: Unit) -> str:
    """Write a number for an axis: three digits at most, ``250``, ``1 k``, ``14.6 k``, ``5%``."""
    if not math.isfinite(value):
        return "∞" if value > 0 else "−∞"
    cut = float(f"{value:.3g}")
    factor, suffix = _shortened(abs(cut), unit)
    for decimals in range(7):
        if math.isclose(round(cut * factor, decimals), cut * factor, rel_tol=1e-9, abs_tol=1e-12):
            break
    return fmt.Scale(factor, suffix, decimals).text(cut)


def _shortened(size: float, unit: Unit) -> tuple[float, str]:
    if unit in (Unit.SHARE, Unit.POINTS):
        return 100.0, "%" if unit is Unit.SHARE else " pp"
    for floor, factor, suffix in ((1e6, 1e-6, " M"), (1e3, 1e-3, " k")):
        if size >= floor:
            return factor, suffix
    return 1.0, ""


def named(
    values: Sequence[float], unit: Unit, *, sign: bool = False, suffix: bool = False
) -> tuple[tuple[float, str], ...]:
    """Write ticks together, with as few decimals as tell them apart."""
    base = fmt.scale(unit, [max(values, key=abs, default=0.0)])
    how = base
    for decimals in range(6):
        how = fmt.Scale(base.factor, base.suffix, decimals)
        if all(_exact(v * how.factor, decimals) for v in values):
            break
    write = how.text if suffix else how.number
    return tuple((value, write(value, sign=sign)) for value in values)


def _exact(value: float, decimals: int) -> bool:
    return math.isclose(round(value, decimals), value, abs_tol=1e-9)


def ticks(
    ruler: Ruler, measured: Sequence[float], unit: Unit, narrow: Room, wide: Room
) -> tuple[Tick, ...]:
    """Return the ticks of a horizontal axis: round numbers, as many as a column has room for."""
    few, many = (_fitting(ruler, measured, unit, room) for room in (narrow, wide))
    marks = sorted(set(few) | set(many))
    return tuple(
        Tick(place, label, _seen((place, label) in few, (place, label) in many))
        for place, label in marks
    )


def _seen(few: bool, many: bool) -> str:
    return "" if few and many else NARROW if few else WIDE


def _fitting(
    ruler: Ruler, measured: Sequence[float], unit: Unit, room: Room
) -> list[tuple[float, str]]:
    best: list[tuple[float, str]] = []
    for rung in _ladder(ruler, measured):
        marks = [(round(ruler.place(v), 6), brief(v, unit)) for v in rung]
        free = [m for m in marks if 0 <= m[0] <= 1 and room.free(m)]
        if room.fits(free):
            return free
        best = free
    return best[:1]


def _ladder(ruler: Ruler, measured: Sequence[float]) -> Iterable[Sequence[float]]:
    """Return sets of ticks, from the densest to the sparsest."""
    known = sorted(set(measured))
    short = 1 < len(known) <= 9 and all(math.isclose(v, float(f"{v:.3g}")) for v in known)
    if short:
        every = [*known, *_continued(known, ruler)]
        last = len(known) - 1
        for step in (1, 2, 4) if ruler.log else (1,):
            yield [v for i, v in enumerate(every) if (i - last) % step == 0]
    if ruler.log:
        yield from _decades(ruler)
    low, high = ruler.ends
    for most in (6, 4, 3, 2, 1):
        yield Axis(low, high).ticks(most, edge=0.0)


def _continued(known: Sequence[float], ruler: Ruler) -> list[float]:
    """Carry measured sizes on by their own last step, where they are spaced by a ratio."""
    ratio = known[-1] / known[-2] if ruler.log else 0.0
    if not 1.5 <= ratio <= 10:
        return []
    found = [known[-1] * ratio**power for power in range(1, 9)]
    return [v for v in found if v <= ruler.ends[1] and math.isclose(v, float(f"{v:.3g}"))]


def _decades(ruler: Ruler) -> Iterable[Sequence[float]]:
    powers = range(math.floor(ruler.axis.low), math.ceil(ruler.axis.high) + 1)
    for factors, step in (((1, 2, 5), 1), ((1,), 1), ((1,), 2), ((1,), 3)):
        found = [f * 10.0**p for p in powers if p % step == 0 for f in factors]
        found = [v for v in found if 0 <= ruler.place(v) <= 1]
        if len(found) >= 3:
            yield found
