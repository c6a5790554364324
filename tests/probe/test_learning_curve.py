"""Learning curves: planted ones are read as they are, and what cannot be read is not."""

import dataclasses
from itertools import pairwise

import msgspec
import numpy as np
import pytest

from audit.config import TRAIN, SplitSpec
from audit.errors import ConfigError, ModelError, NotApplicable
from audit.exhibits import Curve
from audit.judge import judge
from audit.measurement import Ask
from audit.model import Recipe
from audit.observations import Observation, Observations
from audit.samples import CARD, LABELS, SPLIT, chance, graded, sample_data, sample_examples
from audit.task import Classification, Regression
from audit.testing import check_probe
from audit.verdict import Outcome, Requirement
from probes.learning_curve import LearningCurve

TASK = Classification(LABELS, "positive")


def ask(metric, statistic, **how):
    return LearningCurve.complete(
        Ask(probe="learning-curve", metric=metric, statistic=statistic, **how), SPLIT
    )


def probe(*asks, **options):
    asks = asks or tuple(LearningCurve.default_asks({"test": SPLIT}, TASK))
    return LearningCurve(asks=asks, task=TASK, seed=1, **options)


def measured(probe, error, rows=2000, train=2000, starved=None):
    """Let trainings err at a known rate of their size; one group may need more rows."""
    data = sample_data(sample_examples(rows)) | {TRAIN: sample_examples(train, 1, split=TRAIN)}
    seen = Observations(data, card=CARD)
    answers = {}
    for request in probe.plan(data, CARD, seen):
        examples = data[request.split]
        rate = np.full(len(examples), error(request.fit.size))
        if starved is not None:
            rate[examples.groups["group"].has(starved)] = error(request.fit.size / 16)
        right = chance(examples, request.fit.seed) >= rate
        answers[request] = Observation(graded(examples, right, np.full(len(examples), 0.9)))
    return probe.measure(Observations(data, answers, CARD))


def figure(evidence, name):
    return next(m for f in evidence.families for m in f.measurements if name in m.id)


def falling(n):
    return 0.05 + 2.0 * n**-0.5


def test_the_contract_of_a_probe_is_kept():
    check_probe(LearningCurve)


def test_a_planted_curve_is_read_at_its_last_size():
    m = figure(measured(probe(), falling), "accuracy.last")
    assert m.interval.low <= 1 - falling(2000) <= m.interval.high


def test_the_gain_of_the_last_and_the_next_doubling_are_covered():
    found = measured(probe(), falling)
    for name, truth in (
        ("gain.halving", falling(1000) - falling(2000)),
        ("gain.doubling", falling(2000) - falling(4000)),
    ):
        m = figure(found, name)
        assert m.interval.low <= truth <= m.interval.high, name


def test_the_rows_that_a_target_needs_are_found():
    found = measured(probe(target=1 - falling(4000)), falling, rows=20_000)
    m = figure(found, "rows.needed")
    assert m.evidence.lower(0.05) <= 4000 <= m.evidence.upper(0.05)
    assert 2500 < m.value < 6500


def test_a_flat_curve_is_not_mended_by_data():
    found = measured(probe(target=0.95), lambda n: 0.15, rows=4000)
    assert "More data will not fix it" in figure(found, "rows.needed").why


def test_a_curve_that_rises_is_not_extrapolated_and_says_so():
    found = measured(probe(target=0.9), lambda n: 0.2 + (0.15 if n > 600 else 0.0))
    for name in ("gain.doubling", "rows.needed"):
        m = figure(found, name)
        assert m.value is None
        assert m.evidence is None
        assert "ill-behaved" in m.why
    assert not [x for x in found.exhibits if x.title == "Forecast"]


def test_a_starved_group_is_named():
    worst = ask("accuracy", "worst")
    found = measured(probe(worst), falling, starved="c", rows=3000)
    r = Requirement(id="r", title="r", ask=worst, min=0.85)
    verdict = judge([r], {worst.key: found.families[0]})["r"]
    assert verdict.outcome is Outcome.FAILED
    assert "group=c" in verdict.worst
    assert not verdict.also


def test_trainings_are_nested_and_shared_by_sizes():
    data = sample_data()
    plan = probe(anchors=4, seeds=3).plan(data, CARD, Observations(data))
    assert len(plan) == 12
    by_seed = {}
    for request in plan:
        by_seed.setdefault(request.fit.seed, []).append(request.fit.rows)
    for rows in by_seed.values():
        assert all(b.startswith(a) for a, b in pairwise(rows))


def test_costly_trainings_get_fewer_sizes():
    data = sample_data()
    card = msgspec.structs.replace(CARD, recipes=(Recipe(name="full", says="", cheap=False),))
    plan = probe().plan(data, card, Observations(data, card=card))
    assert len({r.fit.size for r in plan}) == 8


def test_a_training_that_failed_is_an_error_and_not_left_out():
    p, data = probe(anchors=3, seeds=2), sample_data()
    plan = p.plan(data, CARD, Observations(data))
    good = Observation(np.tile([0.4, 0.6], (600, 1)))
    bad = Observation(np.full((600, 2), np.nan), np.arange(600), "no luck")
    answers = dict.fromkeys(plan, good) | {plan[3]: bad}
    with pytest.raises(ModelError, match="training on"):
        p.measure(Observations(data, answers, CARD))


@pytest.mark.parametrize(
    ("card", "data", "said"),
    [
        ({"fixed": "there are no training rows"}, {}, "no training rows"),
        ({}, {TRAIN: sample_examples(12, 1, split=TRAIN)}, "too few for a curve"),
    ],
)
def test_what_cannot_be_trained_again_is_not_applicable_with_a_reason(card, data, said):
    with pytest.raises(NotApplicable, match=said):
        probe().plan(sample_data() | data, msgspec.structs.replace(CARD, **card), Observations({}))


def test_an_unknown_recipe_is_said():
    with pytest.raises(NotApplicable, match='no recipe "lora"; it has head'):
        probe(recipe="lora").plan(sample_data(), CARD, Observations({}))


def test_rows_for_a_target_need_a_target():
    with pytest.raises(ConfigError, match="none is named"):
        probe(ask("rows", "needed"))


def test_groups_belong_to_the_worst_group_alone():
    with pytest.raises(ConfigError, match="about all rows"):
        ask("gain", "doubling", by=("group",))


def test_inputs_that_stand_among_the_training_rows_are_said():
    p, data = probe(anchors=3, seeds=2), sample_data()
    data[TRAIN] = dataclasses.replace(
        data[TRAIN], digests=np.r_[data["test"].digests[:7], data[TRAIN].digests[7:]]
    )
    good = Observation(np.tile([0.4, 0.6], (600, 1)))
    answers = dict.fromkeys(p.plan(data, CARD, Observations(data)), good)
    assert p.measure(Observations(data, answers, CARD)).warnings[0].startswith("7 of 600")


def test_numbers_are_read_in_their_own_unit():
    split = SplitSpec(label="y")
    p = LearningCurve(
        asks=tuple(LearningCurve.default_asks({"test": split}, Regression())),
        task=Regression(), seed=1, target=2.0,
    )  # fmt: skip
    data = {
        n: dataclasses.replace(e, labels=None, targets=100 * chance(e, 9))
        for n, e in sample_data(sample_examples(1500)).items()
    }
    card = msgspec.structs.replace(CARD, task="regression", labels=())
    seen = Observations(data, card=card)
    answers = {}
    for request in p.plan(data, card, seen):
        e = data[request.split]
        noise = (chance(e, request.fit.seed) - 0.5) * 4 * (1 + 40 * request.fit.size**-0.5)
        answers[request] = Observation(e.targets + noise)
    found = p.measure(Observations(data, answers, card))
    last = figure(found, "mean_absolute_error.last")
    assert last.value == pytest.approx(1 + 40 * 1000**-0.5, rel=0.05)
    assert figure(found, "gain.halving").value == pytest.approx(0.52, rel=0.3)
    curve = next(x for x in found.exhibits if isinstance(x, Curve))
    assert curve.panels[0].series[0].points[-1].y == pytest.approx(last.value)
