"""Does the probe know detectors that know foreign inputs, and say no more than it knows?"""

import dataclasses
import math

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import norm

from audit.config import SplitSpec
from audit.domains import DomainRules
from audit.errors import ConfigError, ModelError, NotApplicable
from audit.examples import Examples, Factor
from audit.groups import GroupRules
from audit.judge import judge
from audit.measurement import Ask
from audit.model import ModelCard
from audit.observations import Observation, Observations
from audit.requests import Embed, Predict
from audit.samples import CARD, Rows, reorder, sample_data, sample_examples, sample_outputs
from audit.separation import hanley_mcneil
from audit.task import Classification, Regression
from audit.testing import check_probe, encode, make, measured
from audit.verdict import Requirement
from probes.ood_detection import OodDetection

LABELS = ("neg", "pos")
RULES = DomainRules(in_distribution=("home",))
OUTPUTS = ModelCard(name="m", kind="recorded", task="text-classification", labels=LABELS)


def ask(metric="auroc", statistic="worst"):
    return Ask(probe="ood-detection", metric=metric, statistic=statistic)


def rows_of(sizes, seed=0, clusters=0):
    """Return a test split with so many rows of each source."""
    codes = np.repeat(np.arange(len(sizes)), list(sizes.values()))
    names = tuple(sizes)
    digests = np.random.default_rng([seed, 7]).bytes(16 * len(codes))
    return Examples(
        split="test",
        inputs=None,
        digests=np.frombuffer(digests, dtype="S16"),
        ids=np.arange(len(codes)).astype(str).astype(object),
        labels=Factor(codes % 2, LABELS),
        groups={"source": Factor(codes.astype(np.int64), names)},
        domain="source",
        clusters=np.arange(len(codes)) // clusters if clusters else None,
    )


def probe_of(*asks, **options):
    words = {"task": Classification(LABELS), "domains": RULES, "seed": 1} | options
    return OodDetection(asks=asks or (ask(), ask("fpr95")), **words)


def unsure(rows, d, seed):
    """Return outputs whose MSP is normal: mean 0 at home, and d away."""
    codes = rows.groups["source"].codes
    shift = np.array([0.0 if n == "home" else d for n in rows.groups["source"].names])
    score = np.random.default_rng([seed, 8]).normal(shift[codes], 1)
    p = 0.5 + 0.5 * expit(-score)
    return np.column_stack([p, 1 - p])


def planted(d, sizes=None, seed=0, probe=None, clusters=0):
    """Return the evidence on sources at distance d of a model that gives outputs alone."""
    rows = rows_of(sizes or {"home": 600, "away": 600}, seed, clusters)
    seen = Observations(
        {"test": rows}, {Predict("test"): Observation(unsure(rows, d, seed))}, OUTPUTS
    )
    return (probe or probe_of()).measure(seen)


def verdict(family, *, sight=False, **limit):
    r = Requirement(id="r", title=family.title, ask=family.ask, **limit)
    return judge([r], {family.ask.key: family}, 0.05, sight=sight)["r"]


def area_at(d):
    return float(norm.cdf(d / math.sqrt(2)))


def share_at(d):
    return float(norm.cdf(norm.ppf(0.95) - d))


def test_the_contract_holds():
    check_probe(OodDetection)


def test_a_detector_that_knows_foreign_inputs_passes():
    area, share = planted(3.0).families
    assert verdict(area, min=0.9).outcome == "passed"
    assert verdict(share, max=0.3).outcome == "passed"


def test_a_model_that_is_as_sure_of_foreign_inputs_fails_and_the_set_is_named():
    sizes = {"home": 800, "news": 400, "tweets": 400}
    area, share = planted(0.0, sizes).families
    v = verdict(area, min=0.7)
    assert v.outcome == "failed"
    assert v.explanation.startswith("AUROC of the detector for ")
    assert {m.slice.name for m in area.measurements} == {"news", "tweets"}
    assert verdict(share, max=0.5).outcome == "failed"


def test_the_guilty_set_is_named():
    rows = rows_of({"home": 800, "news": 400, "tweets": 400})
    outputs = unsure(rows, 2.5, 0)
    dull = rows.groups["source"].has("tweets")
    outputs[dull] = unsure(rows, 0.0, 0)[dull]
    seen = Observations({"test": rows}, {Predict("test"): Observation(outputs)}, OUTPUTS)
    area, share = probe_of().measure(seen).families
    for v in (verdict(area, min=0.8), verdict(share, max=0.5)):
        assert v.outcome == "failed"
        assert "for tweets is" in v.explanation
        assert not v.also


def rates(d, audits, metric, sizes=None, **limit):
    """Return how many simulated audits fail, and how many pass."""
    outcomes = [
        verdict(planted(d, sizes, s, probe_of(ask(metric))).families[0], **limit).outcome
        for s in range(audits)
    ]
    return outcomes.count("failed"), outcomes.count("passed")


THREE = {"home": 300, "a1": 200, "b1": 200, "c1": 200}


@pytest.mark.parametrize(("metric", "limit"), [("auroc", "min"), ("fpr95", "max")])
def test_sets_exactly_at_the_limit_rarely_fail(metric, limit):
    """Three sets, 120 audits: at most 14 failures, the 99.9 % point of the binomial law at 5 %."""
    at = area_at(1.0) if metric == "auroc" else share_at(1.0)
    failed, passed = rates(1.0, 120, metric, THREE, **{limit: at})
    assert failed <= 14
    assert passed <= 14


@pytest.mark.slow
@pytest.mark.parametrize("d", [0.0, 1.0, 2.0])
@pytest.mark.parametrize(("metric", "limit"), [("auroc", "min"), ("fpr95", "max")])
@pytest.mark.parametrize("sizes", [THREE, {"home": 600, "away": 600}])
def test_sets_exactly_at_the_limit_fail_and_pass_at_most_at_the_nominal_rate(
    metric, limit, d, sizes
):
    """1,000 audits: at most 64 of either, the 97.5 % point of the binomial law at 5 %."""
    at = area_at(d) if metric == "auroc" else share_at(d)
    failed, passed = rates(d, 1000, metric, sizes, **{limit: at})
    assert failed <= 64
    assert passed <= 64


def power_at(metric, limit, at, audits):
    """Return how often a defect of the size that the plan prints is proven."""
    probe, rows = probe_of(ask(metric)), rows_of({"home": 600, "away": 600})
    (family,) = probe.design({"test": rows}, OUTPUTS)
    seen = verdict(family, sight=True, **{limit: at}).detectable
    d = math.sqrt(2) * norm.ppf(seen) if metric == "auroc" else norm.ppf(0.95) - norm.ppf(seen)
    return rates(d, audits, metric, **{limit: at})[0] / audits


@pytest.mark.parametrize(("metric", "limit", "at"), [("auroc", "min", 0.85), ("fpr95", "max", 0.5)])
def test_the_printed_detectable_defect_is_proven(metric, limit, at):
    """100 audits: at least 78, four standard errors below 90 %."""
    assert power_at(metric, limit, at, 100) >= 0.78


@pytest.mark.slow
@pytest.mark.parametrize(("metric", "limit", "at"), [("auroc", "min", 0.85), ("fpr95", "max", 0.5)])
def test_the_printed_detectable_defect_is_proven_about_nine_times_in_ten(metric, limit, at):
    assert 0.86 <= power_at(metric, limit, at, 1000) <= 0.97


@pytest.mark.slow
@pytest.mark.parametrize("d", [0.0, 1.0, 2.0])
def test_intervals_cover_two_gaussians(d):
    """1,000 audits: at most 72 misses of the area, the 99.9 % point at 5 %; no more of a share."""
    missed = np.zeros(2, dtype=int)
    for s in range(1000):
        figures = [f.measurements[0].interval for f in planted(d, seed=s).families]
        truths = (area_at(d), share_at(d))
        missed += [not i.low <= t <= i.high for i, t in zip(figures, truths, strict=True)]
    assert missed.max() <= 72


def noise(seed, sizes, dims=3):
    """Return data and answers of a network whose features have nothing to do with the source."""
    rows = rows_of(sizes, seed)
    x = np.random.default_rng([seed, 9]).normal(size=(len(rows), dims))
    weights = np.eye(2, dims)
    answer = Observation(x, logits=x @ weights.T, head=(weights, np.zeros(2)))
    return Observations({"test": rows}, {Embed("test"): answer}, SEEN)


SEEN = ModelCard(
    name="m",
    kind="hf",
    task="text-classification",
    labels=LABELS,
    features="the last layer's input",
    logits=True,
)


def test_choosing_among_six_detectors_does_not_flatter_the_one_that_is_chosen():
    """All are blind: 150 areas of the chosen one are one half on average, 4 standard errors."""
    values = [
        probe_of().measure(noise(s, {"home": 240, "away": 120})).families[0].measurements[0].value
        for s in range(150)
    ]
    assert np.mean(values) == pytest.approx(0.5, abs=4 * np.std(values) / math.sqrt(150))


def test_every_detector_is_shown_and_the_one_that_sees_the_shift_is_chosen():
    rows = sample_examples()
    evidence = measured(make(OodDetection), rows, sample_outputs(rows))
    roc, forest, table = evidence.exhibits
    assert len({r[0] for r in table.rows}) == 6
    assert "virtual logit (ViM) (chosen)" in {r[0] for r in table.rows}
    assert [row.label for row in forest.rows] == ["away", "far"]
    for line in roc.lines:
        assert len(line.x) <= 60
        assert (line.x[0], line.y[0], line.x[-1], line.y[-1]) == (0, 0, 1, 1)
        assert (np.diff(line.x) >= 0).all()
        assert (np.diff(line.y) >= 0).all()
        assert line.note.startswith("AUROC 0.")


def test_outputs_alone_leave_one_detector():
    table = planted(1.0).exhibits[-1]
    assert {row[0] for row in table.rows} == {"largest probability (chosen)"}


def test_near_and_far_sets_are_kept_apart():
    sizes = {"home": 300, "moon": 150, "town": 150}
    asks = ask("auroc", "near"), ask("auroc", "far"), ask()
    near, far, worst = planted(1.0, sizes, probe=probe_of(*asks, far=("moon",))).families
    names = [[m.slice.name for m in f.measurements] for f in (near, far, worst)]
    assert names == [["town"], ["moon"], ["moon", "town"]]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"far": ("mon",)}, 'names "mon", which is no foreign set'),
        ({"near": ("moon",), "far": ("moon",)}, "both near and far"),
        ({"detectors": ("enrgy",)}, 'unknown detector "enrgy"'),
        ({"asks": (ask("auroc", "far"),)}, "is about no set"),
        ({"k": 0}, "k at least 1"),
    ],
)
def test_wrong_options_are_refused(options, words):
    rows = rows_of({"home": 100, "moon": 100})
    words_of = {"asks": (ask(),)} | options
    probe = OodDetection(task=Classification(LABELS), domains=RULES, **words_of)
    with pytest.raises(ConfigError, match=words):
        probe.plan({"test": rows}, OUTPUTS, Observations({}))


def test_measures_take_no_groups_and_no_other_split():
    for wrong in ({"by": ("age",)}, {"split": "more"}):
        asked = Ask(probe="ood-detection", metric="auroc", statistic="worst", **wrong)
        with pytest.raises(ConfigError):
            OodDetection.complete(asked, SplitSpec(groups=("age",)))


def test_a_model_without_class_scores_and_features_is_not_applicable():
    rows = rows_of({"home": 100, "moon": 100})
    card = ModelCard(name="m", kind="sklearn", task="regression")
    probe = probe_of(task=Regression())
    with pytest.raises(NotApplicable, match="scores of classes"):
        probe.plan({"test": rows}, card, Observations({}))


def test_one_domain_is_not_applicable():
    rows = rows_of({"home": 100})
    with pytest.raises(NotApplicable, match="one domain only"):
        probe_of().plan({"test": rows}, OUTPUTS, Observations({}))


def test_small_sets_are_listed_and_not_tested():
    families = planted(0.0, {"home": 200, "moon": 50, "town": 80}).families
    for family in families:
        assert [m.slice.name for m in family.measurements] == ["town"]
        assert [(u.slice.name, u.n) for u in family.untested] == [("moon", 25)]
        assert "at least 30" in family.untested[0].reason


def test_with_too_few_home_rows_nothing_is_tested_and_nothing_passes():
    area = planted(3.0, {"home": 40, "town": 200}).families[0]
    assert not area.measurements
    assert "in distribution: 20" in area.untested[0].reason
    assert verdict(area, min=0.6).outcome == "inconclusive"


def test_chosen_labels_without_scores_are_no_detector():
    rows = rows_of({"home": 200, "town": 200})
    answer = Observation(np.eye(2)[np.arange(400) % 2], scored=False)
    seen = Observations({"test": rows}, {Predict("test"): answer}, OUTPUTS)
    evidence = probe_of().measure(seen)
    assert all(m.value is None and m.why for f in evidence.families for m in f.measurements)
    assert any("only the chosen label" in w for w in evidence.warnings)
    assert verdict(evidence.families[0], min=0.6).outcome == "inconclusive"


def test_rows_that_the_model_failed_on_are_an_error():
    rows = rows_of({"home": 200, "town": 200})
    answer = Observation(unsure(rows, 1, 0), failed=np.array([3]), reason="boom")
    seen = Observations({"test": rows}, {Predict("test"): answer}, OUTPUTS)
    with pytest.raises(ModelError):
        probe_of().measure(seen)


def test_inputs_at_home_and_abroad_are_left_out_with_a_warning():
    rows = rows_of({"home": 200, "town": 200})
    digests = rows.digests.copy()
    digests[:5] = digests[200:205]
    twice = dataclasses.replace(rows, digests=digests)
    answer = Observation(unsure(rows, 1, 0))
    seen = Observations({"test": twice}, {Predict("test"): answer}, OUTPUTS)
    evidence = probe_of().measure(seen)
    assert evidence.warnings[0].startswith("5 inputs stand both")
    m = evidence.families[0].measurements[0]
    assert (m.n, m.n_against) == (97, 97)  # halves of 195


@pytest.mark.parametrize("clusters", [0, 4])
def test_seed_and_order_of_rows(clusters):
    rows = rows_of({"home": 300, "town": 200}, clusters=clusters)
    outputs, order = unsure(rows, 1, 0), np.random.default_rng(0).permutation(500)
    rows = dataclasses.replace(rows, inputs=Rows(range(500)))
    seen = [
        Observations({"test": r}, {Predict("test"): Observation(o)}, OUTPUTS)
        for r, o in ((rows, outputs), (rows, outputs), (reorder(rows, order), outputs[order]))
    ]
    first, again, moved = (encode(probe_of().measure(s)) for s in seen)
    assert first == again == moved
    assert first != encode(probe_of(seed=2).measure(seen[0]))


def test_tripled_rows_in_clusters_give_nearly_the_interval_of_the_distinct_rows():
    rows = rows_of({"home": 300, "town": 300})
    outputs = unsure(rows, 1, 0)
    index = np.repeat(np.arange(600), 3)
    tripled = dataclasses.replace(
        rows,
        digests=rows.digests[index],
        ids=rows.ids[index],
        labels=Factor(rows.labels.codes[index], LABELS),
        groups={"source": Factor(rows.groups["source"].codes[index], ("home", "town"))},
        clusters=index,
    )
    single, robust = (
        probe_of().measure(Observations({"test": r}, {Predict("test"): Observation(o)}, OUTPUTS))
        for r, o in ((rows, outputs), (tripled, outputs[index]))
    )
    for a, b in zip(single.families, robust.families, strict=True):
        m, n = a.measurements[0], b.measurements[0]
        assert n.value == pytest.approx(m.value, abs=0.02)
        width = (m.interval.high - m.interval.low, n.interval.high - n.interval.low)
        assert width[1] == pytest.approx(width[0], rel=0.15)


def test_training_rows_are_asked_for_once_and_no_more_than_wanted():
    data = sample_data()
    asked = make(OodDetection).plan(data, CARD, Observations(data))
    assert asked[0] == Embed("test")
    assert asked[1].split == "train"
    assert 0 < len(asked[1].rows) // 4 <= 2000
    few = dataclasses.replace(make(OodDetection), fit_rows=50)
    assert len(few.plan(data, CARD, Observations(data))[1].rows) == 200
    only = dataclasses.replace(make(OodDetection), detectors=("energy",))
    assert only.plan(data, CARD, Observations(data)) == [Embed("test")]


def test_features_without_logits_leave_out_what_needs_them():
    data = sample_data()
    card = ModelCard(name="t", kind="sklearn", task="tabular", labels=LABELS, features="columns")
    asked = make(OodDetection).plan(data, card, Observations(data))
    assert asked[:2] == [Predict("test"), Embed("test")]
    at_home = data["test"].groups["source"].has("home")
    x = np.random.default_rng(0).normal(size=(600, 4)) + 4 * np.eye(4)[np.where(at_home, 0, 1)]
    bank = np.random.default_rng(1).normal(size=(len(asked[2].rows) // 4, 4))
    answers = {
        asked[0]: Observation(sample_outputs(data["test"])),
        asked[1]: Observation(x),
        asked[2]: Observation(bank + 4 * np.eye(4)[0]),
    }
    evidence = make(OodDetection).measure(Observations(data, answers, card))
    assert len({row[0] for row in evidence.exhibits[-1].rows}) == 3
    assert evidence.families[0].measurements[0].value > 0.8


def test_the_plan_can_print_what_its_sizes_detect():
    families = probe_of().design({"test": rows_of({"home": 600, "town": 600})}, OUTPUTS)
    se = hanley_mcneil(0.85, 300, 300) / (0.85 * 0.15)
    expected = expit(np.log(4) - (norm.ppf(0.95) + norm.ppf(0.9)) * se)
    seen = verdict(families[0], sight=True, min=0.8).detectable
    assert seen == pytest.approx(expected, abs=0.001)
    assert 0.5 < verdict(families[1], sight=True, max=0.5).detectable < 0.8


def test_sizes_below_two_are_undefined_with_a_reason():
    probe = probe_of(groups=GroupRules(min_n=0))
    families = planted(1.0, {"home": 3, "town": 2}, probe=probe).families
    assert all(m.evidence is None and m.why for f in families for m in f.measurements)
    assert verdict(families[0], min=0.5).outcome == "inconclusive"


def test_with_one_class_alone_there_is_no_distance_to_the_nearest_class():
    seen = noise(0, {"home": 240, "town": 120})
    rows = seen.examples["test"]
    single = dataclasses.replace(rows, labels=Factor(0 * rows.labels.codes, LABELS))
    evidence = probe_of().measure(dataclasses.replace(seen, examples={"test": single}))
    assert "relative Mahalanobis" not in {row[0][:20] for row in evidence.exhibits[-1].rows}
    assert len(evidence.exhibits[-1].rows) == 5
