"""The count bootstrap against rows, and studentised evidence from it."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score

from audit.stats import resampling


def rows(n=600, groups=3, seed=0):
    rng = np.random.default_rng(seed)
    group = rng.integers(0, groups, n)
    y = (rng.random(n) < 0.35).astype(int)
    predicted = (rng.random(n) < np.where(y == 1, 0.7 - 0.1 * group, 0.2)).astype(int)
    return group, y, predicted


def test_counted_cells_are_those_of_a_loop():
    group, y, predicted = rows()
    counts = resampling.count_cells(group, y, predicted, 3)
    for g, a, b in np.ndindex(3, 2, 2):
        assert counts[g, 2 * a + b] == ((group == g) & (y == a) & (predicted == b)).sum()


def test_the_count_bootstrap_has_the_law_of_resampled_rows():
    group, y, predicted = rows()
    counts = resampling.count_cells(group, y, predicted, 3)
    ours = resampling.count_bootstrap(counts, replicates=4000, seed=1).values
    rng, theirs = np.random.default_rng(2), []
    for _ in range(1500):
        i = rng.integers(0, 600, 600)
        cells = resampling.count_cells(group[i], y[i], predicted[i], 3)
        theirs.append(resampling.ratios(cells, resampling.NUMERATOR, resampling.DENOMINATOR))
    width = ours.std(axis=0)
    assert np.abs(ours.mean(axis=0) - np.mean(theirs, axis=0)).max() < 0.12 * width.max()
    assert np.std(theirs, axis=0) == pytest.approx(width, rel=0.08)


def test_undefined_replicates_are_counted_and_left_out():
    counts = np.array([[40, 2, 1, 0], [30, 5, 4, 9]])
    outcome = resampling.count_bootstrap(counts, replicates=500, seed=3)
    tpr = resampling.METRICS.index("tpr")
    assert outcome.undefined[0, tpr] == np.isnan(outcome.values[:, 0, tpr]).sum() > 50
    assert outcome.undefined[1].sum() == 0
    assert np.isfinite(outcome.quantile([0.025, 0.975])).all()


def test_the_same_seed_gives_the_same_replicates():
    counts = np.array([[40, 2, 1, 7]])
    first, second = (resampling.count_bootstrap(counts, seed=9).values for _ in range(2))
    assert (first == second).all()


@pytest.mark.parametrize(
    ("statistic", "reference"),
    [(resampling.f1, f1_score), (resampling.balanced_accuracy, balanced_accuracy_score)],
)
def test_smooth_statistics_have_their_value_and_standard_error(statistic, reference):
    _, y, predicted = rows()
    counts = resampling.count_cells(np.zeros(600, dtype=int), y, predicted, 1)[0]
    value, se = resampling.with_error(counts.astype(float), statistic)
    assert value == pytest.approx(reference(y, predicted))
    drawn = resampling.resample(counts, 4000, 5).astype(float)
    assert se == pytest.approx(statistic(drawn)[0].std(), rel=0.05)


def test_bootstrap_t_bounds_of_f1_cover():
    truth, law = resampling.f1(np.array([0.5, 0.1, 0.12, 0.28]))[0], [0.5, 0.1, 0.12, 0.28]
    samples = np.random.default_rng(6).multinomial(150, law, 300)
    covered = 0
    for i, counts in enumerate(samples):
        draws = resampling.draws_from_counts(counts, resampling.f1, replicates=999, seed=i)
        low, high, _ = draws.interval()
        covered += low <= truth <= high
    assert 0.92 <= covered / 300 <= 0.98


def test_a_table_of_draws_is_fine_enough_for_small_levels():
    draws = resampling.draws_from_counts(np.array([50, 9, 8, 33]), resampling.f1)
    assert draws.replicates > 19_000
    assert len(draws.probs) < 400
    assert np.isfinite(draws.lower(0.05 / 200))
    assert draws.lower(1e-6) == -np.inf


def test_too_few_usable_replicates_are_refused():
    with pytest.raises(ValueError, match="usable"):
        resampling.draws_from_replicates(0.5, 0.1, [0.5] * 50, [0.0] * 50, 50)
