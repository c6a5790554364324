"""Intervals of proportions: agreement with statsmodels and coverage by exact enumeration."""

import numpy as np
import pytest
from scipy.stats import binom
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from audit.stats import OneProportion, proportions

CASES = [(0, 30), (3, 30), (29, 30), (30, 30), (412, 1000)]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (proportions.wilson, "wilson"),
        (proportions.clopper_pearson, "beta"),
    ],
)
def test_proportion_intervals_are_those_of_statsmodels(ours, theirs):
    for k, n in CASES:
        assert ours(k, n) == pytest.approx(proportion_confint(k, n, method=theirs), abs=1e-9)


@pytest.mark.parametrize("table", [(25, 30, 290, 300), (0, 20, 4, 60), (12, 12, 3, 50)])
def test_newcombe_is_that_of_statsmodels(table):
    theirs = confint_proportions_2indep(*table, compare="diff", method="newcomb")
    assert proportions.newcombe(*table) == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize("n", [30, 100, 300, 1000])
def test_wilson_covers_at_the_nominal_rate_on_average_over_rates(n):
    k, rates = np.arange(n + 1)[:, None], np.linspace(0.02, 0.98, 193)
    low, high = proportions.wilson(k, n)
    coverage = (binom.pmf(k, n, rates) * ((low <= rates) & (rates <= high))).sum(axis=0)
    # at single rates coverage oscillates: the counts are whole numbers
    assert 0.945 <= coverage.mean() <= 0.965
    assert coverage.min() >= 0.90


@pytest.mark.parametrize("p", [0.01, 0.3, 0.5, 0.97])
@pytest.mark.parametrize("n", [12, 80])
def test_one_sided_bounds_cover_at_least_nominally(p, n):
    tables = [OneProportion(k, n) for k in range(n + 1)]
    mass = binom.pmf(np.arange(n + 1), n, p)
    assert sum(m for e, m in zip(tables, mass, strict=True) if e.lower(0.05) <= p) >= 0.95
    assert sum(m for e, m in zip(tables, mass, strict=True) if e.upper(0.05) >= p) >= 0.95


def test_an_empty_sample_excludes_nothing():
    for function in (proportions.wilson, proportions.clopper_pearson):
        assert function(0, 0) == (0.0, 1.0)
    assert OneProportion(0, 0).interval()[:2] == (0.0, 1.0)


def test_jeffreys_lies_inside_clopper_pearson():
    k = np.arange(41)
    inner, outer = proportions.jeffreys(k, 40), proportions.clopper_pearson(k, 40)
    assert (inner[0] >= outer[0]).all()
    assert (inner[1] <= outer[1]).all()
