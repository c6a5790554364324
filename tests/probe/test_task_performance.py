import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    f1_score,
    log_loss,
    roc_auc_score,
)

from audit.groups import GroupRules
from audit.measurement import Ask
from audit.observations import Observation, Observations
from audit.requests import Predict
from audit.task import Classification, Regression
from probes.task_performance import TaskPerformance

NAMES = ("accuracy", "balanced_accuracy", "macro_f1", "auc", "log_loss")


def run(rows, outputs, metric, statistic="overall", labels=("neg", "pos"), **words):
    label = "pos" if metric == "auc" else ""
    ask = Ask(probe="task-performance", metric=metric, statistic=statistic, label=label, **words)
    probe = TaskPerformance(
        asks=(ask,), task=Classification(labels, "pos" if "pos" in labels else ""),
        groups=GroupRules(),
    )  # fmt: skip
    seen = Observations({"test": rows}, {Predict("test"): Observation(np.asarray(outputs))})
    return probe.measure(seen)


def rows_and_outputs(make, n=800, seed=0):
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.3).astype(int)
    p = np.clip(rng.normal(0.3 + 0.35 * y, 0.2), 0.001, 0.999)
    return make.split({"group": rng.choice(["a", "b"], n)}, y), np.column_stack([1 - p, p]), y, p


def test_overall_figures_equal_scikit_learn(make):
    rows, outputs, y, p = rows_and_outputs(make)
    chosen = (p > 0.5).astype(int)
    expected = {
        "accuracy": accuracy_score(y, chosen),
        "balanced_accuracy": balanced_accuracy_score(y, chosen),
        "macro_f1": f1_score(y, chosen, average="macro"),
        "auc": roc_auc_score(y, p),
        "log_loss": log_loss(y, p),
    }
    for name in NAMES:
        (family,) = run(rows, outputs, name).families
        assert family.measurements[0].value == pytest.approx(expected[name], abs=1e-9), name


@pytest.mark.parametrize("metric", ["balanced_accuracy", "macro_f1", "auc"])
def test_intervals_cover_the_truth_at_their_rate(make, metric):
    big_rows, big, *_ = rows_and_outputs(make, 200_000, 99)
    truth = run(big_rows, big, metric).families[0].measurements[0].value
    hit = 0
    for seed in range(150):
        rows, outputs, *_ = rows_and_outputs(make, 400, seed)
        interval = run(rows, outputs, metric).families[0].measurements[0].interval
        hit += interval.low <= truth <= interval.high
    assert 134 <= hit <= 150  # 142.5 expected; binomial 0.999 range


def test_a_perfect_class_is_not_taken_for_certain(make):
    y = np.tile([0, 1], 40)
    rows = make.split({"group": ["a"] * 80}, y)
    m = run(rows, np.eye(2)[y], "balanced_accuracy").families[0].measurements[0]
    assert m.interval.low < 1.0


def test_the_worst_group_is_a_family_of_its_own(make):
    rows, outputs = make.planted([500] * 5, [0.9, 0.9, 0.9, 0.9, 0.6], 0)
    family = run(rows, outputs, "accuracy", "worst", by=("group",)).families[0]
    v = make.verdict(family, min=0.8)
    assert v.outcome == "failed"
    assert "g04" in v.explanation
    assert v.family_size == 5


def test_the_boundary_is_rarely_proven_broken(make):
    """Six groups exactly at the limit: the gate fails in at most about 5 %."""
    failed = 0
    for seed in range(100):
        rows, outputs = make.planted([150] * 6, [0.85] * 6, seed)
        family = run(rows, outputs, "accuracy", "worst", by=("group",)).families[0]
        failed += make.verdict(family, min=0.85).outcome == "failed"
    assert failed <= 12


def test_the_most_confident_errors_are_shown_first(make):
    rows, outputs, *_ = rows_and_outputs(make)
    (cases,) = [e for e in run(rows, outputs, "accuracy").exhibits if hasattr(e, "cases")]
    sure = [float(c.facts[1].split(", ")[-1]) for c in cases.cases]
    assert sure == sorted(sure, reverse=True)
    assert all(c.input is None for c in cases.cases)


def test_regression_measures_errors_in_the_targets_unit(make):
    rng = np.random.default_rng(0)
    rows = make.split({"group": ["a"] * 300}, np.zeros(300, dtype=int))
    rows = type(rows)(**{**vars(rows), "labels": None, "targets": rng.normal(size=300)})
    ask = Ask(probe="task-performance", metric="mean_absolute_error", statistic="overall")
    probe = TaskPerformance(asks=(ask,), task=Regression())
    seen = Observations({"test": rows}, {Predict("test"): Observation(rows.targets + 0.25)})
    m = probe.measure(seen).families[0].measurements[0]
    assert m.value == pytest.approx(0.25)


@pytest.mark.parametrize("metric", ["balanced_accuracy", "macro_f1", "auc"])
def test_tripled_rows_in_clusters_give_the_interval_of_the_distinct_rows(make, metric):
    rows, outputs, *_ = rows_and_outputs(make, 400, 1)
    single = run(rows, outputs, metric).families[0].measurements[0]
    y = np.repeat(rows.labels.codes, 3)
    tripled = make.split({"group": ["a"] * 1200}, y, clusters=np.repeat(np.arange(400), 3))
    robust = run(tripled, np.repeat(outputs, 3, axis=0), metric).families[0].measurements[0]
    assert robust.value == pytest.approx(single.value, abs=1e-9)
    widths = [m.interval.high - m.interval.low for m in (single, robust)]
    assert widths[1] == pytest.approx(widths[0], rel=0.1)


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy"])
def test_a_clustered_share_near_one_keeps_its_interval_below_one_and_its_coverage(make, metric):
    """60 clusters of 6 rows, each with a rate of its own around .95."""
    hit = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        rate = np.repeat(rng.beta(19 * 2, 2, 60), 6)
        y = np.tile([0, 1], 180)
        right = rng.random(360) < rate
        rows = make.split({"group": ["a"] * 360}, y, clusters=np.repeat(np.arange(60), 6))
        m = run(rows, np.eye(2)[np.where(right, y, 1 - y)], metric).families[0].measurements[0]
        assert m.interval.high <= 1
        hit += m.interval.low <= 0.95 <= m.interval.high
    assert hit >= 182  # 190 expected; binomial 0.99 range
