"""Calibration: the estimator against its formula, its tests and intervals by simulation."""

import numpy as np
import pytest
from scipy.special import expit, logit, ndtr
from scipy.stats import beta, binom, kstest
from sklearn.calibration import calibration_curve
from statsmodels.stats.proportion import proportion_confint

from audit.stats.calibration import Binned, bin_codes, binned, error, plug_in, squared_error
from audit.stats.consistency import EXACT, consistency, drawn_counts
from audit.stats.miscalibration import cumulants, evidence, nearest, promised
from audit.stats.proportions import wilson
from audit.stats.temperature import rescaled, temperature


def drawn(rng, n, sharper=1.0):
    """Return probabilities whose logits are multiplied by a number, and outcomes."""
    p = rng.beta(8, 2, n)
    return expit(sharper * logit(p)), rng.random(n) < p


def drawn_in_fours(rng, n, sharper=1.0):
    """Return the same in clusters of four that share 0.8 of their luck."""
    p = rng.beta(8, 2, n)
    luck = np.repeat(rng.normal(size=n // 4), 4) * 0.8**0.5 + rng.normal(size=n) * 0.2**0.5
    return expit(sharper * logit(p)), ndtr(luck) < p, np.repeat(np.arange(n // 4), 4)


def true_error(sharper, bins=15):
    """Return the error of `drawn` by integral: in bins of equal mass, and unbinned."""
    p = beta.ppf((np.arange(300_000) + 0.5) / 300_000, 8, 2)
    gap = expit(sharper * logit(p)) - p
    inside = gap.reshape(bins, -1).mean(axis=1)
    return float(np.sqrt((inside**2).mean())), float(np.sqrt((gap**2).mean()))


def test_the_debiased_error_is_that_of_the_paper():
    confidence, right = drawn(np.random.default_rng(0), 1234, 1.5)
    order = np.argsort(confidence)
    parts = []
    for rows in np.split(order, np.searchsorted(bin_codes(confidence, 15)[order], range(1, 15))):
        share, n = len(rows) / 1234, len(rows)
        y, s = right[rows].mean(), confidence[rows].mean()
        parts.append(share * ((s - y) ** 2 - y * (1 - y) / (n - 1)))
    assert squared_error(binned(confidence, right)) == pytest.approx(sum(parts), abs=1e-15)


def test_bins_and_plug_in_error_are_those_of_scikit_learn_without_ties():
    confidence, right = drawn(np.random.default_rng(1), 1500)
    sums = binned(confidence, right)
    observed, stated = calibration_curve(right, confidence, n_bins=15, strategy="quantile")
    assert sums.observed == pytest.approx(observed, abs=1e-12)
    assert sums.stated == pytest.approx(stated, abs=1e-12)
    assert plug_in(sums) == pytest.approx(np.abs(observed - stated).mean(), abs=1e-12)


def test_intervals_of_the_diagram_are_those_of_statsmodels():
    ours = wilson([3, 40, 66], [67, 67, 67])
    theirs = proportion_confint(np.array([3, 40, 66]), 67, method="wilson")
    assert np.allclose(ours, theirs)


def test_equal_probabilities_share_a_bin_and_no_bin_is_tiny():
    confidence = np.round(np.random.default_rng(2).beta(30, 2, 900), 2)
    code = bin_codes(confidence, 15)
    assert all(len(set(code[confidence == c])) == 1 for c in np.unique(confidence))
    assert (np.diff(code[np.argsort(confidence)]) >= 0).all()
    assert np.bincount(code).min() >= 30
    assert set(bin_codes(np.full(50, 0.9), 2)) == {0}


def test_the_order_of_rows_changes_no_digit():
    confidence, right = drawn(np.random.default_rng(3), 700)
    order = np.random.default_rng(4).permutation(700)
    first, second = binned(confidence, right), binned(confidence[order], right[order])
    assert evidence(first) == evidence(second)
    assert consistency(confidence, right) == consistency(confidence[order], right[order])


def test_cumulants_are_those_of_the_exact_binomial_law():
    rows, stated, gap = np.array([20.0, 31.0]), np.array([0.7, 0.95]), np.array([0.1, -0.02])
    sums = Binned(rows, rows, stated)
    first, second = (np.arange(n + 1.0) for n in rows)
    table = np.array([[squared_error(Binned(rows, np.array([a, b]), stated)) for b in second]
                      for a in first])  # fmt: skip
    law = np.outer(binom.pmf(first, 20, 0.6), binom.pmf(second, 31, 0.97))
    mean = (law * table).sum()
    ours = cumulants(sums, gap)
    share = rows / rows.sum()
    extra = ((share * gap**4).sum() - mean**2) / rows.sum()  # of the rows that were drawn
    assert ours.mean == pytest.approx(mean, rel=1e-9)
    assert ours.variance - extra == pytest.approx((law * (table - mean) ** 2).sum(), rel=1e-9)
    assert ours.third == pytest.approx((law * (table - mean) ** 3).sum(), rel=1e-9)


def test_nearest_gaps_are_a_minimum_under_their_error():
    """No other gaps of the same error fit the sample better, in deviations over variances."""
    sums = binned(*drawn(np.random.default_rng(5), 1000, 1.5))
    smooth = (sums.right + 1) / (sums.rows + 2)
    noise, rng = smooth * (1 - smooth) / sums.rows, np.random.default_rng(6)
    for gaps in nearest(sums)[[40, 100, 125]]:
        size, misfit = (sums.share * gaps**2).sum(), ((sums.gap - gaps) ** 2 / noise).sum()
        other = gaps + 1e-3 * rng.normal(size=(2000, len(gaps)))
        other *= np.sqrt(size / (sums.share * other**2).sum(axis=1))[:, None]
        assert (((sums.gap - other) ** 2 / noise).sum(axis=1) >= misfit - 1e-9).all()


def test_bounds_are_the_tests_inverted():
    found = evidence(binned(*drawn(np.random.default_rng(7), 1000, 1.5)))
    for alpha in (0.05, 0.01, 0.001):
        assert found.p_over(found.lower(alpha)) == pytest.approx(alpha, rel=1e-6)
        assert found.p_under(found.upper(alpha)) == pytest.approx(alpha, rel=1e-6)
    assert found.lower(0.05) < found.theta < found.upper(0.05)


def test_nothing_is_proven_over_zero_by_a_bound_at_zero():
    found = evidence(binned(*drawn(np.random.default_rng(8), 1000)))
    assert found.p_over(0.0) > 0.05
    assert found.lower(0.05) == pytest.approx(0.0, abs=1e-12)
    assert found.lower(0.05) <= 0


@pytest.mark.parametrize("wrong", [0, 1])
@pytest.mark.parametrize("clusters", [None, np.arange(300) // 2])
def test_a_model_that_is_certain_and_right_has_an_upper_bound_above_zero(wrong, clusters):
    right = np.arange(300) >= wrong
    found = evidence(binned(np.ones(300), right, clusters))
    assert 0.003 < found.upper(0.05) < 0.05


def test_one_row_and_few_clusters_are_no_evidence():
    assert evidence(binned(np.array([0.9]), np.array([True]))) is None
    confidence, right = drawn(np.random.default_rng(9), 90)
    assert evidence(binned(confidence, right, np.arange(90) // 10)) is None
    assert evidence(binned(confidence, right, np.arange(90) // 9)) is not None


def test_a_cluster_of_one_row_each_is_nearly_an_independent_sample():
    confidence, right = drawn(np.random.default_rng(10), 2000, 1.5)
    plain = evidence(binned(confidence, right))
    robust = evidence(binned(confidence, right, np.arange(2000)))
    assert robust.theta == pytest.approx(plain.theta, abs=1e-3)
    assert robust.interval()[:2] == pytest.approx(plain.interval()[:2], abs=4e-3)


def test_the_mean_error_of_a_calibrated_model_is_small():
    """At most .0125 at n = 1,000 under Beta(8, 2); 1,000 sets, standard error about .0004."""
    rng = np.random.default_rng(11)
    found = [error(binned(*drawn(rng, 1000))) for _ in range(1000)]
    usual = [plug_in(binned(*drawn(rng, 1000))) for _ in range(200)]
    assert np.mean(found) <= 0.0125
    assert np.mean(usual) == pytest.approx(0.036, abs=0.001)  # what captions say


def rates(make, sharper, n, audits, seed):
    """Return how often the interval covers, and 2 % is proven broken, over simulated audits."""
    rng, truth = np.random.default_rng(seed), 0.0 if sharper == 1 else true_error(sharper)[0]
    inside = broken = 0
    for _ in range(audits):
        found = evidence(binned(*make(rng, n, sharper)))
        low, high, _ = found.interval()
        inside += low <= truth <= high
        broken += found.p_over(0.02) <= 0.05
    return inside / audits, broken / audits


@pytest.mark.parametrize("make", [drawn, drawn_in_fours])
@pytest.mark.parametrize("sharper", [1, 1.5, 2])
def test_intervals_cover_the_true_error(make, sharper):
    """300 audits: .95 expected; the binomial .999 range starts at .907."""
    assert rates(make, sharper, 1000, 300, 12)[0] >= 0.907


@pytest.mark.slow
@pytest.mark.parametrize("n", [500, 1000, 5000])
@pytest.mark.parametrize("sharper", [1, 1.5, 2])
def test_intervals_cover_the_true_error_in_every_cell(sharper, n):
    """2,000 audits a cell: .94 is the target, and 2 Monte Carlo errors of .0053 are allowed."""
    assert rates(drawn, sharper, n, 2000, 13)[0] >= 0.94 - 0.0106


@pytest.mark.slow
@pytest.mark.parametrize("n", [500, 1000, 5000])
@pytest.mark.parametrize("sharper", [1, 1.5, 2])
def test_intervals_of_clustered_rows_cover_in_every_cell(sharper, n):
    """1,000 audits a cell; .93 with 2 Monte Carlo errors of .008."""
    assert rates(drawn_in_fours, sharper, n, 1000, 14)[0] >= 0.93 - 0.016


def test_a_limit_is_proven_broken_where_it_is_and_rarely_where_not():
    """200 audits: at most 16 alarms (the .975 range of 5 %); at least 90 % at T = 2."""
    assert rates(drawn, 1, 1000, 200, 15)[1] <= 16 / 200
    assert rates(drawn_in_fours, 1, 1000, 200, 16)[1] <= 16 / 200
    assert rates(drawn, 2, 1000, 100, 17)[1] >= 0.9


@pytest.mark.slow
@pytest.mark.parametrize("make", [drawn, drawn_in_fours])
def test_a_limit_is_proven_broken_at_its_rates_over_a_thousand_audits(make):
    """At most 64 of 1,000 on a calibrated model, at least 900 at T = 2."""
    assert rates(make, 1, 1000, 1000, 18)[1] <= 0.064
    assert rates(make, 2, 1000, 1000, 19)[1] >= 0.9


@pytest.mark.slow
@pytest.mark.parametrize("n", [300, 1000, 5000])
def test_both_sides_keep_their_level_exactly_at_the_limit(n):
    """2,000 audits; the .999 range of 5 % ends at .066."""
    rng, limit, over, under = np.random.default_rng(20), true_error(1.2)[0], 0, 0
    for _ in range(2000):
        found = evidence(binned(*drawn(rng, n, 1.2)))
        over += found.p_over(limit) <= 0.05
        under += found.p_under(limit) <= 0.05
    assert over <= 0.066 * 2000
    assert under <= 0.066 * 2000


def test_the_binned_error_is_close_to_the_unbinned_one():
    for sharper in (1.5, 2):
        inside, whole = true_error(sharper)
        assert inside < whole < inside + 0.0012


def test_the_promised_error_is_proven_nine_times_in_ten():
    """Every bin is off by what the plan prints: .9 expected; 300 audits, Monte Carlo error .017."""
    at = promised(1000).detectable(0.02, 0.05, "over")
    rng, proven = np.random.default_rng(21), 0
    for _ in range(300):
        p = rng.beta(8, 2, 1000)
        stated = np.clip(p + at, 0, 1)
        hit = rng.random(1000) < stated - at
        proven += evidence(binned(stated, hit)).p_over(0.02) <= 0.05
    assert 0.85 <= proven / 300 <= 0.98


def test_consistency_is_uniform_where_probabilities_are_right():
    rng = np.random.default_rng(22)
    found = [
        consistency(*drawn(rng, 300), draws=199, seed=int(s))
        for s in rng.integers(1 << 30, size=400)
    ]
    assert kstest(found, "uniform").pvalue > 0.001
    assert np.mean(np.array(found) <= 0.05) <= 0.088  # .05; the .999 range of 400


@pytest.mark.slow
@pytest.mark.parametrize("n", [60, 1000, 12_000])
def test_consistency_is_uniform_over_many_samples(n):
    rng = np.random.default_rng(23)
    found = [
        consistency(*drawn(rng, n), draws=199, seed=int(s))
        for s in rng.integers(1 << 30, size=1000)
    ]
    assert kstest(found, "uniform").pvalue > 0.001


def test_draws_of_many_rows_have_the_moments_of_draws_one_by_one():
    stated = np.sort(np.random.default_rng(24).beta(8, 2, EXACT + 5000))
    code = bin_codes(stated, 15)
    counts = drawn_counts(stated, code, 4000, np.random.default_rng(25))
    mean = np.bincount(code, weights=stated)
    spread = np.bincount(code, weights=stated * (1 - stated))
    assert np.abs(counts.mean(axis=0) - mean).max() < 4 * np.sqrt(spread.max() / 4000)
    assert counts.var(axis=0) == pytest.approx(spread, rel=0.1)


def three_classes(rng, n, warmth):
    """Return logarithms of probabilities that are too sure by a temperature, and targets."""
    logits = rng.normal(size=(n, 3)) * 2
    p = rescaled(logits, 1.0)
    target = (rng.random(n)[:, None] > np.cumsum(p, axis=1)).sum(axis=1)
    return np.log(rescaled(logits * warmth, 1.0)), target


def test_the_temperature_is_that_of_the_smallest_log_loss():
    logs, target = three_classes(np.random.default_rng(26), 500, 1.7)
    found = temperature(logs, target)
    trials = found.estimate + np.linspace(-0.2, 0.2, 4001)
    losses = [-np.log(rescaled(logs, t)[np.arange(500), target]).mean() for t in trials]
    assert found.estimate == pytest.approx(trials[int(np.argmin(losses))], abs=1e-4)


def test_planted_temperatures_are_covered():
    """600 audits: .95 expected; the binomial .999 range starts at .92."""
    rng, inside = np.random.default_rng(27), 0
    for k in range(600):
        warmth = (0.7, 1.0, 2.0)[k % 3]
        low, high, _ = temperature(*three_classes(rng, 300, warmth)).interval()
        inside += low <= warmth <= high
    assert inside / 600 >= 0.92


def test_a_model_that_is_always_right_has_no_temperature():
    logs = np.log(np.array([[0.9, 0.1], [0.2, 0.8]]))
    assert temperature(logs, np.array([0, 1])) is None
    assert temperature(np.log(np.full((4, 2), 0.5)), np.array([0, 1, 0, 1])) is None


def test_probabilities_serve_as_well_as_logits():
    logits = np.random.default_rng(28).normal(size=(50, 4)) * 3
    probabilities = np.log(rescaled(logits, 1.0))
    assert np.allclose(rescaled(probabilities, 1.8), rescaled(logits, 1.8))
