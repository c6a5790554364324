"""Identifiability: its error against planted worlds, its honesty where hardly a pair is lost."""

import numpy as np
import pytest

from audit.explained.similarity import SIMILARITIES
from audit.stats import identified
from audit.stats.evidence import Mean, OneProportion
from audit.stats.identified import disjoint, identifiability, wins


def others(rng, code, m):
    """Draw m others for each input, none of its own cluster, (n, m)."""
    luck = rng.random((len(code), len(code)))
    luck[code[:, None] == code[None, :]] = 9
    return np.argsort(luck, axis=1)[:, :m]


def compared(a, versions, other, similarity):
    """Return the share of versions that beat each other, from explanations (n, k) and (n, t, k)."""
    n, t, k = versions.shape
    m = other.shape[1]
    own = similarity(np.repeat(a, t, axis=0), versions.reshape(-1, k)).reshape(n, t)
    foreign = similarity(np.repeat(a, m, axis=0), a[other].reshape(-1, k)).reshape(n, m)
    ahead = own[:, :, None] - foreign[:, None, :]
    return ((ahead > 0) + 0.5 * (ahead == 0)).mean(axis=1)


def noise(rng, n, t, k):
    """Explanations that do not depend on their input."""
    return rng.normal(size=(n, k)), rng.normal(size=(n, t, k)), np.arange(n)


def smooth(rng, n, t, k=8, size=1, level=0.8):
    """Explanations with a common profile, a part of their own, and noise of its own size.

    Clusters of `size` inputs share half of that part and the size of the noise.
    """
    code = np.arange(n) // size
    shared = rng.normal(size=(code[-1] + 1, k))[code]
    own = shared if size == 1 else np.sqrt(0.5) * (shared + rng.normal(size=(n, k)))
    spread = level * np.exp(0.5 * rng.normal(size=(code[-1] + 1, 1)))[code]
    centre = np.linspace(0.5, 2, k) + own
    versions = centre[:, None] + spread[:, None] * rng.normal(size=(n, t, k))
    return centre + spread * rng.normal(size=(n, k)), versions, code


def truth_of_smooth(similarity, draws=200_000, **world):
    """Return A from triples that share nothing."""
    rng = np.random.default_rng(99)
    a, versions, _ = smooth(rng, draws, 1, **world)
    own = similarity(a, versions[:, 0])
    foreign = similarity(a, a[rng.permutation(draws)])
    return float(((own > foreign) + 0.5 * (own == foreign)).mean())


def audits(make, runs, n, similarity, m=20, seed=1, **world):
    """Return the evidence of many audits of one world; clusters are told where there are any."""
    rng, found = np.random.default_rng(seed), []
    for _ in range(runs):
        a, versions, code = make(rng, n, **world)
        other = others(rng, code, m)
        told = code if code[-1] < n - 1 else None
        found.append(identifiability(compared(a, versions, other, similarity), other, told))
    return found


def rates(found, truth):
    """Return coverage of the 95 % interval, and how often either test rejects the truth."""
    inside = [e.interval()[0] <= truth <= e.interval()[1] for e in found]
    over, under = ([p <= 0.05 for p in ps] for ps in zip(
        *((e.p_over(truth), e.p_under(truth)) for e in found), strict=True))  # fmt: skip
    return np.mean(inside), np.mean(over), np.mean(under)


def with_missing(rng, n=40, m=6):
    win, other = rng.random((n, m)), others(rng, np.arange(n), m)
    win[3], win[4, 2:] = np.nan, np.nan
    other[5, 1:] = -1
    return win, other


@pytest.mark.parametrize("clustered", [False, True])
def test_leaving_out_from_sums_is_leaving_out(clustered):
    rng = np.random.default_rng(0)
    win, other = with_missing(rng)
    code = rng.permutation(40) // 4 if clustered else np.arange(40)
    pairs = identified._pairs(win, other, code if clustered else None)
    for c, fast in enumerate(identified._without(pairs)):
        kept = (code != c)[:, None] & (code[other] != c) & (other >= 0)
        own = wins(np.where(kept, win, np.nan))
        assert fast == pytest.approx(np.nanmean(own))


def test_the_estimate_is_the_mean_over_inputs_of_the_mean_over_their_others():
    win, other = with_missing(np.random.default_rng(1))
    there = np.where(other >= 0, win, np.nan)
    expected = np.mean([row[~np.isnan(row)].mean() for row in there if not np.isnan(row).all()])
    assert identifiability(win, other).theta == pytest.approx(expected)


def test_the_order_of_inputs_changes_nothing():
    rng = np.random.default_rng(2)
    win, other = with_missing(rng)
    order = rng.permutation(40)
    place = np.r_[np.argsort(order), -1]
    first, second = identifiability(win, other), identifiability(win[order], place[other[order]])
    assert (second.estimate, second.se) == pytest.approx((first.estimate, first.se))


@pytest.mark.parametrize("name", SIMILARITIES)
@pytest.mark.parametrize("k", [4, 12])
def test_explanations_that_are_noise_are_at_one_half(name, k):
    """200 audits: at most 18 false alarms a side are the 99 % binomial bound of 5 %."""
    found = audits(noise, 200, 40, SIMILARITIES[name], t=5, k=k)
    covered, over, under = rates(found, 0.5)
    assert np.mean([e.theta for e in found]) == pytest.approx(0.5, abs=0.01)
    assert covered >= 0.91
    assert max(over, under) <= 0.09


@pytest.mark.parametrize("name", ["spearman", "cosine"])
def test_a_linear_model_on_a_table_is_identified(name):
    rng, found = np.random.default_rng(3), []
    for _ in range(20):
        w, x = rng.normal(size=10), rng.normal(size=(60, 10))
        versions = x[:, None] + 0.02 * rng.normal(size=(60, 5, 10))
        other = others(rng, np.arange(60), 20)
        found.append(wins(compared(w * x, w * versions, other, SIMILARITIES[name])).mean())
    assert min(found) >= 0.99


def test_a_steeper_ripple_makes_explanations_less_their_inputs_own():
    """f(x) = w x + kappa sum sin(30 x): the gradient turns within the size of a perturbation."""
    rng, found = np.random.default_rng(4), []
    w, x = rng.normal(size=10), rng.normal(size=(150, 10))
    versions = x[:, None] + 0.05 * rng.normal(size=(150, 5, 10))
    other = others(rng, np.arange(150), 20)
    for kappa in (0.0, 0.003, 0.01, 0.03, 0.1):

        def explained(v, kappa=kappa):
            return (w + kappa * 30 * np.cos(30 * v)) * v

        win = compared(explained(x), explained(versions), other, SIMILARITIES["spearman"])
        found.append(wins(win).mean())
    assert found == sorted(found, reverse=True)
    assert found[0] - found[-1] > 0.05


@pytest.mark.parametrize(("n", "size"), [(50, 1), (100, 2)])
def test_intervals_cover_and_tests_hold_their_level(n, size):
    """250 audits: bounds are about 3 binomial standard errors."""
    similarity = SIMILARITIES["cosine"]
    found = audits(smooth, 250, n, similarity, t=5, size=size)
    covered, over, under = rates(found, truth_of_smooth(similarity))
    assert covered >= 0.91
    assert max(over, under) <= 0.09


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "n", "size"),
    [
        ("spearman", 50, 1),
        ("spearman", 100, 2),
        *(("cosine", n, 1) for n in (50, 100, 300)),
        *(("cosine", n, size) for n, size in ((100, 2), (300, 2), (300, 5))),
    ],
)
def test_intervals_cover_95_percent_in_1000_audits(name, n, size):
    similarity = SIMILARITIES[name]
    found = audits(smooth, 1000, n, similarity, t=5, size=size)
    covered, over, under = rates(found, truth_of_smooth(similarity))
    assert 0.93 <= covered <= 0.975
    assert max(over, under) <= 0.07


@pytest.mark.slow
@pytest.mark.parametrize("level", [0.5, 0.8])
def test_the_printed_detectable_effect_is_detected_nine_times_in_ten(level):
    similarity = SIMILARITIES["cosine"]
    found = audits(smooth, 1000, 100, similarity, t=5, level=level)
    truth = truth_of_smooth(similarity, level=level)
    tau = next(
        t for t in np.linspace(truth, 0.5, 400)
        if np.mean([e.detectable(t, 0.05, "over") for e in found]) <= truth
    )  # fmt: skip
    assert np.mean([e.p_over(tau) <= 0.05 for e in found]) == pytest.approx(0.91, abs=0.03)


def test_what_belongs_to_pairs_is_counted_once():
    """Wins that are luck of the pair alone: the variance is that of so many independent wins."""
    rng, errors, values = np.random.default_rng(5), [], []
    for _ in range(150):
        other = others(rng, np.arange(60), 10)
        found = identifiability(rng.random((60, 10)), other)
        errors.append(found.se)
        values.append(found.estimate)
    assert np.mean(errors) == pytest.approx(np.sqrt(1 / 12 / 600), rel=0.1)
    assert np.std(values) == pytest.approx(np.sqrt(1 / 12 / 600), rel=0.15)


@pytest.mark.parametrize(("others_each", "most"), [(1, 1.1), (2, 1.6), (9, 1.15)])
def test_classes_of_few_inputs_are_not_known_better_than_they_are(others_each, most):
    """Inputs are compared within their class, both ways; the luck of a pair is that of both."""
    rng, size, found = np.random.default_rng(11), others_each + 1, []
    place = np.arange(60)
    other = np.array([[j for j in place if j // size == i // size and j != i] for i in place])
    for _ in range(300):
        own, luck = rng.normal(0.8, 1.0, (60, 1, 5)), rng.normal(size=(60, 60))
        foreign = (luck + luck.T)[place[:, None], other] / np.sqrt(2)
        found.append(identifiability((own > foreign[..., None]).mean(axis=2), other))
    spread = np.std([e.estimate for e in found])
    assert 0.9 <= np.mean([e.se for e in found]) / spread <= most


@pytest.mark.parametrize(("win", "right"), [(1.0, 15), (0.0, 0), (0.5, 8)])
def test_where_nothing_varies_pairs_without_a_common_input_are_counted(win, right):
    other = others(np.random.default_rng(6), np.arange(31), 10)
    assert identifiability(np.full((31, 10), win), other) == OneProportion(right, 15)


@pytest.mark.parametrize(("area", "n"), [(0.98, 50), (0.98, 100), (0.95, 100), (0.9, 50)])
def test_inputs_that_lose_every_pair_in_both_roles_do_not_pass_at_their_limit(area, n):
    """The worst case for independent pairs: (1 - share of such inputs)^2 is the truth."""
    rng, passed, failed = np.random.default_rng(7), 0, 0
    for _ in range(200):
        lost = rng.random(n) < 1 - np.sqrt(area)
        other = others(rng, np.arange(n), 20)
        found = identifiability(1.0 - (lost[:, None] | lost[other]), other)
        passed += found.p_over(area) <= 0.05
        failed += found.p_under(area) <= 0.05
    assert passed <= 18
    assert failed <= 18


def test_disjoint_pairs_are_half_of_the_clusters_and_few_around_a_hub():
    rng = np.random.default_rng(8)
    first = np.repeat(np.arange(40), 5)
    assert disjoint(first, others(rng, np.arange(40), 5).ravel(), 40) == 20
    assert disjoint(np.arange(1, 40), np.zeros(39, dtype=np.int64), 40) == 1
    assert disjoint(np.arange(5), np.arange(5), 5) == 0


def test_too_few_inputs_are_no_evidence():
    assert identifiability(np.ones((3, 2)), [[1, 2], [0, 2], [0, 1]]) is None
    assert identifiability(np.full((9, 2), np.nan), np.full((9, 2), -1)) is None
    many = others(np.random.default_rng(9), np.arange(20), 5)
    assert identifiability(np.ones((20, 5)), many, np.arange(20) % 3) is None


def test_larger_samples_are_known_better_and_clusters_less():
    similarity = SIMILARITIES["cosine"]
    small, large = (audits(smooth, 20, n, similarity, t=5)[0] for n in (60, 240))
    rng = np.random.default_rng(10)
    a, versions, code = smooth(rng, 240, 5, size=4)
    other = others(rng, code, 20)
    win = compared(a, versions, other, similarity)
    alone, clustered = identifiability(win, other), identifiability(win, other, code)
    assert isinstance(small, Mean)
    assert large.se == pytest.approx(small.se / 2, rel=0.3)
    assert clustered.se > alone.se
    assert clustered.df == pytest.approx(59)


@pytest.mark.parametrize(
    ("win", "other", "match"),
    [
        ([[1.0, 0.0]], [[0]], "shape"),
        ([[1.5], [0.0]], [[1], [0]], "outside of 0 to 1"),
        ([[1.0], [0.0]], [[2], [0]], "positions"),
    ],
)
def test_comparisons_that_cannot_be_are_refused(win, other, match):
    with pytest.raises(ValueError, match=match):
        identifiability(win, other)
