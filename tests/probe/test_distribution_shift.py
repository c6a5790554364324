"""Drops are found where they are planted, and named; nothing is found where there is none.

The planted world: two classes at +-1.5 in the plane with unit noise, and the Bayes classifier of
home. A domain turns the plane by an angle and scales the noise: its accuracy is
Phi(1.5 cos(angle) / scale) in closed form.
"""

import dataclasses

import numpy as np
import pytest
from scipy.special import ndtr, ndtri
from scipy.stats import binom
from sklearn.metrics import accuracy_score, balanced_accuracy_score, log_loss

from audit.config import SplitSpec
from audit.domains import DomainRules
from audit.errors import ConfigError, NotApplicable
from audit.examples import Factor
from audit.exhibits import Forest, Table
from audit.groups import GroupRules
from audit.measurement import Ask
from audit.model import ModelCard
from audit.observations import Observation, Observations
from audit.requests import Predict
from audit.stats.clusters import cluster_difference
from audit.stats.evidence import OneProportion, TwoProportions
from audit.task import Classification, Regression
from audit.testing import check_probe
from probes.distribution_shift import DistributionShift

MEAN = 1.5
NAMES = ("d0", "d1", "d2", "d3", "d4")  # d0 is home
LABELS = ("neg", "pos")
BARE = ModelCard(name="planted", kind="sample", task="tabular-classification", labels=LABELS)


def accuracy(angle=0.0, scale=1.0):
    return ndtr(MEAN * np.cos(angle) / scale)


def world(make, seed, sizes, angles=(0.0,) * 5, scales=(1.0,) * 5, clusters=None, groups=None):
    """Draw the planted world; return the test split and the Bayes classifier's outputs."""
    rng = np.random.default_rng(seed)
    place = np.repeat(np.arange(len(sizes)), sizes)
    angle, scale = np.asarray(angles)[place], np.asarray(scales)[place]
    y = rng.integers(0, 2, len(place))
    first = (2 * y - 1) * MEAN * np.cos(angle) + scale * rng.normal(size=len(place))
    positive = 1 / (1 + np.exp(-2 * MEAN * first))
    rows = make.split({**(groups or {})}, y, clusters=clusters)
    rows.groups["place"] = Factor(place.astype(np.int64), NAMES[: len(sizes)])
    rows = dataclasses.replace(rows, domain="place")
    return rows, np.column_stack([1 - positive, positive])


def asked(metric="accuracy", statistic="drop", **words):
    return Ask(probe="distribution-shift", metric=metric, statistic=statistic, **words)


def probe_of(*asks, rules=None, home=("d0",), **options):
    return DistributionShift(
        asks=asks or (asked(),),
        task=options.pop("task", Classification(LABELS)),
        groups=rules or GroupRules(),
        domains=DomainRules(in_distribution=home, splits=options.pop("splits", ())),
        **options,
    )


def run(probe, rows, outputs, scored=True, card=BARE):
    rows = rows if isinstance(rows, dict) else {"test": rows}
    outputs = outputs if isinstance(outputs, dict) else {"test": outputs}
    answers = {Predict(s): Observation(np.asarray(o), scored=scored) for s, o in outputs.items()}
    return probe.measure(Observations(rows, answers, card))


def family(*args, **words):
    return run(*args, **words).families[0]


def fails(count, rate=0.05):
    """Return the most failures of so many audits that chance allows once in 1,000 times."""
    return int(binom.ppf(0.999, count, rate))


def test_it_keeps_the_contract_of_a_probe():
    check_probe(DistributionShift)


def test_a_planted_drop_is_found_and_its_domain_is_named(make):
    rows, outputs = world(make, 1, [600] * 5, angles=(0, 0, 0, 1.0, 0))
    v = make.verdict(family(probe_of(), rows, outputs), sight=True, max=0.02)
    assert v.outcome == "failed"
    assert v.explanation.startswith("Accuracy of place d3 is ")
    assert "below that of the rows in distribution" in v.explanation


def test_the_null_is_silent(make):
    rows, outputs = world(make, 2, [600] * 5)
    assert make.verdict(family(probe_of(), rows, outputs), max=0.0).outcome != "failed"


def covered(make, audits, statistic):
    """Count intervals that cover the truth: one domain turned, the others not."""
    angles, scales = (0, 0.7, 0, 0, 0), (1, 1, 1, 1.3, 1)
    truth = {"d1": accuracy() - accuracy(0.7), "d3": accuracy() - accuracy(scale=1.3)}
    rest = np.mean([truth["d1"], 0, truth["d3"], 0])
    hits = total = 0
    for seed in range(audits):
        rows, outputs = world(make, seed, [400, 120, 300, 200, 60], angles, scales)
        for m in family(probe_of(asked(statistic=statistic)), rows, outputs).measurements:
            at = rest if not m.slice.terms else truth.get(m.slice.terms[0][1], 0.0)
            hits += m.interval.low <= at <= m.interval.high
            total += 1
    return hits, total


@pytest.mark.parametrize("statistic", ["drop", "mean_drop"])
def test_intervals_cover_the_planted_drop(make, statistic):
    """Bound: the binomial law of 95 %, once in 1,000 (drops of one audit share home: halved)."""
    hits, total = covered(make, 150, statistic)
    count = 150 if statistic == "mean_drop" else 300
    assert hits / total >= binom.ppf(0.001, count, 0.95) / count


@pytest.mark.slow
@pytest.mark.parametrize("statistic", ["drop", "mean_drop"])
def test_intervals_cover_the_planted_drop_at_their_rate(make, statistic):
    """Domains of 60 rows are smoothed: their share of the mean makes it wider, never narrower."""
    hits, total = covered(make, 1000, statistic)
    assert 0.937 <= hits / total <= (0.97 if statistic == "drop" else 0.99)


def failed(make, audits, limit, sizes, angles=(0.0,) * 5, ask=None, **words):
    out = 0
    for seed in range(audits):
        rows, outputs = world(make, 10_000 + seed, sizes, angles)
        out += (
            make.verdict(
                family(probe_of(ask or asked()), rows, outputs), **{"max": limit, **words}
            ).outcome
            == "failed"
        )
    return out


# home at .933; the angle at which exactly 5 points are lost
AT_LIMIT = float(np.arccos(ndtri(ndtr(MEAN) - 0.05) / MEAN))


@pytest.mark.parametrize(("limit", "angle"), [(0.0, 0.0), (0.05, AT_LIMIT)])
def test_a_family_without_a_defect_fails_at_most_at_its_rate(make, limit, angle):
    angles = (0.0, *[angle] * 4)
    assert failed(make, 200, limit, [400, 300, 150, 60, 30], angles) <= fails(200)


@pytest.mark.slow
@pytest.mark.parametrize(("limit", "angle"), [(0.0, 0.0), (0.05, AT_LIMIT)])
@pytest.mark.parametrize("sizes", [[400, 300, 150, 60, 30], [1000] * 5])
def test_of_1000_clean_audits_at_most_64_fail(make, limit, angle, sizes):
    count = failed(make, 1000, limit, sizes, (0.0, *[angle] * 4))
    assert count <= 64


def found(make, audits, sizes, limit=0.02):
    """Plant the drop that is detectable at Holm's first level; count proofs and right names."""
    n, k = sizes[0], round(accuracy() * sizes[0])
    promise = TwoProportions(k, n, round(accuracy() * sizes[1]), sizes[1], focus=2)
    drop = promise.detectable(limit, 0.05 / 4, "over")
    angle = float(np.arccos(ndtri(accuracy() - drop) / MEAN))
    proven = named = detected = 0
    for seed in range(audits):
        rows, outputs = world(make, 20_000 + seed, sizes, (0, angle, 0, 0, 0))
        v = make.verdict(family(probe_of(), rows, outputs), max=limit)
        guilty = [c for c in v.comparisons if c.slice.terms == (("place", "d1"),)]
        proven += guilty[0].outcome == "failed"
        detected += v.outcome == "failed"
        named += v.outcome == "failed" and v.worst == guilty[0].measurement
    return proven, named, detected


def test_a_drop_of_the_printed_size_is_proven_and_named(make):
    """Of 200 audits .88 to .95 are promised; bounds are binomial, once in 1,000."""
    proven, named, detected = found(make, 200, [1000, 300, 300, 300, 300])
    assert binom.ppf(0.001, 200, 0.88) <= proven <= binom.ppf(0.999, 200, 0.95)
    assert named >= 0.95 * detected


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [[1000, 300, 300, 300, 300], [500, 100, 100, 100, 100]])
def test_of_1000_audits_88_to_95_percent_prove_the_printed_drop(make, sizes):
    proven, named, detected = found(make, 1000, sizes)
    assert 880 <= proven <= 950
    assert named >= 0.95 * detected


def grouped(make, seed, rates, sizes=400):
    """Draw right answers with a rate a (domain, group); return the split and its outputs."""
    rng = np.random.default_rng(seed)
    rates = np.asarray(rates, dtype=float)
    counts = np.broadcast_to(sizes, rates.shape).ravel()
    cell = np.repeat(np.arange(rates.size), counts)
    y = rng.integers(0, 2, len(cell))
    right = rng.random(len(cell)) < rates.ravel()[cell]
    rows = make.split({"group": np.array(list("abc"))[cell % rates.shape[1]]}, y)
    rows.groups["place"] = Factor((cell // rates.shape[1]).astype(np.int64), NAMES[: len(rates)])
    return dataclasses.replace(rows, domain="place"), np.eye(2)[np.where(right, y, 1 - y)]


WIDENS = asked(statistic="gap_widening", by=("group",))


def test_a_group_that_loses_more_than_the_rest_is_found_and_named(make):
    rows, outputs = grouped(make, 0, [[0.9, 0.8, 0.85], [0.88, 0.78, 0.83], [0.9, 0.5, 0.85]])
    found = family(probe_of(WIDENS), rows, outputs)
    v = make.verdict(found, sight=True, max=0.05)
    assert v.outcome == "failed"
    assert v.explanation.startswith("Widening of the gap in accuracy for place d2 × group b is ")
    assert v.family_size == 6


def widened(make, audits):
    """Count fails where both groups lose 20 points: two groups of unequal size, two domains."""
    rates, sizes = [[0.95, 0.8], [0.75, 0.6], [0.75, 0.6]], [[800, 200], [300, 40], [200, 60]]
    probe, out = probe_of(WIDENS), 0
    for seed in range(audits):
        rows, outputs = grouped(make, seed, rates, sizes)
        out += make.verdict(family(probe, rows, outputs), max=0.0).outcome == "failed"
    return out


def test_a_gap_that_is_there_at_home_and_stays_is_no_widening(make):
    assert widened(make, 150) <= fails(150)


@pytest.mark.slow
def test_of_1000_audits_at_most_64_find_a_widening_where_none_is(make):
    assert widened(make, 1000) <= 64


def test_widening_is_a_difference_of_differences_and_covers_it(make):
    """Truth 0.15 - 0.05; of 200 audits the binomial law of 95 %, once in 1,000."""
    hits = 0
    for seed in range(200):
        rows, outputs = grouped(make, seed, [[0.9, 0.85], [0.8, 0.65]], [[500, 300], [200, 80]])
        a, b = family(probe_of(WIDENS), rows, outputs).measurements
        assert a.value == pytest.approx(-b.value)
        hits += b.interval.low <= 0.1 <= b.interval.high
    assert hits >= binom.ppf(0.001, 200, 0.95)


def test_a_group_is_compared_only_where_all_four_cells_are_large_enough(make):
    rows, outputs = grouped(make, 1, [[0.9] * 3, [0.9] * 3], [[200, 200, 10], [200, 200, 200]])
    found = family(probe_of(WIDENS), rows, outputs)
    assert [m.slice.terms[1][1] for m in found.measurements] == ["a", "b"]
    assert found.untested[0].reason.startswith("10 relevant rows of the group in distribution")


def test_the_worst_domain_is_held_to_a_floor(make):
    rows, outputs = world(make, 3, [400] * 3, (0, 0.2, 1.2))
    found = family(probe_of(asked(statistic="worst")), rows, outputs)
    v = make.verdict(found, min=0.8)
    assert v.outcome == "failed"
    assert v.explanation.startswith("Accuracy for place d2 is ")
    assert isinstance(found.measurements[0].evidence, OneProportion)


def test_figures_are_those_of_scikit_learn(make):

    rows, outputs = world(make, 4, [300, 200, 150], (0, 0.5, 0.9))
    y, at = rows.labels.codes, rows.groups["place"].codes

    def one(score, answers):
        return [score(y[at == i], answers[at == i]) for i in range(3)]

    chosen = outputs.argmax(axis=1)
    drops = {
        "accuracy": one(accuracy_score, chosen),
        "balanced_accuracy": one(balanced_accuracy_score, chosen),
        "log_loss": [-v for v in one(log_loss, outputs)],
    }
    for metric, levels in drops.items():
        found = family(probe_of(asked(metric)), rows, outputs)
        for m, level in zip(found.measurements, levels[1:], strict=True):
            assert m.value == pytest.approx(levels[0] - level, abs=1e-12)
        assert found.measurements[0].side == ("above" if metric == "log_loss" else "below")


def test_the_mean_of_domains_is_unweighted(make):
    rows, outputs = world(make, 5, [500, 300, 50], (0, 0.5, 1.2))
    drops = [m.value for m in family(probe_of(), rows, outputs).measurements]
    (m,) = family(probe_of(asked(statistic="mean_drop")), rows, outputs).measurements
    assert m.value == pytest.approx(np.mean(drops))


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy"])
def test_a_figure_without_an_error_is_not_taken_for_certain(make, metric):
    rows, _ = world(make, 6, [100, 40, 40])
    perfect = np.eye(2)[rows.labels.codes]
    for clusters in (None, np.arange(180) // 4):
        own = dataclasses.replace(rows, clusters=clusters)
        for statistic in ("drop", "mean_drop"):
            found = family(probe_of(asked(metric, statistic)), own, perfect)
            assert all(m.interval.high > 0.01 for m in found.measurements)
            assert make.verdict(found, max=0.01).outcome == "inconclusive"


def test_clusters_of_four_equal_rows_give_the_interval_of_one_row_each(make):
    rows, outputs = world(make, 7, [200, 120], (0, 0.6))
    four = world(make, 7, [800, 480])[0]
    y, at = np.repeat(rows.labels.codes, 4), np.repeat(rows.groups["place"].codes, 4)
    four = dataclasses.replace(
        four,
        labels=Factor(y, LABELS),
        groups={"place": Factor(at, NAMES[:2])},
        clusters=np.repeat(np.arange(320), 4),
    )
    (one,) = family(probe_of(), rows, outputs).measurements
    (many,) = family(probe_of(), four, np.repeat(outputs, 4, axis=0)).measurements
    widths = [m.interval.high - m.interval.low for m in (one, many)]
    assert many.value == pytest.approx(one.value)
    assert widths[1] == pytest.approx(widths[0], rel=0.05)


def test_a_further_split_is_a_domain_and_its_clusters_are_its_own(make):
    rows, outputs = world(make, 8, [300], clusters=np.arange(300) // 3)
    rows = dataclasses.replace(rows, domain="")
    far, answers = world(make, 9, [200], (1.0,), clusters=np.arange(200) // 2)
    far = dataclasses.replace(far, split="far", domain="", groups={})
    probe = probe_of(home=(), splits=("far",))
    (m,) = family(probe, {"test": rows, "far": far}, {"test": outputs, "far": answers}).measurements

    right = [
        (o.argmax(axis=1) == r.labels.codes).astype(float)
        for r, o in ((rows, outputs), (far, answers))
    ]
    apart = np.concatenate([rows.clusters, 1000 + far.clusters])
    expected = cluster_difference(np.concatenate(right), apart, np.arange(500) < 300)
    assert (m.value, m.evidence.se) == pytest.approx((expected.estimate, expected.se))
    assert m.slice.name == "far"


def test_a_domain_without_labels_is_listed_and_not_counted(make):
    rows, outputs = world(make, 10, [300])
    rows = dataclasses.replace(rows, domain="")
    far = dataclasses.replace(world(make, 11, [200])[0], split="far", domain="", labels=None)
    near = dataclasses.replace(world(make, 12, [200])[0], split="near", domain="")
    probe = probe_of(home=(), splits=("far", "near"))
    data = {"test": rows, "far": far, "near": near}
    answers = {"test": outputs, "near": np.full((200, 2), 0.5)}
    evidence = run(probe, data, answers)
    (found,) = evidence.families
    assert [m.slice.name for m in found.measurements] == ["near"]
    assert [(u.slice.name, u.reason[:16]) for u in found.untested] == [("far", "it has no labels")]
    assert Predict("far") not in probe.plan(data, BARE, Observations(data))
    assert any("far" in r.label and not r.tested for r in evidence.exhibits[0].rows)


def test_without_scores_log_loss_is_undefined_with_a_reason(make):
    rows, outputs = world(make, 13, [200, 200])
    found = family(probe_of(asked("log_loss")), rows, outputs, scored=False)
    assert found.measurements[0].value is None
    assert "no probabilities" in found.measurements[0].why
    assert make.verdict(found, max=0.1).outcome == "inconclusive"


def test_regression_measures_the_error_in_the_targets_unit(make):
    rng = np.random.default_rng(0)
    rows, _ = world(make, 14, [400, 300])
    target = rng.normal(size=700)
    rows = dataclasses.replace(rows, labels=None, targets=target)
    off = np.where(rows.groups["place"].codes == 1, 0.5, 0.2) * rng.choice([-1, 1], 700)
    ask = asked("mean_absolute_error")
    found = family(probe_of(ask, task=Regression()), rows, target + off + rng.normal(0, 0.01, 700))
    v = make.verdict(found, max=0.1)
    assert v.outcome == "failed"
    assert v.value == pytest.approx(0.3, abs=0.01)
    assert "above that of the rows in distribution" in v.explanation


@pytest.mark.parametrize(
    ("home", "words"), [((), "nothing says which"), (NAMES[:2], "one domain only")]
)
def test_it_is_not_applicable_without_a_foreign_domain(make, home, words):
    rows, _ = world(make, 15, [100, 100])
    for step in ("plan", "design"):
        more = (Observations({"test": rows}),) if step == "plan" else ()
        with pytest.raises(NotApplicable, match=words):
            getattr(probe_of(home=home), step)({"test": rows}, BARE, *more)


def test_without_features_it_says_so_and_measures_the_rest(make):
    rows, outputs = world(make, 16, [100, 100])
    evidence = run(probe_of(asked(), asked("shift", "auc")), rows, outputs)
    assert "no features" in evidence.warnings[0]
    by = {f.ask.metric: f.measurements[0] for f in evidence.families}
    assert by["accuracy"].value is not None
    assert by["shift"].value is None
    assert "no features" in by["shift"].why


def test_a_requirement_words_what_fits_it_and_nothing_else():
    split = SplitSpec(label="y", groups=("sex",), domain="place")
    assert DistributionShift.complete(Ask(
        probe="distribution-shift", metric="accuracy", statistic="gap_widening"), split
    ).by == ("sex",)  # fmt: skip
    for words in ({"by": ("place",)}, {"compare": "pairs"}, {"split": "far"}):
        with pytest.raises(ConfigError):
            DistributionShift.complete(asked(statistic="gap_widening", **words), split)
    with pytest.raises(ConfigError, match="about all rows"):
        DistributionShift.complete(asked(by=("sex",)), split)


def test_the_dot_plot_has_home_first_then_the_worst(make):
    rows, outputs = world(make, 17, [300, 300, 300, 12], (0, 0.3, 1.2, 0))
    ask = asked(statistic="worst")
    evidence = run(probe_of(asked(), ask), rows, outputs)
    forest, table = evidence.exhibits
    assert isinstance(forest, Forest)
    assert isinstance(table, Table)
    labels = [r.label for r in forest.rows]
    assert labels[:2] == ["In distribution", "d2"]
    home = forest.rows[0]
    assert (forest.band, forest.lead) == ((home.low, home.high), home.value)
    ids = {m.id for f in evidence.families for m in f.measurements if m.slice.name == "place d2"}
    assert set(forest.rows[1].measurements) == ids
    assert [r.tested for r in forest.rows if r.label == "d3"] == [False]
    assert forest.rows[labels.index("d3")].value is not None
