"""Drawing the cells: heat tables, the curve over severities, and inputs whose answer changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from audit.corrupted.grid import Figure, Grid, mean_of
from audit.examples import FloatArray
from audit.exhibits import Curve, Heat, HeatCell, HeatRow, Panel, Point, Series
from audit.measurement import Family, Interval, Unit
from audit.stats import effective
from audit.stats.evidence import AnyEvidence

ID = "corruption-robustness"
ASIDE = "may change the label"

Drawing = Callable[[Sequence[int]], Figure]
Ids = Mapping[str, str]


class Words(NamedTuple):
    """What a heat table is called: id, title, and what its numbers are."""

    name: str
    title: str
    value: str
    unit: Unit


DROPS = Words("drops", "Accuracy lost under harmless changes", "accuracy drop", Unit.POINTS)
RISES = Words(
    "rises",
    "Error gained under harmless changes",
    "rise of the mean absolute error",
    Unit.NUMBER,
)
MOVED = Words(
    "changed", "Answers changed by harmless changes", "share of changed answers", Unit.SHARE
)


def suffix(split: str) -> str:
    """Name a split in a title, where it is not the usual one."""
    return "" if split == "test" else f", split {split}"


def ids_of(family: Family | None) -> Ids:
    """Return the comparisons of a family by their slice, as written."""
    return {str(m.slice): m.id for m in family.measurements} if family else {}


def heat_cell(figure: Drawing, numbers: list[int], found: str | None) -> HeatCell:
    """Return one cell with its plain interval."""
    value, evidence = figure(numbers)
    interval = Interval.of(evidence)
    return HeatCell(
        value=value,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        measurements=(found,) if found else (),
    )


def heat(
    grid: Grid, figure: Drawing, by_way: Family | None, by_cell: Family | None, words: Words
) -> Heat:
    """Draw a figure of every cell, kinds with the gravest transform first.

    Parameters
    ----------
    grid : Grid
    figure : callable
        From numbers of cells to a value, the higher the graver, and its evidence.
    by_way, by_cell : Family, optional
        Whose comparisons mark totals, and cells.
    words : Words
    """
    cells, totals, marks = grid.cells, ids_of(by_way), ids_of(by_cell)
    rows = [
        HeatRow(
            label=way.sheet.title,
            group=way.sheet.family if way.tested else ASIDE,
            cells=tuple(
                heat_cell(figure, grid.at(way, s), marks.get(str(way.slice(s))))
                for s in cells.severities
            ),
            total=heat_cell(figure, grid.at(way), totals.get(str(way.slice()))),
        )
        for way in cells.ways
    ]
    named = by_way or by_cell
    aside = [w.word for w in cells.ways if not w.tested]
    untested = f" Not tested, because the label may change: {', '.join(aside)}." if aside else ""
    return Heat(
        id=f"{ID}-{words.name}-{cells.split}",
        title=words.title + suffix(cells.split),
        caption=(
            f"Each cell: the same {len(cells.rows):,} inputs, changed. The last column is the mean "
            f"over severities; plain 95% intervals.{untested}"
        ),
        columns=tuple(str(s) for s in cells.severities),
        column_axis="severity",
        total="mean",
        value=words.value,
        unit=words.unit,
        rows=tuple(gravest_first(rows)),
        n=len(cells.rows),
        family=named.ask.key if named else "",
    )


def gravest_first(rows: Sequence[HeatRow]) -> list[HeatRow]:
    """Order lines by kind, and kinds by their gravest line; what is not tested comes last."""

    def graveness(row: HeatRow) -> float:
        value = row.total.value if row.total else None
        return -np.inf if value is None else value

    top = {g: max(graveness(r) for r in rows if r.group == g) for g in {r.group for r in rows}}
    return sorted(
        rows, key=lambda r: (r.group == ASIDE, -top[r.group], r.group, -graveness(r), r.label)
    )


def severity_curve(grid: Grid, family: Family | None) -> Curve:
    """Draw the mean level over the tested transforms against severity; 0 is the unchanged input."""
    cells, classes = grid.cells, grid.column == "correct"
    points = [point(grid, 0, grid.scores[0])]
    for severity in cells.severities:
        numbers = [1 + grid.at(way, severity)[0] for way in cells.tested]
        points.append(point(grid, severity, grid.scores[numbers].mean(axis=0)))
    label = "accuracy" if classes else "mean absolute error"
    return Curve(
        id=f"{ID}-severity-{cells.split}",
        title=f"{label.capitalize()} by severity{suffix(cells.split)}",
        caption=(
            f"Mean over {len(cells.tested)} changes of the same {len(cells.rows):,} inputs; 0 is "
            "the unchanged input. Plain 95% intervals."
        ),
        x_axis="severity",
        y_axis=label,
        unit=Unit.SHARE if classes else Unit.NUMBER,
        panels=(
            Panel(
                n=len(cells.rows),
                series=(Series(points=tuple(sorted(points, key=lambda p: p.x))),),
                measurements=family.ids if family else (),
            ),
        ),
        log=False,
        family=family.ask.key if family else "",
    )


def point(grid: Grid, severity: int, scores: FloatArray) -> Point:
    """Return one place of the curve."""
    clusters = grid.examples.clusters
    evidence: AnyEvidence | None
    if grid.column == "correct":
        evidence = effective.share(scores, clusters)
    else:
        evidence = mean_of(scores, clusters)
    interval = Interval.of(evidence)
    return Point(
        x=float(severity),
        y=float(scores.mean()),
        low=interval.low if interval else None,
        high=interval.high if interval else None,
    )
