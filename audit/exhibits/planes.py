"""Two quantities against each other."""

from __future__ import annotations

import msgspec

from audit.measurement import Unit


class Spot(msgspec.Struct, frozen=True, kw_only=True):
    """A point of a plane, with its intervals where it has them."""

    x: float
    y: float
    x_low: float | None = None
    x_high: float | None = None
    y_low: float | None = None
    y_high: float | None = None
    label: str = ""
    n: int = 0
    measurements: tuple[str, ...] = ()


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a plane, through its places in order; `low` and `high` are its band, or empty."""

    name: str = ""
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    note: str = ""
    second: bool = False


class Plane(msgspec.Struct, frozen=True, kw_only=True, tag="plane"):
    """Two quantities against each other: reliability, ROC curves, predicted against measured.

    Attributes
    ----------
    x_axis, y_axis : str
    x_unit, y_unit : Unit
    square : bool
        Whether both axes go from 0 to 1; else they follow the data, on one scale where there is a
        `diagonal`.
    diagonal : bool
        Whether the line y = x is drawn, and `diagonal_label` what it means.
    spots, lines : tuples
    strip : bool
        Whether the spots' `n` are drawn as bars under the axis.
    family : str
        Key of the ask whose verdicts colour it; may be empty.
    measurements : tuple of str
        Comparisons whose verdicts colour the whole: the first that is not met decides.
    note : str
    """

    id: str
    title: str
    caption: str
    x_axis: str
    y_axis: str
    x_unit: Unit = Unit.SHARE
    y_unit: Unit = Unit.SHARE
    square: bool = True
    diagonal: bool = True
    diagonal_label: str = ""
    spots: tuple[Spot, ...] = ()
    lines: tuple[Line, ...] = ()
    strip: bool = False
    family: str = ""
    measurements: tuple[str, ...] = ()
    note: str = ""
