"""A result of shifts: levels over a floor, a heat table, pairs, reliability, ROC curves, spots."""

from __future__ import annotations

import base64
import math
import zlib
from collections.abc import Sequence

import msgspec
from report_shapes import ask

from audit.data import Slice
from audit.exhibits import (
    Forest,
    ForestRow,
    Heat,
    HeatCell,
    HeatRow,
    Line,
    Pair,
    Pairs,
    Plane,
    Spot,
)
from audit.measurement import Family, Interval, Measurement, Unit
from audit.result import AuditResult, Decision, ProbeResult, ProbeSheet
from audit.verdict import Comparison, Outcome, Requirement, Verdict

P, F, I = Outcome.PASSED, Outcome.FAILED, Outcome.INCONCLUSIVE  # noqa: E741
DOMAINS = (  # label, accuracy, half width, n, verdict on its drop
    ("Dialect, rural", 0.806, 0.019, 1640, F),
    ("App messages", 0.874, 0.021, 1012, I),
    ("Spanish", 0.880, 0.019, 1224, P),
    ("Paediatric", 0.891, 0.022, 804, P),
    ("Voice to text", 0.897, 0.016, 1460, P),
    ("2026 intake", 0.903, 0.011, 2810, P),
    ("Site C", 0.908, 0.015, 1530, P),
    ("Site B", 0.912, 0.013, 1902, P),
)
LEVEL = 0.924
KINDS = {
    "typing": ("Swapped letters", "Neighbouring keys", "Missing letters", "Doubled letters"),
    "noise": ("Character noise", "Scanned text", "Homoglyphs"),
    "layout": ("Missing spaces", "Upper case", "No punctuation"),
}


def painted(tint: int, side: int = 24) -> str:
    """A small picture as an address, by the standard library alone: a disc on a slope of grey."""
    rows = b"".join(
        b"\0"
        + bytes(
            channel
            for x in range(side)
            for channel in (
                (tint, 90, 200 - tint) if math.hypot(x - 11, y - 11) < 8 else (5 * x, 5 * y, 120)
            )
        )
        for y in range(side)
    )
    parts = b"".join(
        len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")
        for name, data in (
            (b"IHDR", side.to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0"),
            (b"IDAT", zlib.compress(rows)),
            (b"IEND", b""),
        )
    )
    return "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + parts).decode()


def sheet(id_: str, area: str, question: str) -> ProbeSheet:
    return ProbeSheet(
        id=id_,
        area=area,
        title=f"{area}: as required",
        failure_title=f"{area}: not as required",
        question=question,
        mechanism="Compares the rows of each place with those in distribution.",
        measures={"accuracy.drop": "What is lost."},
    )


def judged(
    id_: str, drops: dict[str, tuple[float, Outcome]], limit: float, explanation: str, **more: str
) -> tuple[Family, Requirement, Verdict]:
    """A family of drops, the requirement on it, and the verdict; measurement ids are the keys."""
    asked = ask(id_, more.get("metric", "accuracy"), more.get("statistic", "drop"))
    found = tuple(
        Measurement(
            id=name,
            measure=asked.measure,
            slice=Slice((("source", name),)),
            split="test",
            unit=Unit.POINTS,
            value=value,
            evidence=None,
            interval=Interval(value - 0.02, value + 0.02, 0.95, "Newcombe score"),
            n=1000,
            against="the rows in distribution",
            side=more.get("side", "below"),
        )
        for name, (value, _) in drops.items()
    )
    compared = tuple(
        Comparison(
            measurement=m.id,
            slice=m.slice,
            against=m.against,
            side=m.side,
            label="",
            n=m.n,
            outcome=drops[m.id][1],
            value=m.value,
            low=drops[m.id][0] - 0.02,
            high=drops[m.id][0] + 0.02,
            p_fail=0.2,
            p_fail_adjusted=0.0001 if drops[m.id][1] is F else 0.3,
            p_pass=0.01,
            detectable=0.1,
            n_needed=None,
        )
        for m in found
    )
    outcomes = {outcome for _, outcome in drops.values()}
    gravest = next(o for o in (F, I, P) if o in outcomes)
    worst = max(drops, key=lambda name: drops[name][0])
    value = drops[worst][0]
    required = Requirement(id=id_, title=more.get("title", id_), ask=asked, max=limit)
    verdict = Verdict(
        requirement=id_,
        title=required.title,
        outcome=gravest,
        explanation=explanation,
        unit=Unit.POINTS,
        limit=limit,
        worst=worst,
        value=value,
        interval=Interval(value - 0.02, value + 0.02, 0.95, "Newcombe, Holm over the gate"),
        plain=Interval(value - 0.018, value + 0.018, 0.95, "Newcombe score"),
        margin=((limit - value) * 50 - 1, (limit - value) * 50, (limit - value) * 50 + 1),
        comparisons=compared,
        family_size=len(compared),
    )
    family = Family(ask=asked, title=required.title, unit=Unit.POINTS, measurements=found)
    return family, required, verdict


def domains(**more: object) -> Forest:
    """The plot of levels: a reference row, and each place under it, the worst first."""
    first = ForestRow(label="In distribution", value=LEVEL, low=0.917, high=0.931, n=5210)
    rows = tuple(
        ForestRow(
            label=label,
            value=level,
            low=level - half,
            high=level + half,
            n=n,
            measurements=(f"drop-{label}",),
        )
        for label, level, half, n, _ in DOMAINS
    )
    small = ForestRow(label="Site D", value=0.83, low=0.68, high=0.93, n=24, tested=False)
    kept: dict[str, object] = {
        "band": (0.917, 0.931),
        "lead": LEVEL,
        "band_label": "in distribution",
        **more,
    }
    return Forest(
        id="distribution-shift-levels",
        title="Accuracy by source",
        caption="Worst first; bars are plain 95% score intervals.",
        axis="accuracy",
        count="n",
        unit=Unit.SHARE,
        rows=(first, *rows, small),
        **kept,  # type: ignore[arg-type]
    )


def grid(**more: object) -> Heat:
    """Ten transforms at five severities, the gravest first."""
    rows = []
    for k, (kind, names) in enumerate(KINDS.items()):
        for i, name in enumerate(names):
            slope = 0.042 / (1 + 0.55 * k + 0.4 * i)
            values = [slope * s**1.1 - 0.002 for s in range(1, 6)]
            cells = tuple(
                HeatCell(value=v, low=v - 0.012, high=v + 0.012, measurements=(f"{name} {s + 1}",))
                for s, v in enumerate(values)
            )
            mean = sum(values) / 5
            total = HeatCell(value=mean, low=mean - 0.006, high=mean + 0.006)
            rows.append(HeatRow(label=name, group=kind, cells=cells, total=total))
    kept: dict[str, object] = {
        "id": "corruption-heat",
        "title": "Accuracy lost under changes of the input",
        "caption": "The same messages before and after; paired differences.",
        "columns": ("1", "2", "3", "4", "5"),
        "column_axis": "severity",
        "value": "accuracy lost",
        "unit": Unit.POINTS,
        "rows": tuple(rows),
        "total": "mean",
        "n": 600,
        **more,
    }
    return Heat(**kept)  # type: ignore[arg-type]


def texts() -> Pairs:
    """Texts before and after, one that is withheld and one that did not change."""
    said = (
        ("Neighbouring keys", "I cannot breathe when I lie down, please help me.", None),
        ("Missing spaces", "My chest is tight and my left arm feels numb.", None),
        ("Upper case", "is this rash something to worry about?", None),
    )
    after = (
        "I cannot bteathe when I lie down, ppease help mr.",
        "Mychest istight and my left arm feelsnumb.",
        "IS THIS RASH SOMETHING TO WORRY ABOUT?",
    )
    pairs = [
        Pair(
            label=label,
            split="test",
            row=4100 + i,
            transform=label.lower().replace(" ", "-"),
            severity=3,
            seed=7,
            facts=("urgent 0.91", "routine 0.62"),
            before=before,
            after=after[i],
        )
        for i, (label, before, _) in enumerate(said)
    ]
    pairs.append(msgspec.structs.replace(pairs[0], row=12, before="מה שלומך?", after="מה שלומך?"))
    pairs.append(msgspec.structs.replace(pairs[0], row=13, before=None, after=None))
    return Pairs(
        id="corruption-pairs",
        title="Urgent messages that the model no longer caught",
        caption="The largest changes of its answer first.",
        columns=("Before", "After"),
        pairs=tuple(pairs),
    )


def pictures() -> Pairs:
    pair = Pair(
        label="Gaussian noise",
        split="test",
        row=17,
        transform="gaussian-noise",
        severity=4,
        seed=7,
        facts=("cat 0.97", "fox 0.55"),
        before=painted(200),
        after=painted(90),
    )
    return Pairs(
        id="corruption-pictures",
        title="Pictures that the model no longer knew",
        caption="",
        columns=("Before", "After"),
        pairs=(pair, msgspec.structs.replace(pair, label="Motion blur", row=18)),
    )


def reliability(bend: float = 0.09, **more: object) -> Plane:
    """Ten bins of stated probability, overconfident by `bend` in the middle."""
    spots = []
    for i, n in enumerate((2210, 640, 330, 240, 190, 205, 260, 410, 890, 3120)):
        x = 0.05 + 0.1 * i
        y = x - bend * math.sin(math.pi * x) + 0.004 * (-1) ** i
        half = 1.96 * math.sqrt(max(0.001, y * (1 - y)) / n)
        spots.append(Spot(x=x, y=y, y_low=max(0, y - half), y_high=min(1, y + half), n=n))
    kept: dict[str, object] = {"measurements": ("ece",), **more}
    return Plane(
        id="calibration-reliability",
        title="Reliability, all sources",
        caption="Bins of equal width; bars are plain 95% score intervals.",
        x_axis="stated probability of urgent",
        y_axis="share that is urgent",
        diagonal_label="as stated",
        spots=tuple(spots),
        strip=True,
        **kept,  # type: ignore[arg-type]
    )


def rising(power: float, places: Sequence[float]) -> tuple[float, ...]:
    return tuple(x**power for x in places)


def roc(**more: object) -> Plane:
    """Three curves of telling rows out of distribution from those in it."""
    xs = tuple(i / 60 for i in range(61))
    lines = tuple(
        Line(
            name=name,
            note=note,
            x=xs,
            y=rising(power, xs),
            low=rising(power * 1.25, xs) if band else (),
            high=rising(power / 1.25, xs) if band else (),
            second=second,
        )
        for name, note, power, band, second in (
            ("distance in features", "AUC 0.89", 0.12, True, False),
            ("energy", "AUC 0.78", 0.28, False, False),
            ("largest probability", "AUC 0.67", 0.5, False, True),
        )
    )
    return Plane(
        id="detection-roc",
        title="Telling rows from elsewhere apart",
        caption="Rows in distribution against those of the five sources; band: plain 95%.",
        x_axis="false-positive rate",
        y_axis="true-positive rate",
        diagonal_label="chance",
        lines=lines,
        **more,  # type: ignore[arg-type]
    )


def predicted(**more: object) -> Plane:
    """Accuracy that was forecast without labels against what was measured."""
    spots = tuple(
        Spot(
            x=level + 0.012 * (-1) ** i + (0.07 if outcome is F else 0),
            y=level,
            x_low=level + 0.012 * (-1) ** i - 0.02 + (0.07 if outcome is F else 0),
            x_high=level + 0.012 * (-1) ** i + 0.02 + (0.07 if outcome is F else 0),
            y_low=level - half,
            y_high=level + half,
            label=label,
            n=n,
            measurements=(f"drop-{label}",),
        )
        for i, (label, level, half, n, outcome) in enumerate(DOMAINS)
    )
    return Plane(
        id="estimate-plane",
        title="Accuracy estimated without labels against accuracy measured",
        caption="Bars are plain 95% intervals of both.",
        x_axis="estimated accuracy",
        y_axis="measured accuracy",
        square=False,
        diagonal_label="equal",
        spots=spots,
        note="The estimate for rural dialect is 8 points too high.",
        **more,  # type: ignore[arg-type]
    )


def on_the_line() -> Plane:
    """Models on a line, and the audited one beside it."""
    xs = tuple(0.62 + 0.03 * i for i in range(11))
    wobble = (0.01, -0.012, 0.006, -0.004, 0.011, -0.009, 0.003, 0.008, -0.006, 0.004, -0.002)
    spots = tuple(
        Spot(x=x, y=0.86 * x + 0.02 + w, y_low=0.86 * x - 0.005 + w, y_high=0.86 * x + 0.045 + w)
        for x, w in zip(xs, wobble, strict=True)
    )
    mine = Spot(x=0.924, y=0.806, y_low=0.787, y_high=0.825, label="this model", n=1640)
    ends = (0.6, 0.95)
    line = Line(
        name="11 models",
        x=ends,
        y=tuple(0.86 * x + 0.02 for x in ends),
        low=tuple(0.86 * x + 0.0 for x in ends),
        high=tuple(0.86 * x + 0.04 for x in ends),
        second=True,
    )
    return Plane(
        id="shift-line",
        title="Accuracy on the line",
        caption="",
        x_axis="accuracy in distribution",
        y_axis="accuracy in rural dialect",
        square=False,
        diagonal_label="no loss",
        spots=(*spots, mine),
        lines=(line,),
    )


def shifted(base: AuditResult) -> AuditResult:
    """Five probes with all the shapes; three of them judged."""
    loss = {f"drop-{label}": (LEVEL - level, outcome) for label, level, _, _, outcome in DOMAINS}
    cells = {m: c for row in grid().rows for c in row.cells for m in c.measurements}
    held = {
        m: (c.value or 0.0, F if (c.value or 0) > 0.1 else I if (c.value or 0) > 0.06 else P)
        for m, c in cells.items()
    }
    drop = judged(
        "distribution-shift",
        loss,
        0.08,
        "Accuracy of rural dialect is 11.8 points below that of the rows in distribution.",
        title="Accuracy drop, worst source",
    )
    heat = judged(
        "corruption-robustness",
        held,
        0.08,
        "Accuracy falls by 22.5 points where letters are swapped at severity 5.",
        title="Accuracy drop, worst change",
    )
    calm = judged(
        "calibration",
        {"ece": (0.031, I)},
        0.04,
        "The calibration error is 3.1 points; its decision interval crosses 4.0.",
        title="Calibration error",
        metric="ece",
        statistic="value",
    )
    shown = (
        ("distribution-shift", "Out of distribution", drop, (domains(family=drop[0].ask.key),)),
        (
            "corruption-robustness",
            "Robustness",
            heat,
            (grid(family=heat[0].ask.key), texts(), pictures()),
        ),
        ("calibration", "Calibration", calm, (reliability(family=calm[0].ask.key),)),
        ("detection", "Detection", None, (roc(), on_the_line())),
        ("estimate", "Label-free estimates", None, (predicted(), reliability(-0.05))),
    )
    probes = tuple(
        ProbeResult(
            probe=id_,
            sheet=sheet(id_, area, "What is lost out of distribution?"),
            outcome=P,
            families=(made[0],) if made else (),
            exhibits=exhibits,
        )
        for id_, area, made, exhibits in shown
    )
    three = (drop, heat, calm)
    return msgspec.structs.replace(
        base,
        probes=probes,
        requirements=tuple(made[1] for made in three),
        verdicts=tuple(made[2] for made in three),
        findings=(),
        waivers=(),
        screens=(),
        decision=Decision(
            state="failed",
            exit_code=1,
            blocking=("distribution-shift", "corruption-robustness"),
            reasons=(),
        ),
    )
