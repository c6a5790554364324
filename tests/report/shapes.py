"""Families, plots and tables of two invented probes."""

from __future__ import annotations

from audit.data import Slice
from audit.exhibits import Case, Cases, Column, Forest, ForestRow, Table
from audit.measurement import Ask, Family, Interval, Measurement, Unit, Untested
from audit.result import (
    ProbeSheet,
)
from audit.verdict import Comparison, Outcome

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


def by_class() -> Table:
    """A table of three classes."""
    return Table(
        id="by-class",
        title="By class",
        caption="Precision and recall of each class.",
        columns=(
            Column("Class"),
            Column("n", Unit.NUMBER),
            Column("Precision", Unit.SHARE),
            Column("Recall", Unit.SHARE),
        ),
        rows=(
            ("urgent", 9780, 0.884, 0.871),
            ("soon", 21410, 0.861, 0.842),
            ("routine", 52110, 0.951, 0.968),
        ),
    )


def missed() -> Cases:
    """Two examples, one with its input withheld."""
    return Cases(
        id="missed",
        title="Urgent messages that were missed",
        columns=("Patient", "Model"),
        caption="Highest confidence first.",
        cases=(
            Case(
                id="c1",
                split="test",
                row=4127,
                facts=("woman, 71", "routine, 0.81"),
                input="Bit short of breath on the stairs, jaw has been aching since lunch.",
            ),
            Case(id="c2", split="test", row=51, facts=("woman, 68", "routine, 0.77")),
        ),
    )
