"""Data sets from files, saved folders, the hub, a function or memory, through `datasets`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import datasets
import pandas as pd
import pyarrow as pa
from datasets import Dataset, DatasetDict

from audit.adapters.options import TableOptions
from audit.adapters.references import function_of, local_file
from audit.errors import DataError, did_you_mean

SMALL_BYTES = 64 * 2**20  # read at once; a larger file is mapped from the library's own cache


def load_csv(ref: str, options: TableOptions, *, base: Path) -> Dataset:  # noqa: ARG001
    """Load a CSV file.

    Raises
    ------
    DataError
        If the file is not there or cannot be read.
    """
    return from_file(ref, base, Dataset.from_csv)


def load_json(ref: str, options: TableOptions, *, base: Path) -> Dataset:  # noqa: ARG001
    """Load a file of JSON lines.

    Raises
    ------
    DataError
        If the file is not there or cannot be read.
    """
    return from_file(ref, base, Dataset.from_json)


def load_parquet(ref: str, options: TableOptions, *, base: Path) -> Dataset:  # noqa: ARG001
    """Load a Parquet file.

    Raises
    ------
    DataError
        If the file is not there or cannot be read.
    """
    return from_file(ref, base, Dataset.from_parquet)


def load_arrow(ref: str, options: TableOptions, *, base: Path) -> Dataset:
    """Load a folder written by ``save_to_disk``, or one ``.arrow`` file.

    Raises
    ------
    DataError
        If it cannot be read, or holds several splits and none is named.
    """
    path = local_file(ref, base, DataError)
    with reading(ref):
        found = (
            datasets.load_from_disk(str(path)) if path.is_dir() else Dataset.from_file(str(path))
        )
    return one_split(found, ref, options.split)


def load_hub(ref: str, options: TableOptions, *, base: Path) -> Dataset:  # noqa: ARG001
    """Load ``id`` or ``id@revision`` from the hub, or from its cache when offline.

    Raises
    ------
    DataError
        If it cannot be loaded, or ``split:`` is not set and there are several.
    """
    name, _, revision = ref.partition("@")
    with reading(ref):
        found = datasets.load_dataset(
            name, revision=revision or options.revision or None, split=options.split or None
        )
    return one_split(found, ref, options.split)


def load_python(ref: str, options: TableOptions, *, base: Path) -> Dataset:
    """Call ``module:function`` and take what it returns, as `from_object` does.

    Raises
    ------
    DataError
        If it cannot be imported, fails, or returns something else.
    """
    function = function_of(ref, base, DataError)
    try:
        value = function()
    except Exception as error:
        raise DataError(f"{ref} failed", where=f"{type(error).__name__}: {error}") from error
    return one_split(from_object(value, name=ref), ref, options.split)


def from_object(value: Any, *, name: str = "data in memory") -> Dataset:
    """Turn a data frame, a data set, an arrow table, records or columns into a data set.

    Raises
    ------
    DataError
        If the value is none of these, or a column mixes types.
    """
    if isinstance(value, Dataset | DatasetDict):
        return value
    with reading(name):
        if isinstance(value, pd.DataFrame):
            if any(holds_pictures(value[c]) for c in value):
                return Dataset.from_dict({str(c): value[c].tolist() for c in value})
            return Dataset.from_pandas(value, preserve_index=False)
        if isinstance(value, pa.Table):
            return Dataset(value)
        if isinstance(value, Mapping):
            return Dataset.from_dict(dict(value))
        if isinstance(value, Sequence) and all(isinstance(row, Mapping) for row in value):
            return Dataset.from_list(list(value))
    raise DataError(
        f"{name} is a {type(value).__name__}, which is not a table",
        hint="return a pandas.DataFrame, a datasets.Dataset, a list of dicts or a dict of columns",
    )


def holds_pictures(column: pd.Series[Any]) -> bool:
    """Whether a column of a data frame holds PIL images, which arrow does not know."""
    if column.dtype != object or not len(column):
        return False
    kinds = {c.__name__ for c in type(column.iloc[0]).__mro__ if c.__module__ == "PIL.Image"}
    return "Image" in kinds


def from_file(ref: str, base: Path, read: Callable[..., Dataset]) -> Dataset:
    """Read one local file with a reader of `datasets`."""
    path = local_file(ref, base, DataError)
    with reading(ref):
        return read(str(path), keep_in_memory=path.stat().st_size < SMALL_BYTES)


def one_split(found: Dataset | DatasetDict, ref: str, split: str) -> Dataset:
    """Choose the split of what may hold several."""
    if not isinstance(found, Mapping):
        return found
    if split not in found and len(found) > 1:
        raise DataError(
            f'"{ref}" has no split "{split}"' if split else f'"{ref}" holds several splits',
            where="splits: " + ", ".join(found),
            hint=did_you_mean(split, found) if split else "name one with split:",
            exit_code=2,
        )
    return found[split if split in found else next(iter(found))]


@contextmanager
def reading(ref: str) -> Iterator[None]:
    """Silence progress bars, and say what could not be read."""
    silent = datasets.are_progress_bars_disabled()
    datasets.disable_progress_bars()
    try:
        yield
    except Exception as error:
        cause = error.__cause__ or error
        text = str(cause).strip() or str(error)
        first = text.splitlines()[0] if text else ""
        raise DataError(
            f'"{ref}" cannot be loaded', where=f"{type(cause).__name__}: {first}"
        ) from error
    finally:
        if not silent:
            datasets.enable_progress_bars()
