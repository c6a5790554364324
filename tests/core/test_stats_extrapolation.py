"""What is said of more training rows: forecasts, their intervals, refusals, rows for a target."""

import msgspec
import numpy as np
import pytest

from audit.stats import AnyEvidence
from audit.stats.curves import MeasuredCurve
from audit.stats.extrapolation import Forecast, Refusal, extrapolate
from audit.stats.rows_needed import Kind, answer, rows_needed

LARGEST = 1000.0
AHEAD = LARGEST * np.array([2.0, 4.0, 8.0])


def law(sizes, c=0.1, a=0.06, b=0.6):
    """Return errors that fall by a shifted power law, from at most 0.75."""
    return c + a * ((np.asarray(sizes) / LARGEST + 0.02) / 1.02) ** -b


def planted(c=0.1, a=0.06, b=0.6, anchors=15, n=2000, seed=0, bump=0.0):
    """Return a curve of 0/1 losses on shared test rows, 5 seeds, each training with some luck."""
    rng = np.random.default_rng(seed)
    sizes = LARGEST * 2.0 ** (-np.arange(anchors)[::-1] / 2)
    error = law(sizes, c, a, b) + bump * (sizes > LARGEST / 4)
    level = error[:, None] + 0.004 * rng.normal(size=(5, anchors, 1))
    hard = np.where(
        rng.uniform(size=(5, 1, n)) < 0.6, rng.uniform(size=n), rng.uniform(size=(5, 1, n))
    )
    return MeasuredCurve.of(sizes, (hard < level).astype(float))


def test_a_curve_that_is_nearly_without_noise_is_continued():
    ahead = extrapolate(planted(n=40_000), AHEAD)
    assert isinstance(ahead, Forecast)
    assert ahead.point == pytest.approx(law(AHEAD), abs=0.012)
    assert (ahead.low < ahead.point).all()
    assert (ahead.point < ahead.high).all()
    assert ahead.last == pytest.approx(0.16, abs=0.01)


def test_the_fit_can_be_drawn_over_what_was_measured():
    curve = planted(n=10_000)
    ahead = extrapolate(curve, AHEAD)
    assert ahead.fitted(curve.sizes) == pytest.approx(curve.means, abs=0.02)


def test_the_interval_is_wider_further_out_and_from_fewer_sizes():
    def width(k):
        found = [extrapolate(planted(anchors=k, seed=s), AHEAD) for s in range(8)]
        return np.mean([f.high - f.low for f in found if isinstance(f, Forecast)], axis=0)

    many, few = width(15), width(8)
    assert (np.diff(many) > 0).all()
    assert (few > many).all()


@pytest.mark.parametrize(
    ("curve", "sizes", "words"),
    [
        (planted(anchors=5), AHEAD, "too few to extrapolate"),
        (planted(), [8.1 * LARGEST], "no basis beyond 8 times"),
        (planted(bump=0.15), AHEAD, "ill-behaved: its error rises"),
    ],
)
def test_where_there_is_no_basis_there_are_words_and_no_number(curve, sizes, words):
    refused = extrapolate(curve, sizes)
    assert isinstance(refused, Refusal)
    assert words in refused.reason


def test_the_gain_from_doubling_is_evidence_like_any_other():
    gain = extrapolate(planted(), AHEAD).gain(2.0)
    truth = float(law(LARGEST) - law(2 * LARGEST))
    assert abs(gain.estimate - truth) < 0.03
    assert gain.n_factor(0.001, 0.05, 0.05) is None
    for tau in (0.0, 0.01, 0.05):
        assert (gain.lower(0.05, near=tau) > tau) == (gain.p_over(tau) <= 0.05)
        assert (gain.upper(0.05, near=tau) < tau) == (gain.p_under(tau) <= 0.05)
    assert gain.interval(0.9)[2] == "conformal"
    assert msgspec.json.decode(msgspec.json.encode(gain), type=AnyEvidence) == gain


def test_rows_for_a_target_join_what_was_measured_to_what_is_forecast():
    curve = planted(n=10_000)
    needed = rows_needed(curve, float(law(2000.0)))
    assert needed.theta == pytest.approx(2000.0, rel=0.6)
    assert needed.lower(0.05) < 2000.0 < needed.upper(0.05)
    assert rows_needed(curve, float(law(125.0))).theta == pytest.approx(125.0, rel=0.3)


def test_the_answer_says_which_of_five_things_holds():
    curve = planted(n=10_000)
    assert answer(curve, 0.25).kind is Kind.REACHED
    assert answer(curve, float(law(1700.0))).kind in (Kind.NEEDS, Kind.AT_LEAST)
    assert answer(planted(a=0.0, n=10_000), 0.02).kind is Kind.NOT_BY_DATA
    assert answer(planted(bump=0.15), 0.1).kind is Kind.NO_BASIS
    assert all(answer(curve, e).sentence.endswith(".") for e in (0.25, 0.14, 0.05, 0.0))


def test_a_target_that_rows_are_named_for_has_both_ends_around_its_point():
    for seed in range(6):
        said = answer(planted(seed=seed, n=10_000, a=0.15, b=0.5, c=0.02), 0.135)
        if said.kind is Kind.NEEDS:
            assert said.low <= said.point <= said.high


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    rng, held = np.random.default_rng(8), []
    for seed in range(200):
        c, a, b = rng.uniform(0.03, 0.2), rng.uniform(0.02, 0.06), rng.uniform(0.3, 0.6)
        ahead = extrapolate(planted(c, a, b, n=500, seed=seed), AHEAD)
        if isinstance(ahead, Forecast):
            truth = law(AHEAD, c, a, b)
            held.append((ahead.low <= truth) & (truth <= ahead.high))
    assert len(held) >= 190
    assert (np.mean(held, axis=0) >= 0.82).all()
