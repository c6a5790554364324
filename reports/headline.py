"""The ten-second answer: the gate in words, what is wrong, and how sure that is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from audit.verdict import Outcome
from reports.index import Index
from reports.rows import Row
from reports.words import ORDER, capital, listing, numeral, one_line, plural, sentence, word

_SMALL = re.compile(r"small|few|fewer|minimum|at least|below", re.IGNORECASE)
_PHRASE = {
    Outcome.PASSED: ("is met", "are met"),
    Outcome.FAILED: ("failed", "failed"),
    Outcome.INCONCLUSIVE: ("is inconclusive", "are inconclusive"),
    Outcome.NOT_APPLICABLE: ("does not apply", "do not apply"),
    Outcome.NOT_RUN: ("was not run", "were not run"),
    Outcome.ERROR: ("ended in an error", "ended in an error"),
}
_UNRUN = (Outcome.ERROR, Outcome.NOT_RUN)


@dataclass(frozen=True)
class Count:
    """How many requirements have one outcome, and how many of those are waived."""

    outcome: Outcome
    n: int
    waived: int

    @property
    def tag(self) -> str:
        """How many are waived, in brackets."""
        return f" ({self.waived} waived)" if self.waived else ""

    @property
    def word(self) -> str:
        """The outcome, and the waivers among it."""
        return word(self.outcome) + self.tag


@dataclass(frozen=True)
class Headline:
    """The verdict on the whole.

    Attributes
    ----------
    gate : str
        The gate's state in words.
    tone : Outcome or None
        The mark and colour beside it.
    title : str
        One sentence that names what is wrong, and for whom.
    why : str
        The counts, and what the confidence is.
    reasons : tuple of str
        What the gate itself gives as reasons, where no requirement says it.
    """

    gate: str
    tone: Outcome | None
    title: str
    why: str
    counts: tuple[Count, ...]
    reasons: tuple[str, ...]


def headline(index: Index, rows: Sequence[Row]) -> Headline:
    """Build the verdict from the decision and the rows."""
    decision = index.result.decision
    gate, tone = _gate(index, rows)
    counts = _counts(rows)
    parts = (_tally(index, rows, counts), _certainty(index, rows), _screened(index))
    said = tuple(f"{row.id}:" for row in rows)
    return Headline(
        gate=gate,
        tone=tone,
        title=_title(index, rows),
        why=" ".join(p for p in parts if p),
        counts=counts,
        reasons=tuple(sentence(one_line(r)) for r in decision.reasons if not r.startswith(said)),
    )


def _gate(index: Index, rows: Sequence[Row]) -> tuple[str, Outcome | None]:
    decision = index.result.decision
    waived = sum(row.waiver is not None for row in rows)
    if decision.state == "passed":
        passed = f"Passes with {plural(waived, 'waiver')}" if waived else "Gate passed"
        return passed, Outcome.PASSED
    words: dict[str, tuple[str, Outcome | None]] = {
        "failed": ("Gate failed", Outcome.FAILED),
        "inconclusive": ("Undecided", Outcome.INCONCLUSIVE),
        "incomplete": ("Incomplete", Outcome.ERROR),
        "not gated": ("Not gated: measured only", None),
    }
    return words.get(decision.state, (capital(decision.state), None))


def _counts(rows: Sequence[Row]) -> tuple[Count, ...]:
    found = []
    for outcome in ORDER:
        here = [row for row in rows if row.outcome is outcome]
        if here:
            found.append(Count(outcome, len(here), sum(r.waiver is not None for r in here)))
    return tuple(found)


def _title(index: Index, rows: Sequence[Row]) -> str:
    failed = [r for r in rows if r.outcome is Outcome.FAILED and r.waiver is None]
    unrun = [r for r in rows if r.outcome in _UNRUN]
    undecided = [r for r in rows if r.outcome is Outcome.INCONCLUSIVE and r.waiver is None]
    state = index.result.decision.state
    if not rows:
        return _nothing(index)
    if failed:
        return _culprits(index, failed, "fails", "fail")
    if unrun:
        return _culprits(index, unrun, "could not be judged", "could not be judged")
    if state == "incomplete":
        return _crashed(index)
    if undecided and state != "passed":
        return _culprits(index, undecided, "is undecided", "are undecided")
    return _met(index, rows)


def _nothing(index: Index) -> str:
    if index.result.decision.state == "incomplete":
        return "The audit could not be completed."
    return "Nothing was required: this audit only measures."


def _crashed(index: Index) -> str:
    gone = [p for p in index.result.probes if p.outcome in _UNRUN]
    if not gone:
        return "The audit is incomplete."
    return f"The audit is incomplete: no answer from {listing(p.probe for p in gone)}."


def _culprits(index: Index, rows: list[Row], one: str, many: str) -> str:
    names = [index.guilty(row.verdict) for row in rows]
    if len(rows) == 1:
        return f"One requirement {one}: {names[0]}."
    head = f"{capital(numeral(len(rows)))} requirements {many}"
    if len(rows) == 2:
        return f"{head}: {names[0]}, and {names[1]}."
    return f"{head}, first of all {names[0]}."


def _met(index: Index, rows: Sequence[Row]) -> str:
    met = sum(row.outcome is Outcome.PASSED for row in rows)
    if met == 0:
        return "No requirement applies to this model and data."
    reach = coverage(index)
    if met == len(rows):
        head = "The requirement is met" if met == 1 else f"All {met} requirements are met"
        return f"{head}{', ' + reach if reach else ''}."
    waived = sum(row.waiver is not None for row in rows)
    left = [row for row in rows if row.waiver is None]
    parts = [f"{met} of {len(rows)} requirements are met{', ' + reach if reach else ''}"]
    if waived:
        parts.append(f"{waived} waived")
    for outcome in (Outcome.INCONCLUSIVE, Outcome.NOT_APPLICABLE):
        number = sum(row.outcome is outcome for row in left)
        if number:
            parts.append(f"{number} {_PHRASE[outcome][number > 1]}")
    return "; ".join(parts) + "."


def coverage(index: Index) -> str:
    """Say for how many groups the verdicts speak; empty if for all of them."""
    tested, left = set(), {}
    for verdict in index.result.verdicts:
        tested |= {c.slice for c in verdict.comparisons if c.slice.terms}
        left.update({u.slice: u.reason for u in verdict.untested if u.slice.terms})
    if not left:
        return ""
    whole = len(tested | left.keys())
    small = all(_SMALL.search(reason) for reason in left.values())
    rest = "too small to test" if small else "not tested"
    return f"for {len(tested - left.keys())} of {plural(whole, 'group')}; {len(left)} {rest}"


def _tally(index: Index, rows: Sequence[Row], counts: tuple[Count, ...]) -> str:
    if not rows:
        return _measured(index)
    if len(counts) == 1 and counts[0].outcome is Outcome.PASSED:
        return ""
    parts = [f"{c.n} {_PHRASE[c.outcome][c.n > 1]}{c.tag}" for c in reversed(counts)]
    return f"Of {plural(len(rows), 'requirement')}, {listing(parts)}."


def _measured(index: Index) -> str:
    values = plural(len(index.measurements), "value")
    return f"{plural(len(index.result.probes), 'probe')} measured {values}; none has a limit."


def _certainty(index: Index, rows: Sequence[Row]) -> str:
    level = f"{index.result.confidence * 100:g}% confidence"
    failed = sum(row.outcome is Outcome.FAILED for row in rows)
    gate = max((row.verdict.gate_size for row in rows), default=0)
    if failed:
        who = "The failure holds" if failed == 1 else "Each failure holds"
        number = f"all {gate:,} one-sided comparisons" if gate > 1 else "the one comparison"
        return f"{who} at {level} after correcting for {number} of the gate."
    met = sum(row.outcome is Outcome.PASSED for row in rows)
    if not met:
        return ""
    who = "It is met" if met == 1 == len(rows) else "Each one met is so"
    return f"{who} by the whole of its decision interval, at {level}."


def _screened(index: Index) -> str:
    flagged = sum(screen.flagged for screen in index.result.screens)
    if not flagged:
        return ""
    have = "stands" if flagged == 1 else "stand"
    return f"{plural(flagged, 'difference')} without a limit {have} out as well."
