"""The view says what is wrong, for whom, how sure that is, and what it does not know."""

from types import ModuleType

import msgspec
import pytest

from audit.result import AuditResult, Decision
from audit.verdict import Outcome
from reports.aggregate import build
from reports.index import Anchors

replace = msgspec.structs.replace
FORBIDDEN = ("safe", "fair ", "compliant", "certified")


def only(result: AuditResult, *outcomes: Outcome, state: str = "passed") -> AuditResult:
    """Keep the verdicts with some outcomes, and set the gate's state."""
    kept = tuple(v for v in result.verdicts if v.outcome in outcomes)
    decision = Decision(state=state, exit_code=0)
    return replace(result, verdicts=kept, decision=decision, waivers=(), screens=())


def test_the_headline_names_the_guilty_group(realistic: AuditResult) -> None:
    head = build(realistic).headline
    assert head.gate == "Gate failed"
    assert head.title == "One requirement fails: women × 65 and over (true-positive gap)."


def test_certainty_counts_the_comparisons_of_the_gate(realistic: AuditResult) -> None:
    why = build(realistic).headline.why
    assert "holds at 95% confidence after correcting for all 62 one-sided comparisons" in why


def test_a_pass_says_how_many_groups_it_speaks_for(realistic: AuditResult) -> None:
    title = build(only(realistic, Outcome.PASSED)).headline.title
    assert title == "All 2 requirements are met, for 9 of 12 groups; 3 too small to test."


@pytest.mark.parametrize("state", ["passed", "failed", "inconclusive", "incomplete", "not gated"])
def test_no_headline_promises_more_than_was_measured(realistic: AuditResult, state: str) -> None:
    for outcome in Outcome:
        head = build(only(realistic, outcome, state=state)).headline
        said = f"{head.gate} {head.title} {head.why}".lower()
        assert not [word for word in FORBIDDEN if word in said]


def test_a_waived_failure_is_tagged_and_does_not_lead(realistic: AuditResult) -> None:
    rows = build(realistic).rows
    assert rows[0].waiver is None
    assert rows[1].tag == "waived until 31 Jan 2027 by j.ortiz"


def test_a_gate_that_passes_with_a_waiver_says_so(realistic: AuditResult) -> None:
    kept = tuple(v for v in realistic.verdicts if v.requirement in ("selection-gap", "accuracy"))
    result = replace(realistic, verdicts=kept, decision=Decision(state="passed", exit_code=0))
    head = build(result).headline
    assert head.gate == "Passes with 1 waiver"
    assert head.title == "1 of 2 requirements are met; 1 waived."


def test_rows_are_sorted_by_gravity(realistic: AuditResult) -> None:
    order = [row.outcome.value for row in build(realistic).rows]
    assert order == [
        "failed", "failed", "error", "not run", "inconclusive", "inconclusive", "not applicable",
        "passed", "passed",
    ]  # fmt: skip


def test_slices_that_were_not_tested_are_limits(realistic: AuditResult) -> None:
    (titles, text), *rest = build(realistic).limits.untested
    assert "True-positive gap" in titles
    assert "non-binary (n\u00a0=\u00a021)" in text
    assert not rest


def test_every_met_requirement_says_what_could_have_been_missed(realistic: AuditResult) -> None:
    report = build(realistic)
    met = [row for row in report.rows if row.outcome is Outcome.PASSED]
    assert len(report.limits.missed) == len(met)


def test_a_crashed_probe_never_looks_met(realistic: AuditResult) -> None:
    crashed = replace(
        realistic.probes[0], outcome=Outcome.ERROR, reason="boom", error="Traceback\nboom"
    )
    result = replace(only(realistic, Outcome.PASSED), probes=(crashed, realistic.probes[1]))
    report = build(result)
    card = next(c for c in report.cards if c.probe is crashed)
    assert card.outcome is Outcome.ERROR
    assert any("boom" in text for _, text in report.limits.absent)


def test_a_probe_without_a_requirement_claims_nothing(realistic: AuditResult) -> None:
    result = replace(realistic, verdicts=(), requirements=(), findings=())
    for card in build(result).cards:
        assert card.outcome is None
        assert "nothing was required" in card.finding


def test_a_result_made_in_memory_says_that_it_cannot_be_rerun(realistic: AuditResult) -> None:
    facts = build(replace(realistic, rerunnable=False)).provenance
    assert facts[-1].value == "made in memory: not rerunnable"


def test_the_crosswalk_has_only_areas_of_this_audit(realistic: AuditResult) -> None:
    table = build(realistic).crosswalk
    assert [line.area for line in table.lines] == ["Fairness", "Performance", "This report"]


def test_the_crosswalk_keeps_to_clauses_that_were_checked(realistic: AuditResult) -> None:
    from importlib.resources import files

    text = files("reports.crosswalk").joinpath("2026-11.json").read_text("utf-8")
    for unchecked in ("10(2)(h)", "9(6)", "2.8", "2.10", "2.13", "5-303", "TR 24", "A.7.2"):
        assert unchecked not in text


def test_anchors_are_unique_and_stable() -> None:
    anchors = Anchors("limits")
    assert anchors.claim("TPR gap") == "tpr-gap"
    assert anchors.claim("limits", "req") == "req-limits"
    assert anchors.claim("tpr gap", "finding") == "finding-tpr-gap"
    assert anchors.claim("→") == "item"


def test_a_policy_that_warns_is_told_from_one_that_blocks(realistic: AuditResult) -> None:
    assert build(realistic).note == (
        "While undecided, the policy blocks on Impact ratio, lowest group "
        "and only warns on Macro F1."
    )


def test_an_empty_result_can_be_shown(realistic: AuditResult, results: ModuleType) -> None:
    bare = AuditResult(
        model=realistic.model,
        data=realistic.data,
        decision=Decision(state="not gated", exit_code=0),
    )
    head = build(bare).headline
    assert head.gate == "Not gated: measured only"
    assert head.title == "Nothing was required: this audit only measures."


def test_what_the_gate_let_through_does_not_block(realistic: AuditResult) -> None:
    decision = replace(realistic.decision, blocking=("tpr-gap",))
    report = build(replace(realistic, decision=decision))
    assert [row.id for row in report.rows if row.blocks] == ["tpr-gap"]
    assert report.note == "The policy warns and does not block while these are undecided."


def test_an_incomplete_audit_names_the_probe_without_an_answer(realistic: AuditResult) -> None:
    crashed = replace(realistic.probes[0], outcome=Outcome.ERROR, reason="boom")
    result = replace(
        only(realistic, Outcome.PASSED, state="incomplete"),
        probes=(crashed, realistic.probes[1]),
    )
    title = build(result).headline.title
    assert title == "The audit is incomplete: no answer from task-performance."
