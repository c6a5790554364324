"""A result of explanations: densities against chance, words in colour, pictures, signed bars."""

from __future__ import annotations

import math

import msgspec
from report_shifted import judged, painted, sheet

from audit.exhibits import Attributions, Density, Hill, Likeness, Weighed
from audit.measurement import Unit
from audit.result import AuditResult, Decision, ProbeResult
from audit.verdict import Outcome

P = Outcome.PASSED
PLACES = tuple(round(-1 + i / 100, 2) for i in range(201))
FIGURE = "Identifiability 0.97 (0.95 to 0.98), required at least 0.80"
SAID = (  # label, similarity, words before and after with their raw weights
    (
        "worst",
        0.41,
        "Chest 8 tightness 6 since .2 Monday -3 and .1 my .1 left .4 arm 1 feels .2 numb 9",
        "Since .1 Monday -1 my .2 chest 3 is .1 tight ? and .1 left -2 arm 6 feels .3 numb 5",
    ),
    (
        "median",
        0.86,
        "I .1 cannot 4 breathe 7 when .3 I .1 lie 1 down .8 please 2 help 3",
        "I .1 cannot 4 breathe 6 lying ? down .7 please 2 help 3",
    ),
    (
        "best",
        0.99,
        "Is .2 this .1 rash 2 something -.6 to .1 worry -5 about -.4",
        "Is .2 this .1 rash 2 something -.6 to .1 worry -5 about -.4",
    ),
)
GRADES = " ".join(f"for{i} {i} against{i} -{i}" for i in range(1, 7))  # every shade


def weighed(said: str, **more: object) -> Weighed:
    """Words and weights in turn; a question mark is a part of which nothing is known."""
    parts = said.split()
    raw = [None if w == "?" else float(w) for w in parts[1::2]]
    whole = sum(abs(w) for w in raw if w is not None) or 1.0
    weights = tuple(None if w is None else w / whole for w in raw)
    return Weighed(weights=weights, names=tuple(parts[::2]), **more)  # type: ignore[arg-type]


def bell(name: str, middle: float, width: float, **more: object) -> Hill:
    height = 1 / (width * math.sqrt(2 * math.pi))
    y = tuple(height * math.exp(-(((x - middle) / width) ** 2) / 2) for x in PLACES)
    kept: dict[str, object] = {"n": 600, "middle": middle, "x": PLACES, "y": y, **more}
    return Hill(name=name, **kept)  # type: ignore[arg-type]


def density(**more: object) -> Density:
    """The similarity of explanations under a change, against pairs of other inputs."""
    kept: dict[str, object] = {
        "hills": (bell("this model", 0.81, 0.065), bell("other inputs", 0.21, 0.13, second=True)),
        "figure": FIGURE,
        "mark": 0.7,
        "mark_label": "required 0.70",
        "title": "Explanations of a message and of its paraphrase",
        **more,
    }
    return Density(
        id="explanation-stability-density",
        caption="600 messages; the same likeness between explanations of other messages.",
        axis="rank agreement",
        unit=Unit.RATIO,
        **kept,  # type: ignore[arg-type]
    )


def spike(**more: object) -> Density:
    """Explanations that are all alike, so that one hill has no width."""
    y = (*[0.0] * (len(PLACES) - 1), 100.0)
    alike = bell("this model", 1.0, 1.0, y=y)
    null = bell("other inputs", 0.21, 0.13, second=True)
    return density(hills=(alike, null), mark=None, title="Under another seed", **more)


def texts(**more: object) -> Attributions:
    """Messages before and after a paraphrase."""
    pairs = tuple(
        Likeness(
            label=label,
            split="test",
            row=4100 + i,
            similarity=similarity,
            facts=("urgent 0.91", "urgent 0.88"),
            transform="synonyms",
            severity=2,
            seed=7,
            before=weighed(before),
            after=weighed(after),
        )
        for i, (label, similarity, before, after) in enumerate(SAID)
    )
    return attributions("text", "word", pairs, **more)


def attributions(
    modality: str, noun: str, pairs: tuple[Likeness, ...], **more: object
) -> Attributions:
    kept: dict[str, object] = {
        "id": f"explanation-stability-{modality}",
        "title": "Which words speak for the answer, before and after",
        "caption": "Integrated gradients of the margin.",
        "columns": ("before", "after"),
        **more,
    }
    return Attributions(modality=modality, noun=noun, pairs=pairs, **kept)  # type: ignore[arg-type]


def patches(shift: int = 0, side: int = 8) -> tuple[float, ...]:
    """A spot that speaks for the answer, and one in a corner that speaks against it."""
    raw = [
        math.exp(-((x - 3 - shift) ** 2 + (y - 3) ** 2) / 4)
        - 0.5 * math.exp(-((x - 7) ** 2 + (y - 7) ** 2) / 2)
        for y in range(side)
        for x in range(side)
    ]
    whole = sum(abs(w) for w in raw)
    return tuple(w / whole for w in raw)


def pictures(**more: object) -> Attributions:
    names = tuple(f"row {i // 8 + 1}, column {i % 8 + 1}" for i in range(64))
    pairs = tuple(
        Likeness(
            label=label,
            split="test",
            row=17 + shift,
            similarity=similarity,
            facts=("cat 0.97", "cat 0.91"),
            transform="brightness",
            severity=1,
            before=Weighed(weights=patches(), names=names, picture=painted(200)),
            after=Weighed(weights=patches(shift), names=names, picture=painted(140)),
        )
        for label, shift, similarity in (("worst", 3, 0.52), ("median", 1, 0.9), ("best", 0, 1.0))
    )
    kept = {"title": "Where in the picture, before and after", **more}
    return attributions("image", "patch", pairs, **kept)


def rows(**more: object) -> Attributions:
    before = "age=71 4 sex=female .3 pressure=152 3 smoker=yes 2 insured=no -1.5 income=18,200 -1"
    after = "age=72 3 sex=female .4 pressure=152 4 smoker=yes 1 insured=no -2 income=18,200 .3"
    extra = " visits=3 .2 site=B .1 weekday=Monday .05 referral=none 0"
    pair = Likeness(
        label="worst",
        split="test",
        row=88,
        similarity=0.74,
        facts=("high 0.81", "high 0.84"),
        transform="jitter",
        severity=1,
        before=weighed(before + extra),
        after=weighed(after + extra),
    )
    alone = msgspec.structs.replace(
        pair, label="", transform="", severity=0, after=None, row=89, similarity=None
    )
    kept = {"title": "Which columns speak for the answer", **more}
    return attributions("tabular", "column", (pair, alone), **kept)


def withheld(exhibit: Attributions) -> Attributions:
    """The same as it is where a specification does not allow inputs."""
    replace = msgspec.structs.replace

    def bare(side: Weighed | None, size: int) -> Weighed | None:
        if side is None:
            return None
        weights = (*side.weights, *[None] * size)[:size]
        return replace(side, weights=weights, names=(), picture="")

    pairs = tuple(
        replace(
            pair,
            before=bare(pair.before, len(pair.before.weights)),
            after=bare(pair.after, len(pair.before.weights)),
        )
        for pair in exhibit.pairs
    )
    return replace(exhibit, id=f"{exhibit.id}-withheld", pairs=pairs)


def extremes() -> tuple[Attributions, ...]:
    """One word, three hundred, no weight at all, letters from right to left, markup, nothing."""
    base = texts().pairs[0]
    replace = msgspec.structs.replace
    long = weighed(" ".join(f"word{i} {1 + (i * 7919) % 13 * (i % 97 == 5)}" for i in range(300)))
    sides = (
        (weighed("numb 1"), None),
        (long, None),
        (weighed("all 0 of 0 them 0"), weighed("none ? of ? them ?")),
        (weighed("שלום 3 עולם -2 כאב 5"), weighed("שלום 3 עולם -2 כאב 5")),
        (
            weighed("<b>bold</b> 2 🙂 3 👩‍⚕️ -2 {{7*7}} 1 &amp; 1"),
            weighed("🙂 1 \u200b 2 " + "x" * 300 + " 3"),
        ),
        (Weighed(weights=()), Weighed(weights=())),
        (weighed(GRADES), None),
        (weighed("a 1 b ?"), weighed("a ? b 2")),
    )
    pairs = tuple(replace(base, before=b, after=a, row=i) for i, (b, a) in enumerate(sides))
    hollow = tuple(replace(p, before=Weighed(weights=()), after=None) for p in pairs[:1])
    return (
        attributions("text", "word", pairs, id="extreme-texts", title="Texts at their edges"),
        attributions("image", "patch", hollow, id="no-patches", title="No patches"),
        attributions("tabular", "column", hollow, id="no-columns", title="No columns"),
        attributions("text", "word", (), id="no-pairs", title="No pairs"),
        attributions("audio", "second", pairs[:1], id="audio", title="Another kind"),
    )


def explained(base: AuditResult) -> AuditResult:
    """Four probes with all the shapes; one of them judged."""
    made = judged(
        "explanation-stability",
        {"same": (0.03, P)},
        0.2,
        "Explanations keep their ranking under paraphrase, far from chance.",
        title="Identifiability of explanations",
        metric="identifiability",
        statistic="value",
    )
    family = made[0].ask.key
    shown = (
        ("explanation-stability", "Explanations", (made[0],), (density(family=family), texts())),
        ("explanation-sanity", "Explanations", (), (spike(), pictures(), rows())),
        (
            "explanation-faithfulness",
            "Explanations",
            (),
            (withheld(texts()), withheld(pictures()), withheld(rows())),
        ),
        ("extremes", "Edges", (), extremes()),
    )
    probes = tuple(
        ProbeResult(
            probe=id_,
            sheet=sheet(id_, area, "Are equal inputs explained alike?"),
            outcome=P,
            families=families,
            exhibits=exhibits,
        )
        for id_, area, families, exhibits in shown
    )
    return msgspec.structs.replace(
        base,
        probes=probes,
        requirements=(made[1],),
        verdicts=(made[2],),
        findings=(),
        waivers=(),
        screens=(),
        decision=Decision(state="passed", exit_code=0, blocking=(), reasons=()),
    )
