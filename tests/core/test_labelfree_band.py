"""The law of errors without labels: synthetic shifts that are fair, scales that know clusters."""

import dataclasses

import numpy as np
import pytest
from scipy import special

from audit.domains import Domain
from audit.labelfree.band import (
    Errors,
    evidence,
    halves,
    learned,
    table,
)
from audit.labelfree.caveats import mix, overlap, saturated
from audit.labelfree.foreign import Alarms, examined
from audit.labelfree.reading import Figure, averaged, sampling_error
from audit.labelfree.shifts import kinds, synthetic
from audit.labelfree.signals import Signals, agreements


def drawn(n, seed, mean=0.0, positive=None, slope=2.0):
    """Draw rows of a calibrated logistic model; `positive` fixes the share of true positives."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n if positive is None else 20 * n, 2)) + np.array([mean, 0.0])
    p = special.expit(slope * x[:, 0])
    y = (rng.random(len(p)) < p).astype(int)
    if positive is not None:
        k = round(n * positive)
        rows = np.r_[np.flatnonzero(y == 1)[:k], np.flatnonzero(y == 0)[: n - k]]
        x, p, y = x[rows], p[rows], y[rows]
    return Signals(
        outputs=np.column_stack([1 - p, p]), chosen=(p > 0.5).astype(int), clusters=np.arange(n),
        agree=np.empty((n, 0)), target=y, features=x, groups=(np.arange(n) % 3,), alone=True,
    )  # fmt: skip


def estimate(home, away, revisions=0):
    """Examine a domain; return what is estimated for it."""
    domain = Domain("tweets", "tweets", np.arange(len(away)), False, "split")
    return examined(home, away, domain, revisions, 0.95, Alarms(0.999, 0.5, 0.05))


def reading(home, away):
    return estimate(home, away).reading


def repeated(rows, times):
    """Repeat every row, as a cluster of its own."""
    copies = rows.take(np.repeat(np.arange(len(rows)), times))
    return dataclasses.replace(copies, alone=False)


def test_there_are_more_than_ten_kinds_of_shift_and_all_are_weights():
    rows = drawn(400, 0)
    assert len(kinds(dataclasses.replace(rows, features=None, groups=()))) == 10
    assert len(kinds(rows)) == 16
    for name, weights in synthetic(rows, np.random.default_rng(0)):
        assert weights.sum() == pytest.approx(1), name
        assert (weights > 0).all(), name
        assert 1 / (weights @ weights) >= 20, name


def test_shifts_do_not_look_at_labels():
    rows = drawn(400, 0)
    other = dataclasses.replace(rows, target=1 - rows.target)
    pairs = zip(
        synthetic(rows, np.random.default_rng(1)), synthetic(other, np.random.default_rng(1)),
        strict=True,
    )  # fmt: skip
    assert all((a[1] == b[1]).all() for a, b in pairs)


def test_clusters_are_drawn_and_cut_whole():
    rows = repeated(drawn(100, 0), 4)
    for name, weights in synthetic(rows, np.random.default_rng(0)):
        parts = weights.reshape(100, 4)
        assert (parts == parts[:, :1]).all(), name
    one, other = halves(rows, np.random.default_rng(0))
    assert not set(one.clusters) & set(other.clusters)
    assert one.units == other.units == 50


def test_the_sampling_error_of_a_mean_is_the_usual_one():
    """Independent rows: s / sqrt(n), but for Student's widening; clusters: of their sums."""
    rows, x = drawn(900, 0), np.random.default_rng(0).normal(size=900)
    part = (x - x.mean()) / 900
    wider = 1.0018  # t over normal, 899 degrees of freedom
    alone = sampling_error([(part, rows), (np.zeros(900), rows)])
    assert alone == pytest.approx(wider * x.std(ddof=1) / 30, rel=1e-3)
    copied = sampling_error([(np.repeat(part, 3) / 3, repeated(rows, 3)), (np.zeros(900), rows)])
    assert copied == pytest.approx(alone, rel=1e-3)


def test_a_side_without_variation_is_worth_one_row_and_one_cluster_is_worth_nothing():
    rows = drawn(100, 0)
    assert sampling_error([(np.zeros(100), rows)] * 2) >= 0.01
    lone = dataclasses.replace(rows, alone=False, clusters=np.zeros(100, int))
    assert np.isinf(sampling_error([(np.zeros(100), lone), (np.zeros(100), rows)]))
    assert evidence(Figure(0.5, np.inf, 0.0), Errors(0.1, np.arange(50.0)), 100, 0.0) is None


def test_tripled_rows_in_clusters_give_the_scale_of_the_distinct_rows():
    home, away = drawn(600, 0), drawn(400, 1, 0.5)
    single = reading(home, away)
    tripled = reading(repeated(home, 3), repeated(away, 3))
    assert tripled.level.value == pytest.approx(single.level.value, abs=0.003)
    assert tripled.level.sampling == pytest.approx(single.level.sampling, rel=0.1)
    naive = dataclasses.replace(repeated(away, 3), alone=True)
    assert reading(home, naive).level.sampling < single.level.sampling


def test_the_law_is_nowhere_narrower_than_the_sampling_error():
    probs, quantiles = table(np.zeros(300), 0.5)
    assert quantiles == pytest.approx(0.5 * special.ndtri(probs))
    assert min(probs) == pytest.approx(1 / 301)


def test_no_bound_leaves_the_range_of_the_figure_and_p_values_have_a_floor():
    law = Errors(0.0, np.sort(np.random.default_rng(0).normal(size=300)))
    found = evidence(Figure(0.98, 0.05, 0.0), law, 100, 0.0)
    assert found.interval(0.95)[1] == 1.0
    assert found.p_over(0.1) == pytest.approx(1 / 301)
    assert found.upper(0.001) == np.inf
    assert found.n_factor(0.9, 0.05, 0.05) is None


def test_the_weight_of_the_spread_is_learned_from_errors_that_follow_it():
    """Errors of 0.5 times the spread, beside sampling errors: a little more is left open."""
    rng = np.random.default_rng(0)
    sampling, spread = np.full(1000, 0.01), rng.uniform(0, 0.1, 1000)
    errors = rng.normal(size=1000) * np.hypot(sampling, 0.5 * spread)
    found = Errors.of(errors, sampling, spread)
    assert 0.5 <= found.weight <= 0.6
    assert np.std(found.ratios) == pytest.approx(1.0, abs=0.1)
    assert Errors.of(0.01 * rng.normal(size=1000), sampling, spread).weight <= 0.1


def test_the_same_seed_learns_the_same_law_and_a_few_rows_learn_none():
    rows = drawn(200, 0)
    one, two = (learned(rows, 0, 0.95, 60, 3) for _ in range(2))
    assert one.shifts >= 60
    assert (one.level.ratios == two.level.ratios).all()
    with pytest.raises(ValueError, match="30 clusters"):
        learned(drawn(30, 0), 0, 0.95, 60, 3)


def test_the_mean_of_one_domain_is_the_domain_and_of_two_is_sharper():
    home = drawn(20_000, 0)
    one, two = (reading(home, drawn(400, seed, 0.3)) for seed in (1, 2))
    assert averaged([one], home) == one.level
    both = averaged([one, two], home)
    assert both.value == pytest.approx((one.level.value + two.level.value) / 2)
    assert both.sampling < max(one.level.sampling, two.level.sampling)


def test_planted_label_shift_is_estimated_and_told_from_none():
    home, away = drawn(4000, 0, positive=0.5), drawn(4000, 1, positive=0.2)
    seen = mix(home, away)
    assert seen.shares == pytest.approx([0.8, 0.2], abs=0.04)
    assert seen.accuracy == pytest.approx(away.correct.mean(), abs=0.03)
    assert seen.p < 1e-6


def test_an_equal_mix_is_rarely_said_to_have_moved():
    """5 % of 400; 29 is the binomial 97.5 % bound."""
    home = [drawn(300, 2 * s) for s in range(400)]
    away = [drawn(300, 2 * s + 1) for s in range(400)]
    assert sum(mix(h, a).p <= 0.05 for h, a in zip(home, away, strict=True)) <= 29


def test_overlap_is_that_of_home_rows_on_the_null_and_nothing_far_away():
    home = drawn(1000, 0)
    assert overlap(home, drawn(1000, 1)) == pytest.approx(0.95, abs=0.03)
    assert overlap(home, drawn(1000, 2, mean=20.0)) == 0.0
    assert overlap(home, dataclasses.replace(home, features=None)) is None


def test_saturation_is_the_share_of_rows_beyond_a_confidence():
    rows = drawn(1000, 0)
    assert saturated(rows, 0.9) == pytest.approx((rows.outputs.max(axis=1) > 0.9).mean())


def test_three_revisions_on_a_good_line_enter_the_median_and_two_do_not():
    def seen(n, seed, mean):
        rows, rng = drawn(n, seed, mean), np.random.default_rng([1, seed])
        others = [
            (rows.features[:, 0] + noise * rng.normal(size=n) > 0).astype(int)
            for noise in (0.2, 0.6, 1.5)
        ]
        return dataclasses.replace(rows, agree=agreements([rows.chosen, *others]))

    home, away = seen(4000, 0, 0.0), seen(4000, 1, 0.5)
    three, two = estimate(home, away, 3), estimate(home, away, 2)
    assert "Agreement" in three.entering
    assert "Agreement" not in two.entering
    (line,) = [e for e in three.estimates if e.name == "Agreement"]
    assert line.value == pytest.approx(away.correct.mean(), abs=0.06)
