"""The table of simulated gates: share of audits that fail, group against rest, Holm over 2G."""

import numpy as np
import pytest

from audit.stats import score, sparse

TAU = 0.05


def failing_share(groups, n, gap, base=0.85, tau=TAU, audits=2000, exact=False, seed=20):
    rng = np.random.default_rng(seed)
    rate = np.full(groups, base)
    rate[0] -= gap
    k = rng.binomial(n, rate, (audits, groups))
    rest, n_rest = k.sum(axis=1, keepdims=True) - k, n * (groups - 1)
    level = 0.05 / (2 * groups)
    if exact:
        above = sparse.two_proportions_p_many(k, n, rest, n_rest, tau, settled=4 * level)
        below = sparse.two_proportions_p_many(rest, n_rest, k, n, tau, settled=4 * level)
    else:
        above = score.score_p(k, n, rest, n_rest, tau)
        below = score.score_p(rest, n_rest, k, n, tau)
    return (np.minimum(above, below).min(axis=1) <= level).mean()


@pytest.mark.parametrize(
    ("groups", "n", "gap", "share"),
    [
        (4, 100, 0.0, 0.00),
        (4, 300, 0.10, 0.28),
        (8, 300, 0.10, 0.27),
        (8, 1000, 0.10, 0.81),
        (8, 100, 0.20, 0.73),
        (12, 30, 0.20, 0.20),
        (12, 1000, 0.05, 0.01),
        (12, 1000, 0.10, 0.80),
    ],
)
def test_the_score_gate_fails_as_often_as_the_table_says(groups, n, gap, share):
    # both sides carry Monte Carlo error of up to 0.011, and the table is rounded
    assert failing_share(groups, n, gap) == pytest.approx(share, abs=0.04)


@pytest.mark.parametrize(("base", "n"), [(0.99, 30), (0.99, 100), (0.95, 30)])
def test_the_exact_tail_holds_the_family_wise_error_where_the_score_test_loses_it(base, n):
    plain = failing_share(12, n, 0.0, base, 0.0)
    exact = failing_share(12, n, 0.0, base, 0.0, exact=True)
    assert plain > 0.07
    assert exact <= 0.05 + 2 * 0.005
