"""E p-values: brute force, exact size, degenerate tables, cost."""

import time

import numpy as np
import pytest
from scipy.stats import binom, multinomial

from audit.stats import Paired, TwoProportions, score, sparse


@pytest.mark.parametrize(
    ("scale", "tau"), [("difference", 0.0), ("difference", 0.07), ("ratio", 0.8), ("ratio", 1.3)]
)
def test_the_e_p_value_is_the_exact_tail_over_all_tables(scale, tau):
    n1, n2 = 23, 41
    k1, k2 = np.arange(n1 + 1)[:, None], np.arange(n2 + 1)[None, :]
    z = score.z_score(k1, n1, k2, n2, tau, scale)
    for a, b in ((20, 25), (5, 3), (23, 38), (1, 0), (0, 4)):
        q1, q2 = score.restricted_mle(a, n1, b, n2, tau, scale)
        law = binom.pmf(k1, n1, q1) * binom.pmf(k2, n2, q2)
        tail = law[z >= z[a, b] - 1e-9].sum()
        assert sparse.e_p(a, n1, b, n2, tau, scale) == pytest.approx(tail, abs=1e-9)


@pytest.mark.parametrize("tau", [-0.06, 0.05, 0.3])
def test_the_paired_e_p_value_is_the_exact_trinomial_tail(tau):
    n = 24
    b, c = (x.ravel() for x in np.mgrid[: n + 1, : n + 1])
    b, c = b[b + c <= n], c[b + c <= n]
    z = score.tango_z(b, c, n, tau)
    for i in (0, 30, 80, 200):
        q_b, q_c = score.tango_mle(b[i], c[i], n, tau)
        law = multinomial.pmf(np.stack([b, c, n - b - c], -1), n, [q_b, q_c, 1 - q_b - q_c])
        tail = law[z >= z[i] - 1e-9].sum()
        assert sparse.paired_e_p(int(b[i]), int(c[i]), n, tau) == pytest.approx(tail, abs=1e-9)


@pytest.mark.parametrize(
    ("n1", "n2", "tau", "p1"),
    [(30, 330, 0.0, 0.99), (330, 30, 0.0, 0.99), (30, 330, -0.05, 0.94), (30, 330, 0.0, 0.02)],
)
def test_the_size_is_kept_at_extreme_rates(n1, n2, tau, p1):
    p2 = p1 - tau
    size = dict.fromkeys((0.05, 0.05 / 24), 0.0)
    arms = []
    for n, p in ((n1, p1), (n2, p2)):
        k = np.arange(n + 1)
        mass = binom.pmf(k, n, p)
        arms.append((k[mass > 1e-7], mass[mass > 1e-7]))
    for a, mass1 in zip(*arms[0], strict=True):
        for b, mass2 in zip(*arms[1], strict=True):
            p = sparse.two_proportions_p(int(a), n1, int(b), n2, tau)
            for level in size:
                size[level] += mass1 * mass2 * (p <= level)
    assert all(reached <= level * 1.1 for level, reached in size.items())


def test_degenerate_tables_give_p_values_between_0_and_1():
    for scale, taus in (
        ("difference", (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0)),
        ("ratio", (-1.0, 0.0, 0.5, 1.0, 2.0, np.inf)),
    ):
        for table in ((0, 5, 0, 9), (5, 5, 9, 9), (0, 5, 9, 9), (5, 5, 0, 9), (0, 0, 3, 9)):
            evidence = TwoProportions(*table, scale=scale)
            for tau in taus:
                assert 0 <= evidence.p_over(tau) <= 1
                assert 0 <= evidence.p_under(tau) <= 1
                assert max(evidence.p_over(tau), evidence.p_under(tau)) >= 0.49


def test_a_ratio_over_nothing_is_undefined_and_unbounded_above():
    evidence = TwoProportions(4, 10, 0, 30, scale="ratio")
    assert evidence.theta is None
    assert evidence.upper(0.05) == np.inf
    assert 0 < evidence.lower(0.05) < np.inf


def test_pairs_without_discordance_prove_no_difference():
    evidence = Paired(0, 0, 200)
    assert evidence.p_over(0.0) == evidence.p_under(0.0) == 1.0
    assert evidence.p_under(0.05) < 0.01


def test_many_p_values_are_those_of_one_by_one():
    rng = np.random.default_rng(3)
    k1, k2 = rng.binomial(40, 0.95, 30), rng.binomial(300, 0.95, 30)
    many = sparse.two_proportions_p_many(k1, 40, k2, 300, 0.02)
    one = [sparse.two_proportions_p(int(a), 40, int(b), 300, 0.02) for a, b in zip(k1, k2)]  # noqa: B905
    assert many == pytest.approx(one)


def test_an_e_p_value_costs_about_a_millisecond():
    sparse.e_p(21, 30, 2901, 3000, -0.05)
    start = time.process_time()
    for k in range(20):
        sparse.e_p(k, 30, 960_000, 1_000_000, 0.0)
    assert (time.process_time() - start) / 20 < 0.01


@pytest.mark.slow
@pytest.mark.parametrize("scale", ["difference", "ratio"])
@pytest.mark.parametrize("n1", [30, 60, 100, 300])
@pytest.mark.parametrize("p2", [0.03, 0.5, 0.85, 0.95, 0.99])
def test_the_size_is_kept_over_a_grid_of_designs(scale, n1, p2):
    n2 = 11 * n1
    for tau in (0.0, -0.05, 0.02) if scale == "difference" else (0.8, 1.0, 1.25):
        p1 = p2 + tau if scale == "difference" else p2 * tau
        if not 0 <= p1 <= 1:
            continue
        rng = np.random.default_rng(int(1000 * p2) + n1)
        k1, k2 = rng.binomial(n1, p1, 40_000), rng.binomial(n2, p2, 40_000)
        p = sparse.two_proportions_p_many(k1, n1, k2, n2, tau, scale)
        for level in (0.05, 0.05 / 24):
            error = 3 * np.sqrt(level / 40_000)
            assert (p <= level).mean() <= level * 1.25 + error
