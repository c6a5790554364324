from dataclasses import replace
from itertools import groupby

import numpy as np
import pytest

from audit import registry
from audit.errors import ConfigError, ModelError, NotApplicable
from audit.exhibits import Curve, Heat, Pairs
from audit.judge import judge
from audit.measurement import Ask
from audit.model import ModelCard
from audit.observations import Observation, Observations
from audit.requests import unpacked
from audit.samples import CARD, RULES, SPLIT, reorder, sample_examples, sample_outputs
from audit.stats.evidence import Paired
from audit.task import Classification, Regression
from audit.testing import check_probe, encode, measured
from audit.transform import TransformKind, TransformSheet
from audit.transforms.text import transforms
from audit.verdict import Requirement
from probes.corruption_robustness import CorruptionRobustness

LABELS = ("negative", "positive")
TASK = Classification(LABELS, "positive")
NAMES = [k.sheet.name for k in transforms() if k.sheet.preserves]


@pytest.fixture(autouse=True)
def installed(monkeypatch):
    """Offer the text transforms and one of images, whatever is installed."""
    image = TransformSheet(
        name="fog", modality="image", family="weather", title="Fog", says=".", steps=("",) * 5
    )
    kinds = {k.sheet.name: k for k in transforms()}
    kinds["fog"] = TransformKind(image, lambda inputs, severity, chance: inputs)
    monkeypatch.setattr(registry, "transforms", lambda: kinds)


def probe_for(*words, **options):
    """Return a probe that measures some figures, by default all of a classification."""
    words = words or [f"{a.metric}.{a.statistic}" for a in defaults()]
    asks = [word.split(".") for word in words]
    asks = tuple(Ask(probe="corruption-robustness", metric=m, statistic=s) for m, s in asks)
    return CorruptionRobustness(**{"asks": asks, "task": TASK, "seed": 1, "rows": 0} | options)


def defaults(split=SPLIT, task=TASK):
    return CorruptionRobustness.default_asks({"test": split}, task)


def rows_of(n=400, clusters=None):
    return replace(sample_examples(n), domain="", clusters=clusters)


def answer(probe, rows, turned, card=CARD):
    """Let a probe measure a model whose answers are turned where `turned(name, severity)` says."""
    outputs = sample_outputs(rows, accuracy=0.9)
    answers = {}
    for request in probe.plan({"test": rows}, card, Observations({"test": rows})):
        own, at = outputs, np.arange(len(rows))
        if request.rows:
            at = unpacked(request.rows)
        if request.transform is not None:
            flip = turned(request.transform.name, request.transform.severity)
            own = np.where(flip[:, None], outputs[:, ::-1], outputs)
        answers[request] = Observation(own[at])
    return probe.measure(Observations({"test": rows}, answers, card))


def guilty(name="casing", share=0.3, seed=0):
    """Return what turns a share of the answers under one transform, and none under others."""
    luck = np.random.default_rng(seed).random(4000)

    def turned(found, severity):
        return luck[:400] < share * severity / 5 * (found == name)

    return turned


def family(evidence, name):
    return next(f for f in evidence.families if f"{f.ask.metric}.{f.ask.statistic}" == name)


def verdict(found, **limit):
    r = Requirement(id="r", title=found.title, ask=found.ask, **limit)
    return judge([r], {found.ask.key: found})["r"]


def test_the_contract_is_kept():
    check_probe(CorruptionRobustness)


def test_a_planted_defect_is_found_and_its_transform_is_named():
    found = family(answer(probe_for(), rows_of(), guilty()), "accuracy.drop")
    v = verdict(found, max=0.05)
    assert v.outcome == "failed"
    assert v.explanation.startswith("Accuracy of casing is ")
    assert "pp below that of the unchanged inputs" in v.explanation
    assert not v.also


def test_the_cell_that_fails_is_named_with_its_severity():
    found = family(answer(probe_for(), rows_of(), guilty()), "accuracy.cell")
    v = verdict(found, max=0.05)
    assert v.outcome == "failed"
    assert "Accuracy of casing × severity 5 is " in v.explanation
    assert len(found.measurements) == 5 * len(NAMES)


def test_the_null_is_silent_and_passes():
    for name in ("accuracy.drop", "accuracy.mean_drop", "answers.changed"):
        found = family(answer(probe_for(), rows_of(), guilty(share=0.0)), name)
        assert verdict(found, max=0.05).outcome == "passed"
        assert verdict(found, max=0.0).outcome == "inconclusive"


def test_sentences_of_every_measure_read_well():
    found = {
        f.ask.measure: verdict(f, max=0.02)
        for f in answer(probe_for(), rows_of(), guilty()).families
    }
    text = {k.removeprefix("corruption-robustness."): v.explanation for k, v in found.items()}
    assert text["accuracy.mean_drop"].startswith("Mean accuracy drop over all changes is ")
    assert text["answers.changed"].startswith("Share of changed answers for casing is ")
    assert text["answers.cell"].startswith("Share of changed answers for casing × severity 5 is ")
    assert text["accuracy.worst"].startswith("Accuracy for ")


def test_the_worst_level_is_held_to_a_floor():
    found = family(answer(probe_for(), rows_of(), guilty(share=0.6)), "accuracy.worst")
    v = verdict(found, min=0.8)
    assert v.outcome == "failed"
    assert "casing" in v.explanation
    assert verdict(found, min=0.2).outcome == "passed"


def test_values_are_plain_means_of_what_was_answered():
    rows, turned = rows_of(), guilty()
    evidence = answer(probe_for(), rows, turned)
    outputs = sample_outputs(rows, accuracy=0.9)
    right = (outputs.argmax(1) == rows.labels.codes).astype(float)
    after = [np.where(turned("casing", s), 1 - right, right).mean() for s in range(1, 6)]
    by_slice = {str(m.slice): m for m in family(evidence, "accuracy.drop").measurements}
    assert by_slice["transform=casing"].value == pytest.approx(right.mean() - np.mean(after))
    cells = {str(m.slice): m for m in family(evidence, "accuracy.cell").measurements}
    assert cells["transform=casing & severity=4"].value == pytest.approx(right.mean() - after[3])
    worst = {str(m.slice): m for m in family(evidence, "accuracy.worst").measurements}
    assert worst["transform=casing"].value == pytest.approx(np.mean(after))
    moved = {str(m.slice): m for m in family(evidence, "answers.changed").measurements}
    share = np.mean([turned("casing", s).mean() for s in range(1, 6)])
    assert moved["transform=casing"].value == pytest.approx(share)
    (mean,) = family(evidence, "accuracy.mean_drop").measurements
    assert mean.value == pytest.approx((right.mean() - np.mean(after)) / len(NAMES))


def test_one_severity_of_independent_rows_keeps_its_own_counts():
    rows, turned = rows_of(), guilty()
    found = family(answer(probe_for("accuracy.cell"), rows, turned), "accuracy.cell")
    right = sample_outputs(rows, accuracy=0.9).argmax(1) == rows.labels.codes
    flip = turned("casing", 5)
    (m,) = [m for m in found.measurements if str(m.slice) == "transform=casing & severity=5"]
    assert m.evidence == Paired(int((right & flip).sum()), int((~right & flip).sum()), 400)


def test_what_may_change_the_label_is_shown_and_not_tested():
    evidence = answer(probe_for(), rows_of(), guilty("truncation"))
    assert all("truncation" not in str(m.slice) for f in evidence.families for m in f.measurements)
    heat = next(e for e in evidence.exhibits if isinstance(e, Heat))
    assert heat.rows[-1].label == "Truncation"
    assert heat.rows[-1].total.value > 0.1
    assert heat.rows[-1].total.measurements == ()
    assert "truncation" in heat.caption


def test_what_may_change_the_label_is_tested_where_it_is_named():
    probe = probe_for("accuracy.drop", transforms=("truncation", "casing"))
    found = answer(probe, rows_of(), guilty("truncation")).families[0]
    assert [str(m.slice) for m in found.measurements] == [
        "transform=casing",
        "transform=truncation",
    ]


def test_an_unknown_transform_is_refused_with_the_nearest_name():
    with pytest.raises(ConfigError, match='unknown transform "keybord-typos"') as caught:
        probe_for(transforms=("keybord-typos",))
    assert 'did you mean "keyboard-typos"' in caught.value.hint


def test_a_transform_of_another_modality_is_refused():
    with pytest.raises(ConfigError, match='"fog" changes image inputs'):
        probe_for(transforms=("fog",)).design({"test": rows_of()}, CARD)


@pytest.mark.parametrize("wrong", [(), (0, 1), (6,), (1, 1)])
def test_severities_that_there_are_not_are_refused(wrong):
    with pytest.raises(ConfigError, match="severities"):
        probe_for(severities=wrong)


def test_groups_are_refused():
    ask = Ask(probe="corruption-robustness", metric="accuracy", statistic="drop", by=("group",))
    with pytest.raises(ConfigError, match="about all rows"):
        CorruptionRobustness.complete(ask, SPLIT)


@pytest.mark.parametrize(
    ("card", "rows", "words"),
    [
        (ModelCard(name="r", kind="recorded", task=""), rows_of(60), "recorded predictions"),
        (CARD, replace(rows_of(60), labels=None), "no label column"),
        (CARD, replace(rows_of(60), modality=""), "no model is given"),
        (CARD, replace(rows_of(60), modality="tabular"), "no transform of tabular inputs"),
    ],
)
def test_it_is_not_applicable_with_a_reason(card, rows, words):
    with pytest.raises(NotApplicable, match=words):
        probe_for().plan({"test": rows}, card, Observations({}))


def test_a_split_without_labels_is_asked_for_changed_answers_alone():
    asks = defaults(replace_spec(SPLIT, label=None))
    assert {a.measure for a in asks} == {
        "corruption-robustness.answers.changed",
        "corruption-robustness.answers.cell",
    }
    evidence = answer(replace(probe_for(), asks=tuple(asks)), rows_of(), guilty())
    assert verdict(evidence.families[0], max=0.05).outcome == "failed"


def replace_spec(spec, **changes):
    import msgspec

    return msgspec.structs.replace(spec, **changes)


def test_too_few_rows_are_listed_and_never_tested():
    rows = rows_of(20)
    evidence = answer(probe_for(), rows, lambda name, severity: np.ones(20, dtype=bool))
    drop, mean = family(evidence, "accuracy.drop"), family(evidence, "accuracy.mean_drop")
    assert not drop.measurements
    assert "20 relevant rows" in drop.untested[0].reason
    assert verdict(drop, max=0.0).outcome == "inconclusive"
    assert verdict(mean, max=0.0).outcome == "inconclusive"


def test_a_model_that_fails_on_a_changed_input_is_an_error():
    probe, rows = probe_for(), rows_of(60)
    asked = probe.plan({"test": rows}, CARD, Observations({}))
    answers = {r: Observation(sample_outputs(rows)) for r in asked}
    answers[asked[-1]] = Observation(sample_outputs(rows), np.array([3]), "boom")
    with pytest.raises(ModelError, match="boom"):
        probe.measure(Observations({"test": rows}, answers, CARD))


def test_rows_are_chosen_by_content_and_equal_inputs_together():
    rows = rows_of(300)
    rows = replace(rows, digests=np.repeat(rows.digests[::3], 3))
    probe = probe_for(rows=50)
    chosen = probe.cells(rows).rows
    assert len(chosen) == 51
    order = np.random.default_rng(0).permutation(300)
    again = probe.cells(reorder(replace(rows, inputs=rows.inputs), order)).rows
    assert set(order[again]) == set(chosen)
    assert set(probe_for(rows=50, seed=2).cells(rows).rows) != set(chosen)


def test_rows_in_distribution_are_taken_where_the_rules_tell_them():
    rows = sample_examples(400)
    home = np.flatnonzero(rows.groups["source"].has("home"))
    assert set(probe_for(domains=RULES).cells(rows).rows) == set(home)
    both = probe_for(domains=RULES, in_distribution_only=False)
    assert len(both.cells(rows).rows) == 400
    assert len(probe_for().cells(rows).rows) == 400


def test_every_cell_is_asked_once_on_the_same_rows_and_severity_zero_never():
    probe, rows = probe_for(rows=100), rows_of()
    asked = probe.plan({"test": rows}, CARD, Observations({}))
    assert len(asked) == len(set(asked)) == 1 + 5 * (len(NAMES) + 1)
    assert len({r.rows for r in asked}) == 1
    assert asked[0].transform is None
    assert all(r.transform.severity for r in asked[1:])


def test_the_same_seed_gives_the_same_bytes_and_the_order_of_rows_changes_nothing():
    rows = sample_examples(300)
    outputs = sample_outputs(rows)
    probe = probe_for(rows=120)
    first = measured(probe, rows, outputs)
    assert encode(first) == encode(measured(probe, rows, outputs))
    order = np.random.default_rng(1).permutation(300)
    again = measured(probe, reorder(rows, order), outputs[order])
    for f, g in zip(first.families, again.families, strict=True):
        assert [m.value for m in f.measurements] == pytest.approx([m.value for m in g.measurements])


def test_clusters_widen_the_interval():
    clusters = np.repeat(np.arange(50), 8)
    luck = np.repeat(np.random.default_rng(0).random(50), 8)

    def turned(name, severity):
        return luck < 0.05 * severity * (name == "casing")

    plain, robust = (
        next(
            m
            for m in family(
                answer(probe_for(), rows_of(clusters=c), turned), "accuracy.drop"
            ).measurements
            if m.slice.name == "casing"
        )
        for c in (None, clusters)
    )
    assert robust.value == plain.value
    wide, narrow = (m.interval.high - m.interval.low for m in (robust, plain))
    assert wide > 1.5 * narrow


def test_regression_compares_errors_and_names_the_rise():
    rows = rows_of()
    rng = np.random.default_rng(0)
    rows = replace(rows, labels=None, targets=rng.normal(size=400))
    probe = probe_for(
        "mean_absolute_error.drop", "mean_absolute_error.mean_drop", task=Regression()
    )
    noise = rng.normal(size=400)
    answers = {}
    for r in probe.plan({"test": rows}, CARD, Observations({})):
        worse = 0.2 if r.transform and r.transform.name == "casing" else 0.0
        level = r.transform.severity if r.transform else 0
        answers[r] = Observation(rows.targets + noise * (0.3 + worse * level))
    evidence = probe.measure(Observations({"test": rows}, answers, CARD))
    v = verdict(evidence.families[0], max=0.2)
    assert v.outcome == "failed"
    assert "Mean absolute error of casing is " in v.explanation
    assert "above that of the unchanged inputs" in v.explanation
    assert v.value == pytest.approx(0.6 * np.abs(noise).mean())
    pairs = next(e for e in evidence.exhibits if isinstance(e, Pairs))
    assert pairs.pairs[0].transform == "casing"


def test_default_figures_of_a_regression_are_of_its_errors():
    assert {a.metric for a in defaults(task=Regression())} == {"mean_absolute_error"}


def test_exhibits_show_the_worst_first_and_point_at_their_verdicts():
    evidence = answer(probe_for(), rows_of(), guilty())
    drops, moved = (e for e in evidence.exhibits if isinstance(e, Heat))
    assert drops.rows[0].label == moved.rows[0].label == "Casing"
    assert drops.family == family(evidence, "accuracy.drop").ask.key
    ids = {m.id for f in evidence.families for m in f.measurements}
    for heat in (drops, moved):
        for row in heat.rows[:-1]:
            assert len(row.cells) == 5
            assert {*row.total.measurements, *(i for c in row.cells for i in c.measurements)} <= ids
    groups = [r.group for r in drops.rows]
    assert len(list(groupby(groups))) == len(set(groups))
    assert all(e.id.startswith("corruption-robustness-") for e in evidence.exhibits)


def test_the_curve_begins_with_the_unchanged_inputs():
    evidence = answer(probe_for(), rows_of(), guilty(share=0.9))
    curve = next(e for e in evidence.exhibits if isinstance(e, Curve))
    points = curve.panels[0].series[0].points
    assert [p.x for p in points] == [0, 1, 2, 3, 4, 5]
    assert points[0].y > points[5].y
    assert not curve.log


def test_pairs_show_right_answers_that_became_wrong_and_never_inputs():
    rows = rows_of()
    evidence = answer(probe_for(pairs=4), rows, guilty())
    pairs = next(e for e in evidence.exhibits if isinstance(e, Pairs)).pairs
    first = [p for p in pairs if p.transform == "casing"]
    assert len(first) == 4
    assert all(p.before is None and p.after is None for p in pairs)
    for p in first:
        label, before, after = p.facts
        assert before.split(",")[0] == label == rows.labels.names[rows.labels.codes[p.row]]
        assert after.split(",")[0] != label
    assert not [
        e for e in answer(probe_for(pairs=0), rows, guilty()).exhibits if isinstance(e, Pairs)
    ]
