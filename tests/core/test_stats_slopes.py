import numpy as np
import pytest
import statsmodels.api as sm

from audit.stats.slopes import standardised_slope


def rows(n=400, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.gamma(2.0, 1.0, n)
    return x, 0.3 * x + x * rng.normal(0, 1, n)


def test_slope_and_error_equal_statsmodels_hc3():
    x, y = rows()
    fit = sm.OLS(y, sm.add_constant((x - x.mean()) / x.std())).fit(cov_type="HC3")
    m = standardised_slope(x, y)
    assert (m.estimate, m.se) == pytest.approx((fit.params[1], fit.bse[1]), rel=1e-9)
    assert m.df == 398


def test_rows_as_their_own_clusters_change_nothing_but_one_degree_of_freedom():
    x, y = rows(60)
    alone, own = standardised_slope(x, y), standardised_slope(x, y, np.arange(60))
    assert own.se == pytest.approx(alone.se)
    assert own.df == alone.df + 1


def test_rows_repeated_in_clusters_have_the_error_of_the_distinct_rows():
    x, y = rows(200)
    single = standardised_slope(x, y)
    tripled = standardised_slope(np.repeat(x, 3), np.repeat(y, 3), np.repeat(np.arange(200), 3))
    assert (tripled.estimate, tripled.se) == pytest.approx((single.estimate, single.se))


def test_the_interval_covers_the_truth_with_few_clusters():
    """40 clusters of 5, the noise shared within each: 1,000 audits, 95 % wanted."""
    hit = 0
    for seed in range(1000):
        rng = np.random.default_rng(seed)
        x = np.repeat(rng.normal(0, 1, 40), 5)
        y = 0.5 * x + np.repeat(rng.normal(0, 1, 40), 5) + rng.normal(0, 1, 200)
        low, high, _ = standardised_slope(x, y, np.repeat(np.arange(40), 5)).interval()
        hit += low <= 0.5 * x.std() <= high
    assert 930 <= hit <= 985


def test_what_does_not_vary_has_no_slope_and_what_one_row_carries_no_error():
    with pytest.raises(ValueError, match="varies"):
        standardised_slope(np.ones(9), np.arange(9))
    assert standardised_slope([0, 0, 0, 1], [0, 1, 0, 1]).se == 0
