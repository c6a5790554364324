"""Tables: parts are columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from audit.examples import IntArray
from audit.modalities.reference import once
from audit.modality import BoolArray
from audit.transform import Chance

ALONE = "value"  # what the column of a table of one column is called: it comes as a list
LARGE, WHOLE = 1e4, 1e7  # from here on a fraction is not said, nor every digit

Frame = pd.DataFrame
Column = pd.Series


@dataclass(frozen=True)
class Table:
    """A row is cut into its columns.

    ``mean`` puts the mean of a column of numbers, and the most frequent value of any other (the
    first in order of those that are equally frequent). ``resampled`` puts the column's value in a
    row of the reference, drawn for each column by itself.
    """

    name: str = "tabular"
    noun: str = "column"
    baselines: tuple[str, ...] = ("mean", "resampled")

    def parts(self, inputs: Any) -> IntArray:
        """Return the number of columns, once for each row."""
        columns = inputs.shape[1] if isinstance(inputs, Frame) else 1
        return np.full(len(inputs), columns, dtype=np.int64)

    def masked(self, inputs: Any, kept: Sequence[BoolArray], baseline: str, chance: Chance) -> Any:
        """Return the rows without some of their columns.

        A column of whole numbers becomes one of floats where a mean is put into it.
        """
        if not isinstance(inputs, Frame):
            changed = self.masked(framed(inputs), kept, baseline, within(chance)).iloc[:, 0]
            pairs = zip(inputs, changed.tolist(), kept, strict=True)
            return [own if stays.all() else other for own, other, stays in pairs]
        stays = np.array(kept, dtype=bool).reshape(len(inputs), inputs.shape[1])
        frame = inputs.reset_index(drop=True)
        reference = frame if chance.reference is None else chance.reference
        typical = centres(reference) if baseline == self.baselines[0] else None
        done = {
            name: frame[name] if stays[:, j].all()
            else put(frame[name], stays[:, j], typical[name]) if typical is not None
            else swapped(frame[name], stays[:, j], reference[name], chance, j)
            for j, name in enumerate(frame.columns)
        }  # fmt: skip
        return pd.DataFrame(done, columns=frame.columns, index=frame.index)

    def matched(self, before: Any, after: Any) -> list[IntArray]:
        """Return the column of the same name, or -1."""
        if not (isinstance(before, Frame) and isinstance(after, Frame)):
            return [np.zeros(1, dtype=np.int64) for _ in range(len(before))]
        places = after.columns.get_indexer(before.columns).astype(np.int64)
        return [places] * len(before)

    def names(self, inputs: Any) -> list[tuple[str, ...]]:
        """Return ``column = value`` for each column of each row."""
        frame = inputs if isinstance(inputs, Frame) else framed(inputs)
        cells = [[f"{name} = {said(v)}" for v in frame[name].tolist()] for name in frame.columns]
        return list(zip(*cells, strict=True)) if cells else [()] * len(frame)


def modality() -> Table:
    """Return how the rows of a table are cut."""
    return Table()


def framed(values: Sequence[Any]) -> Frame:
    """Return a list as a table of one column."""
    return pd.DataFrame({ALONE: pd.Series(list(values))})


def within(chance: Chance) -> Chance:
    """Return the luck of a list as that of a table."""
    reference = chance.reference
    if reference is None or isinstance(reference, Frame):
        return chance
    return Chance(chance.digests, chance.seed, framed_once(reference))


framed_once = once(framed)


@once
def centres(frame: Frame) -> Mapping[Any, Any]:
    """Return what stands in for each column: its mean, or its most frequent value."""
    return {name: centre(frame[name]) for name in frame.columns}


def counted(column: Column[Any]) -> bool:
    """Whether a column holds numbers: truth values are none."""
    known = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    return bool(known and not pd.api.types.is_complex_dtype(column))


def centre(column: Column[Any]) -> Any:
    """Return the mean of a column of numbers, else its most frequent value; NaN where all miss."""
    present = column.dropna()
    if not len(present):
        return np.nan
    if counted(column):
        return float(present.astype(np.float64).mean())
    counts = present.value_counts()
    most = counts.index[counts == counts.max()].tolist()
    return min(most, key=lambda v: (type(v).__name__, v))


def put(column: Column[Any], stays: BoolArray, value: Any) -> Column[Any]:
    """Return a column with one value where it does not stay."""
    if counted(column):
        if isinstance(column.dtype, np.dtype):
            return pd.Series(np.where(stays, column.to_numpy(np.float64), value))
        return column.astype("Float64").where(stays, pd.NA if value != value else value)
    return filled(column, stays, pd.Series([value]).repeat(len(column)))


def swapped(
    column: Column[Any], stays: BoolArray, known: Column[Any], chance: Chance, stream: int
) -> Column[Any]:
    """Return a column with values of the reference where it does not stay."""
    rows = (chance.uniform(1 + stream) * len(known)).astype(np.int64)
    return filled(column, stays, known.take(rows))


def filled(column: Column[Any], stays: BoolArray, other: Column[Any]) -> Column[Any]:
    """Return a column with the values of another where it does not stay; its kind is kept."""
    other = other.set_axis(column.index)
    if isinstance(column.dtype, pd.CategoricalDtype):
        strange = pd.Index(other[~stays].dropna().unique()).difference(column.cat.categories)
        column = column.cat.add_categories(strange.tolist())
        other = other.astype(column.dtype)
    elif other.dtype != column.dtype and not (counted(column) and counted(other)):
        other = other.astype(object) if other[~stays].isna().any() else other.astype(column.dtype)
    return column.where(stays, other)


def said(value: Any) -> str:
    """Say a cell: whole numbers as they are, others to four digits."""
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return "missing"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    size = abs(value)
    if size < WHOLE and float(value).is_integer():
        return str(int(value))
    return f"{value:.0f}" if LARGE <= size < WHOLE else f"{value:.4g}"
