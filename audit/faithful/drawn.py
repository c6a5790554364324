"""Drawing what was found: curves against random orders, gains, and what lies behind them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from audit.examples import FloatArray, IntArray
from audit.exhibits import (
    Cell,
    Column,
    Curve,
    Exhibit,
    Forest,
    ForestRow,
    Panel,
    Point,
    Series,
    Table,
)
from audit.faithful.families import CURVES
from audit.faithful.found import Found
from audit.forests import rows_of
from audit.measurement import Family, Interval, Unit
from audit.stats.clusters import cluster_mean
from audit.task import Classification
from audit.writing import value as written

ID = "explanation-faithfulness"
AXES = {
    "deletion": "share of the parts taken away",
    "insertion": "share of the parts put back",
}
TITLES = {
    "deletion": "Answer as parts are taken away",
    "insertion": "Answer as parts are put back",
}


def drawn(found: Found, families: Sequence[Family]) -> list[Exhibit]:
    """Draw a split: curves, gains, and the figures of inputs."""
    by_metric = {f.ask.metric: f for f in families}
    shown: list[Exhibit] = []
    varied = [u for u in found.under.values() if u.curves.size]
    if varied:
        shown += [curve(found, c, by_metric[c]) for c in CURVES if c in by_metric]
        shown.append(gains(found, [by_metric[c] for c in CURVES if c in by_metric]))
    return [*shown, table(found)]


def suffix(found: Found) -> str:
    """Name a split in a title, where it is not the usual one."""
    split = found.chain.examples.split
    return "" if split == "test" else f", split {split}"


def curve(found: Found, which: str, family: Family) -> Curve:
    """Draw one kind of curve, a panel for each baseline."""
    classes = isinstance(found.chain.task, Classification)
    chain = found.chain
    return Curve(
        id=f"{ID}-{which}-{chain.examples.split}",
        title=TITLES[which] + suffix(found),
        caption=(
            f"Mean over {len(found.rows):,} inputs, explained by {chain.chosen.says()}; grey: mean "
            f"of {chain.sizes.orders:,} random orders of each. A panel for each baseline, that is "
            "what stands in for a part. Plain 95% intervals of a place, not of the difference "
            "between curves."
        ),
        x_axis=AXES[which],
        y_axis="probability of the explained class" if classes else "value, standard deviations",
        unit=Unit.SHARE if classes else Unit.RATIO,
        panels=tuple(panel(found, which, name, family) for name in found.under),
        x_unit=Unit.SHARE,
        log=False,
        family=family.ask.key,
    )


def panel(found: Found, which: str, baseline: str, family: Family) -> Panel:
    """Draw the curve of one baseline beside that of random orders."""
    curves = found.under[baseline].curves
    own, chance = curves[CURVES.index(which)], curves[2]
    ids = tuple(m.id for m in family.measurements if ("baseline", baseline) in m.slice.terms)
    both = (("strongest first", own, False), ("random orders", chance, True))
    series = tuple(
        Series(name=name, points=points(found, which, y), second=second) for name, y, second in both
    )
    return Panel(label=baseline, n=len(found.rows), series=series, measurements=ids)


def points(found: Found, which: str, values: FloatArray) -> tuple[Point, ...]:
    """Return the means of ``(n, g)`` curves; those of insertion go by what is put back."""
    put_back = which == "insertion"
    x = 1 - found.grid[::-1] if put_back else found.grid
    columns = values[:, ::-1].T if put_back else values.T
    return tuple(point(float(at), y, found.clusters) for at, y in zip(x, columns, strict=True))


def point(x: float, values: FloatArray, clusters: IntArray | None) -> Point:
    """Return one place of a curve with its plain interval."""
    labels = np.arange(len(values)) if clusters is None else clusters
    interval = Interval.of(cluster_mean(values, labels))
    low, high = (interval.low, interval.high) if interval else (None, None)
    return Point(x=x, y=float(values.mean()), low=low, high=high)


def gains(found: Found, families: Sequence[Family]) -> Forest:
    """Draw the gain under each baseline."""
    rows = [named(r, f.ask.metric) for f in families for r in rows_of(f)]
    classes = isinstance(found.chain.task, Classification)
    return Forest(
        id=f"{ID}-gains-{found.chain.examples.split}",
        title="Gain over random orders" + suffix(found),
        caption=(
            "Area between the curve of the explanation's order and that of random orders of the "
            "same input, mean over inputs; above 0 is better than chance. Plain 95% intervals."
        ),
        axis="gain in mean probability" if classes else "gain in standard deviations of the value",
        count="inputs",
        unit=families[0].unit,
        rows=tuple(rows),
        family=families[0].ask.key if len(families) == 1 else "",
        origin=0.0,
    )


def named(row: ForestRow, metric: str) -> ForestRow:
    """Say what kind of curve a row is of."""
    return replace(row, label=f"{metric.capitalize()}, {row.label}")


def table(found: Found) -> Table:
    """Tabulate how figures are spread over inputs."""
    chain = found.chain
    rows: list[tuple[Cell, ...]] = [
        line("Parts", found.explanations.parts[found.rows].astype(float), Unit.NUMBER)
    ]
    passes = found.explanations.passes[found.rows]
    if passes.any():
        rows.append(line("Evaluations of the model behind an explanation", passes, Unit.NUMBER))
    if chain.chosen.sheet.complete:
        rows.append(line("Completeness error", found.missed_by, Unit.SHARE))
    for name, under in found.under.items():
        if chain.sizes.masks:
            rows.append(line(f"Infidelity, {name}", under.infidelity, Unit.SHARE))
    return Table(
        id=f"{ID}-inputs-{chain.examples.split}",
        title="What lies behind the explanations" + suffix(found),
        caption=(
            f"{len(found.rows):,} inputs, explained by {chain.chosen.says()}. Completeness error: "
            "how far attributions are from summing to the margin minus that of the baseline, as a "
            "share of it. Infidelity: share of the margin's changes that attributions do not "
            f"explain, over {chain.sizes.masks:,} random subsets of parts."
        ),
        columns=(
            Column("Figure"), Column("Inputs"), Column("Median"),
            Column("90% are at most"), Column("Largest"),
        ),
        rows=tuple(rows),
    )  # fmt: skip


def line(label: str, values: FloatArray, unit: Unit) -> tuple[Cell, ...]:
    """Return one row of the table, of the inputs that have the figure."""
    there = values[~np.isnan(values)]
    if not len(there):
        return label, 0, None, None, None
    # of an infinite error the next smaller quantile is no mean: the values themselves are taken
    ends = np.quantile(there, (0.5, 0.9, 1.0), method="higher")
    return label, len(there), *(written(float(v), unit) for v in ends)
