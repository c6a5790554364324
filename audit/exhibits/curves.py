"""How a figure moves with a quantity."""

from __future__ import annotations

import msgspec

from audit.measurement import Unit


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """A measured point of a curve, with its plain interval."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None


class Stroke(msgspec.Struct, frozen=True, kw_only=True):
    """A fitted line through some places, with its band where it has one.

    `low` and `high` are empty, or as long as `x` and `y`.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """One curve of a panel: measured points, the fit through them, and what is extrapolated.

    Attributes
    ----------
    name : str
        Empty where a panel holds a single series.
    fit : Stroke, optional
        Over the measured range: drawn solid.
    forecast : Stroke, optional
        Beyond the measured range: drawn dashed, in the shaded zone.
    second : bool
        Whether it is what the first series is compared with, drawn lighter.
    """

    name: str = ""
    points: tuple[Point, ...]
    fit: Stroke | None = None
    forecast: Stroke | None = None
    second: bool = False


class Marker(msgspec.Struct, frozen=True, kw_only=True):
    """A place on the horizontal axis that answers a question, with its interval.

    `x` is None where only a bound is known; `high` is None where there is no upper limit.
    """

    label: str
    x: float | None
    low: float | None
    high: float | None


class Panel(msgspec.Struct, frozen=True, kw_only=True):
    """One pair of axes.

    Attributes
    ----------
    label : str
        What the panel is about; empty where there is only one.
    n : int
        Rows behind each point.
    beyond : float, optional
        The largest measured x: what lies beyond is shaded as extrapolated.
    level : float, optional
        A required or wanted y, drawn as a line.
    markers : tuple of Marker
        Answers, such as the rows that a target needs.
    measurements : tuple of str
        Comparisons whose verdicts colour the panel: the first that is not met decides.
    note : str
        What to say instead of, or beside, the drawing (why nothing is extrapolated, ...).
    """

    label: str = ""
    n: int = 0
    series: tuple[Series, ...]
    beyond: float | None = None
    level: float | None = None
    level_label: str = ""
    markers: tuple[Marker, ...] = ()
    measurements: tuple[str, ...] = ()
    note: str = ""


class Curve(msgspec.Struct, frozen=True, kw_only=True, tag="curve"):
    """How a figure moves with a quantity: one panel, or small multiples on common axes.

    Attributes
    ----------
    x_axis, y_axis : str
        Names of the axes; y is written by `unit`, x as a plain number.
    x_unit : Unit
    log : bool
        Whether x is on a logarithmic scale.
    family : str
        Key of the ask whose verdicts colour it; may be empty.
    """

    id: str
    title: str
    caption: str
    x_axis: str
    y_axis: str
    unit: Unit
    panels: tuple[Panel, ...]
    x_unit: Unit = Unit.NUMBER
    log: bool = True
    family: str = ""
