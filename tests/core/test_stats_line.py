"""The line of accuracies against statsmodels and closed forms, and in simulation."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import expit, logit
from scipy.stats import binom

from audit.stats.line import Accuracy, effective_robustness, fit_line


def planted(rng, models=12, scatter=0.1, slope=0.8, height=-0.7):
    home = logit(rng.uniform(0.55, 0.97, models))
    away = height + slope * home + scatter * rng.normal(size=models)
    return expit(home), expit(away)


def test_the_planted_line_is_recovered():
    line = fit_line(*planted(np.random.default_rng(0), 400))
    assert line.slope == pytest.approx(0.8, abs=0.03)
    assert line.at(0.0) == pytest.approx(-0.7, abs=0.03)
    assert line.scatter == pytest.approx(0.1, abs=0.01)


def test_the_line_and_its_band_are_those_of_statsmodels():
    home, away = planted(np.random.default_rng(1))
    fit = sm.OLS(logit(away), sm.add_constant(logit(home))).fit()
    at = np.array([0.6, 0.8, 0.99])
    frame = fit.get_prediction(sm.add_constant(logit(at))).summary_frame(alpha=0.05)
    line = fit_line(home, away)
    low, high = line.band(at)
    assert line.at(logit(at)) == pytest.approx(frame["mean"].to_numpy())
    assert logit(low) == pytest.approx(frame["obs_ci_lower"].to_numpy())
    assert logit(high) == pytest.approx(frame["obs_ci_upper"].to_numpy())


def test_the_band_covers_one_more_model_at_its_rate():
    """2,000 lines: 95 % within three Monte Carlo errors (0.0146)."""
    rng, hits = np.random.default_rng(2), 0
    for _ in range(2000):
        line = fit_line(*planted(rng, 9))
        home, away = planted(rng, 1)
        low, high = line.band(home)
        hits += low[0] <= away[0] <= high[0]
    assert hits / 2000 == pytest.approx(0.95, abs=0.0147)


def test_a_model_off_the_line_is_told_by_how_much():
    home, away = planted(np.random.default_rng(3), 20, scatter=0.02)
    line = fit_line(home, away)
    there = float(expit(0.8 * logit(0.8) - 0.7)) + 0.1
    found = effective_robustness(line, Accuracy(0.8, 0.004, 10_000), Accuracy(there, 0.005, 10_000))
    assert found.estimate == pytest.approx(0.1, abs=0.01)
    assert found.df == 18
    assert found.p_over(0.0) < 0.001


def test_a_model_on_the_line_is_proven_off_it_at_most_at_the_level():
    """1,000 models counted on 400 rows: 5 % a side, binomial once in 1,000."""
    rng, proven = np.random.default_rng(4), 0
    for _ in range(1000):
        line = fit_line(*planted(rng, 10))
        home, away = planted(rng, 1)
        counted = [rng.binomial(400, float(p[0])) / 400 for p in (home, away)]
        errors = [np.sqrt((p * 400 + 2) * (400 - p * 400 + 2) / 404**2 / 400) for p in counted]
        found = effective_robustness(
            line, *(Accuracy(p, e, 400) for p, e in zip(counted, errors, strict=True))
        )
        proven += found.p_under(0.0) <= 0.05
    assert proven <= binom.ppf(0.999, 1000, 0.05)


def test_an_accuracy_of_one_stays_on_the_scale():
    assert Accuracy(1.0, 0.01, 40).smoothed == pytest.approx(40.5 / 41)


@pytest.mark.parametrize("home", [[0.6, 0.7, 0.8, 0.9], [0.8] * 10])
def test_few_models_or_equal_ones_make_no_line(home):
    assert fit_line(home, home) is None
