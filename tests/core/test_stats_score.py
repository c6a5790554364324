"""Score tests against numerical restricted likelihoods and against statsmodels."""

from itertools import product

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import xlog1py, xlogy
from scipy.stats import norm
from statsmodels.stats import proportion as reference

from audit.stats import score
from audit.stats.intervals import ratio_interval, tango_interval

TABLES = [(25, 30, 290, 300), (3, 40, 7, 25), (480, 500, 88, 90), (11, 12, 1, 50), (0, 20, 4, 60)]


def maximise(likelihood, low, high):
    """Return the argument of the maximum by a grid, then a bounded search around it."""
    grid = np.linspace(low, high, 4003)[1:-1]
    best = int(np.argmax([likelihood(q) for q in grid]))
    around = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    options = {"xatol": 1e-13}
    around = (low if best == 0 else around[0], high if best == len(grid) - 1 else around[1])
    search = minimize_scalar(
        lambda q: -likelihood(q), bounds=around, method="bounded", options=options
    )
    return search.x


def log_likelihood(k, n, q):
    return xlogy(k, q) + xlog1py(n - k, -q)


@pytest.mark.parametrize(("table", "tau"), list(product(TABLES, (-0.3, -0.05, 0.02, 0.1, 0.4))))
def test_the_difference_p_value_is_that_of_a_numerical_restricted_maximum(table, tau):
    k1, n1, k2, n2 = table
    low, high = max(0, tau), min(1, 1 + tau)
    q1 = maximise(lambda q: log_likelihood(k1, n1, q) + log_likelihood(k2, n2, q - tau), low, high)
    q2 = q1 - tau
    se = np.sqrt(q1 * (1 - q1) / n1 + q2 * (1 - q2) / n2)
    by_hand = norm.sf((k1 / n1 - k2 / n2 - tau) / se)
    assert score.score_p(*table, tau) == pytest.approx(by_hand, abs=1e-6)


@pytest.mark.parametrize(("table", "tau"), list(product(TABLES, (0.5, 0.8, 1.0, 1.25, 3.0))))
def test_the_ratio_p_value_is_that_of_a_numerical_restricted_maximum(table, tau):
    k1, n1, k2, n2 = table
    q2 = maximise(
        lambda q: log_likelihood(k1, n1, tau * q) + log_likelihood(k2, n2, q), 0, min(1, 1 / tau)
    )
    q1 = tau * q2
    se = np.sqrt(q1 * (1 - q1) / n1 + tau**2 * q2 * (1 - q2) / n2)
    by_hand = norm.sf((k1 / n1 - tau * k2 / n2) / se)
    assert score.score_p(*table, tau, "ratio") == pytest.approx(by_hand, abs=1e-6)


@pytest.mark.parametrize("tau", [-0.2, -0.03, 0.0, 0.05, 0.3])
@pytest.mark.parametrize("cells", [(8, 3, 60), (1, 0, 40), (30, 22, 200), (0, 6, 30)])
def test_tango_is_the_score_test_of_a_numerical_restricted_maximum(cells, tau):
    b, c, n = cells

    def likelihood(q):
        return xlogy(b, q + tau) + xlogy(c, q) + xlogy(n - b - c, 1 - 2 * q - tau)

    q = maximise(likelihood, max(0, -tau), (1 - tau) / 2)
    by_hand = norm.sf(((b - c) / n - tau) / np.sqrt((2 * q + tau - tau**2) / n))
    assert score.tango_p(b, c, n, tau) == pytest.approx(by_hand, abs=1e-5)


@pytest.mark.parametrize("table", TABLES)
def test_at_margin_zero_the_score_test_is_that_of_statsmodels(table):
    theirs = reference.test_proportions_2indep(
        *table, value=0, method="score", alternative="larger", correction=False
    )
    assert score.score_p(*table, 0.0) == pytest.approx(theirs.pvalue, abs=1e-10)


@pytest.mark.parametrize("table", TABLES[:4])
def test_the_ratio_interval_is_that_of_statsmodels(table):
    theirs = reference.confint_proportions_2indep(
        *table, compare="ratio", method="score", correction=True
    )
    assert ratio_interval(*table) == pytest.approx(theirs, rel=1e-3)


def test_tango_intervals_agree_with_the_published_example():
    low, high = tango_interval(12, 2, 14)  # all pairs discordant; mirrored counts, mirrored ends
    assert tango_interval(2, 12, 14) == pytest.approx((-high, -low), abs=1e-7)
    # the worked example of Tango (1998): 1 and 0 discordant of 44 pairs
    assert tango_interval(1, 0, 44) == pytest.approx((-0.058, 0.118), abs=2e-3)


def test_no_table_and_no_margin_gives_nan():
    k1, k2 = np.arange(8)[:, None], np.arange(13)[None, :]
    for tau in (-1.0, -0.999, -0.3, -1e-9, 0.0, 1e-9, 0.3, 0.999, 1.0):
        assert not np.isnan(score.score_p(k1, 7, k2, 12, tau)).any()
    for tau in (0.0, 1e-9, 0.5, 1.0, 2.0, 1e9):
        assert not np.isnan(score.score_p(k1, 7, k2, 12, tau, "ratio")).any()


def test_the_statistic_is_monotone_in_both_counts():
    rng = np.random.default_rng(7)
    for _ in range(40):
        n1, n2 = rng.integers(3, 60, 2)
        k1, k2 = np.arange(n1 + 1)[:, None], np.arange(n2 + 1)[None, :]
        for scale, tau in (("difference", rng.uniform(-0.9, 0.9)), ("ratio", rng.uniform(0.2, 5))):
            z = score.z_score(k1, n1, k2, n2, float(tau), scale)
            assert (z[1:] >= z[:-1] - 1e-9).all()
            assert (z[:, 1:] <= z[:, :-1] + 1e-9).all()
