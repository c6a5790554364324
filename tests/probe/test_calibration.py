"""Probabilities against outcomes: planted overconfidence, groups, domains, classes, halves."""

import dataclasses

import numpy as np
import pytest
from scipy.special import expit, logit

from audit.calibrated.reliability import first_half
from audit.config import SplitSpec
from audit.domains import DomainRules
from audit.errors import ConfigError, ModelError, NotApplicable
from audit.examples import Factor
from audit.exhibits import Forest, Plane, Table
from audit.groups import GroupRules
from audit.measurement import Ask
from audit.model import ModelCard
from audit.observations import Observation, Observations
from audit.requests import Predict
from audit.samples import reorder
from audit.task import Classification, Regression
from audit.testing import check_probe, encode
from probes.calibration import MEASURES, Calibration

CARD = ModelCard(name="m", kind="sample", task="text-classification", labels=("neg", "pos"))


def ask(name="error.overall", **words):
    metric, statistic = name.split(".")
    return Ask(probe="calibration", metric=metric, statistic=statistic, **words)


def planted(make, sizes, sharper, seed=0, clusters=None):
    """Return a split of groups, and outputs whose logits are multiplied by a number in each."""
    rng = np.random.default_rng(seed)
    n, codes = sum(sizes), np.repeat(np.arange(len(sizes)), sizes)
    p = rng.beta(8, 2, n)
    turned = rng.random(n) < 0.5
    y = np.where(turned, rng.random(n) >= p, rng.random(n) < p).astype(int)
    s = expit(np.asarray(sharper, dtype=float)[codes] * logit(p))
    s = np.where(turned, 1 - s, s)
    rows = make.split({"group": [f"group {c}" for c in codes]}, y, clusters=clusters)
    return rows, np.column_stack([1 - s, s])


def run(rows, outputs, *asks, seed=0, more=(), domains=None, **words):
    """Measure some asks on a test split, and on further ones."""
    data = {"test": rows} | {name: split for name, split, _ in more}
    answers = {Predict("test"): Observation(np.asarray(outputs), **words)}
    answers |= {Predict(name): Observation(np.asarray(out)) for name, _, out in more}
    probe = Calibration(
        asks=asks or (ask(),), task=Classification(("neg", "pos"), "pos"), seed=seed, draws=200,
        groups=GroupRules(), domains=domains or DomainRules(),
    )  # fmt: skip
    return probe.measure(Observations(data, answers, CARD))


def test_the_contract_of_all_probes_is_kept():
    check_probe(Calibration)


def test_planted_overconfidence_is_found(make):
    rows, outputs = planted(make, [1000], [2])
    (family,) = run(rows, outputs).families
    v = make.verdict(family, sight=True, max=0.02)
    assert v.outcome == "failed"
    assert v.explanation.startswith("Calibration error is ")
    assert 0.05 < v.detectable < 0.09


def test_a_calibrated_model_is_rarely_refused_and_an_overconfident_one_nearly_always(make):
    """60 audits each: at most 7 alarms (the .99 range of 5 %), at least 54 findings."""
    for sharper, low, high in ((1, 0, 7), (2, 54, 60)):
        failed = 0
        for seed in range(60):
            (family,) = run(*planted(make, [1000], [sharper], seed)).families
            failed += make.verdict(family, max=0.02).outcome == "failed"
        assert low <= failed <= high


def test_a_calibrated_model_with_enough_rows_passes(make):
    (family,) = run(*planted(make, [20_000], [1], 3)).families
    v = make.verdict(family, sight=True, max=0.02)
    assert v.outcome == "passed"
    assert 0 <= v.interval.high < 0.02


def test_intervals_cover_the_true_error(make):
    """The error at T = 1.5 by a large sample; 150 audits; the .999 range of .95 starts at 133."""
    truth = run(*planted(make, [400_000], [1.5], 99)).families[0].measurements[0].value
    inside = 0
    for seed in range(150):
        (m,) = run(*planted(make, [500], [1.5], seed)).families[0].measurements
        inside += m.interval.low <= truth <= m.interval.high
    assert inside >= 133


def test_the_guilty_group_is_named_and_a_small_one_is_listed(make):
    rows, outputs = planted(make, [800, 800, 800, 20], [1, 1, 2.5, 1])
    (family,) = run(rows, outputs, ask("error.worst", by=("group",))).families
    v = make.verdict(family, sight=True, max=0.03)
    assert v.outcome == "failed"
    assert v.explanation.startswith("Calibration error for group 2 is ")
    assert [u.slice.name for u in family.untested] == ["group 3"]


def further(make, seed=7):
    rows, outputs = planted(make, [600], [3], seed)
    return "tweets", dataclasses.replace(rows, split="tweets"), outputs


def test_every_domain_is_measured_the_one_in_distribution_included(make):
    rows, outputs = planted(make, [600], [1])
    evidence = run(rows, outputs, ask("error.domain"), more=[further(make)],
                   domains=DomainRules(splits=("tweets",)))  # fmt: skip
    (family,) = evidence.families
    assert [m.slice.name for m in family.measurements] == ["in distribution", "tweets"]
    assert [m.split for m in family.measurements] == ["test", "tweets"]
    v = make.verdict(family, max=0.05)
    assert v.explanation.startswith("Calibration error for tweets is ")


def test_every_split_that_holds_a_domain_is_asked_for_once(make):
    rows, _ = planted(make, [600], [1])
    name, other, _ = further(make)
    asks, rules = (ask(), ask("error.domain")), DomainRules(splits=(name,))
    probe = Calibration(asks=asks, task=Classification(("neg", "pos")), domains=rules)
    asked = probe.plan({"test": rows, name: other}, CARD, Observations({}))
    assert asked == [Predict("test"), Predict("tweets")]


def test_a_domain_without_labels_is_not_tested(make):
    name, rows, outputs = further(make)
    dark = (name, dataclasses.replace(rows, labels=None), outputs)
    test = planted(make, [600], [1])
    rules = DomainRules(splits=("tweets",))
    (family,) = run(*test, ask("error.domain"), more=[dark], domains=rules).families
    assert [u.reason for u in family.untested] == ["no label column"]


def test_where_no_domain_is_named_the_figure_says_what_to_name(make):
    (family,) = run(*planted(make, [300], [1]), ask("error.domain")).families
    assert family.measurements[0].value is None
    assert "data.domains" in family.measurements[0].why


def test_a_class_is_measured_by_its_own_probability(make):
    rows, outputs = planted(make, [3000], [1])
    for label in ("", "neg"):
        (family,) = run(rows, outputs, ask("classwise.overall", label=label)).families
        (m,) = family.measurements
        assert m.slice.name == (label or "pos")
        assert m.interval.low == 0
    sharp, sure = planted(make, [3000], [2])
    (family,) = run(sharp, sure, ask("classwise.overall")).families
    v = make.verdict(family, max=0.02)
    assert v.explanation.startswith("Class-wise calibration error for pos is ")


def test_of_three_classes_each_is_measured_and_a_rare_one_is_not():
    rng = np.random.default_rng(0)
    y = np.r_[np.zeros(200), np.ones(200), [2, 2]].astype(int)
    task, asks = Classification(("a", "b", "c")), (ask("classwise.overall"),)
    probe = Calibration(asks=asks, task=task)
    rows = split_of(y, ("a", "b", "c"))
    (planned,) = probe.design({"test": rows}, CARD)
    outputs = rng.dirichlet(np.ones(3), len(y))
    seen = Observations({"test": rows}, {Predict("test"): Observation(outputs)}, CARD)
    (family,) = probe.measure(seen).families
    assert family.ids == planned.ids
    assert [m.label for m in family.measurements] == ["a", "b"]
    assert [u.label for u in family.untested] == ["c"]


def split_of(y, names):
    """Return a split with these labels and nothing else."""
    from audit.examples import Examples

    n = len(y)
    digests = np.array([b"%016d" % i for i in range(n)])
    labels = Factor(np.asarray(y, dtype=np.int64), names)
    return Examples("test", None, digests, np.arange(n).astype(str).astype(object), labels)


def test_a_planted_temperature_is_covered_and_mends_the_error(make):
    """100 audits; the .999 range of .95 starts at 87."""
    asks = (ask("temperature.overall"), ask("rescaled.overall"))
    inside, mended = 0, []
    for seed in range(100):
        warm, after = run(*planted(make, [800], [2], seed), *asks, seed=seed).families
        m = warm.measurements[0]
        inside += m.interval.low <= 2 <= m.interval.high
        mended.append(after.measurements[0].value)
    assert inside >= 87
    assert np.mean(mended) < 0.025


def test_halves_follow_content_and_keep_clusters_whole(make):
    clusters = np.random.default_rng(0).permutation(np.repeat(np.arange(100), 4))
    rows, _ = planted(make, [400], [1], clusters=clusters)
    half = first_half(rows, 0)
    assert all(len(set(half[clusters == c])) == 1 for c in range(100))
    assert 0.3 < half.mean() < 0.7
    order = np.random.default_rng(1).permutation(400)
    moved = dataclasses.replace(rows, digests=rows.digests[order], clusters=clusters[order])
    assert (first_half(moved, 0) == half[order]).all()
    assert (first_half(rows, 1) != half).any()


def test_a_model_that_is_always_right_has_no_temperature_and_says_so(make):
    y = np.tile([0, 1], 200)
    rows = make.split({"group": ["a"] * 400}, y)
    asks = (ask("temperature.overall"), ask("rescaled.overall"))
    for family in run(rows, np.where(np.eye(2)[y] > 0, 0.9, 0.1), *asks).families:
        assert family.measurements[0].value is None
        assert "every row is right" in family.measurements[0].why


def test_tripled_rows_in_clusters_give_the_interval_of_the_distinct_rows(make):
    rows, outputs = planted(make, [900], [2])
    plain = run(rows, outputs).families[0].measurements[0]
    y, thrice = np.repeat(rows.labels.codes, 3), np.repeat(np.arange(900), 3)
    tripled = make.split({"group": ["a"] * 2700}, y, clusters=thrice)
    robust = run(tripled, np.repeat(outputs, 3, axis=0)).families[0].measurements[0]
    ends = [(m.interval.low, m.interval.high) for m in (plain, robust)]
    assert ends[1] == pytest.approx(ends[0], abs=0.008)


def test_few_clusters_give_a_value_and_no_verdict(make):
    rows, outputs = planted(make, [400], [2], clusters=np.arange(400) // 50)
    (family,) = run(rows, outputs).families
    m = family.measurements[0]
    assert m.value > 0.05
    assert m.evidence is None
    assert "8 clusters" in m.why
    assert make.verdict(family, max=0.02).outcome == "inconclusive"


def test_a_task_without_classes_does_not_apply():
    probe = Calibration(asks=(ask(),), task=Regression())
    with pytest.raises(NotApplicable, match="probabilities"):
        probe.plan({}, CARD, Observations({}))
    assert Calibration.default_asks({"test": SplitSpec(label="y")}, Regression()) == []


def test_chosen_labels_without_probabilities_do_not_apply(make):
    rows, outputs = planted(make, [300], [1])
    with pytest.raises(NotApplicable, match="score"):
        run(rows, np.round(outputs), scored=False)


def test_a_row_that_failed_is_an_error_and_not_left_out(make):
    rows, outputs = planted(make, [300], [1])
    with pytest.raises(ModelError, match="1 of 300 rows"):
        run(rows, outputs, failed=np.array([5]), reason="too long")


def test_recorded_decisions_are_what_confidence_is_about(make):
    rows, outputs = planted(make, [600], [1])
    other = 1 - outputs.argmax(axis=1)
    table = next(e for e in run(rows, outputs, decisions=other).exhibits if isinstance(e, Table))
    assert table.rows[0][2] == pytest.approx(outputs.min(axis=1).mean())


ALL = tuple(ask(name, by=("group",) if name == "error.worst" else ()) for name in MEASURES)


def test_the_same_seed_gives_the_same_bytes_in_any_order(make):
    rows, outputs = planted(make, [500, 300], [1, 2])
    rows = dataclasses.replace(rows, inputs=Inputs(800))
    order = np.random.default_rng(2).permutation(800)
    first = encode(run(rows, outputs, *ALL))
    assert first == encode(run(rows, outputs, *ALL))
    again = run(reorder(rows, order), outputs[order], *ALL)
    kept = [m.value for f in run(rows, outputs, *ALL).families for m in f.measurements]
    moved = [m.value for f in again.families for m in f.measurements]
    assert kept.count(None) == 1  # the domains, of which there is one only
    assert [v for v in moved if v is not None] == pytest.approx([v for v in kept if v is not None])


class Inputs(list):
    """Inputs that nobody reads."""

    def __init__(self, n):
        super().__init__(range(n))

    def take(self, rows):
        """Return the inputs at some positions."""
        return [self[int(i)] for i in rows]


def test_diagrams_and_tables_hold_what_was_measured(make):
    rows, outputs = planted(make, [700, 500], [1, 2])
    evidence = run(rows, outputs, *ALL)
    ids = [e.id for e in evidence.exhibits]
    assert len(set(ids)) == len(ids)
    assert all(i.startswith("calibration-") for i in ids)
    whole = next(e for e in evidence.exhibits if isinstance(e, Plane))
    assert sum(s.n for s in whole.spots) == 1200
    assert all(s.y_low <= s.y <= s.y_high for s in whole.spots)
    assert whole.note.startswith("debiased error ")
    assert whole.measurements == ("calibration.error.overall@test",)
    assert sum(isinstance(e, Plane) for e in evidence.exhibits) == 3
    assert sum(isinstance(e, Forest) for e in evidence.exhibits) == 1


def test_at_most_eight_parts_are_drawn(make):
    rows, outputs = planted(make, [60] * 12, [1] * 12)
    evidence = run(rows, outputs, ask(), ask("error.worst", by=("group",)))
    assert sum(isinstance(e, Plane) for e in evidence.exhibits) == 9


def test_words_that_do_not_fit_a_measure_are_refused():
    split = SplitSpec(label="y", groups=("sex",))
    with pytest.raises(ConfigError, match="leave out label"):
        Calibration.complete(ask(label="pos"), split)
    with pytest.raises(ConfigError, match="about all rows"):
        Calibration.complete(ask(by=("sex",)), split)
    with pytest.raises(ConfigError, match="test split"):
        Calibration.complete(ask("error.domain", split="news"), split)
    assert Calibration.complete(ask("error.worst"), split).by == ("sex",)
    assert Calibration.complete(ask("classwise.overall", label="each"), split).label == ""
    unknown = ask("classwise.overall", label="po")
    wrong = Calibration(asks=(unknown,), task=Classification(("neg", "pos")))
    with pytest.raises(ConfigError, match="does not know"):
        wrong.design({"test": split_of([0, 1], ("neg", "pos"))}, CARD)


def test_the_plan_prints_a_smallest_visible_error_that_shrinks_with_rows(make):
    seen = []
    for n in (200, 2000):
        rows, _ = planted(make, [n], [1])
        probe = Calibration(
            asks=(ask(), ask("temperature.overall")), task=Classification(("neg", "pos"))
        )
        whole, warm = probe.design({"test": rows}, CARD)
        seen.append([f.measurements[0].evidence.detectable(at, 0.05, "over")
                     for f, at in ((whole, 0.02), (warm, 1.1))])  # fmt: skip
    assert seen[0][0] > seen[1][0] > 0.02
    assert seen[0][1] > seen[1][1] > 1.1
