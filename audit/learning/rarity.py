"""How an error goes with the rarity of an input's words: a slope, and a curve by fifths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audit.data import Slice
from audit.estimate import estimator
from audit.examples import FloatArray, IntArray
from audit.exhibits import Curve, Panel, Point, Series
from audit.groups import Cut
from audit.learning.curves import Level
from audit.measurement import Family, Interval
from audit.metrics import Metric, Values
from audit.observations import Observation
from audit.stats.evidence import Mean
from audit.stats.slopes import standardised_slope

FIFTHS = (0.2, 0.4, 0.6, 0.8)


@dataclass(frozen=True)
class Rarity:
    """The errors of some rows beside the rarity of their words.

    Attributes
    ----------
    ranks : (n,) float array
        Mean natural logarithm of (1 + token rank): the higher, the rarer.
    errors : (n,) float array
    clusters : (n,) int array, optional
    why : str
        Why there is nothing to measure; empty if there is.
    left_out : int
        Rows without any token.
    """

    ranks: FloatArray
    errors: FloatArray
    clusters: IntArray | None
    why: str = ""
    left_out: int = 0

    @classmethod
    def of(cls, answer: Observation, errors: FloatArray, clusters: IntArray | None) -> Rarity:
        """Keep the rows whose words have a rank; say why where none can be had."""
        known = np.isfinite(answer.outputs)
        ranks, why = answer.outputs[known], ""
        if len(ranks) == 0:
            why = answer.reason or "the model does not know how common a word is"
        elif len(ranks) < 3 or not np.ptp(ranks) > 0:
            why = "the words of all inputs are equally common"
        kept = None if clusters is None else clusters[known]
        return cls(ranks, errors[known], kept, why, int((~known).sum()))

    def slope(self) -> Mean | None:
        """Return the slope of the error per standard deviation of the ranks."""
        if self.why:
            return None
        return standardised_slope(self.ranks, self.errors, self.clusters)

    def points(self, metric: Metric, level: Level) -> tuple[Point, ...]:
        """Return a figure in every fifth of the rows by rank, at the mean rank of the fifth.

        Parameters
        ----------
        metric : Metric
            The figure that is drawn.
        level : callable
            From an error to that figure, row for row.
        """
        edges = np.quantile(self.ranks, FIFTHS)
        present, codes = np.unique(
            np.searchsorted(edges, self.ranks, side="right"), return_inverse=True
        )
        slices = tuple(Slice((("fifth", str(i + 1)),)) for i in present)
        cut = Cut(("fifth",), codes.ravel().astype(np.int64), slices)
        column = np.array([level(e) for e in self.errors])
        values = Values(column, np.ones(len(column), dtype=bool))
        est = estimator(metric, values, cut, self.clusters)
        points = []
        for i in range(len(slices)):
            rows = cut.codes == i
            span = Interval.of(est.one(i))
            points.append(
                Point(
                    x=float(self.ranks[rows].mean()),
                    y=float(column[rows].mean()),
                    low=span.low if span else None,
                    high=span.high if span else None,
                )
            )
        return tuple(points)

    def curve(self, split: str, metric: Metric, level: Level, family: Family) -> Curve:
        """Draw the figure in fifths of the rows, from common words to rare ones.

        Parameters
        ----------
        split : str
        metric : Metric
        level : callable
        family : Family
            The slope that was measured.
        """
        left = f" {self.left_out:,} inputs without a word are left out." if self.left_out else ""
        return Curve(
            id=f"{family.ask.probe}-rarity-{split}",
            title=f"{metric.heading} by rarity of words"
            + ("" if split == "test" else f", {split}"),
            caption="The model as it is, in fifths of the rows by the rarity of their words; plain "
            "95% intervals. An association: inputs with rarer words differ in other ways too."
            + left,
            x_axis="mean ln(1 + token rank), rarer words to the right",
            y_axis=metric.title,
            unit=metric.unit,
            panels=(
                Panel(
                    n=len(self.errors) // 5,
                    series=(Series(points=self.points(metric, level)),),
                    measurements=family.ids,
                ),
            ),
            log=False,
            family=family.ask.key,
        )
