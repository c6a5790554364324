"""Ricci v. DeStefano, 557 U.S. 557 (2009): pass rates by race of the promotion tests."""

import pytest

from audit.stats import TwoProportions

# candidates who passed, against the white candidates of the same exam
CAPTAIN_WHITE, LIEUTENANT_WHITE = (16, 25), (25, 43)


@pytest.mark.parametrize(
    ("minority", "white", "ratio", "low", "high"),
    [
        ((3, 8), CAPTAIN_WHITE, 0.586, 0.20, 1.24),
        ((6, 19), LIEUTENANT_WHITE, 0.543, 0.25, 1.01),
        ((3, 15), LIEUTENANT_WHITE, 0.344, 0.12, 0.83),
    ],
)
def test_impact_ratios_and_score_intervals_are_the_known_ones(minority, white, ratio, low, high):
    evidence = TwoProportions(*minority, *white, "ratio")
    assert evidence.theta == pytest.approx(ratio, abs=5e-4)
    ours = evidence.interval()
    assert ours[2] == "Miettinen-Nurminen"
    assert ours[:2] == pytest.approx((low, high), abs=0.005)


def test_only_one_of_the_ratios_is_shown_to_be_below_four_fifths():
    below = [
        TwoProportions(*minority, *white, "ratio").p_under(0.8) <= 0.05
        for minority, white in (
            ((3, 8), CAPTAIN_WHITE),
            ((6, 19), LIEUTENANT_WHITE),
            ((3, 15), LIEUTENANT_WHITE),
        )
    ]
    assert below == [False, False, True]
