"""Where a result can be cited as evidence: a dated table of clauses, kept as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

import msgspec

from audit.verdict import Outcome
from reports.cards import Card
from reports.words import RANK, day, one_line

EDITION = "2026-11.json"
SELF = "This report"


class _Area(msgspec.Struct, frozen=True):
    match: tuple[str, ...]
    clauses: dict[str, str]


class _Edition(msgspec.Struct, frozen=True):
    date: str
    columns: tuple[str, ...]
    report: dict[str, str]
    areas: tuple[_Area, ...]


@dataclass(frozen=True)
class Clauses:
    """One line of the table; `cells` stand in the order of the columns."""

    area: str
    outcome: Outcome | None
    anchor: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Crosswalk:
    """The part of the clause table that this result has evidence for."""

    dated: str
    columns: tuple[str, ...]
    lines: tuple[Clauses, ...]


def crosswalk(cards: Sequence[Card]) -> Crosswalk:
    """Return the clauses for the areas that are present, and for the report itself."""
    text = files(__package__).joinpath(EDITION).read_bytes()
    edition = msgspec.json.decode(text, type=_Edition)
    known = {name: area.clauses for area in edition.areas for name in area.match}
    found: dict[str, Clauses] = {}
    for card in sorted(cards, key=lambda c: len(RANK) if c.outcome is None else RANK[c.outcome]):
        area = one_line(card.probe.sheet.area)
        clauses = known.get(area.casefold())
        if clauses and area not in found:
            cells = tuple(clauses.get(column, "") for column in edition.columns)
            found[area] = Clauses(area, card.outcome, card.anchor, cells)
    whole = tuple(edition.report.get(column, "") for column in edition.columns)
    lines = (*found.values(), Clauses(SELF, None, "main", whole))
    used = [i for i in range(len(edition.columns)) if any(line.cells[i] for line in lines)]
    return Crosswalk(
        dated=day(edition.date),
        columns=tuple(edition.columns[i] for i in used),
        lines=tuple(
            Clauses(x.area, x.outcome, x.anchor, tuple(x.cells[i] for i in used)) for x in lines
        ),
    )
