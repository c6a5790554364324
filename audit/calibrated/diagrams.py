"""Reliability diagrams, and tables of what was stated and what came of it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from audit.calibrated.reliability import Reliability
from audit.calibrated.rescaling import Rescaling
from audit.exhibits import Cell, Column, Forest, Plane, Spot, Table
from audit.forests import rows_of
from audit.measurement import Family, Interval, Measurement, Unit
from audit.stats.evidence import AnyEvidence
from audit.stats.proportions import wilson
from audit.writing import interval as span
from audit.writing import value as written

BIASED = (
    "Plug-in ECE is the figure that is usually printed; it is biased upward: a calibrated model "
    "that is right in 80% of 1,000 rows has about 3.6 pp."
)


def slug(*words: str) -> str:
    """Join words into a part of an id."""
    return re.sub(r"[^a-z0-9]+", "-", " ".join(words).lower()).strip("-")


def on_split(split: str) -> str:
    """Name a split in a title, unless it is the usual one."""
    return "" if split == "test" else f", split {split}"


def bounds(m: Measurement) -> str:
    """Write a value with its plain interval."""
    ends = "" if m.interval is None else f" ({span(m.interval.low, m.interval.high, m.unit)})"
    return f"{written(m.value, m.unit)}{ends}"


def plane(
    name: str, title: str, family: Family, m: Measurement, found: Reliability, about: str
) -> Plane:
    """Draw the share that came true against the probability that was stated, bin by bin.

    Parameters
    ----------
    name : str
        The exhibit's id.
    title : str
    family : Family
        Whose verdicts colour it.
    m : Measurement
    found : Reliability
        At least one row.
    about : str
        What is stated with a probability: ``the chosen class``.
    """
    sums = found.sums
    low, high = wilson(sums.right, sums.rows)
    spots = tuple(
        Spot(x=float(x), y=float(y), y_low=float(a), y_high=float(b), n=round(float(n)))
        for x, y, a, b, n in zip(sums.stated, sums.observed, low, high, sums.rows, strict=True)
    )
    clustered = "" if sums.covariance is None else ", which take rows as independent"
    return Plane(
        id=name,
        title=title,
        caption=(
            f"{len(spots)} bins of equal mass by the probability of {about}; Wilson 95% intervals"
            f"{clustered}. Below the diagonal the model is overconfident."
        ),
        x_axis="stated probability, mean of the bin",
        y_axis="observed share",
        diagonal_label="stated = observed",
        spots=spots,
        strip=True,
        family=family.ask.key,
        measurements=(m.id,),
        note=f"debiased error {bounds(m)}" if m.value is not None else m.why,
    )


def forest(family: Family, title: str) -> Forest:
    """Draw the error of every slice of a family, those too small to test included."""
    ask = family.ask
    return Forest(
        id=slug("calibration", ask.metric, ask.statistic, ask.split, *ask.by),
        title=title + on_split(ask.split),
        caption="Debiased L2 error of the chosen class's probability; plain 95% intervals.",
        axis="calibration error",
        count="rows",
        unit=family.unit,
        rows=rows_of(family),
        family=ask.key,
        origin=0.0,
    )


def table(
    name: str, title: str, first: str, figures: Iterable[tuple[str, Measurement, Reliability]],
    draws: int,
) -> Table:  # fmt: skip
    """Tabulate what was stated and observed, slice by slice.

    Parameters
    ----------
    name, title : str
    first : str
        What the rows are.
    figures : iterable of (row name, Measurement, Reliability)
    draws : int
        Behind each consistency p-value.
    """
    shown = list(figures)
    clustered = any(r.clusters is not None for _, _, r in shown)
    return Table(
        id=name,
        title=title,
        caption=(
            "Error: debiased L2, with plain 95% intervals. "
            + (
                "Rows of a cluster may share their luck, so that no consistency p is given. "
                if clustered
                else f"Consistency p: of {draws:,} draws of outcomes from the stated probabilities "
                "themselves, the share with an error at least as large. "
            )
            + BIASED
        ),
        columns=(
            Column(first),
            Column("Rows"),
            Column("Mean stated", Unit.SHARE),
            Column("Observed", Unit.SHARE),
            Column("Error", Unit.POINTS),
            Column("Interval"),
            *([] if clustered else [Column("Consistency p")]),
            Column("Plug-in ECE", Unit.POINTS),
        ),
        rows=tuple(line(label, m, r, clustered) for label, m, r in shown),
    )


def line(label: str, m: Measurement, found: Reliability, clustered: bool) -> tuple[Cell, ...]:
    """Return one row of the table."""
    chance = "none" if found.consistency is None else f"{found.consistency:.2g}"
    ends = "" if m.interval is None else span(m.interval.low, m.interval.high, m.unit)
    sums = found.sums
    return (
        label,
        found.n,
        float((sums.share * sums.stated).sum()),
        float(sums.right.sum() / sums.n),
        m.value,
        ends,
        *([] if clustered else [chance]),
        found.usual,
    )


def temperature_table(split: str, scaling: Rescaling) -> Table:
    """Tabulate the fitted temperature, and the other half before it and after."""
    before, after = scaling.losses
    second = scaling.before, scaling.after or scaling.before
    errors = [stated_error(r) for r in second]
    return Table(
        id=slug("calibration-temperature", split),
        title="Would temperature scaling mend it?" + on_split(split),
        caption=(
            f"The temperature is fitted on {int(scaling.first.sum()):,} rows and tried on the "
            f"other {second[0].n:,}. Above 1 the model is overconfident. Plain 95% intervals."
        ),
        columns=(Column("Figure"), Column("As stated"), Column("At the fitted temperature")),
        rows=(
            ("Temperature", "1", evidence_text(scaling.fitted, Unit.RATIO)),
            ("Calibration error, other half", *errors),
            ("Log loss, other half", written(before, Unit.NUMBER), written(after, Unit.NUMBER)),
        ),
    )


def stated_error(found: Reliability) -> str:
    """Write the error of some rows with its interval."""
    text = written(found.value, Unit.POINTS)
    plain = plain_interval(found.evidence)
    return text if plain is None else f"{text} ({span(plain.low, plain.high, Unit.POINTS)})"


def evidence_text(evidence: AnyEvidence | None, unit: Unit) -> str:
    """Write an estimate with its interval."""
    plain = Interval.of(evidence)
    if evidence is None or plain is None:
        return written(evidence.theta if evidence is not None else None, unit)
    return f"{written(evidence.theta, unit)} ({span(plain.low, plain.high, unit)})"


def plain_interval(evidence: AnyEvidence | None) -> Interval | None:
    """Return the plain interval of an error; a bound at 0 is written as exactly that."""
    found = Interval.of(evidence)
    if found is None:
        return None
    return Interval(max(found.low, 0.0), max(found.high, 0.0), found.level, found.method)
