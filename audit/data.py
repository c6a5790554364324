"""Names for data: slices, column roles, and the card that identifies a data set."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

MISSING = "(missing)"


class ColumnRole(StrEnum):
    """What a column is for."""

    INPUT = "input"
    LABEL = "label"
    PREDICTION = "prediction"
    SCORE = "score"
    GROUP = "group"
    DOMAIN = "domain"
    CLUSTER = "cluster"
    ID = "id"


def said(column: str, value: str) -> str:
    """Say a value by itself where it is a word (``Female``), else with its column (``sex F``)."""
    if value == MISSING:
        return f"{column} missing"
    is_word = len(value) > 2 and not value.replace(".", "").replace("-", "").isdigit()
    return value if is_word else f"{column} {value}"


class Slice(msgspec.Struct, frozen=True, order=True):
    """A set of rows named by ``(column, value)`` terms that all hold; no term means every row."""

    terms: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return " & ".join(f"{c}={v}" for c, v in self.terms) or "all rows"

    @property
    def name(self) -> str:
        """The values, as a headline would say them; short codes are said with their column."""
        return " × ".join(said(c, v) for c, v in self.terms) or "all rows"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the slice is cut by."""
        return tuple(c for c, _ in self.terms)


class DataCard(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader must know of the data to recognise them.

    Attributes
    ----------
    name : str
        The loader string of the main split.
    splits : mapping of str to int
        Rows in each split.
    columns : mapping of str to str
        Role of each used column (`ColumnRole` values).
    labels : tuple of str
        Labels that occur, sorted; empty for regression.
    fingerprint : str
        Content hash that does not depend on row order.
    notes : mapping of str to str
        What a reader must know of a split, by its name.
    """

    name: str
    splits: Mapping[str, int]
    columns: Mapping[str, str]
    labels: tuple[str, ...] = ()
    fingerprint: str = ""
    notes: Mapping[str, str] = {}
