"""Evidence looked at again and again: errors over all looks, and agreement with one look."""

import numpy as np
import pytest
from scipy import integrate, stats

from audit.stats.anytime import (
    FIRST,
    Anytime,
    anytime,
    log_ratio,
    pointwise,
    settled,
    whenever,
)
from audit.stats.evidence import Draws, Mean, MergeError, OneProportion
from audit.stats.identified import identifiability

LOOKS = range(30, 501, 10)
MEAN = Mean(0.86, 0.03, 99.0, "logit", 100)


def looked_at(values, scale="logit"):
    """Return the evidence of the first n values, had it been looked at once."""
    n, mean = len(values), float(values.mean())
    right = round(min(mean, 1 - mean) * n)
    if scale == "logit" and right < 3:
        return OneProportion(round(mean * n), n)
    return Mean(mean, float(values.std(ddof=1)) / n**0.5, n - 1.0, scale, n)


def ever_rejected(draw, truth, runs, looks=LOOKS, scale="logit", seed=1):
    """Return how often the truth is ever rejected over all looks: as too low, as too high."""
    rng, over, under = np.random.default_rng(seed), 0, 0
    for _ in range(runs):
        values = draw(rng, max(looks))
        found = [Anytime(looked_at(values[:n], scale), n, 100) for n in looks]
        over += any(e.p_over(truth) <= 0.05 for e in found)
        under += any(e.p_under(truth) <= 0.05 for e in found)
    return over / runs, under / runs


def world(rng, n, centre):
    """Return similarities of five versions with their input, (n, 5), and a height as other, (n,).

    An input that is less like its versions is more like others.
    """
    own = centre + 0.6 * rng.normal(size=n)
    spread = 0.5 * np.exp(0.4 * rng.normal(size=n))
    height = 0.4 * rng.normal(size=n) + 0.3 * (own - centre)
    return own[:, None] + spread[:, None] * rng.normal(size=(n, 5)), height


def stages(rng, centre, looks):
    """Yield the evidence on identifiability after each look at a growing sample."""
    own, height = world(rng, max(looks), centre)
    step, luck = rng.permutation(29)[:10] + 1, 0.5 * rng.normal(size=(max(looks), 10))
    for n in looks:
        other = (np.arange(n)[:, None] + step) % n
        foreign = height[other] + luck[:n]
        win = (own[:n, None, :] > foreign[:, :, None]).mean(axis=2)
        yield n, identifiability(win, other)


def area(centre, draws=1_000_000):
    rng = np.random.default_rng(77)
    own, height = world(rng, draws, centre)
    foreign = height[rng.permutation(draws)] + 0.5 * rng.normal(size=draws)
    return float((own[:, 0] > foreign).mean())


def test_the_ratio_is_the_mixture_over_half_normal_drifts():
    for z, time in ((-1.0, 0.5), (0.3, 1.0), (2.5, 3.0)):
        n, rho = time, 6.33**0.5
        mixed, _ = integrate.quad(
            lambda d, z=z, n=n, rho=rho: 2 * stats.norm.pdf(d, scale=rho)
            * np.exp(d * z * n**0.5 - d * d * n / 2), 0, np.inf)  # fmt: skip
        assert np.exp(log_ratio(z, time)) == pytest.approx(mixed)


def test_levels_and_p_values_are_each_others_inverse():
    for alpha in (0.3, 0.05, 0.0005, 1e-7):
        for time in (0.25, 1.0, 5.0):
            assert whenever(pointwise(alpha, time), time) == pytest.approx(alpha, rel=1e-6)


def test_bounds_are_tightest_at_the_size_they_are_tuned_to():
    """A level that a larger or smaller share of the size would not raise by much."""
    sizes = np.array([20, 50, 80, 100, 120, 200, 500])
    levels = [pointwise(0.05, 100 / tuned) for tuned in sizes]
    assert levels[3] >= 0.995 * max(levels)
    assert levels[0] < levels[2] > levels[6]


def test_the_mixture_never_overshoots_on_a_walk_with_normal_steps():
    """The law it is made for: 2,000 walks, every step a look."""
    steps = np.random.default_rng(2).normal(size=(2000, 400))
    z = np.cumsum(steps, axis=1) / np.sqrt(np.arange(1, 401))
    x = 6.33 * np.arange(1, 401) / 100
    critical = np.array([-stats.norm.ppf(pointwise(0.05, t)) for t in x / 6.33])
    assert (z >= critical).any(axis=1).mean() <= 0.05


@pytest.mark.parametrize(
    ("draw", "truth"),
    [
        (lambda rng, n: (rng.random(n) < 0.8) * 1.0, 0.8),
        (lambda rng, n: (rng.random(n) < 0.95) * 1.0, 0.95),
        (lambda rng, n: rng.beta(2, 0.5, n), 0.8),
    ],
    ids=["four in five", "nineteen in twenty", "skewed shares"],
)
def test_looking_often_does_not_reject_the_truth_more_often(draw, truth):
    assert max(ever_rejected(draw, truth, 150, range(30, 301, 15))) <= 0.06


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.5, 0.8, 0.95])
def test_the_error_over_48_looks_is_held_in_1000_audits(rate):
    assert max(ever_rejected(lambda rng, n: (rng.random(n) < rate) * 1.0, rate, 1000)) <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize("centre", [0.85, 1.7])
def test_the_error_on_identifiability_is_held_over_all_looks(centre):
    """400 audits: at most 20 are its level; .01 to .02 were measured in 1,000."""
    truth, rng, over, under = area(centre), np.random.default_rng(3), 0, 0
    for _ in range(400):
        found = [anytime(e, n, 100) for n, e in stages(rng, centre, range(30, 501, 20))]
        over += any(e.p_over(truth) <= 0.05 for e in found)
        under += any(e.p_under(truth) <= 0.05 for e in found)
    assert max(over, under) <= 20


def test_a_clear_case_is_settled_early():
    """A = .93 and .61 against a limit of .8: on average within 85 inputs."""
    rng = np.random.default_rng(4)
    for centre, met in ((1.6, True), (0.3, False)):
        ends = []
        for _ in range(15):
            for n, look in stages(rng, centre, LOOKS):
                found = anytime(look, n, 100)
                if settled(found, 0.8):
                    break
            assert (found.p_over(0.8) <= 0.05) == met
            ends.append(n)
        assert np.mean(ends) <= 85


def test_the_sequence_is_wider_than_one_look_by_no_more_than_it_must():
    wide, narrow = (e.upper(0.05) - e.lower(0.05) for e in (Anytime(MEAN, 100, 100), MEAN))
    assert 1.6 <= wide / narrow <= 1.8


def test_its_printed_power_is_that_of_a_look_at_its_own_critical_value():
    rng, at, tau = np.random.default_rng(5), 0.0, -0.4
    found = [
        Anytime(looked_at(values, "identity"), 100, 100)
        for values in rng.normal(at, 1.0, size=(1500, 100))
    ]
    power = np.mean([e.p_over(tau) <= 0.05 for e in found])
    assert np.mean([e.power(at, tau, 0.05, "over") for e in found]) == pytest.approx(
        power, abs=0.03
    )


def test_its_detectable_effect_has_the_power_asked_for():
    evidence = Anytime(MEAN, 100, 100)
    found = evidence.detectable(0.8, 0.05, "over")
    assert evidence.power(found, 0.8, 0.05, "over") == pytest.approx(0.9, abs=1e-6)
    assert found > MEAN.detectable(0.8, 0.05, "over")


def test_more_inputs_are_needed_than_for_one_look_and_suffice():
    factor = Anytime(MEAN, 100, 100).n_factor(0.8, 0.05, 0.05)
    grown = Mean(0.86, 0.03 / factor**0.5, 99 * factor, "logit", 100)
    later = Anytime(grown, round(100 * factor), 100)
    assert factor > MEAN.n_factor(0.8, 0.05, 0.05)
    assert later.power(0.86, 0.8, 0.05, "over") == pytest.approx(0.9, abs=0.01)


@pytest.mark.parametrize("look", [Mean(0.99, 0.001, 23.0, "logit", 24), OneProportion(24, 24)])
def test_nothing_is_proven_before_the_first_look(look):
    evidence = Anytime(look, FIRST - 1, 100)
    assert evidence.p_over(0.5) == evidence.p_under(0.999) == 1.0
    assert (evidence.lower(0.05), evidence.upper(0.05)) == (0.0, 1.0)
    assert evidence.interval()[:2] == (0.0, 1.0)
    assert evidence.detectable(0.5, 0.05, "over") is None
    assert evidence.theta == look.theta


def test_only_means_and_counts_can_be_looked_at_again():
    table = Draws(0.3, 0.05, (0.01, 0.99), (-2.6, 2.2), 80, 99)
    assert anytime(MEAN, 100, 50) == Anytime(MEAN, 100, 50)
    assert anytime(table, 100, 50) is anytime(None, 100, 50) is None
    assert anytime(MEAN, FIRST - 1, 50) is None


def test_a_verdict_is_settled_on_either_side_and_open_between():
    def at(estimate):
        return Anytime(Mean(estimate, 0.02, 99.0, "logit", 100), 100, 100)

    assert [settled(at(a), 0.8) for a in (0.9, 0.81, 0.75, 0.6)] == [True, False, False, True]
    assert settled(at(0.6), 0.8, side="under")
    assert not settled(None, 0.8)


def test_stopped_evidence_does_not_merge():
    evidence = Anytime(MEAN, 100, 100)
    with pytest.raises(MergeError, match="measure anew"):
        evidence.merge(evidence)


def test_sizes_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="one at least"):
        Anytime(MEAN, 100, 0)
