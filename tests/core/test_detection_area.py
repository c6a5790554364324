"""Areas under the ROC curve: scikit-learn's values, and intervals that cover the truth."""

import math

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from audit.detection.area import point, promised
from audit.separation import hanley_mcneil, independent, separation
from audit.stats.evidence import Mean, OneProportion


def both(home, away):
    return np.r_[np.zeros(len(home)), np.ones(len(away))], np.r_[home, away]


@pytest.mark.parametrize("step", [None, 0.5])
def test_the_area_equals_scikit_learns_with_and_without_ties(step):
    rng = np.random.default_rng(0)
    for d in (0, 1, 2, 5):
        home, away = rng.normal(size=173), rng.normal(d, 1, 91)
        if step:
            home, away = np.round(home / step), np.round(away / step)
        expected = roc_auc_score(*both(home, away))
        assert point(home, away) == pytest.approx(expected, abs=1e-15)
        assert separation(home, away).theta == pytest.approx(expected, abs=1e-12)


def covered(d, m, n, audits, clusters=0, seed=0):
    """Return how often 95 % intervals lie below, around and above Phi(d / sqrt 2)."""
    rng, truth = np.random.default_rng(seed), norm.cdf(d / math.sqrt(2))
    out = [0, 0, 0]
    for _ in range(audits):
        home, away = rng.normal(size=m), rng.normal(d, 1, n)
        own = (None, None)
        if clusters:  # half of the variance is shared within a cluster
            own = np.arange(m) // clusters, 10**6 + np.arange(n) // clusters
            home = (home + rng.normal(size=m)[own[0]]) / math.sqrt(2)
            away = d + (away - d + rng.normal(size=n)[own[1] - 10**6]) / math.sqrt(2)
        low, high, _ = separation(home, away, *own).interval()
        out[0 if high < truth else 2 if low > truth else 1] += 1
    return out


@pytest.mark.parametrize("d", [0, 1, 2])
def test_the_area_of_two_gaussians_is_covered(d):
    """300 audits: at most 27 misses, the 99.9 % point of the binomial law at 5 %."""
    assert covered(d, 100, 100, 300)[1] >= 273


@pytest.mark.slow
@pytest.mark.parametrize("d", [0, 1, 2, 3, 4])
@pytest.mark.parametrize(("m", "n"), [(30, 30), (100, 100), (300, 60), (300, 300)])
def test_the_area_of_two_gaussians_is_covered_at_all_sizes(d, m, n):
    """2,000 audits: at most 132 misses, the 99.95 % point at 5 %; either side at most 75."""
    below, inside, above = covered(d, m, n, 2000)
    assert inside >= 1868
    assert max(below, above) <= 75


@pytest.mark.slow
@pytest.mark.parametrize("d", [0, 1, 2])
def test_the_area_of_clustered_gaussians_is_covered(d):
    """2,000 audits, clusters of four; at most 132 misses as above."""
    assert covered(d, 240, 160, 2000, clusters=4)[1] >= 1868


def test_a_perfect_area_is_bounded_by_the_pairs_that_share_no_row():
    found = separation(np.arange(40.0), 100 + np.arange(60.0))
    assert found == OneProportion(k=40, n=40)
    assert found.lower(0.05) == pytest.approx(0.05 ** (1 / 40))
    assert separation(100 + np.arange(60.0), np.arange(40.0)) == OneProportion(k=0, n=40)


def test_a_perfect_area_of_clusters_is_bounded_by_their_number():
    home, away = np.arange(40.0), 100 + np.arange(60.0)
    found = separation(home, away, np.arange(40) // 4, 100 + np.arange(60) // 4)
    assert found == OneProportion(k=10, n=10)


def test_a_score_that_tells_nothing_apart_is_evidence_for_one_half():
    found = separation(np.zeros(200), np.zeros(100))
    assert found.theta == 0.5
    assert found.se > 0
    assert found.p_under(0.8) < 1e-3
    assert found.p_over(0.5) > 0.4


def test_clusters_on_both_sides_are_dealt_out_once():
    codes = np.arange(10)
    assert independent(codes, codes, 10, 10) == (5, 5)
    assert sorted(independent(codes, codes + 8, 10, 10)) == [9, 9]
    assert independent(codes[:2], codes, 2, 10) == (2, 8)


def test_too_few_rows_or_clusters_are_no_evidence():
    assert separation(np.zeros(1), np.ones(9)) is None
    assert separation(np.zeros(9), np.ones(9), np.zeros(9, int), np.arange(9) + 1) is None


def test_hanley_mcneils_error_is_exact_for_exponential_scores():
    """Areas of exponential scores vary as the formula says; 4,000 areas, 4 standard errors."""
    rng, a = np.random.default_rng(1), 0.85
    areas = [point(rng.exponential(1, 60), rng.exponential(a / (1 - a), 40)) for _ in range(4000)]
    assert np.mean(areas) == pytest.approx(a, abs=0.003)
    assert np.std(areas) == pytest.approx(hanley_mcneil(a, 60, 40), rel=0.05)


def test_the_promise_is_about_the_sizes():
    found = promised(0.85, 300, 200)
    assert isinstance(found, Mean)
    assert found.se == pytest.approx(hanley_mcneil(0.85, 300, 200))
    assert promised(0.85, 1, 200) is None
