"""The numbers behind a card, as tables: comparisons, measurements, screens."""

from __future__ import annotations

from collections.abc import Sequence

from audit import writing as fmt
from audit.exhibits import Cell, Column, Table
from audit.measurement import Family, Measurement, Unit
from audit.result import ProbeResult, Screen
from audit.verdict import Comparison, Verdict
from reports.index import Index
from reports.rows import Row
from reports.words import RANK, word

TABLE_ROWS = 60


def judged(mine: Sequence[Row]) -> tuple[Table, ...]:
    """Return a table of comparisons for each requirement of a probe."""
    return tuple(_comparisons(row.verdict) for row in mine if row.verdict.comparisons)


def unasked(index: Index, probe: ProbeResult, mine: Sequence[Row]) -> tuple[Table, ...]:
    """Return a table for each family that no requirement names, and one of the screens."""
    asked = {index.requirements[r.id].ask.key for r in mine if r.id in index.requirements}
    tables = [_measured(f) for f in probe.families if f.ask.key not in asked and f.measurements]
    screens = [s for s in index.result.screens if s.measure.split(".")[0] == probe.probe]
    if screens:
        tables.append(_screens(index, screens))
    return tuple(tables)


def _comparisons(verdict: Verdict) -> Table:
    unit = verdict.unit
    columns = (
        Column("Rows"),
        Column("Against"),
        Column("n"),
        Column("Estimate", unit),
        Column("Decision low", unit),
        Column("Decision high", unit),
        Column("p, corrected"),
        Column("Smallest provable", unit),
        Column("Outcome"),
    )
    ordered = sorted(verdict.comparisons, key=lambda c: (RANK[c.outcome], -c.n))
    return Table(
        id=f"{verdict.requirement}-comparisons",
        title=f"{verdict.title}: every comparison",
        caption=_capped(len(ordered), "p is that of keeping the limit, after Holm over the gate."),
        columns=columns,
        rows=tuple(_comparison(c) for c in ordered[:TABLE_ROWS]),
    )


def _comparison(c: Comparison) -> tuple[Cell, ...]:
    who = c.slice.name + (f", class {c.label}" if c.label else "")
    against = " ".join(filter(None, (c.side, c.against)))
    p = "< 0.0001" if c.p_fail_adjusted < 0.0001 else f"{c.p_fail_adjusted:.4f}"
    return (who, against, c.n, c.value, c.low, c.high, p, c.detectable, word(c.outcome))


def _measured(family: Family) -> Table:
    unit = family.unit
    return Table(
        id=f"{family.ask.key}-measurements",
        title=f"{family.title}: every measurement",
        caption=_capped(len(family.measurements), "Plain intervals; nothing was required."),
        columns=(
            Column("Rows"),
            Column("Against"),
            Column("n"),
            Column("Value", unit),
            Column("Low", unit),
            Column("High", unit),
            Column("Note"),
        ),
        rows=tuple(_measurement(m) for m in family.measurements[:TABLE_ROWS]),
    )


def _measurement(m: Measurement) -> tuple[Cell, ...]:
    who = m.slice.name + (f", class {m.label}" if m.label else "")
    low, high = (m.interval.low, m.interval.high) if m.interval else (None, None)
    return (who, m.against, m.n, m.value, low, high, m.why)


def _screens(index: Index, screens: Sequence[Screen]) -> Table:
    ordered = sorted(screens, key=lambda s: (s.q_value, s.measurement))
    return Table(
        id="screens",
        title="Differences that no limit was set for",
        caption=_capped(len(ordered), "q is Benjamini-Hochberg adjusted; 0.10 or less stands out."),
        columns=(
            Column("Measure"),
            Column("Rows"),
            Column("Value"),
            Column("q"),
            Column("Stands out"),
        ),
        rows=tuple(
            (
                s.measure,
                s.slice.name,
                fmt.value(s.value, _unit(index, s)),
                f"{s.q_value:.3f}",
                "yes" if s.flagged else "no",
            )
            for s in ordered[:TABLE_ROWS]
        ),
    )


def _unit(index: Index, screen: Screen) -> Unit:
    measurement = index.measurements.get(screen.measurement)
    return measurement.unit if measurement else Unit.NUMBER


def _capped(n: int, caption: str) -> str:
    if n <= TABLE_ROWS:
        return caption
    return f"{caption} {TABLE_ROWS} of {n:,} are shown; the rest are in result.json."
