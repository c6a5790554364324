import numpy as np
import pytest
from scipy.special import ndtr

from audit.stats import effective
from audit.stats.evidence import Paired


def flips(rng, n, kinds, share, theta, nested=True):
    """Draw differences of `kinds` transforms, (kinds, n): correlated, mostly 0, mean `theta`."""

    def shared(correlation):
        own = rng.standard_normal((kinds, n))
        return np.sqrt(correlation) * rng.standard_normal(n) + np.sqrt(1 - correlation) * own

    sign = np.where(ndtr(shared(0.5)) < (share + theta) / 2 / share, 1, -1)
    luck = shared(0.5)[..., None]
    if not nested:
        luck = np.sqrt(0.3) * luck + np.sqrt(0.7) * rng.standard_normal((kinds, n, 5))
    return sign * (ndtr(luck) < share * np.array([0.2, 0.6, 1.0, 1.4, 1.8])).mean(-1)


def error_rates(audits, n, share, theta, nested, kinds=10, seed=0):
    """Return how often a family fails at its own limit, and how often a comparison passes it."""
    rng = np.random.default_rng(seed)
    failed, passed = 0, 0.0
    for _ in range(audits):
        found = [effective.difference(d) for d in flips(rng, n, kinds, share, theta, nested)]
        failed += min(e.p_over(theta) for e in found) <= 0.05 / kinds
        passed += np.mean([e.p_under(theta) <= 0.05 for e in found])
    return failed, passed


@pytest.mark.parametrize("nested", [True, False])
@pytest.mark.parametrize(("share", "theta"), [(0.02, 0.0), (0.2, 0.0), (0.05, 0.05), (0.2, 0.05)])
def test_clean_families_rarely_fail_and_rarely_pass_at_their_limit(share, theta, nested):
    """100 audits: at most 10 are the 97.5 % binomial bound of 5 %."""
    for n in (60, 200):
        failed, passed = error_rates(100, n, share, theta, nested)
        assert failed <= 10
        assert passed <= 10


@pytest.mark.slow
@pytest.mark.parametrize("nested", [True, False])
@pytest.mark.parametrize("n", [60, 200, 1000])
@pytest.mark.parametrize("theta", [0.0, 0.05])
def test_clean_families_rarely_fail_and_rarely_pass_at_their_limit_at_length(theta, n, nested):
    """1,000 audits: at most 64 are the 97.5 % binomial bound of 5 %."""
    for share in (0.01, 0.05, 0.2) if theta == 0 else (0.05, 0.08, 0.2):
        failed, passed = error_rates(1000, n, share, theta, nested)
        assert failed <= 64
        assert passed <= 64


def clumped(rng, clusters, kinds, share, theta):
    """Draw differences as `flips` does, where half of the luck is that of a cluster."""
    groups = clusters.max() + 1

    def shared():
        parts = [rng.standard_normal(groups)[clusters], rng.standard_normal(len(clusters))]
        parts.append(rng.standard_normal((kinds, groups))[:, clusters])
        parts.append(rng.standard_normal((kinds, len(clusters))))
        return sum(parts) / 2

    sign = np.where(ndtr(shared()) < (share + theta) / 2 / share, 1, -1)
    return sign * (ndtr(shared())[..., None] < share * np.linspace(0.2, 1.8, 5)).mean(-1)


def clustered_error_rates(audits, clusters, share, theta, kinds=10, seed=0):
    rng = np.random.default_rng(seed)
    failed, passed = 0, 0.0
    for _ in range(audits):
        drawn = clumped(rng, clusters, kinds, share, theta)
        found = [effective.difference(d, clusters) for d in drawn]
        failed += min(e.p_over(theta) for e in found) <= 0.05 / kinds
        passed += np.mean([e.p_under(theta) <= 0.05 for e in found])
    return failed, passed


@pytest.mark.parametrize(("share", "theta"), [(0.1, 0.0), (0.1, 0.05), (0.25, 0.05)])
def test_clustered_families_rarely_fail_and_rarely_pass_at_their_limit(share, theta):
    """60 audits: at most 7 are the 97.5 % binomial bound of 5 %."""
    failed, passed = clustered_error_rates(60, np.arange(400) % 100, share, theta)
    assert failed <= 7
    assert passed <= 7


@pytest.mark.slow
@pytest.mark.parametrize("uneven", [False, True])
@pytest.mark.parametrize(("n", "groups"), [(60, 20), (200, 50), (1000, 250)])
def test_clustered_families_keep_their_rates_at_length(n, groups, uneven):
    """1,000 audits: at most 64 are the 97.5 % binomial bound of 5 %."""
    clusters = np.arange(n) % groups
    if uneven:
        clusters = (np.random.default_rng(1).random(n) ** 2 * groups).astype(int)
        clusters = np.unique(clusters, return_inverse=True)[1]
    for share, theta in ((0.02, 0.0), (0.1, 0.0), (0.05, 0.05), (0.25, 0.05)):
        failed, passed = clustered_error_rates(1000, clusters, share, theta)
        assert failed <= 64
        assert passed <= 64


def coverage(sets, n, share, theta, nested=True, seed=0):
    rng = np.random.default_rng(seed)
    inside = 0
    for _ in range(sets):
        low, high, _ = effective.difference(flips(rng, n, 1, share, theta, nested)[0]).interval()
        inside += low <= theta <= high
    return inside / sets


@pytest.mark.parametrize("n", [60, 200, 1000])
def test_intervals_cover_the_truth(n):
    """250 sets: 0.92 is 95 % less 2.2 standard errors; sparse means may be covered more often."""
    assert coverage(250, n, 0.2, 0.05) >= 0.92
    assert coverage(250, n, 0.06, 0.05, nested=False) >= 0.92


def test_no_item_that_differs_leaves_the_bound_of_no_discordant_pair():
    """The exact upper bound is that at which no item of n would differ with probability alpha."""
    found = effective.difference(np.zeros(200))
    assert found == Paired(0, 0, 200)
    assert found.upper(0.05) == pytest.approx(1 - 0.05 ** (1 / 200), abs=1e-4)
    assert effective.difference(np.zeros(200), np.repeat(np.arange(50), 4)).n <= 50
    assert effective.difference(np.zeros(4), np.zeros(4)) is None


def test_effective_counts_have_the_variance_of_the_mean():
    rng = np.random.default_rng(0)
    d = flips(rng, 5000, 1, 0.2, 0.05)[0]
    e = effective.difference(d)
    assert e.theta == pytest.approx(d.mean(), abs=1e-4)
    assert np.sqrt((e.b + e.c) / e.n**2 - e.theta**2 / e.n) == pytest.approx(
        d.std() / np.sqrt(5000), rel=0.01
    )
    y = np.clip(d, 0, 1)
    s = effective.share(y)
    assert np.sqrt(s.theta * (1 - s.theta) / s.n) == pytest.approx(
        y.std() / np.sqrt(5000), rel=0.01
    )


def power_at_detectable(n, share, audits, kinds=10, limit=0.0):
    """Return how often a defect of the printed size is proven, and how often it is named."""
    rng = np.random.default_rng(3)
    level, proven, named = 0.05 / kinds, 0, 0
    size = effective.difference(flips(rng, 20_000, 1, share, limit)[0])
    ratio = n / 20_000
    size = Paired(round(size.b * ratio), round(size.c * ratio), round(size.n * ratio))
    at = size.detectable(limit, level, "over")
    for _ in range(audits):
        d = flips(rng, n, kinds, share, limit)
        d[4] = flips(rng, n, 1, max(share, at), at)[0]
        p = np.array([effective.difference(row).p_over(limit) for row in d])
        if p[4] <= level:
            proven += 1
            named += p.argmin() == 4
    return proven / audits, named / max(proven, 1)


@pytest.mark.parametrize(("n", "share"), [(200, 0.2), (1000, 0.1)])
def test_the_printed_detectable_drop_is_proven_nine_times_of_ten(n, share):
    """300 audits: 0.85 and 0.95 are 0.9 with 2.9 standard errors to either side."""
    power, named = power_at_detectable(n, share, 300)
    assert 0.85 <= power <= 0.95
    assert named >= 0.95
