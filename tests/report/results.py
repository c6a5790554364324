"""A realistic result to report on: nine requirements over two probes, with every outcome."""

from __future__ import annotations

from audit.data import DataCard, Slice
from audit.exhibits import Case, Cases, Column, Forest, ForestRow, Table
from audit.measurement import Ask, Family, Interval, Measurement, Unit, Untested
from audit.model import ModelCard
from audit.result import (
    AuditResult,
    Decision,
    Finding,
    ProbeResult,
    ProbeSheet,
    RunFacts,
    Screen,
    Waiver,
)
from audit.verdict import Comparison, Outcome, Requirement, Verdict

GROUPS = [  # label, terms, n, gap, half width of its plain interval
    ("Women", (("sex", "women"),), 4932, -0.011, 0.013),
    ("Men", (("sex", "men"),), 4776, 0.010, 0.013),
    ("18 to 39", (("age", "18 to 39"),), 3120, 0.012, 0.015),
    ("40 to 64", (("age", "40 to 64"),), 4200, 0.003, 0.013),
    ("65 and over", (("age", "65 and over"),), 2460, -0.043, 0.019),
    ("Women, 18 to 39", (("sex", "women"), ("age", "18 to 39")), 1572, 0.006, 0.019),
    ("Women, 40 to 64", (("sex", "women"), ("age", "40 to 64")), 2244, 0.014, 0.016),
    ("Women, 65 and over", (("sex", "women"), ("age", "65 and over")), 1116, -0.091, 0.027),
    ("Men, 65 and over", (("sex", "men"), ("age", "65 and over")), 1344, -0.009, 0.025),
    ("Non-binary", (("sex", "non-binary"),), 21, -0.038, 0.21),
    ("Non-binary, 65 and over", (("sex", "non-binary"), ("age", "65 and over")), 4, -0.1, 0.44),
    ("Missing sex", (("sex", "(missing)"),), 12, 0.05, 0.26),
]
SMALL = "fewer than 30 relevant rows, or fewer than 5 expected events"
SHEETS = {
    "task-performance": ProbeSheet(
        id="task-performance",
        area="Performance",
        title="The model does its task as well as required",
        failure_title="The model does its task less well than required",
        question="How well does the model do its task?",
        mechanism="Counts right and wrong answers on the test split, with score intervals.",
        measures={"accuracy.value": "Share of rows answered right."},
        limitations=("A single test split: nothing is said of rows unlike those in it.",),
        references=("Wilson, E. B. (1927). Probable inference. JASA 22, 209-212.",),
    ),
    "group-fairness": ProbeSheet(
        id="group-fairness",
        area="Fairness",
        title="Error rates do not differ between groups by more than allowed",
        failure_title="Error rates differ between groups by more than allowed",
        question="Do error rates differ between groups?",
        mechanism="Compares each group and each crossing of two group columns with the rest of the "
        "rows, one side at a time, by score intervals for a difference of two shares.",
        measures={"tpr.gap": "Difference in true-positive rate."},
        limitations=(
            "Group labels are self-reported; an error in them hides a difference.",
            "With one bad group, the others differ from the rest as well.",
        ),
        references=("Newcombe, R. G. (1998). Statistics in Medicine 17, 873-890.",),
    ),
}


def ask(probe: str, metric: str, statistic: str, **more: object) -> Ask:
    return Ask(probe=probe, metric=metric, statistic=statistic, **more)  # type: ignore[arg-type]


def gap_family(metric: str, title: str, shift: float = 0.0, unit: Unit = Unit.POINTS) -> Family:
    """A family of one-sided comparisons of nine groups, with three too small to test."""
    asked = ask("group-fairness", metric, "gap", by=("sex", "age"), label="urgent", compare="rest")
    found = tuple(
        Measurement(
            id=f"{metric}:{label}:{side}",
            measure=asked.measure,
            slice=Slice(terms),
            split="test",
            unit=unit,
            value=gap + shift,
            evidence=None,
            interval=Interval(gap + shift - half, gap + shift + half, 0.95, "Newcombe score"),
            n=n,
            n_against=9780 - n,
            against="the rest",
            side=side,
        )
        for label, terms, n, gap, half in GROUPS[:9]
        for side in ("below", "above")
    )
    untested = tuple(Untested(slice=Slice(t), n=n, reason=SMALL) for _, t, n, _, _ in GROUPS[9:])
    return Family(ask=asked, title=title, unit=unit, measurements=found, untested=untested)


def compared(family: Family, outcomes: dict[str, Outcome]) -> tuple[Comparison, ...]:
    return tuple(
        Comparison(
            measurement=m.id,
            slice=m.slice,
            against=m.against,
            side=m.side,
            label="",
            n=m.n,
            outcome=outcomes.get(m.id, Outcome.PASSED),
            value=m.value,
            low=m.interval.low - 0.004 if m.interval else None,
            high=m.interval.high if m.interval else None,
            p_fail=0.2,
            p_fail_adjusted=0.00002 if outcomes.get(m.id) is Outcome.FAILED else 0.31,
            p_pass=0.01,
            detectable=0.081,
            n_needed=None,
        )
        for m in family.measurements
    )


def forest(family: Family, title: str, origin: float | None = 0.0, by: float = 1.0) -> Forest:
    rows = tuple(
        ForestRow(
            label=label,
            value=gap * by,
            low=gap * by - half,
            high=gap * by + half,
            n=n,
            indent=len(terms) - 1,
            measurements=tuple(m.id for m in family.measurements if m.slice == Slice(terms)),
            tested=n >= 30,
        )
        for label, terms, n, gap, half in GROUPS
    )
    return Forest(
        id=f"{family.ask.metric}-groups",
        title=title,
        caption="Each group against the rest; bars are plain 95% score intervals.",
        axis="difference from the rest, percentage points",
        count="urgent n",
        unit=family.unit,
        rows=rows,
        family=family.ask.key,
        origin=origin,
    )


def requirement(id_: str, title: str, asked: Ask, **limits: object) -> Requirement:
    return Requirement(id=id_, title=title, ask=asked, where="audit.yaml:31", **limits)  # type: ignore[arg-type]


def verdict(req: Requirement, outcome: Outcome, unit: Unit, **more: object) -> Verdict:
    return Verdict(
        requirement=req.id,
        title=req.title,
        outcome=outcome,
        unit=unit,
        limit=req.limit,
        **{"explanation": "", "gate_size": 62, **more},  # type: ignore[arg-type]
    )


def decided(low: float, high: float) -> Interval:
    return Interval(low, high, 0.95, "Newcombe score, Holm over the gate")


def realistic() -> AuditResult:
    """Nine requirements over two probes, with every outcome."""
    perf, fair = "task-performance", "group-fairness"
    tpr = gap_family("tpr", "True-positive gap")
    fpr = gap_family("fpr", "False-positive gap", 0.004)
    bad = "tpr:Women, 65 and over:below"
    reqs = (
        requirement("accuracy", "Accuracy", ask(perf, "accuracy", "value"), min=0.9, material=0.01),
        requirement("macro-f1", "Macro F1", ask(perf, "macro_f1", "value"), min=0.85, material=0.02,
                    on_inconclusive="warn"),
        requirement("worst-recall", "Recall, lowest class", ask(perf, "recall", "min"), min=0.7),
        requirement("log-loss", "Log loss", ask(perf, "log_loss", "value"), max=0.4, material=0.05),
        requirement("tpr-gap", "True-positive gap, worst group", tpr.ask, max=0.05, material=0.02),
        requirement("fpr-gap", "False-positive gap, worst group", fpr.ask, max=0.08, material=0.02),
        requirement("impact-ratio", "Impact ratio, lowest group", ask(fair, "impact_ratio", "min",
                    by=("sex", "age")), min=0.8, material=0.05),
        requirement("selection-gap", "Selection-rate gap", ask(fair, "selection_rate", "gap",
                    by=("age",)), max=0.06, material=0.02),
        requirement("site-gap", "Accuracy gap between sites", ask(fair, "accuracy", "gap",
                    by=("site",)), max=0.05, material=0.02),
    )
    r = {req.id: req for req in reqs}
    left = tpr.untested
    verdicts = (
        verdict(r["accuracy"], Outcome.PASSED, Unit.SHARE, value=0.924, interval=decided(0.9195, 0.9289),
                plain=Interval(0.9202, 0.9276, 0.95, "Wilson score"), margin=(1.95, 2.4, 2.89),
                detectable=0.893, tested=1, family_size=1,
                explanation="Accuracy is 92.4%, at least the 90.0% required."),
        verdict(r["macro-f1"], Outcome.INCONCLUSIVE, Unit.NUMBER, value=0.861, margin=(-0.6, 0.55, 1.7),
                interval=decided(0.838, 0.884), settle="About 2,300 more rows of the test split.",
                explanation="Macro F1 is 0.861; its decision interval crosses 0.850."),
        verdict(r["worst-recall"], Outcome.NOT_RUN, Unit.SHARE,
                explanation="the budget of 30 minutes ran out before this measure"),
        verdict(r["log-loss"], Outcome.ERROR, Unit.NUMBER,
                explanation="the model gave no probabilities for 3 of 83,300 rows"),
        verdict(r["tpr-gap"], Outcome.FAILED, Unit.POINTS, worst=bad, also=("tpr:Men:above",), value=0.091,
                interval=decided(0.060, 0.123), plain=Interval(0.064, 0.118, 0.95, "Newcombe score"),
                margin=(-3.65, -2.05, -0.5), family_size=18, detectable=0.084, tested=9, untested=left,
                comparisons=compared(tpr, {bad: Outcome.FAILED,
                                           "tpr:65 and over:below": Outcome.INCONCLUSIVE}),
                explanation="Urgent messages from women of 65 and over are caught 9.1 points less often "
                "than those of the rest; neither sex nor age alone shows it."),
        verdict(r["fpr-gap"], Outcome.PASSED, Unit.POINTS, worst="fpr:65 and over:above", value=0.031,
                interval=decided(0.012, 0.0498), margin=(1.5, 2.45, 3.4), family_size=18, tested=9,
                detectable=0.094, untested=left, comparisons=compared(fpr, {}),
                explanation="No group is flagged in error more than 8.0 points more often than the rest."),
        verdict(r["impact-ratio"], Outcome.INCONCLUSIVE, Unit.RATIO, value=0.84, tested=9,
                interval=decided(0.78, 0.90), margin=(-0.4, 0.8, 2.0), family_size=18, untested=left,
                settle="About 3,900 more messages from patients of 65 and over.",
                explanation="The lowest impact ratio is 0.84; its decision interval crosses 0.80."),
        verdict(r["selection-gap"], Outcome.FAILED, Unit.POINTS, value=0.162, family_size=6, tested=3,
                interval=decided(0.139, 0.185), margin=(-6.25, -5.1, -3.95), detectable=0.08,
                explanation="Patients of 18 to 39 are flagged 16.2 points less often than the rest."),
        verdict(r["site-gap"], Outcome.NOT_APPLICABLE, Unit.POINTS,
                explanation="the data have no column named site"),
    )
    waiver = Waiver(id="selection-gap", until="2027-01-31", by="j.ortiz", reason="Age drives urgency.")
    findings = (
        Finding(id="group-fairness-tpr-women-65", title="Older women are missed more often",
                severity="serious", outcome=Outcome.FAILED, requirement="tpr-gap", area="Fairness",
                remedy="Collect more urgent messages of women of 65 and over, and train again."),
        Finding(id="selection-gap", title="Younger patients are flagged less often", waiver=waiver,
                severity="moderate", outcome=Outcome.FAILED, requirement="selection-gap"),
    )
    table = Table(
        id="by-class", title="By class", caption="Precision and recall of each class.",
        columns=(Column("Class"), Column("n", Unit.NUMBER), Column("Precision", Unit.SHARE),
                 Column("Recall", Unit.SHARE)),
        rows=(("urgent", 9780, 0.884, 0.871), ("soon", 21410, 0.861, 0.842),
              ("routine", 52110, 0.951, 0.968)),
    )
    cases = Cases(
        id="missed", title="Urgent messages that were missed", columns=("Patient", "Model"),
        caption="Highest confidence first.",
        cases=(
            Case(id="c1", split="test", row=4127, facts=("woman, 71", "routine, 0.81"),
                 input="Bit short of breath on the stairs, jaw has been aching since lunch."),
            Case(id="c2", split="test", row=51, facts=("woman, 68", "routine, 0.77")),
        ),
    )
    return AuditResult(
        tool={"name": "audit", "version": "0.1.0", "python": "3.12.4"},
        spec={"audit": 1}, spec_digest="sha256:40aa6e1192bd5f0c77f0", seed=20261121,
        rerun="audit run audit.yaml --seed 20261121 --out audit-report",
        model=ModelCard(name="hf:acme/triage-lm", kind="hf", task="text-classification",
                        labels=("routine", "soon", "urgent"), revision="2.3.0", parameters=184_000_000,
                        fingerprint="sha256:9f2c41d07ab3e5b1c09d22e41a", settings={"dtype": "float32"}),
        data=DataCard(name="parquet:data/intake-2026-10.parquet", splits={"test": 83300},
                      columns={"body": "input", "label": "label", "sex": "group", "age": "group"},
                      labels=("routine", "soon", "urgent"), fingerprint="sha256:b71d08f5c26e1d5590cc"),
        environment={"cpu": "16 cores", "numpy": "2.4.1", "torch": "2.13.0"}, distinct_inputs=81922,
        probes=(
            ProbeResult(probe=perf, sheet=SHEETS[perf], outcome=Outcome.PASSED,
                        exhibits=(table,), options={"bins": 15}),
            ProbeResult(probe=fair, sheet=SHEETS[fair], outcome=Outcome.FAILED, families=(tpr, fpr),
                        exhibits=(forest(tpr, "True-positive rate, by group"),
                                  forest(fpr, "False-positive rate, by group", by=-0.5), cases),
                        warnings=("6.1% of rows have no sex; they are a group of their own",)),
        ),
        requirements=reqs, verdicts=verdicts, findings=findings, waivers=(waiver,),
        screens=(Screen(measurement="tpr:Men:above", measure="group-fairness.ppv.gap",
                        slice=Slice((("sex", "men"),)), value=0.021, p_value=0.004, q_value=0.04,
                        flagged=True),),
        decision=Decision(state="failed", exit_code=1, blocking=("tpr-gap", "impact-ratio"),
                          reasons=("true-positive gap fails",), waived=("selection-gap",)),
        run=RunFacts(created="2026-11-21T14:06:00+00:00", seconds=2280.0, predicted=61210, reused=20712,
                     stages={"predict": 2211.0, "measure": 52.0}),
    )
