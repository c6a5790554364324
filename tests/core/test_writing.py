"""Numbers are written by unit, and never so that a value looks equal to a limit it is not."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import writing as fmt
from audit.measurement import Unit


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.912, Unit.SHARE, "91.2%"),
        (0.0031, Unit.SHARE, "0.31%"),
        (0.0, Unit.SHARE, "0.0%"),
        (1.0, Unit.SHARE, "100.0%"),
        (0.9999, Unit.SHARE, "99.99%"),
        (0.091, Unit.POINTS, "9.1 pp"),
        (-0.091, Unit.POINTS, "−9.1 pp"),
        (0.84, Unit.RATIO, "0.84"),
        (14600, Unit.NUMBER, "14.6 k"),
        (0.031, Unit.NUMBER, "0.031"),
        (184, Unit.NUMBER, "184"),
        (None, Unit.SHARE, "undefined"),
        (math.nan, Unit.RATIO, "undefined"),
    ],
)
def test_a_value_is_written_in_its_unit(value: float | None, unit: Unit, text: str) -> None:
    assert fmt.value(value, unit) == text


def test_a_value_past_its_limit_does_not_look_equal_to_it() -> None:
    how = fmt.scale(Unit.POINTS, [0.0502], limit=0.05)
    assert (how.number(0.0502), how.number(0.05)) == ("5.02", "5.00")


def test_a_limit_is_written_as_it_was_set() -> None:
    assert fmt.requirement(0.0225, Unit.POINTS, is_max=True) == "≤ 2.25 pp"
    assert fmt.requirement(0.8, Unit.RATIO, is_max=False) == "≥ 0.80"


def test_an_open_interval_is_said_in_words() -> None:
    assert fmt.interval(-math.inf, 0.12, Unit.SHARE) == "up to 12.0"
    assert fmt.interval(0.5, math.inf, Unit.RATIO) == "0.50 or more"
    assert fmt.interval(None, None, Unit.RATIO) == "unbounded"


@given(st.floats(allow_nan=False, allow_infinity=False, width=32), st.sampled_from(list(Unit)))
def test_zero_never_has_a_sign(value: float, unit: Unit) -> None:
    text = fmt.value(value, unit)
    zero = not any(digit in text for digit in "123456789")
    assert not (zero and text.startswith(("−", "-", "+")))
