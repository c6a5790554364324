"""Numbers in a table: measured less well, in another unit, or wrongly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audit.transform import TransformKind
from audit.transforms.tabular_columns import (
    Five,
    Luck,
    is_number,
    kind,
    numbers,
    over,
    percent,
    put,
    spread,
)

if TYPE_CHECKING:
    from audit.transforms.tabular_columns import Column

NOISE: Five = (0.05, 0.10, 0.20, 0.35, 0.50)
COARSE: Five = (0.05, 0.12, 0.25, 0.50, 1.0)
SLIPS: Five = (0.01, 0.025, 0.05, 0.10, 0.20)
OUTLIERS: tuple[tuple[float, float], ...] = (
    (0.01, 3),
    (0.025, 4),
    (0.05, 5),
    (0.10, 7),
    (0.20, 10),
)
INCH, MILE, POUND = 2.54, 1.609344, 0.45359237
# A prefix or a decimal point out of place; centimetres, kilometres and kilograms taken for others.
FACTORS = np.array([10, 0.1, 100, 0.01, 1000, 0.001, INCH, 1 / INCH, MILE, 1 / MILE, POUND])


def noise(column: Column, severity: int, luck: Luck) -> Column:
    """Add normal noise in proportion to the column's spread."""
    from scipy.special import ndtri

    draws = ndtri(np.maximum(luck.uniform(0), 2.0**-54))
    new = numbers(column) + NOISE[severity - 1] * spread(luck.known) * draws
    return put(column, new, np.ones(len(column), dtype=bool))


def rounding(column: Column, severity: int, luck: Luck) -> Column:
    """Round to multiples of 1, 2 or 5 times a power of ten."""
    size = COARSE[severity - 1] * spread(luck.known)
    if size == 0:
        return column
    power = np.floor(np.log10(size))
    lead = size / 10.0**power
    digit = 5.0 if lead >= 5 else 2.0 if lead >= 2 else 1.0
    with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
        steps = np.rint(numbers(column) / (digit * 10.0**power)) * digit
        # Dividing by a whole power gives the double that is nearest to a short decimal.
        new = steps / 10.0**-power if power < 0 else steps * 10.0**power
    return put(column, new, np.ones(len(column), dtype=bool))


def slips(column: Column, severity: int, luck: Luck) -> Column:
    """Write some numbers in another unit."""
    factor = FACTORS[(luck.uniform(1) * len(FACTORS)).astype(int)]
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        new = numbers(column) * factor
    return put(column, new, luck.hit(SLIPS[severity - 1]))


def outliers(column: Column, severity: int, luck: Luck) -> Column:
    """Push some numbers far away, up or down."""
    share, times = OUTLIERS[severity - 1]
    side = np.where(luck.uniform(1) < 0.5, -1.0, 1.0)
    with np.errstate(over="ignore"):
        new = numbers(column) + side * times * spread(luck.known)
    return put(column, new, luck.hit(share))


KINDS: tuple[TransformKind, ...] = (
    kind(
        "column-noise",
        "measurement",
        "Adds normal noise to every number, in proportion to its column's spread in the reference "
        "rows. Integers are rounded, so that a column of few small integers hardly moves.",
        "standard deviation {} % of the column's spread",
        percent(NOISE),
        over(is_number, noise),
    ),
    kind(
        "rounding",
        "measurement",
        "Rounds every number to multiples of 1, 2 or 5 times a power of ten, as people do who "
        "estimate.",
        "the largest such step up to {} % of the column's spread",
        percent(COARSE),
        over(is_number, rounding),
    ),
    kind(
        "unit-slips",
        "measurement",
        "Writes some numbers in another unit. They are 10, 100 or 1000 times as large or as small, "
        "or inches for centimetres, miles for kilometres, kilograms for pounds. What a row "
        "describes stays the same, and so does its label; the input is wrong. Integers are "
        "rounded.",
        "{} % of the numbers",
        percent(SLIPS),
        over(is_number, slips),
    ),
    kind(
        "outliers",
        "measurement",
        "Pushes some numbers far up or down. What a row describes stays the same, and so does its "
        "label; the input is wrong. A column that does not vary in the reference rows stays.",
        "{}",
        [f"{100 * s:g} % of the numbers, by {k:g} spreads of the column" for s, k in OUTLIERS],
        over(is_number, outliers),
    ),
)
