from dataclasses import replace

import numpy as np
import pytest

from audit import registry
from audit.errors import ConfigError, NotApplicable
from audit.exhibits import Curve
from audit.explainer import ByMasks, ByModel, ExplainerSheet
from audit.judge import judge
from audit.measurement import Ask
from audit.model import ModelCard
from audit.observations import Explanations, Observation, Observations
from audit.requests import Predict, unpacked
from audit.samples import CARD, SPLIT, reorder, sample_examples, sample_outputs
from audit.task import Classification, Regression
from audit.testing import check_probe, encode, measured
from audit.verdict import Requirement
from probes.explanation_sanity import ExplanationSanity

LABELS = ("negative", "positive")
TASK = Classification(LABELS, "positive")
PARTS = 12
PATTERN = np.linspace(-1.5, 1.5, PARTS)


def sheet(name, needs):
    return ExplainerSheet(
        name=name, title=name, says=".", needs=needs, seeded=False, complete=True,
        settings={"steps": 32.0},
    )  # fmt: skip


def replace_card(**changes):
    import msgspec

    return msgspec.structs.replace(CARD, **changes)


@pytest.fixture(autouse=True)
def installed(monkeypatch):
    """Offer two explainers, whatever is installed."""
    kinds = {
        "integrated-gradients": ByModel(sheet("integrated-gradients", "gradients"), None),
        "kernel-shap": ByMasks(sheet("kernel-shap", "predictions"), None, None),
    }
    monkeypatch.setattr(registry, "explainers", lambda: kinds)


def probe_for(**options):
    asks = tuple(ExplanationSanity.default_asks({"test": SPLIT}, TASK))
    return ExplanationSanity(**{"asks": asks, "task": TASK, "seed": 1, "inputs": 0} | options)


def rows_of(n=60, seed=0, clusters=None):
    """Return rows whose content follows from a seed."""
    rows = replace(sample_examples(n, seed), domain="", clusters=clusters)
    words = [f"{seed}-{i}".encode().ljust(16)[:16] for i in range(n)]
    return replace(rows, digests=np.array(words))


def explained(values):
    """Return explanations with these attributions, NaN beyond the parts."""
    n = len(values)
    total = np.nansum(values, axis=1)
    parts = (~np.isnan(values)).sum(axis=1)
    found = Explanations(values, parts, total, np.zeros(n), total, np.ones(n))
    return Observation(values, explained=found)


def world(n, rng, kept=0.0, common=0.5):
    """Return an original explanation of each input, and one with random layers.

    Strengths have a pattern that inputs share, more or less so, and one of their own; random
    layers keep a share of it.
    """
    like = common * rng.exponential(size=(n, 1))
    own = like * PATTERN + rng.normal(size=(n, PARTS))
    noise = like * PATTERN + rng.normal(size=(n, PARTS))
    return np.exp(own), np.exp(kept * own + np.sqrt(1 - kept**2) * noise)


def answer(probe, rows, original, random, card=CARD, outputs=None):
    """Let a probe measure; `random(depth, draw)` gives the explanations with random layers."""
    outputs = sample_outputs(rows) if outputs is None else outputs
    seen = Observations({"test": rows}, card=card)
    while True:
        asked = [r for r in probe.plan({"test": rows}, card, seen) if r not in seen.answers]
        if not asked:
            return probe.measure(seen)
        new = {}
        for r in asked:
            at = unpacked(r.rows)
            if isinstance(r, Predict):
                new[r] = Observation(outputs[at])
            else:
                new[r] = explained(
                    (random(r.randomised, r.seed - probe.seed) if r.randomised else original)[at]
                )
        seen = Observations(seen.examples, {**seen.answers, **new}, card)


def planted(seed, kept=0.0, n=60, common=0.5, clusters=None, **options):
    """Audit one planted world; return its evidence."""
    rng = np.random.default_rng(seed)
    original, random = world(n, rng, kept, common)
    return answer(
        probe_for(**options), rows_of(n, seed, clusters), original, lambda depth, draw: random
    )


def family(evidence, statistic="randomised"):
    return next(f for f in evidence.families if f.ask.statistic == statistic)


def verdict(found, limit=0.1):
    r = Requirement(id="r", title=found.title, ask=found.ask, max=limit)
    return judge([r], {found.ask.key: found})["r"]


def figure(evidence):
    return family(evidence).measurements[0]


def test_the_contract_is_kept():
    check_probe(ExplanationSanity)


def test_an_explainer_that_ignores_the_network_fails_at_every_depth():
    original, _ = world(60, np.random.default_rng(0))
    evidence = answer(probe_for(), rows_of(), original, lambda depth, draw: original)
    assert verdict(family(evidence)).outcome == "failed"
    v = verdict(family(evidence, "cell"))
    assert v.outcome == "failed"
    assert all(m.evidence.p_over(0.1) < 0.001 for m in family(evidence, "cell").measurements)


def test_explanations_that_change_with_the_weights_pass():
    v = verdict(family(planted(0)), 0.2)
    assert v.outcome == "passed"
    assert abs(v.value) < 0.1


def test_sentences_say_what_was_random():
    original, _ = world(60, np.random.default_rng(0))
    evidence = answer(probe_for(), rows_of(), original, lambda depth, draw: original)
    text = verdict(family(evidence, "cell")).explanation
    assert text.startswith("Excess similarity to explanations of a random network for ")
    assert "% of layers is " in text


def test_the_excess_is_the_mean_similarity_minus_that_of_different_inputs():
    rng = np.random.default_rng(3)
    original, random = world(40, rng)
    rows = rows_of(40)
    outputs = sample_outputs(rows)
    evidence = answer(probe_for(others=100), rows, original, lambda d, i: random, outputs=outputs)
    from scipy.stats import spearmanr

    chosen = outputs.argmax(axis=1)
    own, others = [], []
    for i in range(40):
        own.append(spearmanr(original[i], random[i]).statistic)
        same = np.flatnonzero((chosen == chosen[i]) & (np.arange(40) != i))
        others.append(np.mean([spearmanr(original[i], original[j]).statistic for j in same]))
    assert figure(evidence).value == pytest.approx(np.mean(own) - np.mean(others))


def audits(n, **options):
    """Return the evidence of many audits, with the largest share of random layers."""
    return [figure(planted(100 + seed, depths=(1.0,), **options)).evidence for seed in range(n)]


def truth(**options):
    """Return the excess of a world with very many inputs, as pairs of fresh ones tell."""
    from audit.explained.similarity import spearman

    rng = np.random.default_rng(9)
    sums = []
    for _ in range(400):
        original, random = world(400, rng, **options)
        order = np.roll(np.arange(400), 1)
        sums.append((spearman(original, random) - spearman(original, original[order])).mean())
    return float(np.mean(sums))


def covered(n, **options):
    found = audits(n, **options)
    true = truth(**{k: v for k, v in options.items() if k in ("kept", "common")})
    bounds = np.array([e.interval(0.95)[:2] for e in found])
    return float(((bounds[:, 0] <= true) & (true <= bounds[:, 1])).mean()), found


def test_intervals_hold_the_truth_in_a_few_audits():
    rate, _ = covered(60, common=0.7)
    assert rate > 0.86


@pytest.mark.slow
@pytest.mark.parametrize(("kept", "common"), [(0.0, 0.3), (0.0, 1.0), (0.3, 0.7)])
@pytest.mark.parametrize("others", [5, 20])
def test_intervals_hold_the_truth(kept, common, others):
    rate, found = covered(400, kept=kept, common=common, others=others)
    assert 0.92 < rate < 0.985
    spread = np.std([e.estimate for e in found])
    assert 0.92 < np.mean([e.se for e in found]) / spread < 1.2


def alarms(n, at, **options):
    """Return how often a limit so far from the truth is proven to be broken, and kept."""
    limit = truth(**options) - at
    found = audits(n, **options)
    over = np.mean([e.p_over(limit) <= 0.05 for e in found])
    return float(over), float(np.mean([e.p_under(limit) <= 0.05 for e in found]))


def test_an_excess_that_equals_the_limit_is_rarely_called_a_defect():
    assert max(alarms(60, 0.0, kept=0.3, common=0.7)) < 0.13


@pytest.mark.slow
def test_an_excess_that_equals_the_limit_is_called_a_defect_or_kept_by_chance_alone():
    assert max(alarms(600, 0.0, kept=0.3, common=0.7)) < 0.07


def printed(**options):
    """Return how far above a limit an excess must lie to be shown, as audits print it."""
    return float(np.mean([e.detectable(0.1, 0.05, "over") - 0.1 for e in audits(20, **options)]))


def test_the_printed_effect_is_shown_in_a_few_audits():
    options = {"kept": 0.3, "common": 0.7}
    assert alarms(60, printed(**options), **options)[0] > 0.78


@pytest.mark.slow
def test_the_printed_effect_is_shown_about_nine_times_in_ten():
    options = {"kept": 0.3, "common": 0.7}
    assert 0.86 < alarms(400, printed(**options), **options)[0] < 0.96


def test_clusters_widen_the_interval():
    clusters = np.repeat(np.arange(15), 4)
    rng = np.random.default_rng(5)
    original, random = world(60, rng, 0.5)
    mixed = np.where((clusters % 2 == 0)[:, None], original, random)
    plain, robust = (
        figure(answer(probe_for(), rows_of(clusters=c), original, lambda d, i: mixed))
        for c in (None, clusters)
    )
    assert robust.value == pytest.approx(plain.value)
    assert robust.evidence.se > 1.3 * plain.evidence.se
    assert robust.evidence.df < 15


def test_equal_inputs_count_once():
    rng = np.random.default_rng(6)
    original, random = world(30, rng)
    rows, twice = rows_of(30), rows_of(60)
    both = replace(twice, digests=np.repeat(rows.digests, 2))
    outputs = sample_outputs(rows)
    one = answer(probe_for(), rows, original, lambda d, i: random, outputs=outputs)
    two = answer(
        probe_for(others=40), both, np.repeat(original, 2, axis=0),
        lambda d, i: np.repeat(random, 2, axis=0), outputs=np.repeat(outputs, 2, axis=0),
    )  # fmt: skip
    assert figure(two).evidence.se > 0.9 * figure(one).evidence.se


def test_short_inputs_and_lonely_ones_are_left_out_and_said():
    rng = np.random.default_rng(7)
    original, random = world(60, rng)
    for values in (original, random):
        values[:4, 2:] = np.nan
    outputs = np.tile([0.8, 0.2], (60, 1))
    outputs[5] = [0.1, 0.9]
    evidence = answer(probe_for(), rows_of(), original, lambda d, i: random, outputs=outputs)
    assert figure(evidence).evidence.n == 55
    assert evidence.warnings[0].startswith("5 of 60 explained inputs are left out")


def test_too_few_comparable_inputs_decide_nothing():
    rng = np.random.default_rng(7)
    original, random = world(60, rng)
    for values in (original, random):
        values[:40, 2:] = np.nan
    evidence = answer(probe_for(), rows_of(), original, lambda d, i: random)
    assert figure(evidence).evidence is None
    assert "at least 30 are needed" in figure(evidence).why
    assert verdict(family(evidence)).outcome == "inconclusive"
    assert verdict(family(evidence, "cell")).outcome == "inconclusive"


def test_inputs_without_parts_leave_nothing_to_measure():
    none = np.full((60, 1), np.nan)
    evidence = answer(probe_for(), rows_of(), none, lambda d, i: none)
    assert figure(evidence).value is None
    assert figure(evidence).why
    assert not evidence.exhibits


def test_explanations_that_are_alike_for_all_inputs_decide_nothing():
    rng = np.random.default_rng(8)
    same = np.exp(PATTERN) + 0.01 * rng.random((60, PARTS))
    evidence = answer(probe_for(), rows_of(), same, lambda d, i: rng.random((60, PARTS)))
    assert figure(evidence).evidence is None
    assert "would look the same" in figure(evidence).why
    assert verdict(family(evidence)).outcome == "inconclusive"


def test_explanations_that_are_zero_everywhere_decide_nothing():
    zero = np.zeros((60, PARTS))
    evidence = answer(probe_for(), rows_of(), zero, lambda d, i: zero)
    assert verdict(family(evidence)).outcome == "inconclusive"
    assert "same for all inputs" in figure(evidence).why


def test_too_few_rows_are_listed_and_never_tested():
    original, random = world(20, np.random.default_rng(0))
    evidence = answer(probe_for(), rows_of(20), original, lambda d, i: random)
    assert "20 relevant rows" in figure(evidence).why
    assert not family(evidence, "cell").measurements
    assert len(family(evidence, "cell").untested) == 4


def test_texts_of_other_lengths_are_compared_by_relative_position():
    rng = np.random.default_rng(4)
    k = rng.integers(6, 30, 60)
    at = np.arange(30)[None, :]
    rising = np.where(at < k[:, None], (at + 0.5) / k[:, None], np.nan)
    noisy = rising + 0.4 * rng.random(rising.shape)
    evidence = answer(probe_for(), rows_of(), noisy, lambda d, i: 1.0 - noisy + np.nanmax(noisy))
    curve = evidence.exhibits[0]
    assert curve.panels[0].level > 0.6
    assert figure(evidence).value < -1.0


def test_similarities_of_several_random_networks_are_averaged():
    rng = np.random.default_rng(2)
    original, _ = world(60, rng)
    nets = [world(60, rng)[1] for _ in range(3)]
    values = [
        figure(answer(probe_for(), rows_of(), original, lambda d, i, n=n: n)).value for n in nets
    ]
    together = answer(probe_for(draws=3), rows_of(), original, lambda d, i: nets[i])
    assert figure(together).value == pytest.approx(np.mean(values))


def test_explanations_are_asked_for_the_classes_of_the_unchanged_network():
    rows, probe = rows_of(), probe_for(depths=(1.0, 0.5), draws=2, settings={"steps": 8.0},
                                       explainer="integrated-gradients")  # fmt: skip
    data, outputs = {"test": rows}, sample_outputs(rows)
    seen = Observations(data, card=CARD)
    (first,) = probe.plan(data, CARD, seen)
    assert isinstance(first, Predict)
    seen = Observations(data, {first: Observation(outputs)}, CARD)
    own = probe.plan(data, CARD, seen)[1]
    assert unpacked(own.classes).reshape(-1, 2)[:, 0].tolist() == outputs.argmax(1).tolist()
    seen = Observations(data, {**seen.answers, own: explained(np.ones((60, 3)))}, CARD)
    rest = probe.plan(data, CARD, seen)[2:]
    assert [(r.randomised, r.seed) for r in rest] == [(0.5, 1), (0.5, 2), (1.0, 1), (1.0, 2)]
    assert {(r.classes, r.rows, r.settings) for r in rest} == {
        (own.classes, own.rows, (("steps", 8.0),))
    }
    assert probe.explanations(data, CARD) == 60 * 5


def test_the_curve_falls_from_one_and_shows_the_level_of_different_inputs():
    evidence = planted(0)
    (curve,) = evidence.exhibits
    assert isinstance(curve, Curve)
    points = curve.panels[0].series[0].points
    assert [p.x for p in points] == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert (points[0].y, points[0].low) == (1.0, None)
    assert points[-1].low < points[-1].y < points[-1].high
    assert points[-1].y - curve.panels[0].level == pytest.approx(figure(evidence).value)
    assert curve.family == family(evidence).ask.key


@pytest.mark.parametrize("similarity", ["spearman", "top", "cosine"])
def test_every_similarity_finds_an_explainer_that_ignores_the_network(similarity):
    original, _ = world(60, np.random.default_rng(0), common=0.1)
    evidence = answer(
        probe_for(similarity=similarity), rows_of(), original, lambda depth, draw: original
    )
    assert verdict(family(evidence)).outcome == "failed"


def test_a_regression_compares_all_inputs():
    rows = replace(rows_of(), labels=None, targets=np.zeros(60))
    original, random = world(60, np.random.default_rng(1))
    evidence = answer(
        probe_for(task=Regression()), rows, original, lambda d, i: random, outputs=np.zeros(60)
    )
    assert figure(evidence).evidence.n == 60


@pytest.mark.parametrize(
    ("card", "rows", "options", "words"),
    [
        (ModelCard(name="r", kind="recorded", task=""), rows_of(), {}, "recorded predictions"),
        (replace_card(opens=("trees",)), rows_of(), {}, "trees and models that only answer"),
        (replace_card(opens=()), rows_of(), {}, "open to gradients"),
        (CARD, rows_of(), {"explainer": "kernel-shap"}, "kernel-shap does not look into"),
        (CARD, replace(rows_of(), modality=""), {}, "no model is given"),
        (CARD, rows_of(), {"asks": ()}, "no split test"),
    ],
)
def test_it_is_not_applicable_with_a_reason(card, rows, options, words):
    with pytest.raises(NotApplicable, match=words):
        probe_for(**options).plan({"test": rows}, card, Observations({}))


def test_an_explainer_that_has_nothing_to_say_makes_it_not_applicable():
    probe, rows = probe_for(), rows_of()
    data = {"test": rows}
    (first,) = probe.plan(data, CARD, Observations(data, card=CARD))
    seen = Observations(data, {first: Observation(sample_outputs(rows))}, CARD)
    own = probe.plan(data, CARD, seen)[1]
    unable = Observation(np.full((60, 0), np.nan), np.arange(60), "no gradient", unable=True)
    with pytest.raises(NotApplicable, match="no gradient"):
        probe.plan(data, CARD, Observations(data, {**seen.answers, own: unable}, CARD))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"explainer": "integrated-gradient"}, "unknown explainer"),
        ({"similarity": "pearson"}, 'unknown similarity "pearson"'),
        ({"depths": ()}, "there is none"),
        ({"depths": (0.0, 0.5)}, "depths: 0, 0.5"),
        ({"depths": (0.5, 0.5)}, "one of them twice"),
        ({"draws": 0}, "draws: 0"),
        ({"others": 0}, "others: 0"),
        ({"settings": {"steps": 3.0}}, "without explainer"),
    ],
)
def test_options_that_mean_nothing_are_refused(options, words):
    with pytest.raises(ConfigError, match=words):
        probe_for(**options)


def test_groups_are_refused():
    ask = Ask(probe="explanation-sanity", metric="excess", statistic="cell", by=("group",))
    with pytest.raises(ConfigError, match="about all rows"):
        ExplanationSanity.complete(ask, SPLIT)


def test_the_same_seed_gives_the_same_bytes_and_the_order_of_rows_changes_nothing():
    rows = sample_examples(300)
    outputs = sample_outputs(rows)
    probe = probe_for(inputs=80)
    first = measured(probe, rows, outputs)
    assert encode(first) == encode(measured(probe, rows, outputs))
    order = np.random.default_rng(1).permutation(300)
    again = measured(probe, reorder(rows, order), outputs[order])
    for f, g in zip(first.families, again.families, strict=True):
        assert [m.value for m in f.measurements] == pytest.approx([m.value for m in g.measurements])
    assert (
        figure(measured(probe_for(inputs=80, seed=2), rows, outputs)).value != figure(first).value
    )
