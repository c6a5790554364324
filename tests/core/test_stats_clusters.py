"""CR2 standard errors and their degrees of freedom against matrices, and in simulation."""

import numpy as np
import pytest

from audit.stats import clusters


def by_matrices(y, cluster, x, contrast):
    """Return estimate, CR2 variance and Satterthwaite df from the full projection matrix."""
    inverse = np.linalg.inv(x.T @ x)
    annihilator = np.eye(len(y)) - x @ inverse @ x.T
    residual, parts, g = annihilator @ y, [], []
    for c in np.unique(cluster):
        rows = np.flatnonzero(cluster == c)
        values, vectors = np.linalg.eigh(annihilator[np.ix_(rows, rows)])
        root = vectors @ np.diag(np.where(values > 1e-9, values, np.inf) ** -0.5) @ vectors.T
        direction = root @ x[rows] @ inverse @ contrast
        parts.append(direction @ residual[rows])
        g.append(annihilator[:, rows] @ direction)
    p = np.array(g) @ np.array(g).T
    return contrast @ inverse @ x.T @ y, np.sum(np.square(parts)), np.trace(p) ** 2 / np.sum(p * p)


def clustered(seed, groups=2):
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(9), rng.integers(2, 9, 9))
    group = rng.integers(0, groups, len(cluster))
    y = rng.normal(size=len(cluster)) + 0.8 * rng.normal(size=9)[cluster] + 0.5 * group
    return y, cluster, group


@pytest.mark.parametrize("seed", range(4))
def test_the_clustered_difference_is_that_of_full_matrices(seed):
    y, cluster, group = clustered(seed)
    x = np.column_stack([group == 0, group == 1]).astype(float)
    estimate, variance, df = by_matrices(y, cluster, x, np.array([1.0, -1.0]))
    ours = clusters.cluster_difference(y, cluster, group == 0)
    assert (ours.estimate, ours.se, ours.df) == pytest.approx((estimate, variance**0.5, df))


@pytest.mark.parametrize("seed", range(4))
def test_the_clustered_mean_is_that_of_full_matrices(seed):
    y, cluster, _ = clustered(seed)
    expected = by_matrices(y, cluster, np.ones((len(y), 1)), np.ones(1))
    ours = clusters.cluster_mean(y, cluster)
    assert (ours.estimate, ours.se**2, ours.df) == pytest.approx(expected)


def test_rows_that_are_their_own_clusters_give_the_t_interval():
    y = np.random.default_rng(3).normal(size=17)
    ours = clusters.cluster_mean(y, np.arange(17))
    assert (ours.se, ours.df) == pytest.approx((y.std(ddof=1) / 17**0.5, 16))


def test_bounds_cover_with_few_uneven_clusters():
    rng, inside = np.random.default_rng(12), 0
    for _ in range(1500):
        cluster = np.repeat(np.arange(8), [2, 3, 4, 5, 6, 8, 10, 22])
        y = rng.normal(size=60) + rng.normal(size=8)[cluster]
        low, high, _ = clusters.cluster_mean(y, cluster).interval()
        inside += low <= 0 <= high
    assert 0.93 <= inside / 1500 <= 0.985


def test_bounds_of_a_difference_cover_when_clusters_span_both_groups():
    rng, inside = np.random.default_rng(13), 0
    for _ in range(1500):
        cluster = rng.integers(0, 10, 80)
        first = rng.random(80) < 0.3
        y = rng.normal(size=80) + rng.normal(size=10)[cluster]
        low, high, _ = clusters.cluster_difference(y, cluster, first).interval()
        inside += low <= 0 <= high
    assert 0.93 <= inside / 1500 <= 0.985


def test_one_cluster_is_no_evidence():
    evidence = clusters.cluster_mean([0.0, 1.0, 1.0], [4, 4, 4])
    assert (evidence.se, evidence.df) == (0.0, None)
    assert evidence.p_over(-5.0) == 1.0


def test_the_clustered_ratio_covers():
    rng, inside = np.random.default_rng(14), 0
    for _ in range(1000):
        cluster = rng.integers(0, 25, 200)
        first = rng.random(200) < 0.5
        y = 1 + 0.3 * rng.normal(size=200) + 0.2 * rng.normal(size=25)[cluster] - 0.3 * first
        low, high, _ = clusters.cluster_ratio(y, cluster, first).interval()
        inside += low <= 0.7 <= high
    assert 0.93 <= inside / 1000 <= 0.975


def test_a_ratio_of_columns_is_the_ratio_of_their_sums():
    errors, words = np.array([1, 0, 3, 2.0]), np.array([10, 4, 12, 9.0])
    evidence = clusters.ratio_of_columns(errors, words)
    assert evidence.theta == pytest.approx(6 / 35)
    spread = (errors - 6 / 35 * words).std(ddof=1) / 2
    at_estimate = evidence.var1 - 2 * 6 / 35 * evidence.cov + (6 / 35) ** 2 * evidence.var2
    assert at_estimate**0.5 == pytest.approx(spread)


def test_a_group_without_rows_is_refused():
    with pytest.raises(ValueError, match="no rows"):
        clusters.cluster_difference([1.0, 2.0], [0, 1], [True, True])
