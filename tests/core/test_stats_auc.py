"""DeLong against all pairs, and its coverage."""

import numpy as np
import pytest
from scipy.special import ndtr

from audit.stats.auc import auc, midranks


def by_pairs(y, score):
    """Return AUC and DeLong's standard error from the matrix of all pairs."""
    wins = np.sign(score[y][:, None] - score[~y][None, :]) / 2 + 0.5
    above, below = wins.mean(axis=1), wins.mean(axis=0)
    variance = above.var(ddof=1) / len(above) + below.var(ddof=1) / len(below)
    return wins.mean(), variance**0.5


@pytest.mark.parametrize("seed", range(5))
def test_delong_is_that_of_all_pairs_ties_included(seed):
    rng = np.random.default_rng(seed)
    y = rng.random(70) < 0.4
    score = np.round(rng.normal(size=70) + y, 1)
    ours = auc(y, score)
    assert (ours.estimate, ours.se) == pytest.approx(by_pairs(y, score))


def test_tied_values_share_their_mean_rank():
    assert midranks([3, 1, 3, 2]).tolist() == [3.5, 1.0, 3.5, 2.0]


def test_the_logit_interval_covers_the_true_area():
    rng, truth, inside = np.random.default_rng(4), ndtr(1.8 / 2**0.5), 0
    for _ in range(1500):
        y = np.arange(120) < 40
        low, high, _ = auc(y, rng.normal(size=120) + 1.8 * y).interval()
        inside += low <= truth <= high
    assert 0.93 <= inside / 1500 <= 0.975


def test_perfect_separation_is_no_evidence_of_anything():
    perfect = auc([True] * 5 + [False] * 5, range(10, 0, -1))
    assert perfect.theta == 1.0
    assert perfect.p_over(0.9) == 1.0


def test_one_class_has_no_area():
    with pytest.raises(ValueError, match="two of each class"):
        auc([True, True, True], [0.1, 0.2, 0.3])
