"""How numbers are written: by unit, with digits that tell a value from its limit."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from audit.measurement import Unit

UNDEFINED = "undefined"
MOST_DECIMALS = 5


@dataclass(frozen=True)
class Scale:
    """One way of writing numbers, so that a value, its interval and its limit agree.

    Attributes
    ----------
    factor : float
        What a plain value is multiplied by.
    suffix : str
        Unit, with its leading space where it has one.
    decimals : int
    """

    factor: float
    suffix: str
    decimals: int

    def number(self, value: float | None, *, sign: bool = False) -> str:
        """Write a value without its unit."""
        if value is None or math.isnan(value):
            return UNDEFINED
        if math.isinf(value):
            return "∞" if value > 0 else "−∞"
        text = f"{value * self.factor:{'+' if sign else ''},.{self.decimals}f}"
        if not any(digit in text for digit in "123456789"):
            text = text.lstrip("+-")
        return text.replace("-", "−")

    def text(self, value: float | None, *, sign: bool = False) -> str:
        """Write a value with its unit."""
        number = self.number(value, sign=sign)
        return number if number == UNDEFINED else number + self.suffix

    def span(self, low: float | None, high: float | None) -> str:
        """Write an interval; an open end is said in words."""
        below = low is None or not math.isfinite(low)
        above = high is None or not math.isfinite(high)
        if below and above:
            return "unbounded"
        if below:
            return f"up to {self.number(high)}"
        if above:
            return f"{self.number(low)} or more"
        return f"{self.number(low)} to {self.number(high)}"


def scale(unit: Unit, values: Iterable[float | None], limit: float | None = None) -> Scale:
    """Choose how to write some values together.

    Digits are added until no value that differs from the limit looks equal to it, and nothing
    that is not 0 % or 100 % looks so.
    """
    finite = [v for v in values if v is not None and math.isfinite(v)]
    known = [*finite, *([limit] if limit is not None else [])]
    base = _base(unit, max((abs(v) for v in known), default=0.0))
    edges = [limit] if limit is not None else []
    if unit is Unit.SHARE:
        edges += [0.0, 1.0]
    for decimals in range(base.decimals, max(base.decimals, MOST_DECIMALS) + 1):
        trial = Scale(base.factor, base.suffix, decimals)
        if _tells_apart(trial, known, edges) and _exact(trial, limit):
            return trial
    return base


def value(amount: float | None, unit: Unit) -> str:
    """Write one value alone, with its unit."""
    return scale(unit, [amount]).text(amount)


def interval(low: float | None, high: float | None, unit: Unit) -> str:
    """Write one interval alone, without its unit."""
    return scale(unit, [low, high]).span(low, high)


def requirement(limit: float, unit: Unit, *, is_max: bool | None) -> str:
    """Write a requirement, such as ``≤ 5.0 pp``."""
    return bound(scale(unit, [], limit), limit, is_max=is_max)


def bound(how: Scale, limit: float, *, is_max: bool | None) -> str:
    """Write a requirement in a scale that is already chosen."""
    sign = {True: "≤ ", False: "≥ ", None: "limit "}[is_max]
    return sign + how.text(limit)


def count(n: int) -> str:
    """Write a whole number with separators."""
    return f"{n:,}"


def _base(unit: Unit, largest: float) -> Scale:
    if unit in (Unit.SHARE, Unit.POINTS):
        suffix = "%" if unit is Unit.SHARE else " pp"
        return Scale(100.0, suffix, 1 if largest >= 0.01 or largest == 0 else 2)
    if unit is Unit.RATIO:
        return Scale(1.0, "", 2)
    for floor, factor, suffix in ((1e7, 1e-6, " M"), (1e4, 1e-3, " k")):
        if largest >= floor:
            return Scale(factor, suffix, _decimals(largest * factor))
    return Scale(1.0, "", _decimals(largest))


def _decimals(largest: float) -> int:
    """Three significant digits; below one, three decimals or two digits, whichever is more."""
    if largest == 0:
        return 0
    power = math.floor(math.log10(largest))
    return max(0, min(MOST_DECIMALS, 2 - power if largest >= 1 else max(3, 1 - power)))


def _tells_apart(how: Scale, values: Iterable[float], edges: Iterable[float]) -> bool:
    marks = list(edges)
    return all(
        how.number(v) != how.number(e)
        for v in values
        for e in marks
        if not math.isclose(v, e, rel_tol=1e-9, abs_tol=1e-12)
    )


def _exact(how: Scale, limit: float | None) -> bool:
    """Whether a limit is written as it was set: 2.25 % must not be shown as 2.2 %."""
    if limit is None:
        return True
    shown = round(limit * how.factor, how.decimals)
    return math.isclose(shown, limit * how.factor, rel_tol=1e-6, abs_tol=1e-12)
