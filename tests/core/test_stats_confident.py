import numpy as np
import pytest

from audit.stats.confident import confident_joint, prune_by_class, prune_by_noise_rate, thresholds
from audit.stats.overreading import read

# Six rows, two classes. Given 0: 0.9, 0.8, 0.1 for class 0; given 1: 0.9, 0.6, 0.3 for class 1.
P = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.1, 0.9], [0.4, 0.6], [0.7, 0.3]])
GIVEN = np.array([0, 0, 0, 1, 1, 1])


def test_thresholds_are_the_mean_self_confidence():
    """0: (0.9 + 0.8 + 0.1) / 3 = 0.6; 1: (0.9 + 0.6 + 0.3) / 3 = 0.6."""
    assert thresholds(P, GIVEN) == pytest.approx([0.6, 0.6])


def test_the_joint_equals_one_worked_out_by_hand():
    """Confident counts are [[2, 1], [1, 2]]; each row sums to its three given labels already."""
    joint = confident_joint(P, GIVEN)
    assert joint.share == pytest.approx(np.array([[2, 1], [1, 2]]) / 6)
    assert joint.rate == pytest.approx(1 / 3)
    assert joint.transition == pytest.approx(np.array([[2, 1], [1, 2]]) / 3)


def test_rows_that_reach_no_threshold_are_spread_as_the_others():
    """Given 0: 0.9, 0.4, 0.2 (mean 0.5); given 1: 0.9, 0.9. Row 2 reaches neither 0.5 nor 0.9.

    Row 3 has 0.8 for class 1, below 0.9. Counts [[1, 0], [0, 2]] scale to [[3, 0], [0, 2]].
    """
    p = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.1, 0.9], [0.1, 0.9]])
    joint = confident_joint(p, np.array([0, 0, 0, 1, 1]))
    assert joint.share == pytest.approx(np.array([[3, 0], [0, 2]]) / 5)


def test_a_row_that_reaches_two_thresholds_counts_for_the_more_probable_class():
    """Three classes, thresholds 0.45, 0.5, 0.9: row 1 reaches 0.45 and 0.5, and is taken for 1."""
    p = np.array([[0.45, 0.3, 0.25], [0.45, 0.55, 0.0], [0.3, 0.5, 0.2], [0.0, 0.1, 0.9]])
    joint = confident_joint(p, np.array([0, 0, 1, 2]))
    assert joint.thresholds == pytest.approx([0.45, 0.5, 0.9])
    assert joint.share[0] == pytest.approx([0.25, 0.25, 0.0])


def test_pruning_takes_the_largest_margins_of_each_pair():
    """One row of each pair: row 2 (0.9 - 0.1 = 0.8) and row 5 (0.7 - 0.3 = 0.4)."""
    joint = confident_joint(P, GIVEN)
    found = prune_by_noise_rate(P, GIVEN, joint)
    assert found.rows.tolist() == [2, 5]
    assert found.suggested.tolist() == [1, 0]
    assert found.margins == pytest.approx([0.8, 0.4])
    assert prune_by_class(P, GIVEN, joint).tolist() == [2, 5]


def test_a_class_that_no_row_was_given_is_never_suggested():
    p = np.column_stack([P, np.zeros(6)])
    joint = confident_joint(p, GIVEN)
    assert joint.share[:, 2] == pytest.approx([0, 0, 0])
    assert set(prune_by_noise_rate(p, GIVEN, joint).suggested) == {0, 1}


def out_of_sample(n, classes, bayes, flipped, seed):
    """Return cross-validated probabilities and given labels of Gaussians on the axes."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import KFold, cross_val_predict

    rng = np.random.default_rng(seed)
    true = rng.integers(0, classes, n)
    x = rng.normal(size=(n, 5))
    x[np.arange(n), true] += shift(classes, bayes)
    given = true.copy()
    rows = rng.permutation(n)[: round(flipped * n)]
    given[rows] = (given[rows] + rng.integers(1, classes, len(rows))) % classes
    folds = KFold(5)
    model = LogisticRegression(max_iter=500)
    return cross_val_predict(model, x, given, cv=folds, method="predict_proba"), given


def shift(classes, bayes):
    """Return how far class means stand from the origin for a Bayes accuracy."""
    z = np.random.default_rng(0).normal(size=(200_000, classes))
    lead = z[:, 1:].max(axis=1) - z[:, 0]
    return float(np.quantile(lead, bayes))


def reading(*world):
    p, given = out_of_sample(*world)
    return read(p, given, confident_joint(p, given), 0)


def test_a_rate_is_claimed_where_classes_stand_apart():
    r = reading(2_000, 2, 0.99, 0.10, 1)
    low, high, _ = r.evidence.interval()
    assert low < 0.10 < high
    assert high - low < 0.05
    assert r.accuracy == pytest.approx(0.99, abs=0.01)


def test_no_rate_is_claimed_where_classes_overlap():
    """Nothing is wrong here, and confident learning reads about 12 %."""
    r = reading(2_000, 2, 0.8, 0.0, 1)
    assert 0.09 < r.rate < 0.15
    assert r.bias == pytest.approx(r.rate, abs=0.03)
    assert r.accuracy == pytest.approx(0.8, abs=0.02)
    assert r.evidence is None


def test_clean_labels_of_classes_that_stand_apart_are_shown_to_be_clean():
    r = reading(2_000, 3, 0.995, 0.0, 1)
    low, high, _ = r.evidence.interval()
    assert low <= 1 / 2_000
    assert high < 0.01


def test_no_rate_is_claimed_from_a_model_that_learns_wrong_labels_by_heart():
    """One nearest neighbour answers 0 or 1, and is wrong on each neighbour of a wrong label."""
    rng = np.random.default_rng(0)
    given = rng.integers(0, 2, 2_000)
    p = np.eye(2)[np.where(rng.random(2_000) < 0.2, 1 - given, given)]
    r = read(p, given, confident_joint(p, given), 0)
    assert r.unbiased
    assert r.excess == pytest.approx(r.rate)
    assert not r.claimed


@pytest.mark.slow
@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("flipped", [0.05, 0.10, 0.20])
@pytest.mark.parametrize("n", [1_000, 5_000])
def test_claimed_intervals_hold_the_planted_rate(classes, flipped, n):
    found = [reading(n, classes, 0.99, flipped, seed).evidence for seed in range(100)]
    claimed = [e.interval() for e in found if e is not None]
    assert len(claimed) >= 85
    assert sum(low <= flipped <= high for low, high, _ in claimed) >= 0.9 * len(claimed)


@pytest.mark.slow
@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("flipped", [0.0, 0.05, 0.10])
@pytest.mark.parametrize("n", [1_000, 5_000])
def test_overlap_is_practically_never_claimed_as_wrong_labels(classes, flipped, n):
    claimed = [reading(n, classes, 0.8, flipped, seed).claimed for seed in range(100)]
    assert sum(claimed) <= 2
