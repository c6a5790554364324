"""A result of curves: met, without an upper limit, many of which one fails, compared, linear."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from report_shapes import ask

from audit.data import Slice
from audit.exhibits import Curve, Marker, Panel, Point, Series, Stroke
from audit.measurement import Family, Interval, Measurement, Unit
from audit.result import AuditResult, Decision, ProbeResult, ProbeSheet
from audit.verdict import Comparison, Outcome, Requirement, Verdict

SIZES = (250, 500, 1000, 2000, 4000, 8000)
WOBBLE = (0.001, -0.002, 0.001, -0.001, -0.0005, 0.001)
Law = Callable[[float], float]


def power(top: float, scale: float, rate: float) -> Law:
    return lambda n: top - scale * n**-rate


def measured(law: Law, xs: Sequence[float], half: float) -> tuple[Point, ...]:
    ys = [law(x) + WOBBLE[i % 6] for i, x in enumerate(xs)]
    return tuple(Point(x=x, y=y, low=y - half, high=y + half) for x, y in zip(xs, ys, strict=True))


def stroke(law: Law, low: float, high: float, base: float, growth: float = 0.0) -> Stroke:
    """A line over 24 places, with a band that widens by `growth` each doubling."""
    xs = [low * (high / low) ** (i / 23) for i in range(24)]
    wide = [base + growth * (i / 23) ** 1.5 for i in range(24)]
    ys = [law(x) for x in xs]
    return Stroke(
        x=tuple(xs),
        y=tuple(ys),
        low=tuple(y - w for y, w in zip(ys, wide, strict=True)),
        high=tuple(y + w for y, w in zip(ys, wide, strict=True)),
    )


def grown(law: Law, half: float = 0.006, far: float = 40000, **more: object) -> Series:
    return Series(
        points=measured(law, SIZES, half),
        fit=stroke(law, 250, 8000, 0.002),
        forecast=stroke(law, 8000, far, 0.002, 0.004) if far else None,
        **more,  # type: ignore[arg-type]
    )


def learning(**more: object) -> Curve:
    panel = Panel(
        series=(grown(power(0.946, 0.99, 0.379)),),
        beyond=8000,
        level=0.92,
        level_label="required 92%",
        n=9780,
        markers=(Marker(label="rows needed for 92%", x=14600, low=11900, high=19200),),
        measurements=("needed",),
    )
    return curve("learning-curve", "Learning curve", (panel,), **more)


def curve(id_: str, title: str, panels: tuple[Panel, ...], **more: object) -> Curve:
    kept: dict[str, object] = {
        "caption": "Mean of five trainings on nested subsets; bars are 95% intervals.",
        "x_axis": "training examples",
        "y_axis": "accuracy",
        "unit": Unit.SHARE,
        **more,
    }
    return Curve(id=id_, title=title, panels=panels, **kept)  # type: ignore[arg-type]


def refused() -> Curve:
    """An error that rises at the end: nothing is extrapolated, and there is no upper limit."""
    ys = (0.34, 0.27, 0.22, 0.19, 0.171, 0.184)
    points = tuple(
        Point(x=x, y=y, low=y - 0.012, high=y + 0.012)
        for x, y in zip((48, 96, 193, 386, 800, 1100), ys, strict=True)
    )
    panel = Panel(
        series=(Series(points=points),),
        beyond=1100,
        level=0.15,
        level_label="required 15%",
        markers=(Marker(label="rows needed for 15%", x=None, low=1100, high=None),),
        measurements=("refused",),
        note="Not extrapolated: the error rises significantly between 800 and 1,100 rows.",
    )
    return curve("refused", "Error rate against training size", (panel,), y_axis="error rate")


def groups() -> Curve:
    """Small multiples: the fifth fails."""
    names = ("Women", "Men", "18 to 39", "40 to 64", "Women, 65 and over", "Men, 65 and over")
    panels = tuple(
        Panel(
            label=name,
            n=4932 - 700 * i,
            series=(grown(power(0.95 - 0.004 * i - 0.05 * (i == 4), 0.9, 0.37), 0.01 + 0.003 * i),),
            beyond=8000,
            level=0.9,
            level_label="required 90%",
            measurements=(f"group-{i}",),
            note="The curve is flat: more rows of this kind would not do." if i == 4 else "",
        )
        for i, name in enumerate(names)
    )
    return curve("groups", "Learning curve, by group", panels)


def transfer() -> Curve:
    """Two series: begun from weights that were trained before, and from nothing."""
    before, scratch = power(0.93, 0.4, 0.3), power(0.95, 2.2, 0.35)
    panel = Panel(
        series=(
            grown(before, name="pretrained", far=0),
            grown(scratch, name="trained from scratch", second=True, far=0),
        ),
        n=9780,
    )
    return curve("transfer", "Pretrained weights against none", (panel,))


def noise() -> Curve:
    """A share on the horizontal axis, which is linear, and a loss without a unit."""
    xs = (0.0, 0.05, 0.1, 0.2, 0.4)
    law = power(0.2, 0.0, 1.0)
    points = tuple(
        Point(x=x, y=law(1) + 0.9 * x + w, low=0.18 + 0.9 * x, high=0.23 + 0.9 * x)
        for x, w in zip(xs, WOBBLE, strict=False)
    )
    fit = Stroke(x=(0.0, 0.4), y=(0.2, 0.56), low=(0.19, 0.53), high=(0.21, 0.59))
    panel = Panel(series=(Series(points=points, fit=fit),))
    return curve(
        "noise",
        "Loss against flipped labels",
        (panel,),
        x_axis="share of flipped labels",
        y_axis="log loss",
        unit=Unit.NUMBER,
        x_unit=Unit.SHARE,
        log=False,
    )


def sheet(id_: str, area: str) -> ProbeSheet:
    return ProbeSheet(
        id=id_,
        area=area,
        title=f"{area} is as required",
        failure_title=f"{area} is not as required",
        question="How does the figure move with the rows it was trained on?",
        mechanism="Trains again on nested subsets, and measures on the same test rows.",
        measures={"needed.value": "Rows that the target needs."},
    )


def judged(id_: str, outcomes: dict[str, Outcome], family: str = "") -> tuple[object, ...]:
    """A requirement on a probe, its family, and its verdict with a comparison for each id."""
    asked = ask(id_, family or id_, "value")
    found = tuple(
        Measurement(
            id=m,
            measure=asked.measure,
            slice=Slice(()),
            split="test",
            unit=Unit.NUMBER,
            value=14600.0,
            evidence=None,
            interval=Interval(11900.0, 19200.0, 0.95, "bootstrap"),
            n=9780,
        )
        for m in outcomes
    )
    compared = tuple(
        Comparison(
            measurement=m,
            slice=Slice(()),
            against="",
            side="",
            label="",
            n=9780,
            outcome=outcome,
            value=14600.0,
            low=11900.0,
            high=19200.0,
            p_fail=0.2,
            p_fail_adjusted=0.3,
            p_pass=0.01,
            detectable=None,
            n_needed=None,
        )
        for m, outcome in outcomes.items()
    )
    required = Requirement(id=id_, title=f"Rows needed, {id_}", ask=asked, max=20000.0)
    gravest = (
        Outcome.FAILED if Outcome.FAILED in outcomes.values() else next(iter(outcomes.values()))
    )
    verdict = Verdict(
        requirement=id_,
        title=required.title,
        outcome=gravest,
        explanation="92% accuracy needs about 14,600 examples; the plan holds 20,000.",
        unit=Unit.NUMBER,
        limit=20000.0,
        value=14600.0,
        interval=Interval(11900.0, 19200.0, 0.95, "bootstrap, Holm over the gate"),
        margin=(0.1, 0.9, 1.6),
        margin_unit="half-width",
        comparisons=compared,
    )
    return (
        Family(ask=asked, title=area_of(id_), unit=Unit.NUMBER, measurements=found),
        required,
        verdict,
    )


def area_of(id_: str) -> str:
    return id_.replace("-", " ").capitalize()


def curved(base: AuditResult) -> AuditResult:
    """Five probes, each with curves; three of them judged."""
    met = judged("data-dependence", {"needed": Outcome.PASSED})
    open_ = judged("small-data", {"refused": Outcome.INCONCLUSIVE})
    states = {f"group-{i}": Outcome.FAILED if i == 4 else Outcome.PASSED for i in range(6)}
    split = judged("groups-of-rows", {**states, "group-1": Outcome.INCONCLUSIVE})
    shown = {
        "data-dependence": (met, (learning(family=met[0].ask.key),)),  # type: ignore[attr-defined]
        "small-data": (open_, (refused(),)),
        "groups-of-rows": (split, (groups(),)),
        "transfer": (None, (transfer(), noise())),
        "noise": (None, (noise(), groups())),
    }
    probes = tuple(
        ProbeResult(
            probe=id_,
            sheet=sheet(id_, area_of(id_)),
            outcome=Outcome.PASSED,
            families=(made[0],) if made else (),  # type: ignore[arg-type]
            exhibits=exhibits,
        )
        for id_, (made, exhibits) in shown.items()
    )
    three = (met, open_, split)
    return msgspec.structs.replace(
        base,
        probes=probes,
        requirements=tuple(made[1] for made in three),
        verdicts=tuple(made[2] for made in three),
        findings=(),
        waivers=(),
        screens=(),
        decision=Decision(state="failed", exit_code=1, blocking=("groups-of-rows",), reasons=()),
    )
