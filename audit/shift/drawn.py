"""Domains as a dot plot and a table, widened gaps as a forest, revisions and their line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy.special import expit, logit

from audit.data import Slice
from audit.domains import Domain
from audit.exhibits import Cell, Column, Exhibit, Forest, ForestRow, Line, Plane, Spot, Table
from audit.forests import rows_of
from audit.measurement import Family, Interval, Unit
from audit.metrics import METRICS
from audit.shift.compared import Setting
from audit.shift.detected import Detected
from audit.shift.pooled import Pooled
from audit.shift.revisions import Lined
from audit.stats.student import quantile
from audit.writing import value as written

PROBE = "distribution-shift"
HOME = "In distribution"
USUAL = ("accuracy", "mean_absolute_error")  # what the table shows, where it was asked
NO_BASIS = 0.1  # effective share below which weighting rows says nothing (methods: ESS < 0.1 n)
STEPS = 41


def drawn(
    setting: Setting,
    figure: Callable[[str], Pooled],
    families: Sequence[Family],
    told: Mapping[Slice, Detected],
    on_line: Mapping[Slice, Lined],
) -> list[Exhibit]:
    """Draw each figure by domain, the table of domains, widened gaps and lines.

    Parameters
    ----------
    setting : Setting
    figure : callable
        Gives a metric's values by its name.
    families : sequence of Family
        All that the probe measured.
    told, on_line : mappings by the slice of a domain
        Empty where it was not asked for.
    """
    metrics = list(dict.fromkeys(f.ask.metric for f in families if f.ask.metric in METRICS))
    out: list[Exhibit] = []
    for metric in metrics:
        levels = [
            f for f in families if f.ask.metric == metric and f.ask.statistic != "gap_widening"
        ]
        if levels:
            out.append(domain_forest(figure(metric), setting, levels))
    usual = next((m for m in USUAL if m in metrics), next(iter(metrics), ""))
    out.append(domain_table(setting, figure(usual) if usual else None, told))
    out += [widening_forest(f) for f in families if f.ask.statistic == "gap_widening"]
    for f in (f for f in families if f.ask.metric == "line"):
        for i, d in enumerate(setting.kept(labels=True)):
            if d.slice in on_line:
                out.append(line_plane(on_line[d.slice], d, f, i))
    return out


def domain_forest(figure: Pooled, setting: Setting, families: Sequence[Family]) -> Forest:
    """Draw a figure in every domain, the worst first, against the one in distribution.

    Parameters
    ----------
    figure : Pooled
        Over the labelled domains.
    setting : Setting
    families : sequence of Family
        Of the figure's metric: their comparisons colour the rows.
    """
    metric = figure.metric
    home = row(figure, 0, HOME)
    away = [domain_row(figure, setting, d, families) for d in setting.away]
    away.sort(key=lambda r: (r.value is None, figure.sign * (r.value or 0.0), r.label))
    known = home.value is not None and home.low is not None and home.high is not None
    order = {"drop": 0, "worst": 1}
    first = min(families, key=lambda f: order.get(f.ask.statistic, 2))
    return Forest(
        id=f"{PROBE}-{metric.name}-domains",
        title=f"{metric.heading}, by domain",
        caption="Worst first; plain 95% intervals. A line leads from the level in distribution.",
        axis=metric.title,
        count="rows",
        unit=metric.unit,
        rows=(home, *away),
        family=first.ask.key,
        band=(home.low or 0.0, home.high or 0.0) if known else None,
        lead=home.value,
        band_label="in distribution",
    )


def row(figure: Pooled, i: int, label: str) -> ForestRow:
    """Return the level of one domain."""
    evidence = figure.level(i)
    interval = Interval.of(evidence)
    return ForestRow(
        label=label,
        value=None if evidence is None else evidence.theta,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        n=len(figure.domains[i]),
    )


def domain_row(
    figure: Pooled, setting: Setting, domain: Domain, families: Sequence[Family]
) -> ForestRow:
    """Return the row of a foreign domain; one that is not compared is drawn, and says why."""
    why = setting.why_not(domain, labels=True)
    if setting.place(domain) < 0:
        return ForestRow(
            label=domain.name, value=None, low=None, high=None, n=len(domain), tested=False,
            note=why,
        )  # fmt: skip
    drawn = row(figure, setting.place(domain), domain.name)
    ids = [m.id for f in families for m in f.measurements if m.slice == domain.slice]
    return ForestRow(
        label=drawn.label,
        value=drawn.value,
        low=drawn.low,
        high=drawn.high,
        n=drawn.n,
        measurements=tuple(ids),
        tested=not why,
        note=why,
    )


def widening_forest(family: Family) -> Forest:
    """Draw how much more each group loses than the rest."""
    title = METRICS[family.ask.metric].title
    return Forest(
        id=f"{PROBE}-{family.ask.metric}-gap-widening-{'-'.join(family.ask.by)}",
        title=f"{family.title}, by domain and {' and '.join(family.ask.by)}",
        caption=(
            "What the group loses out of distribution beyond what the rest loses; right of 0 the "
            "group loses more. Plain 95% intervals."
        ),
        axis=f"widening of the gap in {title}",
        count="rows",
        unit=family.unit,
        rows=rows_of(family, indented=False),
        family=family.ask.key,
        origin=0.0,
    )


def domain_table(setting: Setting, figure: Pooled | None, told: Mapping[Slice, Detected]) -> Table:
    """Tabulate what is known of every domain.

    Parameters
    ----------
    setting : Setting
    figure : Pooled, optional
        The figure whose drop is shown.
    told : mapping of Slice to Detected
        What the domain classifier says; empty where it was not asked.
    """
    columns = [Column("Domain"), Column("Rows")]
    if figure is not None:
        metric = figure.metric
        columns += [Column(metric.heading, metric.unit), Column("Drop", metric.gap_unit)]
        columns += [Column("Interval of the drop")]
    if told:
        columns += [Column("Area, domain classifier", Unit.RATIO), Column("Permutation p")]
        columns += [Column("Effective share", Unit.SHARE)]
    columns.append(Column("Note"))
    return Table(
        id=f"{PROBE}-domains",
        title="Domains",
        caption=(
            "Plain 95% intervals. The domain classifier is scored on rows that it has not seen; p "
            "is of no shift, by permuting their labels. The effective share is that of the rows in "
            "distribution when they are weighted to look like the domain."
        ),
        columns=tuple(columns),
        rows=tuple(table_row(setting, figure, told, d) for d in setting.domains),
    )


def table_row(
    setting: Setting, figure: Pooled | None, told: Mapping[Slice, Detected], domain: Domain
) -> tuple[Cell, ...]:
    """Return one line of the table of domains."""
    cells: list[Cell] = [HOME if domain.home else domain.name, len(domain)]
    note = "" if domain.home else setting.why_not(domain, labels=figure is not None)
    if figure is not None:
        cells += figure_cells(setting, figure, domain)
    if told:
        found = told.get(domain.slice, Detected())
        area = found.area.theta if found.area else None
        share = found.share.theta if found.share else None
        numbers: list[Cell] = [area, "" if found.p is None else f"{found.p:.3f}", share]
        cells += ["", "", ""] if domain.home else numbers
        if share is not None and share < NO_BASIS:
            note = "; ".join(filter(None, [note, "weighting rows has no basis"]))
        note = "; ".join(filter(None, [note, found.why]))
    return (*cells, note)


def figure_cells(setting: Setting, figure: Pooled, domain: Domain) -> list[Cell]:
    """Return level, drop and interval of one domain; empty where there is none."""
    if setting.place(domain) < 0:
        return [None, None, ""]
    i = setting.place(domain)
    level = figure.level(i)
    drop = figure.drop(i) if i else None
    bounds = Interval.of(drop)
    unit = figure.metric.gap_unit
    said = f"{written(bounds.low, unit)} to {written(bounds.high, unit)}" if bounds else ""
    lost: Cell = "" if domain.home else drop.theta if drop else None
    return [level.theta if level else None, lost, said]


def line_plane(found: Lined, domain: Domain, family: Family, place: int) -> Plane:
    """Draw the revisions, the line through them with its prediction band, and the audited model."""
    own = [m.id for m in family.measurements if m.slice == domain.slice]
    spots = [
        Spot(x=x, y=y, label=name)
        for x, y, name in zip(found.home, found.away, found.names, strict=True)
    ]
    half = quantile(0.975, None) * found.there.se
    spots.append(
        Spot(
            x=found.own.share,
            y=found.there.share,
            y_low=max(found.there.share - half, 0.0),
            y_high=min(found.there.share + half, 1.0),
            label="audited model",
            n=found.there.n,
            measurements=tuple(own),
        )
    )
    lines = []
    if found.line is not None:
        ends = logit([*found.home, found.own.smoothed])
        x = expit(np.linspace(ends.min(), ends.max(), STEPS))
        low, high = found.line.band(x)
        y = expit(found.line.at(logit(x)))
        lines = [
            Line(
                name="line of the revisions",
                x=tuple(x.tolist()),
                y=tuple(y.tolist()),
                low=tuple(low.tolist()),
                high=tuple(high.tolist()),
            )
        ]
    return Plane(
        id=f"{PROBE}-line-{place}-{slug(domain)}",
        title=f"Accuracy on the line: {domain.name}",
        caption=(
            "Each point is a revision; the line is fitted on the logit scale, with the 95% "
            "prediction interval of one more model."
        ),
        x_axis="accuracy in distribution",
        y_axis=f"accuracy on {domain.name}",
        square=False,
        diagonal=True,
        diagonal_label="nothing is lost",
        spots=tuple(spots),
        lines=tuple(lines),
        family=family.ask.key,
        measurements=tuple(own),
    )


def slug(domain: Domain) -> str:
    """Return a name as a part of an id."""
    kept = "".join(c if c.isalnum() else "-" for c in f"{domain.column}-{domain.name}".lower())
    return "-".join(filter(None, kept.split("-")))
