"""What is shown of estimates without labels: a forest, tables, and predicted against measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from audit.exhibits import Cell, Column, Exhibit, Forest, Plane, Spot, Table
from audit.forests import rows_of
from audit.labelfree.band import Law
from audit.labelfree.estimators import LINE
from audit.labelfree.foreign import Foreign, class_shares, tail
from audit.labelfree.gather import Measured
from audit.measurement import Family, Measurement, Unit
from audit.writing import interval as spanned
from audit.writing import value as written


@dataclass(frozen=True)
class Shown:
    """Everything that the exhibits are made of.

    Attributes
    ----------
    family : Family
        Of the predicted accuracies.
    found : sequence of Foreign
    home : Measured, optional
    law : Law
    labels : tuple of str
    line_fit : float
        Share of variance from which on a line of agreement stands.
    """

    family: Family
    found: Sequence[Foreign]
    home: Measured | None
    law: Law
    labels: tuple[str, ...]
    line_fit: float

    @property
    def by_slice(self) -> dict[object, Measurement]:
        """The measurements, by the slice that they are about."""
        return {m.slice: m for m in self.family.measurements}

    def exhibits(self) -> list[Exhibit]:
        """Return the forest, the plane where any domain has labels, and both tables."""
        out: list[Exhibit] = [self.forest()]
        if any(f.measured for f in self.found):
            out.append(self.plane())
        return [*out, self.estimates(), self.grounds()]

    def id(self, part: str) -> str:
        """Name an exhibit."""
        return f"{self.family.ask.probe}-{part}"

    def forest(self) -> Forest:
        """Draw the predicted accuracy of every domain against that in distribution."""
        return Forest(
            id=self.id("forest"),
            title="Accuracy predicted without labels",
            caption=f"95% intervals, learned on {self.law.shifts:,} synthetic shifts of "
            f"{self.law.kinds} kinds. They hold if the answer to an input is what it was; if that "
            "changed, nothing here shows it.",
            axis="predicted accuracy",
            count="rows",
            unit=Unit.SHARE,
            rows=rows_of(self.family),
            family=self.family.ask.key,
            band=(self.home.low, self.home.high) if self.home else None,
            lead=self.home.value if self.home else None,
            band_label="measured in distribution, 95% interval" if self.home else "",
        )

    def plane(self) -> Plane:
        """Draw predicted against measured accuracy, where labels tell it."""
        spots = []
        for f in self.found:
            m = self.by_slice[f.domain.slice]
            if f.measured is None or m.value is None:
                continue
            spots.append(
                Spot(
                    x=m.value,
                    y=f.measured.value,
                    x_low=m.interval.low if m.interval else None,
                    x_high=m.interval.high if m.interval else None,
                    y_low=f.measured.low,
                    y_high=f.measured.high,
                    label=f.domain.name,
                    n=f.measured.n,
                    measurements=(m.id,),
                )
            )
        return Plane(
            id=self.id("plane"),
            title="Predicted against measured accuracy",
            caption="Labels of these rows were kept out of the estimate. 95% intervals.",
            x_axis="accuracy predicted without labels",
            y_axis="measured accuracy",
            square=False,
            diagonal_label="predicted = measured",
            spots=tuple(spots),
            family=self.family.ask.key,
        )

    def estimates(self) -> Table:
        """Tabulate every estimate, their median, and what labels say where there are any."""
        names = list(dict.fromkeys(e.name for f in self.found for e in f.estimates))
        share = Unit.SHARE
        rows = []
        for f in self.found:
            m = self.by_slice[f.domain.slice]
            values = {e.name: e.value for e in f.estimates if e.fit >= self.line_fit}
            cells: list[Cell] = [f.domain.name, len(f.domain), *(values.get(n) for n in names)]
            i = m.interval
            cells += [m.value, spanned(i.low, i.high, share) if i else ""]
            k = f.measured
            cells += [k.value, spanned(k.low, k.high, share)] if k else [None, ""]
            rows.append(tuple(cells))
        line = (
            f" {LINE} stands where its line explains {written(self.line_fit, share)} of the "
            "variance, and enters the median from three revisions on."
        )
        return Table(
            id=self.id("estimates"),
            title="Estimates of accuracy without labels",
            caption=f"95% intervals. {self.known()}"
            + (line if LINE in names else ""),
            columns=(
                Column("Domain"), Column("Rows"), *(Column(n, share) for n in names),
                Column("Median", share), Column("Interval"), Column("Measured", share),
                Column("Its interval"),
            ),
            rows=tuple(rows),
        )  # fmt: skip

    def known(self) -> str:
        """Say what was measured in distribution."""
        if self.home is None:
            return ""
        return (
            f"In distribution: {written(self.home.value, Unit.SHARE)} on {self.home.n:,} "
            "labelled rows."
        )

    def grounds(self) -> Table:
        """Tabulate what shows whether an estimate can be trusted."""
        share = Unit.SHARE
        return Table(
            id=self.id("grounds"),
            title="What the estimates rest on",
            caption="Class shares and accuracy as they would be if nothing but the mix of classes "
            "had moved (black-box shift estimation); the p-value is of equal shares of chosen "
            "classes. Near: share of rows as near to rows in distribution as 95% of these are to "
            "each other, by the model's features.",
            columns=(
                Column("Domain"), Column("Estimators apart by", Unit.POINTS),
                Column("Fully sure", share), Column("Class shares"), Column("p of the mix"),
                Column("Accuracy, mix alone", share), Column("Near", share),
            ),
            rows=tuple(
                (
                    f.domain.name, f.reading.level.spread, f.saturated,
                    class_shares(self.labels, f.mix.shares.tolist()),
                    tail(f.mix.p).removeprefix("= "), f.mix.accuracy, f.overlap,
                )
                for f in self.found
            ),
        )  # fmt: skip
