import numpy as np
import pytest

from audit.stats.clusters import cluster_mean
from audit.stats.crossed import Crossed, crossed_mean


def scores(rng, J=5, k=1, n=300, row=1.0, seed=0.05, both=0.5, size=1):
    rows = np.repeat(rng.normal(0, row, (k, n // size)), size, axis=1)
    return rows + rng.normal(0, seed, (J, k, 1)) + rng.normal(0, both, (J, k, n))


def test_rows_alone_give_the_error_of_a_plain_mean():
    x = scores(np.random.default_rng(0), seed=0.0, both=0.0)
    m = Crossed.of(x).mean([1.0])
    assert m.se == pytest.approx(x[0, 0].std(ddof=1) / np.sqrt(300))
    assert m.df == pytest.approx(299)


def test_clusters_have_the_error_of_cluster_mean():
    x = scores(np.random.default_rng(1), seed=0.0, both=0.0, size=4)
    code = np.arange(300) // 4
    expected = cluster_mean(x[0, 0], code)
    m = Crossed.of(x, code).mean([1.0])
    assert (m.se, m.df) == pytest.approx((expected.se, expected.df))


def test_seeds_alone_leave_their_own_degrees_of_freedom():
    x = scores(np.random.default_rng(2), row=0.0, seed=1.0, both=0.0)
    m = Crossed.of(x).mean([1.0])
    assert m.se == pytest.approx(x.mean(axis=2).std(ddof=1) / np.sqrt(5))
    assert m.df == pytest.approx(4)


def test_a_contrast_of_equal_columns_is_zero_without_error():
    x = scores(np.random.default_rng(3))
    m = Crossed.of(np.concatenate([x, x], axis=1)).mean([1.0, -1.0])
    assert m.estimate == pytest.approx(0, abs=1e-12)
    assert m.se == 0


@pytest.mark.parametrize("seed", [0.0, 0.03, 0.2])
def test_the_interval_covers_the_truth_whatever_the_trainings_add(seed):
    hit = 0
    for i in range(600):
        x = scores(np.random.default_rng(i), seed=seed)
        low, high, _ = Crossed.of(x).mean([1.0]).interval()
        hit += low <= 0 <= high
    assert 552 <= hit <= 597  # 570 wanted


def test_a_single_seed_is_refused():
    with pytest.raises(ValueError, match="one seed"):
        Crossed.of(np.zeros((1, 2, 9)))


def test_one_training_has_the_error_of_its_rows_alone():
    row = np.random.default_rng(0).normal(size=(1, 50))
    assert crossed_mean(row).se == pytest.approx(row.std(ddof=1) / 50**0.5)


def test_what_does_not_vary_is_no_evidence():
    assert crossed_mean(np.ones((3, 10))).p_over(0.5) == 1.0
