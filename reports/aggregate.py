"""The view that all reporters share, built from the result alone. It knows no probe by name."""

from __future__ import annotations

from dataclasses import dataclass

from audit.result import AuditResult
from reports.cards import Card, cards
from reports.crosswalk import Crosswalk, crosswalk
from reports.headline import Headline, headline
from reports.index import Anchors, Index
from reports.limits import Limits, limits
from reports.provenance import Fact, facts, provenance
from reports.rows import Row, Step, evidence_rows, policy_note, to_mend, to_settle

SECTIONS = ("main", "evidence", "mend", "settle", "areas", "limits", "provenance", "crosswalk")
CONTROLS = ("theme", "filters", "verdict", "summary-data")


@dataclass(frozen=True)
class Report:
    """Everything a reporter shows, in the order in which it is read."""

    result: AuditResult
    index: Index
    headline: Headline
    facts: tuple[Fact, ...]
    rows: tuple[Row, ...]
    settle: tuple[Step, ...]
    mend: tuple[Step, ...]
    note: str
    cards: tuple[Card, ...]
    limits: Limits
    provenance: tuple[Fact, ...]
    crosswalk: Crosswalk
    anchors: Anchors

    @property
    def tool(self) -> str:
        """The program that wrote the result, with its version."""
        known = self.result.tool
        return f"{known.get('name', 'audit')} {known.get('version', '')}".strip()


def build(result: AuditResult) -> Report:
    """Turn a result into what is shown of it."""
    index = Index(result)
    anchors = Anchors(*SECTIONS, *CONTROLS)
    rows = evidence_rows(index, anchors)
    areas = cards(index, rows, anchors)
    return Report(
        result=result,
        index=index,
        headline=headline(index, rows),
        facts=facts(result),
        rows=rows,
        settle=to_settle(rows),
        mend=to_mend(index, rows),
        note=policy_note(rows),
        cards=areas,
        limits=limits(index, rows),
        provenance=provenance(result),
        crosswalk=crosswalk(areas),
        anchors=anchors,
    )
