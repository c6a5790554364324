"""The evidence rows: one for each requirement, worst first."""

from __future__ import annotations

from dataclasses import dataclass

from audit import writing as fmt
from audit.result import Waiver
from audit.verdict import Outcome, Requirement, Verdict
from reports.index import Anchors, Index
from reports.words import RANK, clip, day, one_line, sentence


@dataclass(frozen=True)
class Row:
    """One requirement as every reporter shows it; numbers are already text.

    Attributes
    ----------
    subject : str
        The slice that the verdict is about; empty for all rows.
    blocks : bool
        Whether the gate stays shut because of this, as it was decided.
    own_step : bool
        True if no material change is named, so that one grid step is half the interval.
    reach : pair of float or None, optional
        Where only one bound is known: ends of the lane in material units, None for no limit.
    """

    verdict: Verdict
    id: str
    title: str
    subject: str
    area: str
    probe: str
    outcome: Outcome
    measured: str
    interval: str
    plain: str
    required: str
    detectable: str
    blocks: bool
    waiver: Waiver | None
    anchor: str
    own_step: bool
    reach: tuple[float | None, float | None] | None = None

    @property
    def tag(self) -> str:
        """A waiver, in words; empty without one."""
        if self.waiver is None:
            return ""
        return f"waived until {day(self.waiver.until)} by {clip(self.waiver.by, 60)}"

    @property
    def spoken(self) -> str:
        """The whole row as one phrase, for those who cannot see the lane."""
        name = "decision interval " if self.verdict.interval is not None else ""
        interval = f", {name}{self.interval}" if self.interval else ""
        return f"{self.title}: {self.measured or 'no value'}{interval}, required {self.required}"


def evidence_rows(index: Index, anchors: Anchors) -> tuple[Row, ...]:
    """Return a row for each verdict: worst outcome first, waived last, by margin."""
    ordered = sorted(index.result.verdicts, key=lambda verdict: _severity(index, verdict))
    return tuple(_row(index, verdict, anchors) for verdict in ordered)


def _severity(index: Index, verdict: Verdict) -> tuple[int, bool, float, str]:
    distance = verdict.margin[1] if verdict.margin else 0.0
    waived = index.waiver_of(verdict) is not None
    return RANK[verdict.outcome], waived, distance, verdict.requirement


def _row(index: Index, verdict: Verdict, anchors: Anchors) -> Row:
    requirement = index.requirements.get(verdict.requirement)
    probe = index.probe_of(verdict)
    interval, plain = verdict.interval, verdict.plain
    ends = [interval.low, interval.high] if interval else []
    how = fmt.scale(verdict.unit, [verdict.value, *ends], verdict.limit)
    return Row(
        verdict=verdict,
        id=verdict.requirement,
        title=clip(verdict.title or verdict.requirement, 140),
        subject=", ".join(filter(None, (index.worst_slice(verdict), index.worst_label(verdict)))),
        area=clip(probe.sheet.area, 60) if probe else "",
        probe=requirement.ask.probe if requirement else "",
        outcome=verdict.outcome,
        measured=_bounded(verdict, how) if verdict.value is None else how.text(verdict.value),
        interval=how.span(interval.low, interval.high) if interval else _open_end(verdict),
        plain=how.span(plain.low, plain.high) if plain else "",
        required=fmt.bound(how, verdict.limit, is_max=index.is_max(verdict)),
        detectable="" if verdict.detectable is None else how.text(verdict.detectable),
        blocks=verdict.requirement in index.result.decision.blocking,
        waiver=index.waiver_of(verdict),
        anchor=anchors.claim(verdict.requirement, "req"),
        own_step=verdict.margin is not None and verdict.margin_unit != "material",
        reach=_reach(verdict, requirement),
    )


def _ends(verdict: Verdict) -> tuple[float | None, float | None]:
    """Return the bounds of the worst comparison of a figure that has no interval."""
    if verdict.interval is not None:
        return None, None
    found = [(c.low, c.high) for c in verdict.comparisons if c.measurement == verdict.worst]
    low, high = found[0] if found else (None, None)
    return (None, None) if low is not None and high is not None else (low, high)


def _bounded(verdict: Verdict, how: fmt.Scale) -> str:
    """Write what is known of a figure that has no value: its one bound."""
    low, high = _ends(verdict)
    if low is None and high is None:
        return ""
    return f"> {how.text(low)}" if low is not None else f"< {how.text(high)}"


def _open_end(verdict: Verdict) -> str:
    """Say which end of an interval is open; nothing where both are."""
    low, high = _ends(verdict)
    if low is None and high is None:
        return ""
    return "no upper limit" if high is None else "no lower limit"


def _reach(
    verdict: Verdict, requirement: Requirement | None
) -> tuple[float | None, float | None] | None:
    """Return the ends of a lane with one bound, in material units; negative is breach."""
    low, high = _ends(verdict)
    bound = low if low is not None else high
    if bound is None or requirement is None or requirement.material is None:
        return None
    sign = -1.0 if requirement.max is not None else 1.0
    place = sign * (bound - verdict.limit) / requirement.material
    return (place, None) if (low is not None) == (sign > 0) else (None, place)


@dataclass(frozen=True)
class Step:
    """Something that would settle or mend a requirement."""

    title: str
    text: str
    outcome: Outcome
    anchor: str


def to_settle(rows: tuple[Row, ...]) -> tuple[Step, ...]:
    """Return what would decide each requirement that is not decided."""
    open_ = (Outcome.ERROR, Outcome.NOT_RUN, Outcome.INCONCLUSIVE)
    return tuple(
        _step(row, row.verdict.settle or row.verdict.explanation)
        for row in rows
        if row.outcome in open_
    )


def to_mend(index: Index, rows: tuple[Row, ...]) -> tuple[Step, ...]:
    """Return the remedy of each failure that somebody wrote one for."""
    known = {row.id: row for row in rows}
    return tuple(
        _step(known[finding.requirement], finding.remedy)
        for finding in index.result.findings
        if finding.outcome is Outcome.FAILED and finding.remedy and finding.requirement in known
    )


def _step(row: Row, text: str) -> Step:
    title = row.title + (f", {row.subject}" if row.subject else "")
    return Step(title, sentence(one_line(text)), row.outcome, row.anchor)


def policy_note(rows: tuple[Row, ...]) -> str:
    """Say what the gate does about the requirements that are undecided."""
    undecided = [row for row in rows if row.outcome is Outcome.INCONCLUSIVE and not row.waiver]
    block = [row.title for row in undecided if row.blocks]
    warn = [row.title for row in undecided if not row.blocks]
    if not undecided:
        return ""
    if not warn:
        return "The policy blocks while these are undecided."
    if not block:
        return "The policy warns and does not block while these are undecided."
    return (
        f"While undecided, the policy blocks on {_names(block)} and only warns on {_names(warn)}."
    )


def _names(titles: list[str]) -> str:
    return "; ".join(titles) if len(titles) <= 3 else f"{len(titles)} requirements"
