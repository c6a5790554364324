"""The domain classifier against scikit-learn, and its permutations against enumeration."""

from itertools import permutations

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import kstest, mannwhitneyu
from sklearn.covariance import ledoit_wolf
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression

from audit.stats import twosample


def samples(seed, n=80, dims=5, distance=1.0):
    rng = np.random.default_rng(seed)
    mix = rng.normal(size=(dims, dims))
    first, second = rng.normal(size=(2, n, dims)) @ mix
    second = second + distance * mix[0]
    return first, second


def test_the_weight_of_the_identity_is_that_of_scikit_learn():
    x = samples(0)[0]
    x = x - x.mean(axis=0)
    assert twosample.shrinkage(x, x.T @ x / len(x)) == pytest.approx(ledoit_wolf(x)[1])


@pytest.mark.parametrize("dims", [5, 120])
def test_scores_rank_like_those_of_a_shrunken_discriminant_of_scikit_learn(dims):
    """It standardises within the two samples together and shrinks each on its own, nearly alike."""
    first, second = samples(1, 80, dims)
    x, y = np.vstack([first, second]), np.repeat([0, 1], 80)
    ours = twosample.discriminant(first, second).score(x)
    theirs = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(x, y)
    assert np.corrcoef(ours, theirs.decision_function(x))[0, 1] > 0.95


def test_a_constant_column_that_differs_tells_the_samples_apart():
    first, second = samples(2, distance=0.0)
    told = twosample.discriminant(
        np.column_stack([first, np.zeros(80)]), np.column_stack([second, np.ones(80)])
    )
    low, high = (np.column_stack([s, np.full(80, v)]) for s, v in ((first, 0.0), (second, 1.0)))
    assert told.score(low).max() < told.score(high).min()


def test_samples_of_one_point_have_no_discriminant():
    assert twosample.discriminant(np.ones((9, 3)), np.ones((9, 3))) is None


def test_halves_keep_contents_and_clusters_together_whatever_the_order():
    rng = np.random.default_rng(3)
    digests = np.array([b"%016d" % i for i in rng.integers(0, 150, 400)])
    clusters = rng.integers(0, 300, 400)
    half = twosample.learning_half(digests, clusters, 7)
    for key in (digests, clusters):
        assert all(len(set(half[key == k])) == 1 for k in np.unique(key))
    order = rng.permutation(400)
    again = twosample.learning_half(digests[order], 1000 - clusters[order], 7)
    assert (again == half[order]).all()


def test_half_of_large_clusters_learn():
    digests = np.array([b"%016d" % i for i in range(4000)])
    half = twosample.learning_half(digests, np.arange(4000) // 20, 1)
    assert 0.35 < half.mean() < 0.65


def test_a_permutation_p_is_that_of_all_relabellings():
    score, second = np.array([0.1, 0.9, 0.4, 0.8, 0.7, 0.2]), np.array([0, 1, 0, 1, 0, 1]) > 0
    flags = [np.array(p, dtype=bool) for p in set(permutations(second.tolist()))]
    stat = [_area(score, f) for f in flags]
    exact = np.mean(np.array(stat) >= _area(score, second))
    drawn = twosample.permutation_p(score, second, 0, replicates=20_000)
    assert drawn == pytest.approx(exact, abs=0.015)


def _area(score, second):
    return mannwhitneyu(score[second], score[~second]).statistic


@pytest.mark.parametrize("across", [False, True])
def test_clusters_are_relabelled_so_that_p_is_uniform_under_their_effect(across):
    """300 samples, 40 clusters of 5 with strong effects; Kolmogorov's test at 0.001."""
    ps = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        cluster = np.repeat(np.arange(40), 5)
        second = rng.random(40)[cluster] < 0.5
        if across:
            second[:60] = rng.random(60) < 0.5
        score = 2 * rng.normal(size=40)[cluster] + rng.normal(size=200)
        ps.append(twosample.permutation_p(score, second, seed, cluster, 199))
    assert kstest(ps, "uniform").pvalue > 0.001


def test_rows_of_clusters_taken_for_independent_would_be_found_too_often():
    small = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        cluster = np.repeat(np.arange(20), 10)
        second = (np.arange(20) % 2 > 0)[cluster]
        score = 2 * rng.normal(size=20)[cluster] + rng.normal(size=200)
        small += twosample.permutation_p(score, second, seed, None, 199) <= 0.05
    assert small > 20


def test_log_odds_are_those_of_logistic_regression():
    rng = np.random.default_rng(5)
    score = rng.normal(size=3000)
    second = rng.random(3000) < expit(0.5 + 1.5 * score)
    fit = LogisticRegression(C=np.inf).fit(score[:, None], second)
    theirs = fit.decision_function(score[:, None])
    assert twosample.log_odds(score, second) == pytest.approx(theirs, abs=1e-3)


def test_where_samples_do_not_overlap_weights_rest_on_the_nearest_rows():
    score = np.r_[np.linspace(0, 1, 50), np.linspace(2, 3, 50)]
    odds = twosample.log_odds(score, np.arange(100) >= 50)
    assert np.isfinite(odds).all()
    assert twosample.effective_share(odds[:50]).estimate < 0.05


def test_the_effective_share_and_its_interval():
    """Weights exp(d x), share exp(-d^2); 400 samples of 500, binomial once in 1,000 at 92 %."""
    hits, rng = 0, np.random.default_rng(6)
    for _ in range(400):
        low, high, _ = twosample.effective_share(0.5 * rng.normal(size=500)).interval()
        hits += low <= np.exp(-0.25) <= high
    assert hits >= 345
    assert twosample.effective_share(np.zeros(9)).estimate == 1.0


def test_the_error_of_the_effective_share_is_that_of_the_jackknife():
    odds = np.random.default_rng(7).normal(size=400)

    def share(w):
        return w.mean() ** 2 / (w**2).mean()

    w = np.exp(odds)
    without = np.array([share(np.delete(w, i)) for i in range(400)])
    jackknife = np.sqrt(399 / 400 * ((without - without.mean()) ** 2).sum())
    assert twosample.effective_share(odds).se == pytest.approx(jackknife, rel=0.05)
