"""The worth of a pretrained start: found where planted, bounded where it is out of sight."""

import dataclasses

import msgspec
import numpy as np
import pytest
from scipy.special import ndtri

from audit.config import TRAIN, SplitSpec
from audit.errors import ConfigError, NotApplicable
from audit.measurement import Ask
from audit.observations import Observation, Observations
from audit.requests import TokenRanks
from audit.samples import CARD, sample_answer, sample_data, sample_examples, sample_outputs
from audit.stats.transfer import Pair
from audit.task import Regression
from audit.testing import check_probe, make, measured
from probes.pretraining_value import PretrainingValue, beyond

SIZES = tuple(round(4000 * 2 ** (-k / 2)) for k in reversed(range(8)))
AT, TIMES, MORE = SIZES.index(500), 4, 200  # from scratch it takes 4 n + 200 rows


def drawn(rng, rates, rows, spread=0.05, same=0.5):
    """Draw errors of a rate a size: rows of a difficulty of their own, trainings with a spread."""
    shape = (5, len(rates), len(rows))
    noise = np.sqrt(1 - same - spread**2) * rng.normal(size=shape)
    latent = np.sqrt(same) * rows + noise + spread * rng.normal(size=(5, len(rates), 1))
    return (latent < ndtri(rates)[:, None]).astype(float)


def planted(seed, n=1000, times=TIMES, more=MORE):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=n)
    sizes = np.array(SIZES)
    rate = np.vectorize(lambda m: 0.05 + 0.45 * (1 + max(m, 0) / 20) ** -0.5)
    scratch = drawn(rng, rate((sizes - more) / times), rows)
    return Pair(SIZES, AT, drawn(rng, rate(sizes), rows), scratch)


def covered(audits):
    truth = TIMES * SIZES[AT] + MORE - SIZES[AT]
    ends = [planted(seed).transferred().interval()[:2] for seed in range(audits)]
    return np.mean([low <= truth <= high for low, high in ends])


def families(evidence):
    return {f.ask.metric: f for f in evidence.families}


def sample(examples=None, **options):
    examples = examples or sample_examples()
    probe = dataclasses.replace(make(PretrainingValue), **options)
    return measured(probe, examples, sample_outputs(examples))


def test_it_keeps_the_contract_of_a_probe():
    check_probe(PretrainingValue)


def test_the_planted_rows_are_found():
    """The sample model needs 8 times the rows from random weights."""
    (rows,) = families(sample(at=62))["rows"].measurements
    assert rows.value == pytest.approx(7 * 62, rel=0.2)
    assert rows.interval.low < 7 * 62 < rows.interval.high


def test_the_interval_covers_the_planted_rows():
    assert covered(200) >= 0.91


@pytest.mark.slow
def test_the_interval_covers_the_planted_rows_at_its_rate():
    assert 0.94 <= covered(1000) <= 0.985


def test_a_twin_that_is_as_good_shows_no_gain():
    """Of 200 audits without any gain, 5 % may claim one; 17 is the binomial 97.5 % bound."""
    nothing = [planted(seed, times=1, more=0) for seed in range(200)]
    assert sum(p.gain(-1).p_over(0.0) <= 0.05 for p in nothing) <= 17
    assert abs(np.mean([p.gain(-1).estimate for p in nothing])) < 0.002


def test_a_scratch_curve_that_never_arrives_bounds_the_worth_from_below(make):
    family = families(sample())["rows"]
    (rows,) = family.measurements
    assert rows.value is None
    assert rows.why.startswith("more than 750 rows: from scratch, all 1,000 rows do not reach")
    assert make.verdict(family, min=500).outcome == "passed"
    assert make.verdict(family, min=5000).outcome == "inconclusive"
    assert make.verdict(family, max=500).outcome == "failed"


def test_a_scratch_curve_that_is_below_from_the_start_says_at_most():
    p = planted(0)
    worse = Pair(SIZES, AT, np.maximum(p.pretrained, p.pretrained[:, :1]), 0 * p.scratch)
    assert worse.transferred().theta == SIZES[0] - SIZES[AT]
    assert beyond(worse) == "at most -146 rows: from scratch, 354 rows reach the error of " + (
        "500 pretrained ones"
    )


def test_a_twin_that_is_the_same_model_is_worth_nothing_and_breaks_nothing():
    p = planted(0)
    same = Pair(SIZES, AT, p.pretrained, p.pretrained.copy())
    assert same.transferred().lower(0.025) <= 0 <= same.transferred().upper(0.025)
    assert same.transferred().theta == pytest.approx(0, abs=1e-6)
    assert same.gain(-1).p_over(0.0) == 1.0


def test_rows_repeated_in_clusters_have_the_errors_of_the_distinct_rows():
    one = planted(1)
    three = Pair(SIZES, AT, *(np.repeat(e, 3, axis=2) for e in (one.pretrained, one.scratch)))
    robust = dataclasses.replace(three, clusters=np.repeat(np.arange(1000), 3))
    assert robust.gain(-1).se == pytest.approx(one.gain(-1).se)
    assert robust.transferred().scales == pytest.approx(one.transferred().scales)
    assert three.gain(-1).se < 0.9 * one.gain(-1).se


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"recipes": CARD.recipes[1:]}, "nothing was pretrained"),
        ({"recipes": ()}, "cannot be trained again"),
        ({"fixed": "an API trains nothing"}, "an API trains nothing"),
    ],
)
def test_a_model_without_a_twin_is_not_applicable(change, why):
    card = msgspec.structs.replace(CARD, **change)
    with pytest.raises(NotApplicable, match=why):
        make(PretrainingValue).plan(sample_data(), card, Observations({}))


def test_without_training_rows_or_a_second_seed_it_is_not_applicable():
    probe, data = make(PretrainingValue), sample_data()
    with pytest.raises(NotApplicable, match="seeds: 2"):
        dataclasses.replace(probe, seeds=1).plan(data, CARD, Observations({}))
    del data[TRAIN]
    with pytest.raises(NotApplicable, match="no training rows"):
        probe.plan(data, CARD, Observations({}))


def answered(probe, data, outputs, ranks=None, card=CARD):
    asked = probe.plan(data, card, Observations({}))
    answers = {r: sample_answer(r, data, outputs) for r in asked}
    if ranks is not None:
        answers[TokenRanks("test")] = ranks
    return probe.measure(Observations(data, answers, card))


def test_rarer_words_that_are_answered_worse_are_found():
    data = sample_data(sample_examples(2000))
    ranks = np.random.default_rng(0).normal(5, 1, 2000)
    right = np.random.default_rng(1).random(2000) < 0.8 - 0.1 * (ranks - 5)
    y = data["test"].labels.codes
    outputs = np.eye(2)[np.where(right, y, 1 - y)]
    evidence = answered(make(PretrainingValue), data, outputs, Observation(ranks))
    (slope,) = families(evidence)["rarity"].measurements
    assert slope.interval.low < 0.1 < slope.interval.high
    fifths = [p.y for p in evidence.exhibits[-1].panels[0].series[0].points]
    assert len(fifths) == 5
    assert fifths[0] - fifths[-1] > 0.2


def test_a_model_without_a_tokenizer_leaves_out_the_rarity_alone():
    silent = Observation(np.full(600, np.nan), np.arange(600), "sample has no tokenizer to ask")
    data = sample_data()
    outputs = sample_outputs(data["test"])
    evidence = answered(make(PretrainingValue), data, outputs, silent)
    found = families(evidence)
    assert found["gain"].measurements[0].value > 0
    assert found["rarity"].measurements[0].value is None
    assert found["rarity"].measurements[0].why == "sample has no tokenizer to ask"
    assert evidence.warnings == ['rarity of words on split "test": sample has no tokenizer to ask']


def test_regression_is_measured_in_the_targets_own_unit():
    rng = np.random.default_rng(0)
    data = {
        k: dataclasses.replace(v, labels=None, targets=100 * rng.normal(size=len(v)))
        for k, v in sample_data().items()
    }
    card = msgspec.structs.replace(CARD, labels=(), task="regression")
    probe = make(PretrainingValue, Regression())
    y, answers = data["test"].targets, {}
    for r in probe.plan(data, card, Observations({})):
        size = getattr(getattr(r, "fit", None), "size", 1000)
        slow = 8 if "scratch" in getattr(getattr(r, "fit", None), "recipe", "") else 1
        answers[r] = Observation(y + rng.normal(0, 100 * (size / slow) ** -0.5, len(y)))
    evidence = probe.measure(Observations(data, answers, card))
    (gain,) = families(evidence)["gain"].measurements
    assert gain.value == pytest.approx(0.798 * 100 * (125**-0.5 - 1000**-0.5), rel=0.1)
    assert gain.unit == "number"


def test_the_pretrained_trainings_are_those_of_the_learning_curve():
    """Both lay out the same schedule, so each training is asked for once."""
    probe = make(PretrainingValue)
    asked = probe.plan(sample_data(), CARD, Observations({}))
    fits = [r.fit for r in asked if getattr(r, "fit", None)]
    assert {f.recipe for f in fits} == {"head", "head-scratch"}
    assert len(set(fits)) == len(fits) == 150
    assert {(f.rows, f.seed) for f in fits if f.recipe == "head"} == {
        (f.rows, f.seed) for f in fits if f.recipe == "head-scratch"
    }


def test_groups_and_classes_are_refused():
    ask = Ask(probe="pretraining-value", metric="gain", statistic="pretrained", by=("group",))
    with pytest.raises(ConfigError, match="about all rows"):
        PretrainingValue.complete(ask, SplitSpec())
