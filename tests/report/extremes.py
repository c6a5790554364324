"""Results that strain a report: a giant one and a hostile one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from audit.exhibits import Case, Cases, Exhibit, Forest, ForestRow
from audit.measurement import Ask, Interval, Unit
from audit.result import AuditResult
from audit.verdict import Outcome, Requirement, Verdict

EVIL = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>\"' {{ 1234*1234 }} {% raw %} "
    "[bold]x[/bold] \u202eRTL\u202c \x1b[31m\x00\x07 ]]> --> | ` *b* @all <b>&amp;\nsecond line"
)
KEEP = frozenset(
    [
        "outcome",
        "unit",
        "x_unit",
        "y_unit",
        "state",
        "type",
        "schema_version",
        "created",
        "until",
        "compare",
        "on_inconclusive",
        "on_small",
        "margin_unit",
        "side",
        "statistic",
    ]
)
OUTCOMES = tuple(Outcome)


def hostile(base: AuditResult) -> AuditResult:
    """Append every dangerous text to every free text of a result, keys and ids included."""
    return msgspec.convert(_poison(msgspec.to_builtins(base)), AuditResult)


def _poison(value: Any, key: str = "") -> Any:
    if isinstance(value, str):
        return value if key in KEEP else value + EVIL
    if isinstance(value, Mapping):
        return {k: _poison(v, k) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_poison(v, key) for v in value]
    return value


def _forest(number: int, rows: int) -> Forest:
    return Forest(
        id=f"plot-{number}",
        title=f"Error rate in region {number}",
        caption="Each group against the rest.",
        axis="difference, percentage points",
        count="n",
        unit=Unit.POINTS,
        origin=0.0,
        rows=tuple(
            ForestRow(
                label=f"Group {i} of region {number}, with a longer name",
                value=(i - rows / 2) / 500,
                low=(i - rows / 2) / 500 - 0.02,
                high=(i - rows / 2) / 500 + 0.02,
                n=1000 + i,
                tested=i % 11 != 0,
            )
            for i in range(rows)
        ),
    )


def _case(number: int) -> Case:
    words = "A patient writes at some length about what has been going on since Monday. " * 5
    return Case(id=f"c{number}", split="test", row=number, facts=("a", "b"), input=words)


def giant(base: AuditResult, plots: int = 60, rows: int = 24, cases: int = 200) -> AuditResult:
    """Give one probe many plots and examples, and the policy many requirements."""
    exhibits: list[Exhibit] = [_forest(i, rows) for i in range(plots)]
    exhibits.append(
        Cases(
            id="cases",
            title="Examples",
            caption="",
            columns=("A", "B"),
            cases=tuple(_case(i) for i in range(cases)),
        )
    )
    probe = msgspec.structs.replace(base.probes[1], exhibits=tuple(exhibits))
    numbers = range(plots)
    return msgspec.structs.replace(
        base,
        probes=(base.probes[0], probe),
        requirements=base.requirements + tuple(_requirement(i) for i in numbers),
        verdicts=base.verdicts + tuple(_verdict(i) for i in numbers),
    )


def _requirement(number: int) -> Requirement:
    ask = Ask(probe="group-fairness", metric=f"m{number}", statistic="gap")
    return Requirement(id=f"gap-{number}", title=f"Gap in region {number}", ask=ask, max=0.05)


def _verdict(number: int) -> Verdict:
    return Verdict(
        requirement=f"gap-{number}",
        title=f"Gap in region {number}",
        outcome=OUTCOMES[number % 6],
        explanation="A sentence about this region.",
        unit=Unit.POINTS,
        limit=0.05,
        value=0.03,
        interval=Interval(0.01, 0.06, 0.95, "score"),
        margin=(-0.5, 1.0, 2.0),
        margin_unit="half-width",
        settle="More rows.",
    )
