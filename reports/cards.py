"""The area cards: what each probe found, how, and the numbers behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from audit.exhibits import Attributions, Curve, Density, Exhibit, Forest, Heat, Plane, Table
from audit.result import Finding, ProbeResult
from audit.verdict import Outcome
from reports.curves import outcome_of
from reports.densities import outcome_of as spread_outcome
from reports.exhibits import broad
from reports.heat_table import outcome_of as cell_outcome
from reports.index import Anchors, Index
from reports.numbers import judged, unasked
from reports.planes import every_outcome
from reports.rows import Row
from reports.words import RANK, clip, css, one_line, sentence, word, worst

OPEN_FIGURES = 6
TALL = 10
LEAST_FIGURES = 2
DRAWN_FIGURES = 60
OPEN_TABLE_ROWS = 14
OPEN_TABLES = 2
PLOTS = (Forest, Curve, Heat, Plane, Density, Attributions)


@dataclass(frozen=True)
class NamedFinding:
    """A finding with its place in the page; `text` is empty if the card says it already."""

    finding: Finding
    anchor: str
    name: str
    text: str


@dataclass(frozen=True)
class Card:
    """One probe as a reader meets it.

    Attributes
    ----------
    outcome : Outcome or None
        The worst verdict among its requirements; None if nothing was required of it.
    figures, folded, listed : tuple of Exhibit
        What is shown at once, what is drawn in the fold, and all whose numbers stand there.
    numbers, more : tuple of Table
        The comparisons of each requirement; and what was measured without one.
    wide : bool
        Whether the card takes the whole width.
    """

    probe: ProbeResult
    anchor: str
    heading: str
    outcome: Outcome | None
    finding: str
    findings: tuple[NamedFinding, ...]
    figures: tuple[Exhibit, ...]
    folded: tuple[Exhibit, ...]
    listed: tuple[Exhibit, ...]
    foot: tuple[str, ...]
    numbers: tuple[Table, ...]
    more: tuple[Table, ...]
    options: tuple[str, ...]
    pointer: str
    wide: bool = False

    @property
    def css(self) -> str:
        """The class that colours the card."""
        return css(self.outcome)

    @property
    def solo(self) -> bool:
        """Whether its one figure stands beside the words, and does not need the whole width."""
        return self.wide and len(self.figures) == 1 and not broad(self.figures[0])


def cards(index: Index, rows: Sequence[Row], anchors: Anchors) -> tuple[Card, ...]:
    """Return a card for each probe, gravest first, wide where no neighbour fills the line."""
    areas = [probe.sheet.area for probe in index.result.probes]
    built = [
        _card(index, rows, anchors, number, probe, areas.count(probe.sheet.area) > 1)
        for number, probe in enumerate(index.result.probes)
    ]
    built.sort(key=lambda card: (_rank(card.outcome), card.heading))
    return tuple(_paired(built))


def _rank(outcome: Outcome | None) -> int:
    return len(RANK) if outcome is None else RANK[outcome]


def _paired(built: list[Card]) -> list[Card]:
    """Give the whole width to rich cards, and to any that would stand beside a gap."""
    out: list[Card] = []
    alone: int | None = None
    for card in built:
        if len(card.figures) > 1 or any(isinstance(f, PLOTS) and broad(f) for f in card.figures):
            if alone is not None:
                out[alone] = replace(out[alone], wide=True)
            alone = None
            out.append(replace(card, wide=True))
            continue
        out.append(card)
        alone = len(out) - 1 if alone is None else None
    if alone is not None:
        out[alone] = replace(out[alone], wide=True)
    return out


def _card(
    index: Index,
    rows: Sequence[Row],
    anchors: Anchors,
    number: int,
    probe: ProbeResult,
    shared: bool,
) -> Card:
    mine = [row for row in rows if row.probe == probe.probe]
    figures, folded = _split(index, probe.exhibits)
    area = clip(probe.sheet.area, 60)
    own = area if not shared else f"{area}: {probe.probe.replace('-', ' ')}"
    return Card(
        probe=probe,
        anchor=anchors.claim(probe.probe, "probe"),
        heading=own,
        outcome=_outcome(probe, mine),
        finding=_finding(probe, mine),
        findings=_findings(index, mine, anchors),
        figures=figures,
        folded=folded[: DRAWN_FIGURES - len(figures)],
        listed=figures + folded,
        foot=_foot(index, mine),
        numbers=judged(mine),
        more=unasked(index, probe, mine),
        options=tuple(f"{k} = {v}" for k, v in probe.options.items()),
        pointer=f"/probes/{number}",
    )


def _outcome(probe: ProbeResult, mine: Sequence[Row]) -> Outcome | None:
    """Return the worst verdict; a probe that crashed or did not run never looks better."""
    broken = (Outcome.ERROR, Outcome.NOT_RUN, Outcome.NOT_APPLICABLE)
    own = [probe.outcome] if probe.outcome in broken else []
    return worst([*own, *(row.outcome for row in mine)])


def _finding(probe: ProbeResult, mine: Sequence[Row]) -> str:
    if probe.outcome is Outcome.ERROR:
        lines = probe.error.strip().splitlines() or ["no message"]
        return sentence(f"It ended in an error: {one_line(probe.reason or lines[-1])}")
    if probe.outcome in (Outcome.NOT_RUN, Outcome.NOT_APPLICABLE):
        return sentence(f"{word(probe.outcome)}: {one_line(probe.reason)}")
    if mine and mine[0].verdict.explanation:
        return sentence(one_line(mine[0].verdict.explanation))
    if mine:
        good = mine[0].outcome is Outcome.PASSED
        return sentence(one_line(probe.sheet.title if good else probe.sheet.failure_title))
    return f"{sentence(one_line(probe.sheet.question))} Measured; nothing was required of it."


def _findings(index: Index, mine: Sequence[Row], anchors: Anchors) -> tuple[NamedFinding, ...]:
    ids = {row.id: row.title for row in mine}
    said = {one_line(row.verdict.explanation) for row in mine[:1]}
    return tuple(
        NamedFinding(
            finding=finding,
            anchor=anchors.claim(finding.id, "finding"),
            name=ids[finding.requirement],
            text="" if one_line(finding.title) in said else sentence(one_line(finding.title)),
        )
        for finding in index.result.findings
        if finding.requirement in ids
    )


def _split(
    index: Index, exhibits: Sequence[Exhibit]
) -> tuple[tuple[Exhibit, ...], tuple[Exhibit, ...]]:
    """Open the judged plots, gravest first, the main ones, and the small tables; fold the rest.

    A probe without a judged plot shows its first ones all the same. Exhibits that need the whole
    width come last, so that they leave no gap.
    """
    ranked = sorted(exhibits, key=lambda exhibit: _rank(_judged(index, exhibit)))
    any_judged = any(_judged(index, exhibit) is not None for exhibit in exhibits)
    opened = list(_main(ranked))
    folded: list[Exhibit] = []
    for exhibit in (e for e in ranked if all(e is not held for held in opened)):
        small = isinstance(exhibit, Table) and len(exhibit.rows) <= OPEN_TABLE_ROWS
        small = small and sum(isinstance(e, Table) for e in opened) < OPEN_TABLES
        early = isinstance(exhibit, PLOTS) and not any_judged and len(opened) < LEAST_FIGURES
        wanted = small or early or _judged(index, exhibit) is not None
        (opened if wanted and len(opened) < OPEN_FIGURES else folded).append(exhibit)
    return tuple(sorted(opened, key=_height)), tuple(sorted(folded, key=_height))


def _main(ranked: Sequence[Exhibit]) -> Iterator[Exhibit]:
    """Return what stands open in any case: the first of each shape that says most at a glance.

    These are a lone curve, a plot of levels against a level, a heat table, a plane from 0 to 1, and
    explanations.
    """
    for shape in (_lone, _led, _grid, _square, _explained):
        yield from [exhibit for exhibit in ranked if shape(exhibit)][:1]


def _lone(exhibit: Exhibit) -> bool:
    return isinstance(exhibit, Curve) and len(exhibit.panels) == 1


def _led(exhibit: Exhibit) -> bool:
    return isinstance(exhibit, Forest) and exhibit.lead is not None


def _grid(exhibit: Exhibit) -> bool:
    return isinstance(exhibit, Heat)


def _square(exhibit: Exhibit) -> bool:
    return isinstance(exhibit, Plane) and exhibit.square


def _explained(exhibit: Exhibit) -> bool:
    return isinstance(exhibit, Attributions)


def _height(exhibit: Exhibit) -> tuple[bool, bool, bool]:
    """Order lone curves first, what needs the whole width last, and tall plots behind low ones."""
    tall = isinstance(exhibit, Forest | Heat) and len(exhibit.rows) > TALL
    return broad(exhibit), not _lone(exhibit), tall


def _judged(index: Index, exhibit: Exhibit) -> Outcome | None:
    """Return the gravest verdict on what a required plot shows; None for others.

    A plot of another family may share comparisons with a required one: it is not the one that was
    asked for.
    """
    if not isinstance(exhibit, Forest | Curve | Heat | Plane | Density):
        return None
    if exhibit.family and exhibit.family not in index.required:
        return None
    if isinstance(exhibit, Plane):
        return every_outcome(index, exhibit)
    if isinstance(exhibit, Density):
        return spread_outcome(index, exhibit)
    if isinstance(exhibit, Heat):
        cells = (c for row in exhibit.rows for c in (*row.cells, row.total) if c is not None)
        return worst(o for c in cells if (o := cell_outcome(index, c)) is not None)
    if isinstance(exhibit, Curve):
        found = [outcome_of(index, exhibit, panel) for panel in exhibit.panels]
        return worst(outcome for outcome in found if outcome is not None)
    ids = [m for row in exhibit.rows for m in row.measurements]
    return worst(index.comparisons[m][1].outcome for m in ids if m in index.comparisons)


def _foot(index: Index, mine: Sequence[Row]) -> tuple[str, ...]:
    if not mine:
        return ()
    row = mine[0]
    measurement = index.measurements.get(row.verdict.worst)
    parts = [row.verdict.plain.method if row.verdict.plain else ""]
    if row.plain and row.verdict.plain:
        parts.append(f"plain {row.verdict.plain.level * 100:g}% interval {row.plain}")
    if measurement is not None:
        against = f" against {measurement.n_against:,}" if measurement.n_against else ""
        parts.append(f"n = {measurement.n:,}{against}")
    if row.verdict.family_size > 1:
        parts.append(f"{row.verdict.family_size} one-sided comparisons")
    if row.detectable:
        parts.append(
            f"smallest defect provable with 90% power: {row.detectable} (required {row.required})"
        )
    return tuple(one_line(p) for p in parts if p)
