"""What all evidence promises: bounds agree with tests, merging is union, silence without data."""

import subprocess
import sys

import msgspec
import numpy as np
import pytest

from audit.stats import (
    AnyEvidence,
    Crossing,
    Draws,
    Mean,
    MeanRatio,
    OneProportion,
    Paired,
    TwoProportions,
)
from audit.stats.evidence import Anytime, MergeError

TABLE = Draws(0.3, 0.05, (0.01, 0.1, 0.5, 0.9, 0.99), (-2.6, -1.4, 0.0, 1.2, 2.2), 80, 999)
CONFORMAL = msgspec.structs.replace(TABLE, method="conformal")
CURVE = Crossing(
    (100.0, 200.0, 400.0), (0.2, 0.05, -0.1), (0.05,) * 3, TABLE.probs, (TABLE.quantiles,)
)


def random_evidence(seed):
    """Return one of each kind and a margin near enough to matter."""
    rng = np.random.default_rng(seed)
    n1, n2 = (int(n) for n in rng.integers(5, 400, 2))
    rate = rng.choice([0.5, 0.9, 0.98])
    k1, k2 = int(rng.binomial(n1, rate)), int(rng.binomial(n2, rate))
    b, c = (int(x) for x in rng.binomial(n1, [0.06, 0.03]))
    gap, ratio = float(rng.choice([-0.1, 0.0, 0.05])), float(rng.choice([0.8, 1.0, 1.25]))
    return [
        (OneProportion(k1, n1), float(rng.choice([0.4, 0.85, 0.97]))),
        (TwoProportions(k1, n1, k2, n2), gap),
        (TwoProportions(k1, n1, k2, n2, "ratio"), ratio),
        (Paired(b, c, n1), gap),
        (Mean(float(rng.uniform(0.5, 0.9)), 0.05, 7.0, "logit", 50), 0.7),
        (Mean(float(rng.normal()), 0.5, 3.0), 0.3),
        (MeanRatio(float(rng.uniform(0.5, 2)), 1.0, 0.02, 0.03, 0.01, 9.0), ratio),
        (TABLE, float(rng.uniform(0.1, 0.5))),
        (CONFORMAL, float(rng.uniform(0.1, 0.5))),
        (CURVE, float(rng.uniform(80, 500))),
        (Anytime(Mean(float(rng.uniform(0.5, 0.97)), 0.05, 70.0, "logit", 71), 71, 100), 0.7),
        (Anytime(OneProportion(k1, n1), 2 * n1, 100), float(rng.choice([0.4, 0.85, 0.97]))),
    ]


@pytest.mark.parametrize("seed", range(40))
def test_a_bound_lies_beyond_the_margin_exactly_when_the_test_rejects(seed):
    for evidence, tau in random_evidence(seed):
        for alpha in (0.05, 0.05 / 24):
            assert (evidence.lower(alpha, near=tau) > tau) == (evidence.p_over(tau) <= alpha)
            assert (evidence.upper(alpha, near=tau) < tau) == (evidence.p_under(tau) <= alpha)


@pytest.mark.parametrize("seed", range(6))
def test_a_bound_is_where_the_p_value_crosses_the_level(seed):
    for evidence, _ in random_evidence(seed):
        low = evidence.lower(0.05)
        if np.isfinite(low) and abs(low) > 1e-6 and abs(low) < 0.999:
            assert evidence.p_over(low - 1e-5) <= 0.05 + 1e-9
            assert evidence.p_over(low + 1e-4) >= 0.05 - 1e-9


@pytest.mark.parametrize("seed", range(6))
def test_stored_evidence_reads_back_as_it_was(seed):
    decoder = msgspec.json.Decoder(AnyEvidence)
    for evidence, _ in random_evidence(seed):
        assert decoder.decode(msgspec.json.encode(evidence)) == evidence


def test_importing_evidence_pulls_in_no_numerical_library():
    program = "import sys, audit.stats.evidence; print({'numpy', 'scipy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stderr


def test_merged_counts_are_the_counts_of_the_union():
    assert OneProportion(3, 9).merge(OneProportion(1, 4)) == OneProportion(4, 13)
    assert Paired(1, 2, 9).merge(Paired(0, 3, 5)) == Paired(1, 5, 14)
    both = TwoProportions(1, 2, 3, 4).merge(TwoProportions(5, 6, 7, 8))
    assert both == TwoProportions(6, 8, 10, 12)


def test_merged_means_are_the_mean_of_all_rows():
    rows = np.random.default_rng(1).normal(size=23)

    def plain(x):
        return Mean(float(x.mean()), float(x.std(ddof=1) / len(x) ** 0.5), len(x) - 1.0, n=len(x))

    merged, whole = plain(rows[:9]).merge(plain(rows[9:])), plain(rows)
    assert (merged.estimate, merged.se) == pytest.approx((whole.estimate, whole.se))
    assert (merged.df, merged.n) == (whole.df, whole.n)


def test_what_does_not_merge_says_so():
    with pytest.raises(MergeError, match="independent rows"):
        Mean(0.8, 0.1, 5.3, n=40).merge(Mean(0.7, 0.1, 5.3, n=40))
    with pytest.raises(MergeError, match="draw again"):
        TABLE.merge(TABLE)
    with pytest.raises(MergeError, match="scale"):
        TwoProportions(1, 2, 3, 4).merge(TwoProportions(1, 2, 3, 4, "ratio"))


def test_a_mean_without_variation_is_no_evidence():
    for evidence in (Mean(1.0, 0.0, 9.0, n=10), Mean(1.0, 0.02, None, "logit", 30)):
        assert evidence.p_over(0.5) == evidence.p_under(2.0) == 1.0
        assert evidence.lower(0.05) in (-np.inf, 0.0)
        assert evidence.theta == 1.0


def test_draws_never_give_a_p_value_beyond_their_number():
    assert Draws(9.0, 1.0, (0.01, 0.99), (-2.0, 2.0), 50, 99).p_over(0.0) == pytest.approx(0.01)
    assert Draws(9.0, 1.0, (0.01, 0.99), (-2.0, 2.0), 50, 99).lower(0.001) == -np.inf


def test_a_ratio_whose_denominator_may_be_zero_is_unbounded():
    evidence = MeanRatio(1.0, 0.1, 0.01, 0.01, 0.0, 20.0)
    assert evidence.upper(0.025) == np.inf
    assert MeanRatio(1.0, -0.1, 0.01, 0.01).theta is None


def test_counts_that_cannot_be_are_refused():
    for make in (
        lambda: OneProportion(5, 4),
        lambda: TwoProportions(1, 2, -1, 4),
        lambda: Paired(3, 3, 5),
    ):
        with pytest.raises(ValueError, match=r"count"):
            make()
