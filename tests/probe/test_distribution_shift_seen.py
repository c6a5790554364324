"""Whether there is a shift at all, and what the line of other revisions lets expect."""

import dataclasses

import msgspec
import numpy as np
import pytest
from scipy.special import expit, logit, ndtr
from scipy.stats import binom, kstest
from sklearn.metrics import roc_auc_score

from audit.domains import DomainRules, domains_of
from audit.errors import NotApplicable
from audit.examples import Factor
from audit.exhibits import Plane
from audit.measurement import Ask
from audit.model import ModelCard
from audit.observations import Observation, Observations
from audit.requests import Embed, Predict
from audit.samples import CARD, LABELS, RULES, reorder, sample_examples, sample_outputs
from audit.shift.detected import detect, sides
from audit.stats.twosample import discriminant, with_products
from audit.task import Classification
from audit.testing import encode, measured
from audit.testing import make as made
from probes.distribution_shift import DistributionShift

BARE = ModelCard(name="planted", kind="sample", task="tabular-classification", labels=LABELS)


def asked(metric, statistic):
    return Ask(probe="distribution-shift", metric=metric, statistic=statistic)


def probe_of(*asks, seed=0):
    rules = DomainRules(in_distribution=("home",))
    task = Classification(LABELS)
    return DistributionShift(asks=asks, task=task, domains=rules, seed=seed)


def sighted(seed, distance, n=400, dims=6, clusters=False, repeats=1):
    """Return sample rows of two places whose features are Gaussians so far apart."""
    examples = sample_examples(2 * n, seed=seed, clusters=clusters)
    at = (np.arange(2 * n) // repeats) % 2
    examples.groups["source"] = Factor(at.astype(np.int64), ("away", "home"))
    examples = dataclasses.replace(
        examples,
        digests=np.array([b"%08d%08d" % (seed, i) for i in range(2 * n)]),
    )
    features = np.random.default_rng(seed).normal(size=(2 * n, dims))
    features[:, 0] += distance * (1 - at)
    return examples, features


def told(examples, features):
    probe = probe_of(asked("shift", "auc"), asked("overlap", "ess"))
    answers = {Embed("test"): Observation(features)}
    return probe.measure(Observations({"test": examples}, answers, CARD))


def test_two_gaussians_are_told_apart_at_phi_of_their_distance():
    """20 audits, d = 1: Phi(1 / sqrt 2) on average, up to 0.01 less: the direction is learnt."""
    areas = [told(*sighted(s, 1.0, 1500)).families[0].measurements[0].value for s in range(20)]
    assert ndtr(1 / np.sqrt(2)) - 0.01 <= np.mean(areas) <= ndtr(1 / np.sqrt(2)) + 0.01


def test_the_effective_share_of_two_gaussians_is_that_of_the_closed_form():
    """Weights exp(d x) under the standard normal law: exp(-d^2)."""
    shares = [told(*sighted(s, 0.7, 2000, 3)).families[1].measurements[0].value for s in range(10)]
    assert np.mean(shares) == pytest.approx(np.exp(-0.49), abs=0.02)


def test_the_area_is_that_of_scikit_learn_on_the_rows_that_were_not_learnt_from():
    examples, features = sighted(3, 0.8)
    seen = Observations({"test": examples}, {Embed("test"): Observation(features)}, CARD)
    rules = DomainRules(in_distribution=("home",))
    home, away = sides(domains_of(seen.examples, rules), seen.examples, seen, 0)
    told_apart = detect(home, away, 0, 4000)
    taught = [home.taught(4000), away.taught(4000)]
    both = np.vstack(taught)
    score = discriminant(*(with_products(rows, both) for rows in taught)).score
    scores = score(with_products(np.vstack([home.held, away.held]), both))
    foreign = np.repeat([0, 1], [len(home.held), len(away.held)])
    assert told_apart.area.theta == pytest.approx(roc_auc_score(foreign, scores))
    assert len(home.held) + len(home.taught(4000)) == 400


@pytest.mark.parametrize("change", ["spread", "rotation"])
def test_a_shift_that_leaves_every_mean_is_found_in_few_columns(change):
    examples, features = sighted(5, 0.0)
    away = examples.groups["source"].codes == 0
    features[:, 1] = 0.8 * features[:, 0] + 0.6 * features[:, 1]
    features[away, 0] *= 2.0 if change == "spread" else -1.0
    (area, _) = told(examples, features).families
    assert area.measurements[0].interval.low > 0.6


def test_a_domain_without_labels_is_still_told_apart():
    examples, features = sighted(4, 2.0)
    examples = dataclasses.replace(examples, labels=None)
    (family, _) = told(examples, features).families
    assert family.measurements[0].value > 0.8
    probe = probe_of(asked("accuracy", "drop"))
    with pytest.raises(NotApplicable, match="no label column"):
        probe.design({"test": examples}, CARD)


@pytest.mark.parametrize("clusters", [False, True])
def test_without_a_shift_the_area_is_a_half_and_p_is_uniform(clusters):
    """60 audits; Kolmogorov's test at 0.001."""
    evidence = [told(*sighted(s, 0.0, 120, 4, clusters)) for s in range(60)]
    areas = [e.families[0].measurements[0].value for e in evidence]
    ps = [float(e.exhibits[-1].rows[1][-3]) for e in evidence]
    assert np.mean(areas) == pytest.approx(0.5, abs=0.03)
    assert kstest(ps, "uniform").pvalue > 0.001


def test_a_shift_without_any_overlap_is_proven_and_has_no_basis_for_weighting(make):
    evidence = told(*sighted(1, 40.0))
    area, share = (f.measurements[0] for f in evidence.families)
    assert area.value == 1.0
    assert make.verdict(evidence.families[0], max=0.9).outcome == "failed"
    assert share.value < 0.1
    assert "no basis" in evidence.exhibits[-1].rows[1][-1]


def test_repeated_inputs_and_clusters_do_not_make_the_order_of_rows_matter():
    examples, features = sighted(2, 0.5, 150, 5, clusters=True, repeats=4)
    same = np.arange(300) // 2 * 2  # every input stands twice, with one digest and one feature
    examples = dataclasses.replace(examples, digests=examples.digests[same])
    order = np.random.default_rng(5).permutation(300)
    moved = reorder(examples, order)
    one, two = told(examples, features[same]), told(moved, features[same][order])
    assert encode(one) == encode(two)


def test_the_same_seed_gives_the_same_bytes_and_another_one_other_halves():
    data, asks = sample_examples(), made(DistributionShift).asks
    outputs = sample_outputs(data)

    def bytes_of(seed):
        probe = DistributionShift(
            asks=asks, seed=seed, task=Classification(LABELS, "positive"), domains=RULES
        )
        return encode(measured(probe, data, outputs))

    assert bytes_of(1) == bytes_of(1) != bytes_of(2)


def two_places(seed, n):
    """Return n rows of home and n from away."""
    rows = sample_examples(2 * n, seed)
    at = np.repeat([1, 0], n)
    rows.groups["source"] = Factor(at.astype(np.int64), ("away", "home"))
    return rows


NINE = tuple(f"r{i}" for i in range(9))


def lined_up(seed, beyond=0.0, n=2000, models=NINE):
    """Revisions on a line, logit(away) = 0.9 logit(home) - 1, and a model that lies beyond it."""
    rng = np.random.default_rng(seed)
    rows = two_places(seed, n)
    y, at = rows.labels.codes, 1 - rows.groups["source"].codes

    def answer(home, more=0.0):
        rate = np.array([home, expit(0.9 * logit(home) - 1 + 0.05 * rng.normal()) + more])
        right = rng.random(2 * n) < rate[at]
        return Observation(np.eye(2)[np.where(right, y, 1 - y)])

    answers = {Predict("test"): answer(0.88, beyond)}
    for home, name in zip(np.linspace(0.6, 0.95, len(models)), models, strict=True):
        answers[Predict("test", revision=name)] = answer(home)
    card = msgspec.structs.replace(BARE, revisions=models)
    probe = probe_of(asked("accuracy", "drop"))
    seen = Observations({"test": rows}, answers, card)
    assert set(probe.plan({"test": rows}, card, seen)) == set(answers)
    return probe.measure(seen)


def test_a_model_beyond_the_line_is_found_and_one_on_it_is_not(make):
    family = lined_up(1, beyond=0.1).families[-1]
    assert family.measurements[0].value == pytest.approx(0.1, abs=0.04)
    assert make.verdict(family, max=0.0).outcome == "failed"
    assert make.verdict(lined_up(1, beyond=-0.2).families[-1], min=-0.02).outcome == "failed"
    assert make.verdict(lined_up(1).families[-1], min=-0.02).outcome != "failed"


def test_a_model_on_the_line_lies_in_its_prediction_interval():
    """At least the binomial law of 95 % in 100 audits, once in 1,000; the error is conservative."""
    found = [lined_up(s, n=500).families[-1].measurements[0].interval for s in range(100)]
    assert sum(i.low <= 0 <= i.high for i in found) >= binom.ppf(0.001, 100, 0.95)


def test_the_line_is_drawn_with_its_band_and_the_model_on_the_natural_scale():
    plane = lined_up(2).exhibits[-1]
    assert isinstance(plane, Plane)
    assert [s.label for s in plane.spots] == [*NINE, "audited model"]
    (line,) = plane.lines
    assert all(a < y < b for a, y, b in zip(line.low, line.y, line.high, strict=True))


def test_with_few_revisions_the_line_is_left_out_or_says_why():
    rows = two_places(18, 100)
    card = msgspec.structs.replace(BARE, revisions=("a", "b"))
    answers = {Predict("test"): Observation(sample_outputs(rows))}
    seen = Observations({"test": rows}, answers, card)
    (family,) = probe_of(asked("accuracy", "drop")).measure(seen).families
    assert family.ask.metric == "accuracy"
    probe = probe_of(asked("line", "effective_robustness"))
    assert probe.plan({"test": rows}, card, seen) == [Predict("test")]
    (m,) = probe.measure(seen).families[0].measurements
    assert m.why == "a line takes at least 8 other revisions under revisions:, and there are 2"
