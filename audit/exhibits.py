"""The closed set of shapes a probe may show. A probe fills them; a reporter draws them.

A new probe needs no new drawing code as long as it fills one of these.
"""

from __future__ import annotations

import msgspec

from audit.measurement import Unit

Cell = str | int | float | None


class ForestRow(msgspec.Struct, frozen=True, kw_only=True):
    """One interval of a forest plot.

    `measurements` names the comparisons whose verdicts colour the row: the first that is not met
    decides. A row that was too small to test is drawn, not dropped.
    """

    label: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    indent: int = 0
    measurements: tuple[str, ...] = ()
    tested: bool = True
    note: str = ""


class Forest(msgspec.Struct, frozen=True, kw_only=True, tag="forest"):
    """Estimates with intervals, one line a slice, on a common axis.

    Attributes
    ----------
    family : str
        Key of the ask whose requirement is drawn as the tolerance zone; may be empty.
    origin : float, optional
        Where "no difference" lies (0 for gaps, 1 for ratios); None for plain rates.
    band : (low, high), optional
        Interval that rows are to be held against, such as that of the in-distribution rows, drawn
        as a zone behind them.
    lead : float, optional
        Where a grey line to each row's value starts: the level that it fell from.
    band_label : str
        What the band is.
    limit : float, optional
        A level that is drawn as the requirement where the family's own limit is on another scale
        (a floor, for a limit on drops).
    """

    id: str
    title: str
    caption: str
    axis: str
    count: str
    unit: Unit
    rows: tuple[ForestRow, ...]
    family: str = ""
    origin: float | None = None
    band: tuple[float, float] | None = None
    lead: float | None = None
    band_label: str = ""
    limit: float | None = None


class Column(msgspec.Struct, frozen=True):
    """Heading of a table column and how its numbers are written."""

    name: str
    unit: Unit | None = None


class Table(msgspec.Struct, frozen=True, kw_only=True, tag="table"):
    """Numbers in rows; the first column names the row."""

    id: str
    title: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One example. `input` is filled in by the runner only where the spec allows it."""

    id: str
    split: str
    row: int
    facts: tuple[str, ...]
    input: str | None = None


class Cases(msgspec.Struct, frozen=True, kw_only=True, tag="cases"):
    """Examples a reader may want to see, with what is known of each."""

    id: str
    title: str
    caption: str
    columns: tuple[str, ...]
    cases: tuple[Case, ...]


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


class HeatCell(msgspec.Struct, frozen=True, kw_only=True):
    """One cell of a heat table. `measurements` names the comparisons whose verdicts mark it."""

    value: float | None
    low: float | None = None
    high: float | None = None
    measurements: tuple[str, ...] = ()


class HeatRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a heat table.

    Attributes
    ----------
    label, group : str
        Its name, and the kind that it stands with.
    cells : tuple of HeatCell
        As many as the table has columns.
    total : HeatCell, optional
        What sums the line up.
    """

    label: str
    group: str = ""
    cells: tuple[HeatCell, ...]
    total: HeatCell | None = None


class Heat(msgspec.Struct, frozen=True, kw_only=True, tag="heat"):
    """Numbers in a grid, darker where they are graver; lines in the order that is given.

    Attributes
    ----------
    columns : tuple of str
    column_axis : str
        What the columns are (``severity``).
    total : str
        Heading of the column that sums lines up; empty if there is none.
    value : str
        What the numbers are.
    grave : str
        ``high`` or ``low``: which end is grave.
    unit : Unit
    n : int
        Rows behind each cell.
    family : str
        Key of the ask whose limit marks cells; may be empty.
    """

    id: str
    title: str
    caption: str
    columns: tuple[str, ...]
    column_axis: str
    value: str
    unit: Unit
    rows: tuple[HeatRow, ...]
    total: str = ""
    grave: str = "high"
    n: int = 0
    family: str = ""


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """One input before and after a change.

    Attributes
    ----------
    label : str
        What was done to it.
    split, row : str, int
        Where the input stands.
    transform : str
    severity, seed : int
    facts : tuple of str
        What is known of it, by the columns of the exhibit.
    before, after : str, optional
        The inputs themselves, as texts or as ``data:`` addresses of small pictures. Filled in by
        the runner, and only where the specification allows it.
    """

    label: str
    split: str
    row: int
    transform: str
    severity: int
    seed: int
    facts: tuple[str, ...] = ()
    before: str | None = None
    after: str | None = None


class Pairs(msgspec.Struct, frozen=True, kw_only=True, tag="pairs"):
    """Inputs before and after a change, with what the model made of both."""

    id: str
    title: str
    caption: str
    columns: tuple[str, ...]
    pairs: tuple[Pair, ...]


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


Exhibit = Forest | Table | Cases | Curve | Heat | Pairs | Plane
