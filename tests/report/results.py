"""A realistic result to report on: nine requirements over two probes, with every outcome."""

from __future__ import annotations

from report_shapes import SHEETS, Ask, ask, by_class, compared, forest, gap_family, missed

from audit.data import DataCard, Slice
from audit.measurement import Interval, Unit
from audit.model import ModelCard
from audit.result import AuditResult, Decision, Finding, ProbeResult, RunFacts, Screen, Waiver
from audit.verdict import Outcome, Requirement, Verdict


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
        requirement(
            "macro-f1",
            "Macro F1",
            ask(perf, "macro_f1", "value"),
            min=0.85,
            material=0.02,
            on_inconclusive="warn",
        ),
        requirement("worst-recall", "Recall, lowest class", ask(perf, "recall", "min"), min=0.7),
        requirement("log-loss", "Log loss", ask(perf, "log_loss", "value"), max=0.4, material=0.05),
        requirement("tpr-gap", "True-positive gap, worst group", tpr.ask, max=0.05, material=0.02),
        requirement("fpr-gap", "False-positive gap, worst group", fpr.ask, max=0.08, material=0.02),
        requirement(
            "impact-ratio",
            "Impact ratio, lowest group",
            ask(fair, "impact_ratio", "min", by=("sex", "age")),
            min=0.8,
            material=0.05,
        ),
        requirement(
            "selection-gap",
            "Selection-rate gap",
            ask(fair, "selection_rate", "gap", by=("age",)),
            max=0.06,
            material=0.02,
        ),
        requirement(
            "site-gap",
            "Accuracy gap between sites",
            ask(fair, "accuracy", "gap", by=("site",)),
            max=0.05,
            material=0.02,
        ),
    )
    r = {req.id: req for req in reqs}
    left = tpr.untested
    verdicts = (
        verdict(
            r["accuracy"],
            Outcome.PASSED,
            Unit.SHARE,
            value=0.924,
            interval=decided(0.9195, 0.9289),
            plain=Interval(0.9202, 0.9276, 0.95, "Wilson score"),
            margin=(1.95, 2.4, 2.89),
            detectable=0.893,
            tested=1,
            family_size=1,
            explanation="Accuracy is 92.4%, at least the 90.0% required.",
        ),
        verdict(
            r["macro-f1"],
            Outcome.INCONCLUSIVE,
            Unit.NUMBER,
            value=0.861,
            margin=(-0.6, 0.55, 1.7),
            interval=decided(0.838, 0.884),
            settle="About 2,300 more rows of the test split.",
            explanation="Macro F1 is 0.861; its decision interval crosses 0.850.",
        ),
        verdict(
            r["worst-recall"],
            Outcome.NOT_RUN,
            Unit.SHARE,
            explanation="the budget of 30 minutes ran out before this measure",
        ),
        verdict(
            r["log-loss"],
            Outcome.ERROR,
            Unit.NUMBER,
            explanation="the model gave no probabilities for 3 of 83,300 rows",
        ),
        verdict(
            r["tpr-gap"],
            Outcome.FAILED,
            Unit.POINTS,
            worst=bad,
            also=("tpr:Men:above",),
            value=0.091,
            interval=decided(0.060, 0.123),
            plain=Interval(0.064, 0.118, 0.95, "Newcombe score"),
            margin=(-3.65, -2.05, -0.5),
            family_size=18,
            detectable=0.084,
            tested=9,
            untested=left,
            comparisons=compared(
                tpr, {bad: Outcome.FAILED, "tpr:65 and over:below": Outcome.INCONCLUSIVE}
            ),
            explanation="Urgent messages from women of 65 and over are caught 9.1 points less "
            "often than those of the rest; neither sex nor age alone shows it.",
        ),
        verdict(
            r["fpr-gap"],
            Outcome.PASSED,
            Unit.POINTS,
            worst="fpr:65 and over:above",
            value=0.031,
            interval=decided(0.012, 0.0498),
            margin=(1.5, 2.45, 3.4),
            family_size=18,
            tested=9,
            detectable=0.094,
            untested=left,
            comparisons=compared(fpr, {}),
            explanation="No group is flagged in error 8.0 points more often than the rest.",
        ),
        verdict(
            r["impact-ratio"],
            Outcome.INCONCLUSIVE,
            Unit.RATIO,
            value=0.84,
            tested=9,
            interval=decided(0.78, 0.90),
            margin=(-0.4, 0.8, 2.0),
            family_size=18,
            untested=left,
            settle="About 3,900 more messages from patients of 65 and over.",
            explanation="The lowest impact ratio is 0.84; its decision interval crosses 0.80.",
        ),
        verdict(
            r["selection-gap"],
            Outcome.FAILED,
            Unit.POINTS,
            value=0.162,
            family_size=6,
            tested=3,
            interval=decided(0.139, 0.185),
            margin=(-6.25, -5.1, -3.95),
            detectable=0.08,
            explanation="Patients of 18 to 39 are flagged 16.2 points less often than the rest.",
        ),
        verdict(
            r["site-gap"],
            Outcome.NOT_APPLICABLE,
            Unit.POINTS,
            explanation="the data have no column named site",
        ),
    )
    waiver = Waiver(
        id="selection-gap", until="2027-01-31", by="j.ortiz", reason="Age drives urgency."
    )
    findings = (
        Finding(
            id="group-fairness-tpr-women-65",
            title=verdicts[4].explanation,
            severity="high",
            outcome=Outcome.FAILED,
            requirement="tpr-gap",
            area="Fairness",
            remedy="Collect more urgent messages of women of 65 and over, and train again.",
        ),
        Finding(
            id="selection-gap",
            title=verdicts[7].explanation,
            waiver=waiver,
            severity="high",
            outcome=Outcome.FAILED,
            requirement="selection-gap",
        ),
    )
    return AuditResult(
        tool={"name": "audit", "version": "0.1.0", "python": "3.12.4"},
        spec={"audit": 1},
        spec_digest="sha256:40aa6e1192bd5f0c77f0",
        seed=20261121,
        rerun="audit run audit.yaml --seed 20261121 --out audit-report",
        model=ModelCard(
            name="hf:acme/triage-lm",
            kind="hf",
            task="text-classification",
            labels=("routine", "soon", "urgent"),
            revision="2.3.0",
            parameters=184_000_000,
            fingerprint="sha256:9f2c41d07ab3e5b1c09d22e41a",
            settings={"dtype": "float32"},
        ),
        data=DataCard(
            name="parquet:data/intake-2026-10.parquet",
            splits={"test": 83300},
            columns={"body": "input", "label": "label", "sex": "group", "age": "group"},
            labels=("routine", "soon", "urgent"),
            fingerprint="sha256:b71d08f5c26e1d5590cc",
        ),
        environment={"cpu": "16 cores", "numpy": "2.4.1", "torch": "2.13.0"},
        distinct_inputs=81922,
        probes=(
            ProbeResult(
                probe=perf,
                sheet=SHEETS[perf],
                outcome=Outcome.PASSED,
                exhibits=(by_class(),),
                options={"bins": 15},
            ),
            ProbeResult(
                probe=fair,
                sheet=SHEETS[fair],
                outcome=Outcome.FAILED,
                families=(tpr, fpr),
                exhibits=(
                    forest(tpr, "True-positive rate, by group"),
                    forest(fpr, "False-positive rate, by group", by=-0.5),
                    missed(),
                ),
                warnings=("6.1% of rows have no sex; they are a group of their own",),
            ),
        ),
        requirements=reqs,
        verdicts=verdicts,
        findings=findings,
        waivers=(waiver,),
        screens=(
            Screen(
                measurement="tpr:Men:above",
                measure="group-fairness.ppv.gap",
                slice=Slice((("sex", "men"),)),
                value=0.021,
                p_value=0.004,
                q_value=0.04,
                flagged=True,
            ),
        ),
        decision=Decision(
            state="failed",
            exit_code=1,
            blocking=("worst-recall", "log-loss", "tpr-gap", "impact-ratio", "site-gap"),
            reasons=("tpr-gap: failed.", "impact-ratio: inconclusive."),
            waived=("selection-gap",),
        ),
        run=RunFacts(
            created="2026-11-21T14:06:00+00:00",
            seconds=2280.0,
            predicted=61210,
            reused=20712,
            stages={"predict": 2211.0, "measure": 52.0},
        ),
    )
