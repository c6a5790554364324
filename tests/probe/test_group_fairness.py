import numpy as np
import pytest
from fairlearn.metrics import (
    MetricFrame,
    false_negative_rate,
    false_positive_rate,
    selection_rate,
    true_positive_rate,
)
from sklearn.metrics import accuracy_score, precision_score

from audit.groups import GroupRules
from audit.observations import Observation, Observations
from audit.requests import Predict
from audit.task import Regression
from probes.group_fairness import GroupFairness

REFERENCE = {
    "selection_rate": selection_rate,
    "tpr": true_positive_rate,
    "fpr": false_positive_rate,
    "fnr": false_negative_rate,
    "ppv": precision_score,
    "accuracy": accuracy_score,
}


def random_split(make, n=1500, seed=0):
    rng = np.random.default_rng(seed)
    groups = {
        "sex": rng.choice(["F", "M"], n),
        "race": rng.choice(list("abc"), n, p=[0.6, 0.3, 0.1]),
    }
    y = rng.integers(0, 2, n)
    score = np.clip(rng.normal(0.35 + 0.3 * y, 0.25), 0.001, 0.999)
    return make.split(groups, y), np.column_stack([1 - score, score]), groups, y, score


@pytest.mark.parametrize("metric", list(REFERENCE))
def test_rates_equal_fairlearn_to_1e_12(make, metric):
    rows, outputs, groups, y, score = random_split(make)
    family = make.fairness(
        make.ask(metric, "rate", by=("sex", "race"), label="pos"),
        rows,
        outputs,
        GroupRules(intersections=2),
    )
    yhat = (score > 0.5).astype(int)
    for columns in (["sex"], ["race"], ["sex", "race"]):
        frame = MetricFrame(
            metrics=REFERENCE[metric],
            y_true=y,
            y_pred=yhat,
            sensitive_features={c: groups[c] for c in columns},
        )
        for m in family.measurements:
            if list(m.slice.columns) == columns:
                key = tuple(v for _, v in m.slice.terms)
                expected = frame.by_group[key if len(key) > 1 else key[0]]
                assert m.value == pytest.approx(expected, abs=1e-12)


def test_mean_score_and_calibration_are_plain_means(make):
    rows, outputs, groups, y, score = random_split(make)
    for metric, column in (("mean_score", score), ("calibration", score - y)):
        family = make.fairness(make.ask(metric, "rate", by=("sex",), label="pos"), rows, outputs)
        for m in family.measurements:
            inside = groups["sex"] == m.slice.terms[0][1]
            assert m.value == pytest.approx(column[inside].mean(), abs=1e-12)


def test_a_planted_gap_is_found_and_its_group_is_named(make):
    rows, outputs = make.planted([400] * 6, [0.9] * 5 + [0.6], seed=1)
    v = make.verdict(make.fairness(make.ask(), rows, outputs), max=0.05)
    assert v.outcome == "failed"
    assert "g05 is" in v.explanation
    assert "below that of the rest" in v.explanation


def test_the_null_is_silent(make):
    rows, outputs = make.planted([400] * 6, [0.9] * 6, seed=2)
    v = make.verdict(make.fairness(make.ask(), rows, outputs), max=0.05)
    assert v.outcome != "failed"


def test_equal_groups_with_enough_rows_pass(make):
    rows, outputs = make.planted([6000] * 3, [0.9] * 3, seed=3)
    v = make.verdict(make.fairness(make.ask(), rows, outputs), sight=True, max=0.05)
    assert v.outcome == "passed"
    assert v.interval.high < 0.05


def test_groups_too_small_are_listed_and_never_tested(make):
    rows, outputs = make.planted([400, 400, 12], [0.9, 0.9, 0.1], seed=4)
    family = make.fairness(make.ask(), rows, outputs)
    assert [str(u.slice) for u in family.untested] == ["group=g02"]
    assert "12 relevant rows" in family.untested[0].reason
    assert all("g02" not in m.slice.name for m in family.measurements)


def test_a_missing_group_label_is_a_group_of_its_own(make):
    y = np.tile([0, 1], 150)
    rows = make.split({"group": ["a"] * 100 + ["b"] * 100 + [None] * 100}, y)
    family = make.fairness(make.ask(), rows, np.eye(2)[y])
    assert "(missing)" in {m.slice.terms[0][1] for m in family.measurements}


def test_two_groups_are_one_comparison_a_side(make):
    rows, outputs = make.planted([200, 300], [0.8, 0.9], seed=5)
    family = make.fairness(make.ask(), rows, outputs)
    assert [(m.slice.name, m.against) for m in family.measurements] == [
        ("g00", "g01"),
        ("g01", "g00"),
    ]


def test_of_two_groups_the_one_with_more_errors_is_named(make):
    y = np.zeros(800, dtype=int)
    rows = make.split({"group": ["a"] * 400 + ["b"] * 400}, y)
    chosen = np.r_[np.tile([1, 0, 0, 0], 100), np.tile([1, 1, 0, 0], 100)]
    v = make.verdict(make.fairness(make.ask("fpr", label="pos"), rows, np.eye(2)[chosen]), max=0.1)
    assert v.explanation.startswith(
        "False-positive rate of group b is 25.0 pp above that of group a"
    )


def test_pairs_compare_every_ordered_pair(make):
    rows, outputs = make.planted([200] * 4, [0.9] * 4, seed=6)
    assert len(make.fairness(make.ask(compare="pairs"), rows, outputs).measurements) == 12


def test_a_reference_group_is_compared_with_every_other(make):
    rows, outputs = make.planted([200] * 4, [0.9] * 4, seed=6)
    ask = make.ask(compare="reference", reference=(("group", "g01"),))
    family = make.fairness(ask, rows, outputs)
    assert {m.against for m in family.measurements} == {"g01"}
    assert len(family.measurements) == 6


def test_impact_ratio_is_low_rate_over_high_rate(make):
    y = np.tile([0, 1], 400)
    rows = make.split({"group": ["a"] * 400 + ["b"] * 400}, y)
    chosen = np.r_[np.tile([1, 0, 0, 0], 100), np.tile([1, 1, 0, 0], 100)]
    ask = make.ask("selection_rate", "ratio", label="pos")
    v = make.verdict(make.fairness(ask, rows, np.eye(2)[chosen]), min=0.8)
    assert v.value == pytest.approx(0.5)
    assert v.outcome == "failed"


def test_several_classes_give_one_family_a_label(make):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 900)
    rows = make.split({"group": np.repeat(["a", "b", "c"], 300)}, y, names=("x", "y", "z"))
    family = make.fairness(
        make.ask("tpr", label="each"), rows, np.eye(3)[y], labels=("x", "y", "z")
    )
    assert {m.label for m in family.measurements} == {"x", "y", "z"}
    assert "(label " in make.verdict(family, max=0.1).explanation


def test_no_positive_rows_is_undefined_with_a_reason_and_never_a_pass(make):
    y = np.zeros(200, dtype=int)
    rows = make.split({"group": ["a"] * 100 + ["b"] * 100}, y)
    family = make.fairness(
        make.ask("ppv", label="pos"), rows, np.eye(2)[y], GroupRules(min_n=0, min_events=0)
    )
    assert all(m.value is None and m.why for m in family.measurements)
    assert make.verdict(family, max=0.1).outcome == "inconclusive"


def test_without_scores_score_metrics_are_undefined(make):
    rows, outputs = make.planted([200, 200], [0.9, 0.9], seed=7)
    family = make.fairness(make.ask("mean_score", label="pos"), rows, outputs, scored=False)
    assert all(m.value is None for m in family.measurements)


def test_a_cluster_column_widens_the_interval(make):
    rng = np.random.default_rng(1)
    person = np.repeat(np.arange(100), 10)
    wrong = np.repeat(rng.random(100) < 0.2, 10)
    y = np.tile([0, 1], 500)
    outputs = np.eye(2)[np.where(wrong, 1 - y, y)]
    groups = {"group": np.where(person % 2, "a", "b")}
    plain = make.fairness(make.ask(), make.split(groups, y), outputs).measurements[0]
    robust = make.fairness(
        make.ask(), make.split(groups, y, clusters=person), outputs
    ).measurements[0]
    width = [m.interval.high - m.interval.low for m in (plain, robust)]
    assert width[1] > 2 * width[0]
    assert plain.value == pytest.approx(robust.value)


def test_no_event_in_any_cluster_is_bounded_by_the_number_of_clusters(make):
    y = np.tile([0, 1], 100)
    rows = make.split({"group": ["a"] * 200}, y, clusters=np.repeat(np.arange(20), 10))
    family = make.fairness(make.ask("fpr", "rate", label="pos"), rows, np.eye(2)[y])
    (m,) = family.measurements
    assert m.value == 0.0
    assert m.interval.high == pytest.approx(0.161, abs=0.001)  # Wilson, 0 of 20
    assert make.verdict(family, max=0.5).outcome == "passed"


def test_regression_compares_mean_errors(make):
    rng = np.random.default_rng(2)
    rows = make.split({"group": np.repeat(["a", "b"], 500)}, np.zeros(1000, dtype=int))
    rows = type(rows)(**{**vars(rows), "labels": None, "targets": rng.normal(size=1000)})
    outputs = rows.targets + np.repeat([0.0, 0.5], 500) + rng.normal(0, 0.1, 1000)
    ask = make.ask("mean_error")
    probe = GroupFairness(asks=(ask,), task=Regression())
    seen = Observations({"test": rows}, {Predict("test"): Observation(outputs)})
    v = make.verdict(probe.measure(seen).families[0], max=0.2)
    assert v.outcome == "failed"
    assert v.value == pytest.approx(0.5, abs=0.02)


def test_a_missing_group_column_is_refused():
    from audit.config import SplitSpec
    from audit.errors import ConfigError
    from audit.measurement import Ask

    ask = Ask(probe="group-fairness", metric="tpr", statistic="gap", by=("agee",))
    with pytest.raises(ConfigError, match='"agee" is not a group column'):
        GroupFairness.complete(ask, SplitSpec(groups=("age",), positive="x"))
