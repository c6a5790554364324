"""Estimates with intervals, one line a slice."""

from __future__ import annotations

import msgspec

from audit.measurement import Unit


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
