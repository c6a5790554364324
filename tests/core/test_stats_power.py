"""Printed power is the power of the very test used, sparse or not."""

import time

import numpy as np
import pytest
from scipy.stats import binom

from audit.stats import Mean, OneProportion, Paired, TwoProportions, sparse

ALPHA = 0.05 / 24
DESIGNS = [
    (n, rate, tau, side)
    for n in (30, 60, 100, 300, 1000)
    for rate in (0.5, 0.85, 0.95, 0.99)
    for tau in (0.0, 0.05)
    for side in ("over", "under")
]


def simulated_power(evidence, at, tau, side, audits=4000, seed=11):
    """Return the share of simulated audits that reject; the second arm's rate is held."""
    rng = np.random.default_rng(seed)
    held = evidence.k2 / evidence.n2
    k1 = rng.binomial(evidence.n1, min(max(held + at, 0), 1), audits)
    k2 = rng.binomial(evidence.n2, held, audits)
    arms = (k1, evidence.n1, k2, evidence.n2)
    if side == "under":
        arms, tau = (*arms[2:], *arms[:2]), -tau
    return (sparse.two_proportions_p_many(*arms, tau, settled=0.02) <= ALPHA).mean()


@pytest.mark.parametrize(("n", "rate", "tau", "side"), DESIGNS)
def test_a_detectable_difference_is_detected_nine_times_in_ten(n, rate, tau, side):
    tau = tau if side == "over" else -tau
    evidence = TwoProportions(round(n * rate), n, round(3000 * rate), 3000)
    at = evidence.detectable(tau, ALPHA, side)
    if at is None:
        edge = 1 - rate if side == "over" else -rate
        assert evidence.power(edge, tau, ALPHA, side) < 0.9
    else:
        assert evidence.power(at, tau, ALPHA, side) == pytest.approx(0.9, abs=0.002)
        assert 0.88 <= simulated_power(evidence, at, tau, side) <= 0.95


@pytest.mark.parametrize("focus", [1, 2])
@pytest.mark.parametrize("side", ["over", "under"])
def test_a_detectable_ratio_is_detected_nine_times_in_ten(focus, side):
    evidence = TwoProportions(30, 100, 150, 500, "ratio", focus)
    tau = 1.1 if side == "over" else 0.9
    at = evidence.detectable(tau, 0.05, side)
    p1, p2 = (0.3 * at, 0.3) if focus == 1 else (0.3, 0.3 / at)
    rng = np.random.default_rng(2)
    k1, k2 = rng.binomial(100, p1, 4000), rng.binomial(500, p2, 4000)
    if side == "over":
        p = sparse.two_proportions_p_many(k1, 100, k2, 500, tau, "ratio")
    else:
        p = sparse.two_proportions_p_many(k2, 500, k1, 100, 1 / tau, "ratio")
    assert 0.88 <= (p <= 0.05).mean() <= 0.95


@pytest.mark.parametrize(("b", "c", "n"), [(3, 2, 60), (20, 12, 400), (150, 130, 1000)])
@pytest.mark.parametrize("tau", [0.0, 0.03])
def test_a_detectable_paired_difference_is_detected_nine_times_in_ten(b, c, n, tau):
    at = Paired(b, c, n).detectable(tau, 0.05, "over")
    total = max((b + c) / n, at)
    law = [(total + at) / 2, (total - at) / 2, 1 - total]
    draws = np.random.default_rng(4).multinomial(n, np.clip(law, 0, 1), 1500)
    found = np.mean([sparse.paired_p(int(x), int(y), n, tau) <= 0.05 for x, y, _ in draws])
    assert 0.87 <= found <= 0.95


def test_power_of_one_proportion_is_the_exact_sum():
    evidence, k = OneProportion(3, 120), np.arange(121)
    rejects = np.array([OneProportion(int(x), 120).p_under(0.1) <= 0.05 for x in k])
    by_hand = binom.pmf(k, 120, 0.04)[rejects].sum()
    assert evidence.power(0.04, 0.1, 0.05, "under") == pytest.approx(by_hand, abs=1e-10)
    at = evidence.detectable(0.1, 0.05, "under")
    assert evidence.power(at, 0.1, 0.05, "under") == pytest.approx(0.9, abs=1e-6)


def test_power_of_a_mean_is_that_of_the_t_test():
    evidence = Mean(0.0, 0.25, 15.0, n=16)
    at = evidence.detectable(0.0, 0.05, "over")
    rows = np.random.default_rng(8).normal(at, 1.0, (20_000, 16))
    t = rows.mean(1) / (rows.std(1, ddof=1) / 4)
    assert evidence.power(at, 0.0, 0.05, "over") == pytest.approx(0.9, abs=1e-6)
    assert (t >= 1.7531).mean() == pytest.approx(0.9, abs=0.01)


@pytest.mark.parametrize(
    ("evidence", "tau"),
    [
        (TwoProportions(24, 30, 2550, 3000), 0.0),
        (TwoProportions(85, 100, 900, 1000), -0.02),
        (TwoProportions(20, 100, 140, 500, "ratio"), 0.9),
        (OneProportion(18, 200), 0.12),
        (Paired(14, 9, 300), 0.0),
    ],
)
def test_a_sample_grown_by_the_factor_settles_the_question(evidence, tau):
    factor = evidence.n_factor(tau, ALPHA, 0.05)
    side = "over" if evidence.theta > tau else "under"
    alpha = ALPHA if side == "over" else 0.05
    assert factor > 1
    grown = evidence.power_scaled(factor, evidence.theta, tau, alpha, side)
    assert grown == pytest.approx(0.9, abs=0.03)


def test_an_estimate_at_the_margin_needs_no_finite_sample():
    assert TwoProportions(50, 100, 500, 1000).n_factor(0.0, 0.05, 0.05) is None


def test_a_detectable_effect_costs_milliseconds_sparse_or_not():
    for k, n, limit in ((850, 1000, 0.05), (27, 30, 0.3)):
        start = time.process_time()
        TwoProportions(k, n, 2551, 3001).detectable(-0.049, ALPHA, "under")
        assert time.process_time() - start < limit
