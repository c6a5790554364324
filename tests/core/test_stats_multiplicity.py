"""Holm and Benjamini-Hochberg against statsmodels, and the levels that bounds are drawn at."""

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from audit.stats.multiplicity import benjamini_hochberg, holm


def p_values(seed, m=12):
    rng = np.random.default_rng(seed)
    return [float(p) for p in rng.uniform(size=m) ** 4]


@pytest.mark.parametrize("seed", range(8))
def test_holm_is_that_of_statsmodels(seed):
    p = p_values(seed)
    rejected, adjusted, *_ = multipletests(p, 0.05, "holm")
    ours = holm(p, 0.05)
    assert ours.rejected == tuple(rejected)
    assert ours.adjusted == pytest.approx(adjusted)


@pytest.mark.parametrize("seed", range(8))
def test_benjamini_hochberg_is_that_of_statsmodels(seed):
    p = p_values(seed)
    rejected, adjusted, *_ = multipletests(p, 0.1, "fdr_bh")
    ours = benjamini_hochberg(p, 0.1)
    assert ours[0] == list(rejected)
    assert ours[1] == pytest.approx(adjusted)


@pytest.mark.parametrize("seed", range(20))
def test_a_test_is_rejected_exactly_when_p_is_within_its_level(seed):
    p = p_values(seed)
    weights = np.random.default_rng(seed).uniform(0.2, 3, len(p)).tolist()
    for outcome in (holm(p), holm(p, weights=weights)):
        within = tuple(a <= b for a, b in zip(p, outcome.level, strict=True))
        assert outcome.rejected == within
        by_adjusted = tuple(a <= 0.05 for a in outcome.adjusted)
        assert outcome.rejected == by_adjusted


def test_the_first_test_not_rejected_stands_at_alpha_over_the_remaining():
    outcome = holm([0.001, 0.03, 0.9], 0.05)
    assert outcome.rejected == (True, False, False)
    assert outcome.level == pytest.approx((0.05 / 3, 0.05 / 2, 0.05 / 2))


def test_weights_move_the_level_to_the_heavy_test():
    assert holm([0.04, 0.5], 0.05).rejected == (False, False)
    assert holm([0.04, 0.5], 0.05, weights=[9, 1]).rejected == (True, False)


def test_weighted_holm_keeps_the_family_wise_error():
    rng = np.random.default_rng(5)
    weights = [4.0, 1.0, 1.0, 1.0]
    p = rng.uniform(size=(4000, 4))
    false_alarms = np.mean([any(holm(row.tolist(), 0.05, weights).rejected) for row in p])
    assert false_alarms <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 4000)


def test_impossible_p_values_and_weights_are_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        holm([1.2])
    with pytest.raises(ValueError, match="positive"):
        holm([0.2, 0.3], weights=[1, 0])
