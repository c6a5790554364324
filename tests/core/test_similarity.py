"""How alike two explanations are: against scipy pair by pair, and in what cannot be compared."""

import numpy as np
import pytest
from scipy import stats

from audit.explained.similarity import LEAST_PARTS, SIMILARITIES, cosine, ranks, spearman, top_parts


def explanations(n=40, k=12, seed=0):
    """Return two sets of explanations with ties, and parts missing from either."""
    rng = np.random.default_rng(seed)
    made = np.round(rng.normal(size=(2, n, k)), 1)
    made[rng.random(made.shape) < 0.15] = np.nan
    return made


def both(a, b):
    there = ~(np.isnan(a) | np.isnan(b))
    return np.abs(a[there]), np.abs(b[there])


def test_rank_correlation_is_scipys_on_the_parts_that_both_have():
    a, b = explanations()
    expected = [stats.spearmanr(*both(x, y)).statistic for x, y in zip(a, b, strict=True)]
    assert spearman(a, b) == pytest.approx(np.array(expected))


def test_ranks_are_scipys_where_parts_are_missing():
    a, _ = explanations()
    assert ranks(a) == pytest.approx(stats.rankdata(a, axis=1, nan_policy="omit"), nan_ok=True)


def test_the_cosine_is_the_angle_between_absolute_attributions():
    a, b = explanations()
    pairs = [both(x, y) for x, y in zip(a, b, strict=True)]
    expected = [x @ y / np.linalg.norm(x) / np.linalg.norm(y) for x, y in pairs]
    assert cosine(a, b) == pytest.approx(np.array(expected))


def test_the_strongest_tenth_is_compared_as_two_sets():
    a, b = np.zeros((2, 1, 20))
    a[0, [3, 7]], b[0, [7, 11]] = (2, -1), (-1, 2)
    assert top_parts(a, b) == pytest.approx(1 / 3)
    assert top_parts(a, -a) == 1.0


def test_of_equal_attributions_the_first_is_the_stronger():
    a = np.array([[1.0, 1.0, 0.5]])
    assert top_parts(a, np.array([[2.0, 1.0, 1.0]])) == 1.0
    assert top_parts(a, np.array([[1.0, 2.0, 1.0]])) == 0.0


@pytest.mark.parametrize("name", SIMILARITIES)
def test_an_explanation_is_wholly_like_itself_whatever_its_sign_and_size(name):
    a, _ = explanations()
    assert SIMILARITIES[name](a, -3 * a) == pytest.approx(1.0)


@pytest.mark.parametrize("name", SIMILARITIES)
def test_too_few_parts_in_common_are_not_compared(name):
    a, b = np.full((2, 2, 6), np.nan)
    a[:, :LEAST_PARTS], b[:, :LEAST_PARTS] = [3.0, 2.0, 1.0], [3.0, 2.0, 1.0]
    b[1, 0], b[1, 5] = np.nan, 1.0
    assert SIMILARITIES[name](a, b) == pytest.approx([1.0, np.nan], nan_ok=True)


@pytest.mark.parametrize("name", ["spearman", "cosine"])
def test_an_explanation_without_variation_is_like_no_other(name):
    a, b = np.zeros((1, 5)), np.arange(5.0)[None, :]
    assert SIMILARITIES[name](a, b) == 0.0


@pytest.mark.parametrize("name", SIMILARITIES)
def test_parts_that_neither_has_change_nothing(name):
    a, b = explanations()
    gap = np.full((len(a), 3), np.nan)
    wide = (np.hstack([gap, x, gap]) for x in (a, b))
    assert SIMILARITIES[name](*wide) == pytest.approx(SIMILARITIES[name](a, b))
