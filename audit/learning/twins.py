"""Two learning curves on the same rows and seeds, drawn and tabulated side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from audit.exhibits import Column, Curve, Marker, Panel, Point, Series, Table
from audit.learning.curves import Level, points_of
from audit.measurement import Family, Interval, Unit
from audit.metrics import Metric
from audit.stats.transfer import Pair
from audit.writing import interval as spanned


@dataclass(frozen=True)
class Twins:
    """What is drawn of a pair of curves on a split.

    Attributes
    ----------
    pair : Pair
    split : str
    metric : Metric
        The figure that is drawn.
    level : callable
        From an error to that figure.
    families : sequence of Family
        What was measured of the pair: the first colours the drawing.
    """

    pair: Pair
    split: str
    metric: Metric
    level: Level
    families: Sequence[Family]

    @cached_property
    def points(self) -> tuple[tuple[Point, ...], tuple[Point, ...]]:
        """The pretrained curve and the one from scratch."""
        p = self.pair
        return (
            points_of(p.sizes, p.pretrained, self.level, p.clusters),
            points_of(p.sizes, p.scratch, self.level, p.clusters),
        )

    def id(self, part: str) -> str:
        """Name an exhibit."""
        return f"{self.families[0].ask.probe}-{part}-{self.split}"

    def title(self, text: str) -> str:
        """Name the split, where it is not the usual one."""
        return text if self.split == "test" else f"{text}, {self.split}"

    def curve(self, caption: str) -> Curve:
        """Draw both curves, and the rows from scratch that equal the pretrained model's."""
        p = self.pair
        panel = Panel(
            n=p.scratch.shape[2],
            series=(
                Series(name="pretrained", points=self.points[0]),
                Series(name="from scratch", points=self.points[1], second=True),
            ),
            level=float(f"{self.level(p.level):.3g}"),  # a place in the drawing, not a limit
            level_label=f"pretrained, {p.size:,} rows",
            markers=tuple(self.marker(f) for f in self.families if f.ask.metric == "rows"),
            measurements=tuple(i for f in self.families for i in f.ids),
        )
        return Curve(
            id=self.id("curve"),
            title=self.title("Pretrained against scratch"),
            caption=caption,
            x_axis="training rows",
            y_axis=self.metric.title,
            unit=self.metric.unit,
            panels=(panel,),
            family=self.families[0].ask.key,
        )

    def marker(self, family: Family) -> Marker:
        """Return the rows that a training from scratch needs, with their interval."""
        (figure,) = family.measurements
        ends: list[float | None] = [None, None]
        if figure.evidence is not None:
            span = figure.evidence.interval()[:2]
            ends = [self.pair.size + v if math.isfinite(v) else None for v in span]
        return Marker(
            label=f"from scratch, as good as {self.pair.size:,} pretrained rows",
            x=None if figure.value is None else self.pair.size + figure.value,
            low=ends[0],
            high=ends[1],
        )

    def table(self) -> Table:
        """Tabulate both curves and what pretraining saves at every size."""
        unit = self.metric.gap_unit
        rows = []
        for k, size in enumerate(self.pair.sizes):
            gain = self.pair.gain(k)
            span = Interval.of(gain)
            ends = spanned(span.low, span.high, unit) if span else ""
            rows.append((size, self.points[0][k].y, self.points[1][k].y, gain.estimate, ends))
        return Table(
            id=self.id("sizes"),
            title=self.title("Pretrained against scratch, by training size"),
            caption="The error that pretraining saves, with its plain 95% interval.",
            columns=(
                Column("Training rows", Unit.NUMBER),
                Column("Pretrained", self.metric.unit),
                Column("From scratch", self.metric.unit),
                Column("Error saved", unit),
                Column("Interval"),
            ),
            rows=tuple(rows),
        )
