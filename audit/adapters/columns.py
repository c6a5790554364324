"""One column of a table as what its role needs: names, numbers, codes or texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from audit.data import MISSING
from audit.errors import DataError
from audit.examples import Factor, FloatArray, IntArray, name_of


def factor_of(
    column: pa.ChunkedArray,
    *,
    names: Sequence[str] | None = None,
    rename: Mapping[str, str] | None = None,
) -> Factor:
    """Code a column by its distinct values.

    Parameters
    ----------
    column : arrow column of length n
    names : sequence of str, optional
        Names behind integer codes (a ``ClassLabel`` feature); a code outside them is missing.
    rename : mapping of str to str, optional
        New names for values; applied last.
    """
    if isinstance(column.type, pa.DictionaryType):
        column = column.cast(column.type.value_type)
    coded = pc.dictionary_encode(column).combine_chunks()
    if isinstance(coded, pa.ChunkedArray):  # an empty column stays chunked
        return Factor(np.empty(0, dtype=np.int64), ())
    codes = coded.indices.fill_null(len(coded.dictionary)).to_numpy(zero_copy_only=False)
    words = [word_of(v, names, rename or {}) for v in [*coded.dictionary.to_pylist(), None]]
    return compact(words, codes.astype(np.int64))


def word_of(value: object, names: Sequence[str] | None, rename: Mapping[str, str]) -> str:
    """Name one distinct value."""
    if names is not None and isinstance(value, int):
        value = names[value] if 0 <= value < len(names) else None
    word = name_of(value)
    return rename.get(word, word)


def compact(words: Sequence[str], codes: IntArray, *, ordered: bool = False) -> Factor:
    """Merge equal words, drop those that do not occur, and sort (``(missing)`` stands last)."""
    present = np.flatnonzero(np.bincount(codes, minlength=len(words))).tolist()
    found = dict.fromkeys(words[i] for i in present)
    names = list(found) if ordered else sorted(found)
    names.sort(key=lambda name: name == MISSING)
    rank = {name: i for i, name in enumerate(names)}
    new = np.array([rank.get(word, -1) for word in words], dtype=np.int64)
    return Factor(new[codes], tuple(names))


def binned(values: FloatArray, edges: Sequence[float]) -> Factor:
    """Cut numbers into named ranges, in ascending order; NaN is missing.

    Whole numbers are worded inclusively: with edges 25, 40 and 65 the names are ``under 25``,
    ``25 to 39``, ``40 to 64`` and ``65 and over``.
    """
    known = ~np.isnan(values)
    whole = bool(np.all(values[known] % 1 == 0)) and all(e % 1 == 0 for e in edges)
    words = [*bin_names(edges, whole=whole), MISSING]
    codes = np.searchsorted(np.asarray(edges, dtype=np.float64), values, side="right")
    return compact(words, np.where(known, codes, len(words) - 1).astype(np.int64), ordered=True)


def bin_names(edges: Sequence[float], *, whole: bool) -> list[str]:
    """Name the ranges between ascending edges."""
    inner = [
        f"{a:g}"
        if whole and b - a == 1
        else f"{a:g} to {b - 1:g}"
        if whole
        else f"{a:g} to under {b:g}"
        for a, b in pairwise(edges)
    ]
    return [f"under {edges[0]:g}", *inner, f"{edges[-1]:g} and over"]


def numbers_of(column: pa.ChunkedArray, name: str, role: str) -> FloatArray:
    """Read a column as ``(n,)`` floats; a missing value is NaN.

    Raises
    ------
    DataError
        Naming the first row that is not a number.
    """
    cells = column.to_pandas()
    numbers = pd.to_numeric(cells, errors="coerce")
    bad = np.flatnonzero(numbers.isna().to_numpy() & cells.notna().to_numpy())
    if len(bad):
        raise DataError(
            f'column "{name}" ({role}) must hold numbers',
            where=f"row {bad[0]} (the first is 0) holds {str(cells.iloc[bad[0]])[:80]!r}"
            + (f"; {len(bad):,} such rows" if len(bad) > 1 else ""),
        )
    return np.asarray(numbers.to_numpy(dtype=np.float64, na_value=np.nan))


def texts_of(column: pa.ChunkedArray, name: str) -> npt.NDArray[np.object_]:
    """Return ``(n,)`` texts.

    Raises
    ------
    DataError
        Naming the first row without a text.
    """
    if column.null_count:
        first = int(np.flatnonzero(column.is_null().to_numpy())[0])
        raise DataError(
            f'column "{name}" (input) has {column.null_count:,} rows without a text',
            where=f"first at row {first} (the first is 0)",
            hint="remove these rows, or fill them with an empty text; CSV readers take the words "
            '"NA", "null" and "None" for missing values',
        )
    out = np.empty(len(column), dtype=object)
    out[:] = column.to_pylist()
    return out


def clusters_of(factor: Factor) -> IntArray:
    """Return a code for each row; rows without a cluster stand each alone."""
    alone = factor.has(MISSING)
    codes = factor.codes.copy()
    codes[alone] = len(factor.names) + np.arange(int(alone.sum()))
    return codes


def is_text(kind: Any) -> bool:
    """Whether an arrow type holds texts."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
