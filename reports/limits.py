"""What an audit does not show: said as plainly as what it does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from audit.data import ColumnRole
from audit.measurement import Untested
from audit.verdict import Outcome
from reports.index import Index
from reports.rows import Row
from reports.words import capital, one_line, plural, sentence, word

NAMED = 12
TITLES = 6
# A reason that begins with the slice's own size: the size stands beside each name already.
_SIZE = re.compile(r"^(about )?[\d,.]+ ")


@dataclass(frozen=True)
class Limits:
    """Five lists of sentences; a list is empty where there is nothing to say.

    Attributes
    ----------
    untested : tuple of (str, str)
        Which requirements, and the slices that they do not cover.
    absent : tuple of (str, str)
        What was not applicable, not run or crashed, and why.
    missed : tuple of str
        For each requirement met, the smallest defect that could have been missed.
    method : tuple of (str, str)
        Limitations that the probes themselves declare, by area.
    data : tuple of str
        What the data cannot speak of, and warnings.
    """

    untested: tuple[tuple[str, str], ...]
    absent: tuple[tuple[str, str], ...]
    missed: tuple[str, ...]
    method: tuple[tuple[str, str], ...]
    data: tuple[str, ...]

    @property
    def size(self) -> int:
        """How many limits are listed."""
        lists = (self.untested, self.absent, self.missed, self.method, self.data)
        return sum(len(entries) for entries in lists)


def limits(index: Index, rows: Sequence[Row]) -> Limits:
    """Collect every limit that the result knows."""
    return Limits(
        untested=_untested(index, rows),
        absent=_absent(index, rows),
        missed=_missed(rows),
        method=tuple(
            (one_line(p.sheet.area), sentence(one_line(text)))
            for p in index.result.probes
            for text in p.sheet.limitations
        ),
        data=_data(index),
    )


def _untested(index: Index, rows: Sequence[Row]) -> tuple[tuple[str, str], ...]:
    """List slices without a verdict; requirements that leave out the same ones share a line."""
    lines: dict[str, list[str]] = {}
    asked = {index.requirements[r.id].ask.key for r in rows if r.id in index.requirements}
    for row in rows:
        for text in _by_reason(row.verdict.untested):
            lines.setdefault(text, []).append(row.title)
    for key, family in index.families.items():
        if key not in asked:
            for text in _by_reason(family.untested):
                lines.setdefault(text, []).append(one_line(family.title))
    return tuple((_titles(titles), text) for text, titles in lines.items())


def _titles(titles: list[str]) -> str:
    once = list(dict.fromkeys(titles))
    more = f"; and {len(once) - TITLES} more" if len(once) > TITLES else ""
    return "; ".join(once[:TITLES]) + more


def _by_reason(untested: Iterable[Untested]) -> list[str]:
    entries = list(untested)
    groups: dict[str, list[str]] = {}
    several = len({entry.label for entry in entries}) > 1
    for entry in entries:
        name = one_line(entry.slice.name)
        if several and entry.label:
            name += f", class {one_line(entry.label)}"
        reason = _SIZE.sub("too few ", one_line(entry.reason))
        groups.setdefault(reason, []).append(f"{name} (n\u00a0=\u00a0{entry.n:,})")
    return [
        f"{plural(len(names), 'slice')} not tested: {_capped(names)}. {sentence(reason)}"
        for reason, names in groups.items()
    ]


def _capped(names: list[str]) -> str:
    if len(names) <= NAMED:
        return "; ".join(names)
    return "; ".join(names[:NAMED]) + f"; and {len(names) - NAMED} more, in result.json"


def _absent(index: Index, rows: Sequence[Row]) -> tuple[tuple[str, str], ...]:
    gone = (Outcome.ERROR, Outcome.NOT_RUN, Outcome.NOT_APPLICABLE)
    found: list[tuple[str, str]] = []
    told: set[str] = set()
    for probe in index.result.probes:
        if probe.outcome in gone:
            told.add(probe.probe)
            reason = one_line(probe.reason or probe.error or "no reason was recorded")
            name = f"{one_line(probe.sheet.area)} ({probe.probe})"
            found.append((name, sentence(f"{word(probe.outcome)}: {reason[:400]}")))
    for row in rows:
        if row.outcome in gone and row.probe not in told:
            why = one_line(row.verdict.explanation) or "no reason was recorded"
            found.append((row.title, sentence(f"{word(row.outcome)}: {why[:400]}")))
    return tuple(found)


def _missed(rows: Sequence[Row]) -> tuple[str, ...]:
    out = []
    for row in rows:
        if row.outcome is not Outcome.PASSED:
            continue
        if row.detectable:
            text = (
                f"a true value between the limit ({row.required}) and {row.detectable} "
                "had less than a 90% chance of being proven"
            )
        else:
            text = "the smallest defect that could have been proven is not known"
        out.append(f"{row.title}: {text}.")
    return tuple(out)


def _data(index: Index) -> tuple[str, ...]:
    roles = set(index.result.data.columns.values())
    notes = index.result.data.notes
    out = [sentence(f"{one_line(name)}: {one_line(text)}") for name, text in notes.items()]
    out += [sentence(one_line(w)) for w in index.result.warnings]
    for probe in index.result.probes:
        out += [sentence(f"{one_line(probe.sheet.area)}: {one_line(w)}") for w in probe.warnings]
    if ColumnRole.GROUP not in roles:
        out.append("No group column was named: nothing is known of differences between groups.")
    if ColumnRole.DOMAIN not in roles:
        out.append("No domain column was named: the figures hold for rows like those tested.")
    if ColumnRole.CLUSTER not in roles:
        out.append("No cluster column was named: rows are taken to be independent of each other.")
    if index.result.run.looks.policies > 1:
        out.append(
            "The policy was changed after these data had been judged: "
            "the stated error rates hold for a policy that was set beforehand."
        )
    if not index.result.model.cacheable:
        out.append("The model has no digest of its own: another run may audit another model.")
    return tuple(dict.fromkeys(capital(text) for text in out))
