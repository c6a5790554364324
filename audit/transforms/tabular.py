"""The transforms of tables: numbers measured less well or wrongly, and entries that go astray.

They take a data frame and return one with the same columns, rows and types (two exceptions stand
in the sheets: missing values make floats of integers, and new words are added to categories). What
happens to a cell follows from its row's digest and its column's name. pandas is imported when a
table is changed.
"""

from __future__ import annotations

from audit.transform import TransformKind
from audit.transforms import tabular_entries, tabular_numbers


def transforms() -> tuple[TransformKind, ...]:
    """Return the transforms of tables, family by family."""
    return (*tabular_numbers.KINDS, *tabular_entries.KINDS)
