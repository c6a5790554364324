import numpy as np
import pytest

from audit.explained.others import laid_on, others_of, shared_mean
from audit.stats.clusters import cluster_mean


def digests(n):
    return np.array([f"input {i}".encode().ljust(16)[:16] for i in range(n)])


def test_others_are_of_the_same_class_and_nearest_in_length():
    rng = np.random.default_rng(0)
    parts, classes = rng.integers(3, 40, 300), rng.integers(0, 3, 300)
    found = others_of(parts, classes, digests(300), 7)
    assert found.shape == (300, 7)
    for i in range(300):
        same = np.flatnonzero((classes == classes[i]) & (np.arange(300) != i))
        nearest = np.sort(np.abs(parts[same] - parts[i]))[:7]
        assert (classes[found[i]] == classes[i]).all()
        assert len(set(found[i])) == 7
        assert np.abs(parts[found[i]] - parts[i]).tolist() == nearest.tolist()


def test_an_input_alone_in_its_class_has_no_other():
    found = others_of(np.full(4, 5), np.array([0, 0, 0, 1]), digests(4), 2)
    assert (found[3] == -1).all()
    assert (found[:3] >= 0).all()
    assert others_of(np.array([5]), None, digests(1), 20).shape == (1, 0)


def test_equal_inputs_are_not_different_ones():
    names = digests(6)
    names[1] = names[0]
    found = others_of(np.full(6, 5), None, names, 10)
    assert 1 not in found[0]
    assert found[0].tolist().count(-1) == 1


def test_equally_near_inputs_are_each_taken_equally_often():
    found = others_of(np.full(60, 9), None, digests(60), 20)
    assert (np.bincount(found.ravel(), minlength=60) == 20).all()


def test_the_order_of_inputs_changes_no_choice():
    rng = np.random.default_rng(1)
    parts, classes, names = rng.integers(3, 12, 400), rng.integers(0, 2, 400), digests(400)
    order = rng.permutation(400)
    found = others_of(parts, classes, names, 5)
    again = others_of(parts[order], classes[order], names[order], 5)
    assert (order[again] == found[order]).all()


def test_parts_are_laid_on_by_their_relative_position():
    values = np.array([[1.0, 2.0, 3.0, 4.0], [1.0, 2.0, np.nan, np.nan], [5.0, 6.0, 7.0, 8.0]])
    laid = laid_on(values, np.array([4, 2, 4]), np.array([2, 4, 4]))
    assert laid[0, :2].tolist() == [2.0, 4.0]
    assert np.isnan(laid[0, 2:]).all()
    assert laid[1].tolist() == [1.0, 1.0, 2.0, 2.0]
    assert laid[2].tolist() == [5.0, 6.0, 7.0, 8.0]


def test_nothing_is_laid_from_or_on_an_empty_input():
    values = np.array([[np.nan, np.nan], [1.0, 2.0]])
    laid = laid_on(values, np.array([0, 2]), np.array([3, 0]))
    assert np.isnan(laid).all()
    assert laid_on(values[:0], np.array([], dtype=int), np.array([], dtype=int)).shape == (0, 0)


@pytest.mark.parametrize("most", [4, 29])
def test_the_mean_of_comparisons_has_the_spread_of_a_u_statistic(most):
    rng = np.random.default_rng(2)
    means, errors, alone = [], [], []
    for _ in range(400):
        level = rng.normal(size=30)
        found = others_of(np.full(30, 5), None, digests(30)[rng.permutation(30)], most)
        values = level[:, None] + level[found] + 0.5 * rng.normal(size=found.shape)
        shared = shared_mean(values, found)
        assert shared.mean() == pytest.approx(values.mean())
        means.append(shared.mean())
        errors.append(cluster_mean(shared, np.arange(30)).se)
        alone.append(cluster_mean(values.mean(axis=1), np.arange(30)).se)
    assert np.mean(errors) == pytest.approx(np.std(means), rel=0.12)
    assert np.mean(alone) < 0.75 * np.std(means)


def test_missing_comparisons_leave_the_mean_of_the_rest():
    values = np.array([[0.2, 0.4], [0.6, np.nan], [np.nan, np.nan]])
    found = np.array([[1, 2], [0, -1], [0, 1]])
    shared = shared_mean(values, found)
    assert np.isnan(shared[2])
    assert shared[:2].mean() == pytest.approx((0.3 + 0.6) / 2)
