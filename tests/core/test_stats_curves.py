"""A measured curve: what its errors are worth, and whether it rises."""

import numpy as np
import pytest

from audit.stats.curves import MeasuredCurve, last_halving, pairs_of, rises

SIZES = np.round(2000 * 2.0 ** (-np.arange(15)[::-1] / 2))
DROP = 0.1 + 0.05 * (SIZES / SIZES[-1]) ** -0.5
SEEDS = 5


def measured(truth, n=2000, seed=0, spread=0.0, seeds=SEEDS, clusters=None):
    """Return a curve of 0/1 losses: rows differ in difficulty, seeds by `spread`."""
    rng = np.random.default_rng(seed)
    hard = rng.uniform(size=n)  # a row is got wrong while the error exceeds its threshold
    own = rng.uniform(size=(seeds, 1, n))
    threshold = np.where(rng.uniform(size=(seeds, 1, n)) < 0.7, hard, own)
    level = truth[None, :, None] + spread * rng.normal(size=(seeds, len(truth), 1))
    return MeasuredCurve.of(SIZES, (threshold < level).astype(float), clusters)


def test_the_means_are_those_over_seeds_and_rows():
    curve = measured(DROP)
    assert curve.means == pytest.approx(curve.errors.mean(axis=0))
    assert curve.errors.shape == (SEEDS, 15)
    assert curve.last == curve.means[-1]
    assert np.abs(curve.means - DROP).max() < 4 * curve.se.max()


def test_the_standard_error_of_one_mean_is_about_that_of_its_test_rows():
    curve = measured(DROP)
    rows = np.sqrt(DROP * (1 - DROP) / 2000)
    assert (curve.se < 1.3 * rows).all()
    assert (curve.se > 0.6 * rows).all()


def test_the_luck_of_shared_training_rows_grows_with_the_share_of_the_pool():
    curve = measured(DROP, spread=0.02)
    luck = np.diag(curve.luck)
    assert (luck >= 0).all()
    assert luck[-1] > 0
    # variance falls like 1/n and the shared part of it grows like n: what is shared stays level
    assert luck == pytest.approx(np.full(15, luck[0]))
    assert np.linalg.eigvalsh(curve.luck).min() > -1e-12


def test_without_a_difference_between_seeds_there_is_no_luck():
    scores = np.repeat((np.random.default_rng(1).uniform(size=300) < 0.2)[None, None], 15, axis=1)
    curve = MeasuredCurve.of(SIZES, np.repeat(scores, SEEDS, axis=0).astype(float))
    assert curve.luck == pytest.approx(np.zeros((15, 15)))
    assert rises(curve) == ()
    assert last_halving(curve).estimate == 0


def test_trainings_that_never_differ_are_no_evidence_of_a_small_gain():
    scores = np.repeat((np.random.default_rng(1).uniform(size=300) < 0.2)[None, None], 15, axis=1)
    curve = MeasuredCurve.of(SIZES, np.repeat(scores, SEEDS, axis=0).astype(float))
    assert last_halving(curve).p_under(0.005) == 1.0


def test_rows_that_depend_on_each_other_make_the_error_larger():
    scores = np.repeat((np.random.default_rng(2).uniform(size=(5, 15, 100)) < DROP[:, None]), 4, 2)
    labels = np.repeat(np.arange(100), 4)
    alone = MeasuredCurve.of(SIZES, scores.astype(float))
    together = MeasuredCurve.of(SIZES, scores.astype(float), labels)
    ratio = np.diag(together.crossed.rows) / np.diag(alone.crossed.rows)
    assert ratio == pytest.approx(np.full(15, 4.0), rel=0.1)


def test_the_gain_of_the_last_halving_is_the_difference_at_half_the_rows():
    curve = measured(DROP, n=10_000)
    gain = last_halving(curve)
    assert gain.estimate == pytest.approx(curve.means[-3] - curve.means[-1])
    assert abs(gain.estimate - (DROP[-3] - DROP[-1])) < 4 * gain.se
    assert gain.p_over(0.0) < 0.01


def test_a_difference_that_cancels_is_no_evidence_of_one():
    scores = np.random.default_rng(4).uniform(size=(SEEDS, 1, 500)) < 0.2
    gain = last_halving(MeasuredCurve.of(SIZES, np.repeat(scores, 15, axis=1).astype(float)))
    assert gain.p_over(0.0) > 0.05
    assert gain.p_under(0.0) > 0.05


def test_every_pair_that_is_compared_goes_up_in_size_and_all_reach_the_last():
    for k in (3, 8, 15):
        pairs = pairs_of(k)
        assert (pairs[:, 0] < pairs[:, 1]).all()
        assert {int(i) for i, j in pairs if j == k - 1} == set(range(k - 1))
        assert len({tuple(p) for p in pairs.tolist()}) == len(pairs)


def test_a_rise_is_named_with_its_sizes_its_growth_and_its_p_value():
    worse = DROP + np.where(SIZES > 500, 0.15, 0.0)
    found = rises(measured(worse))
    assert found
    for rise in found:
        assert rise.small < rise.large
        assert rise.growth > 0
        assert rise.p_value <= 0.05


def test_a_curve_that_falls_has_no_rise():
    assert all(rises(measured(DROP, seed=s)) == () for s in range(5))


def test_one_seed_is_refused():
    with pytest.raises(ValueError, match="one seed"):
        MeasuredCurve.of(SIZES, np.zeros((1, 15, 200)))


@pytest.mark.slow
def test_flat_and_falling_curves_are_called_rising_in_at_most_a_twentieth():
    for truth in (np.full(15, 0.2), DROP):
        wrong = [bool(rises(measured(truth, n=500, seed=s, spread=0.01))) for s in range(400)]
        assert np.mean(wrong) <= 0.05 + 2.5 * np.sqrt(0.05 * 0.95 / 400)


@pytest.mark.slow
def test_a_hump_or_a_dip_of_seven_points_is_seen_four_times_in_five():
    place = np.log2(SIZES / SIZES[-1])
    hump = 0.15 + 0.01 * 2.0 ** (-place / 2) + 0.1 * np.exp(-((place + 3) ** 2) / 0.8)
    dip = 0.2 + 0.08 * np.clip((place + 3) / 3, 0, 1) + 0.05 * 2.0 ** (-(place + 7))
    for truth in (hump, dip):
        assert (truth - np.minimum.accumulate(truth)).max() < 0.08
        seen = [bool(rises(measured(truth, n=1000, seed=s, spread=0.01))) for s in range(200)]
        assert np.mean(seen) >= 0.8


@pytest.mark.slow
def test_the_gain_of_a_flat_curve_is_proven_in_at_most_a_twentieth():
    proven = [
        last_halving(measured(np.full(15, 0.2), n=500, seed=s, spread=0.01)).p_over(0.0) <= 0.05
        for s in range(400)
    ]
    assert np.mean(proven) <= 0.05 + 2.5 * np.sqrt(0.05 * 0.95 / 400)
