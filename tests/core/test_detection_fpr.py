"""The share of foreign inputs accepted at 95 % TPR: brute force, and bounds that hold."""

import numpy as np
import pytest
from scipy.stats import beta, binom, norm
from sklearn.metrics import roc_curve

from audit.detection.fpr import Accepted, effective, false_positives, promised


def brute(home, away):
    """Return the share accepted at the lowest threshold that accepts 95 % of the familiar."""
    for t in np.sort(home):
        if sum(h <= t for h in home) * 20 >= 19 * len(home):
            return sum(a <= t for a in away) / len(away)
    raise AssertionError


@pytest.mark.parametrize("m", [1, 2, 19, 20, 21, 40, 60, 100, 173])
def test_the_share_accepted_equals_brute_force(m):
    rng = np.random.default_rng(m)
    for step in (1e-9, 0.5):
        home, away = (np.round(rng.normal(d, 1, k) / step) for d, k in ((0, m), (1, 91)))
        assert Accepted.of(home, away).share == brute(home, away)


def test_the_share_accepted_is_the_first_point_of_scikit_learns_curve():
    rng = np.random.default_rng(0)
    home, away = np.round(rng.normal(size=200), 1), np.round(rng.normal(1.5, 1, 150), 1)
    familiar, score = np.r_[np.ones(200), np.zeros(150)], -np.r_[home, away]
    fpr, tpr, _ = roc_curve(familiar, score, drop_intermediate=False)
    assert Accepted.of(home, away).share == fpr[np.argmax(tpr >= 0.95)]


def exact(home, away, theta, *, upper):
    """Return the mixed tail by its definition, one count of the threshold after the other."""
    m, n = len(home), len(away)
    edges = np.r_[-np.inf, np.sort(home), np.inf]
    total = 0.0
    for j in range(m + 1):
        if upper:
            k = int((away < edges[j + 1]).sum())
            tail = beta.sf(theta, k + 1, n - k) if k < n else 1.0
        else:
            k = int((away <= edges[j]).sum())
            tail = beta.cdf(theta, k, n - k + 1) if k else 1.0
        total += binom.pmf(j, m, 0.95) * tail
    return total


@pytest.mark.parametrize(
    ("m", "n", "d"), [(100, 100, 2), (200, 60, 0), (80, 300, 3), (300, 300, 5)]
)
def test_bounds_invert_the_mixed_tails(m, n, d):
    rng = np.random.default_rng(m + n)
    home, away = rng.normal(size=m), rng.normal(d, 1, n)
    found = false_positives(home, away)
    for alpha in (0.05, 0.025, 0.01):
        upper, lower = found.upper(alpha), found.lower(alpha)
        assert upper == pytest.approx(1.0) or exact(home, away, upper, upper=True) == pytest.approx(
            alpha, rel=1e-3
        )
        assert lower <= 0 or exact(home, away, lower, upper=False) == pytest.approx(alpha, rel=1e-3)
    for tau in (0.1, 0.3, 0.6):  # between the levels of the table the tails are read off lines
        assert found.p_under(tau) == pytest.approx(
            exact(home, away, tau, upper=True), abs=0.01
        ) or (found.p_under(tau) > 0.4)


def test_none_of_n_accepted_has_an_upper_bound_above_zero_and_proves_nothing_above_zero():
    rng = np.random.default_rng(0)
    found = false_positives(rng.normal(size=300), 50 + rng.normal(size=60))
    assert found.theta == 0.0
    assert found.upper(0.05) == pytest.approx(1 - 0.05 ** (1 / 60), rel=1e-3)
    assert found.p_over(0.0) >= 0.5
    assert found.p_under(0.1) < 0.01


def test_too_few_familiar_rows_bound_nothing_from_above():
    """Of 58 rows all lie below their own 95 % quantile more often than once in 20."""
    rng = np.random.default_rng(0)
    for m, high in ((58, 1.0), (60, 0.99)):
        found = false_positives(rng.normal(size=m), 3 + rng.normal(size=200))
        assert (found.upper(0.05) >= high) is (m == 58)


CASES = {
    "equal": (0.0, 1.0),
    "near": (1.0, 1.0),
    "far": (2.0, 1.0),
    "very far": (4.0, 1.0),
    "wide": (1.0, 4.0),
    "at the threshold": (norm.ppf(0.95), 0.03),
}


def missed(case, m, n, audits, clusters=0, seed=0):
    """Return how often the true share lies below, and above, 97.5 % bounds."""
    d, spread = CASES[case]
    rng, truth = np.random.default_rng(seed), norm.cdf((norm.ppf(0.95) - d) / spread)
    out = np.zeros(2, dtype=int)
    for _ in range(audits):
        home, away = rng.normal(size=m), rng.normal(size=n)
        own = (None, None)
        if clusters:
            own = np.arange(m) // clusters, np.arange(n) // clusters
            home = (home + rng.normal(size=m)[own[0]]) / np.sqrt(2)
            away = (away + rng.normal(size=n)[own[1]]) / np.sqrt(2)
        found = false_positives(home, d + spread * away, *own)
        out += found.lower(0.025) > truth, found.upper(0.025) < truth
    return out


@pytest.mark.parametrize("case", CASES)
def test_the_true_share_is_covered(case):
    """200 audits: at most 14 misses a side, the 99.9 % point of the binomial law at 2.5 %."""
    assert missed(case, 120, 100, 200).max() <= 14


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("m", "n"), [(30, 30), (100, 100), (300, 60), (60, 500), (300, 300)])
def test_the_true_share_is_covered_at_all_sizes(case, m, n):
    """1,000 audits: at most 43 misses a side, the 99.95 % point at 2.5 %."""
    assert missed(case, m, n, 1000).max() <= 43


@pytest.mark.slow
@pytest.mark.parametrize("case", ["equal", "near", "far", "very far"])
def test_the_true_share_of_clustered_rows_is_covered(case):
    """1,000 audits, clusters of four; at most 43 misses a side as above."""
    assert missed(case, 400, 240, 1000, clusters=4).max() <= 43


def test_clusters_count_for_as_many_rows_as_know_the_share_as_well():
    inside = np.repeat(np.arange(60) % 3 == 0, 5)
    assert effective(inside, None) == 300
    assert effective(inside, np.arange(300)) == pytest.approx(300, rel=0.02)
    assert effective(inside, np.arange(300) // 5) == pytest.approx(60, rel=0.1)
    assert effective(np.ones(300, dtype=bool), np.arange(300) // 5) == 60
    assert effective(inside, np.zeros(300)) is None


def test_the_promise_is_that_of_two_normal_scores():
    found = promised(1.4657, 400, 400)
    assert found.theta == pytest.approx(norm.cdf(norm.ppf(0.95) - 1.4657), abs=0.01)
    assert found.power(0.9, 0.6, 0.05, "over") > 0.5
