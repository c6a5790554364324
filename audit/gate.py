"""The gate: from verdicts and waivers to one decision and an exit code. Needs numbers, no model."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from audit.result import AuditResult, Decision, Finding, ProbeResult, Waiver
from audit.verdict import Outcome, Requirement, Verdict

EXIT = {"passed": 0, "not gated": 0, "failed": 1, "inconclusive": 3, "incomplete": 4}
SEVERITY = {
    Outcome.FAILED: "high",
    Outcome.ERROR: "high",
    Outcome.NOT_RUN: "high",
    Outcome.INCONCLUSIVE: "medium",
    Outcome.NOT_APPLICABLE: "medium",
}
WAIVABLE = (Outcome.FAILED, Outcome.INCONCLUSIVE)
REMEDY = {
    Outcome.FAILED: "Mend the model or the data for the group that is named, then audit again.",
    Outcome.INCONCLUSIVE: "Gather what would settle it; do not run again until it turns green.",
    Outcome.NOT_APPLICABLE: "Give the model what the probe needs, or take the requirement out.",
    Outcome.NOT_RUN: "Run the audit with this probe.",
    Outcome.ERROR: "Mend what crashed; what was predicted is kept.",
}


def active(waivers: Sequence[Waiver], today: str) -> dict[str, Waiver]:
    """Return the waivers that hold on a day (ISO date), by requirement; `until` is included."""
    return {w.id: w for w in waivers if w.until >= today}


def decide(
    requirements: Sequence[Requirement],
    verdicts: Sequence[Verdict],
    probes: Sequence[ProbeResult],
    waivers: dict[str, Waiver],
) -> Decision:
    """Decide. Fails closed: only a pass or a valid waiver lets a requirement through.

    Returns
    -------
    Decision
        With precedence failed, incomplete, inconclusive, passed. Without requirements: not gated.
    """
    by_id = {v.requirement: v for v in verdicts}
    crashed = [p for p in probes if p.outcome is Outcome.ERROR]
    states: set[str] = {"incomplete"} if crashed else set()
    blocking: list[str] = []
    waived: list[str] = []
    reasons = [f"{p.probe}: {p.reason}" for p in crashed]
    for r in requirements:
        verdict = by_id[r.id]
        state = state_of(verdict.outcome, r.on_inconclusive)
        if state == "passed":
            continue
        if state in ("failed", "inconclusive") and r.id in waivers:
            waived.append(r.id)
            continue
        states.add(state)
        if state != "warned":
            blocking.append(r.id)
            reasons.append(f"{r.id}: {verdict.outcome.value}. {verdict.explanation}".strip())
    for state in ("failed", "incomplete", "inconclusive"):
        if state in states:
            break
    else:
        state = "passed" if requirements else "not gated"
    return Decision(
        state=state,
        exit_code=EXIT[state],
        blocking=tuple(blocking),
        reasons=tuple(reasons),
        waived=tuple(waived),
    )


def state_of(outcome: Outcome, on_inconclusive: str) -> str:
    """Return what one verdict does to the gate."""
    if outcome in (Outcome.ERROR, Outcome.NOT_RUN):
        return "incomplete"
    if outcome in (Outcome.INCONCLUSIVE, Outcome.NOT_APPLICABLE):
        return "inconclusive" if on_inconclusive == "block" else "warned"
    return outcome.value


def findings_of(
    requirements: Sequence[Requirement],
    verdicts: Sequence[Verdict],
    probes: Sequence[ProbeResult],
    waivers: dict[str, Waiver],
) -> tuple[Finding, ...]:
    """Word every requirement that is not met; ids stay the same from audit to audit."""
    sheets = {p.probe: p.sheet for p in probes}
    by_id = {v.requirement: v for v in verdicts}
    out = []
    for r in requirements:
        verdict = by_id[r.id]
        if verdict.outcome is Outcome.PASSED:
            continue
        sheet = sheets.get(r.ask.probe)
        out.append(
            Finding(
                id=f"{r.id}:{verdict.worst}" if verdict.worst else r.id,
                title=verdict.explanation or r.title,
                severity=SEVERITY[verdict.outcome],
                outcome=verdict.outcome,
                requirement=r.id,
                area=sheet.area if sheet else "",
                remedy=verdict.settle or REMEDY[verdict.outcome],
                waiver=waivers.get(r.id) if verdict.outcome in WAIVABLE else None,
            )
        )
    order = list(SEVERITY)
    margin = {v.requirement: v.margin[1] if v.margin else 0.0 for v in verdicts}
    return tuple(sorted(out, key=lambda f: (order.index(f.outcome), margin[f.requirement], f.id)))


def gated(result: AuditResult, today: str, on_inconclusive: str | None = None) -> AuditResult:
    """Decide a stored result again: waivers run out, and one call may override the policy.

    Parameters
    ----------
    result : AuditResult
    today : str
        ISO date on which waivers must hold.
    on_inconclusive : {"block", "warn"}, optional
        Overrides every requirement; recorded in the result's warnings.
    """
    requirements = result.requirements
    warnings = list(result.warnings)
    if on_inconclusive is not None:
        requirements = tuple(
            msgspec.structs.replace(r, on_inconclusive=on_inconclusive) for r in requirements
        )
        warnings.append(f"on_inconclusive was set to {on_inconclusive} for this call")
    held = active(result.waivers, today)
    warnings += [
        f"the waiver of {w.id} ended on {w.until} and is ignored"
        for w in result.waivers
        if w.id not in held
    ]
    return msgspec.structs.replace(
        result,
        requirements=requirements,
        waivers=tuple(msgspec.structs.replace(w, active=w.id in held) for w in result.waivers),
        decision=decide(requirements, result.verdicts, result.probes, held),
        findings=findings_of(requirements, result.verdicts, result.probes, held),
        warnings=tuple(dict.fromkeys(warnings)),
    )
