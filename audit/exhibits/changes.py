"""What changes of an input do: numbers in a grid, and inputs before and after."""

from __future__ import annotations

import msgspec

from audit.measurement import Unit


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
