"""Columns of a table: which are numbers or categories, their luck, and how cells are put back.

Luck follows from a row's digest and a column's name, so that neither the order of rows nor that of
columns changes what happens to a cell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from audit.transform import Chance, TransformKind, TransformSheet

if TYPE_CHECKING:
    import pandas as pd

    Column = pd.Series[Any]
    Change = Callable[[Column, int, "Luck"], Column]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Five = tuple[float, float, float, float, float]

SHARES: Five = (0.02, 0.05, 0.10, 0.20, 0.35)
EXACT = 2.0**53  # doubles hold every integer up to here

DIRTY = (
    "Li et al. (2021), CleanML: A Study for Evaluating the Impact of Data Cleaning on ML "
    "Classification Tasks, ICDE (the kinds of error; the parameters here are our own)",
    "Schelter, Rukat & Biessmann (2020), Learning to Validate the Predictions of Black Box "
    "Classifiers on Unseen Data, SIGMOD (errors of tables as shifts of inputs)",
)


@dataclass(frozen=True)
class Luck:
    """The luck of one column's cells, and the reference cells that its spread is read from."""

    chance: Chance
    name: str
    known: Column

    def uniform(self, draw: int) -> Floats:
        """Return an ``(n,)`` number in [0, 1) for each cell; draws are independent."""
        key = blake2b(f"{self.name}\0{draw}".encode(), digest_size=8).digest()
        return self.chance.uniform(int.from_bytes(key, "little"))

    def hit(self, share: float) -> Bools:
        """Choose this share of the cells; a larger share chooses the same ones and more."""
        return self.uniform(0) < share


def kind(
    name: str,
    family: str,
    says: str,
    words: str,
    values: Sequence[Any],
    apply: Callable[[Any, int, Chance], Any],
) -> TransformKind:
    """Name a transform of tables; ``words`` says each step, with a value at ``{}``."""
    first, second, third, fourth, fifth = (words.format(v) for v in values)
    sheet = TransformSheet(
        name=name,
        modality="tabular",
        family=family,
        title=name.replace("-", " ").capitalize(),
        says=says,
        steps=(first, second, third, fourth, fifth),
        references=DIRTY,
    )
    return TransformKind(sheet, apply)


def percent(values: Five) -> list[str]:
    """Write shares as percentages."""
    return [f"{100 * v:g}" for v in values]


def over(chosen: Callable[[Column], bool], change: Change) -> Callable[[Any, int, Chance], Any]:
    """Turn a change of one column into a change of all columns of a kind."""

    def apply(frame: pd.DataFrame, severity: int, chance: Chance) -> pd.DataFrame:
        out = frame.copy()
        for j, name in enumerate(frame.columns):
            column = frame.iloc[:, j]
            if chosen(column):
                luck = Luck(chance, str(name), known(frame, j, chance.reference))
                changed: Any = change(column, severity, luck)
                out.isetitem(j, changed)
        return out

    return apply


def known(frame: pd.DataFrame, j: int, reference: pd.DataFrame | None) -> Column:
    """Return the reference cells of a column: the reference's own, else those that are changed."""
    if reference is None or frame.columns[j] not in reference.columns:
        return frame.iloc[:, j]
    at = [i for i, name in enumerate(reference.columns) if name == frame.columns[j]]
    before = sum(name == frame.columns[j] for name in frame.columns[:j])
    return reference.iloc[:, at[min(before, len(at) - 1)]]


def is_number(column: Column) -> bool:
    """Whether cells are integers or floats, stored one by one; truth values are not."""
    import pandas as pd
    from pandas.api import types

    if isinstance(column.dtype, pd.SparseDtype | pd.CategoricalDtype):
        return False
    return bool(types.is_integer_dtype(column.dtype) or types.is_float_dtype(column.dtype))


def is_text(column: Column) -> bool:
    """Whether cells are texts, or objects that may be, or categories with names."""
    import pandas as pd
    from pandas.api import types

    if isinstance(column.dtype, pd.CategoricalDtype):
        return all(isinstance(v, str) for v in column.cat.categories)
    return bool(types.is_string_dtype(column.dtype) or types.is_object_dtype(column.dtype))


def numbers(column: Column) -> Floats:
    """Return cells as doubles; what is missing is NaN."""
    return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))


def spread(column: Column) -> float:
    """Return the standard deviation of the finite cells; 0 where they do not vary or are none."""
    if not is_number(column):
        return 0.0
    values = numbers(column)
    values = np.sort(values[np.isfinite(values)])  # sorted: the order of rows changes no bit
    if len(values) < 2 or values[0] == values[-1]:
        return 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        found = float(np.std(values))
    return found if np.isfinite(found) else 0.0


def put(column: Column, new: Floats, hit: Bools) -> Column:
    """Return a column of numbers with some cells replaced, in its own type.

    Integers are rounded and kept within their type. A cell stays as it is where it is missing or
    infinite, where the new number is not finite, and where it is an integer too large for a double.
    """
    import pandas as pd
    from pandas.api import types

    old = numbers(column)
    hit = hit & np.isfinite(old) & np.isfinite(new)
    whole = types.is_integer_dtype(column.dtype)
    if whole:
        low, high = limits(column)
        hit &= np.abs(old) <= EXACT
        new = np.clip(np.rint(new), low, high)
    elif column.dtype in (np.dtype("float32"), np.dtype("float16")):
        hit &= np.abs(new) <= np.finfo(str(column.dtype)).max
    at = np.flatnonzero(hit)
    out = column.copy()
    cells = pd.Series(new[at].astype(np.int64) if whole else new[at])
    out.iloc[at] = cells.astype(column.dtype).array
    return out


def limits(column: Column) -> tuple[float, float]:
    """Return the least and the largest number of an integer type, as far as doubles are exact."""
    word = str(column.dtype).lower().partition("[")[0]
    kind = np.iinfo(word if word.startswith(("int", "uint")) else "int64")
    return max(float(kind.min), -EXACT), min(float(kind.max), EXACT)
