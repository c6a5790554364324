"""Content digests: what a cell, a picture, a row and a file hold, whatever type carries them.

Every cell becomes 16 bytes in which equal content is equal bytes (1, 1.0 and an unsigned 1 are the
same; the text "1" is not; every kind of missing is one). A row is BLAKE2b over its cells.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b, file_digest
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from audit.errors import DataError

SIZE = 16
CHUNK_ROWS = (
    65_536  # keeps the byte matrix of a wide table near the size of a cache, not of the table
)

Digests = npt.NDArray[np.bytes_]
Cells = npt.NDArray[np.uint8]


def text_digests(texts: Iterable[str]) -> Digests:
    """Digest each text; ``(n,)`` array of 16-byte strings."""
    # surrogatepass: a lone surrogate is odd, but two odd texts must still differ
    joined = b"".join(
        blake2b(t.encode("utf-8", "surrogatepass"), digest_size=SIZE).digest() for t in texts
    )
    return np.frombuffer(joined, dtype="S16")


def image_digests(contents: Iterable[Any]) -> Digests:
    """Digest the encoded bytes of each image, kept apart from texts; ``(n,)`` as `text_digests`.

    Parameters
    ----------
    contents : iterable of bytes or buffers
        Files as they are, such as PNG or JPEG; taken one at a time.
    """
    joined = b"".join(blake2b(c, digest_size=SIZE, person=b"image").digest() for c in contents)
    return np.frombuffer(joined, dtype="S16")


def row_digests(columns: Sequence[tuple[str, Cells]]) -> Digests:
    """Digest rows of cells, together with the names and the order of their columns.

    Parameters
    ----------
    columns : sequence of (str, (n, 16) uint8 array)
        At least one; cells as `cells_of` returns them.
    """
    schema = "\x1f".join(name for name, _ in columns).encode()
    key = blake2b(schema, digest_size=32).digest()
    parts: list[bytes] = []
    for start in range(0, len(columns[0][1]), CHUNK_ROWS):
        block = np.hstack([cells[start : start + CHUNK_ROWS] for _, cells in columns])
        parts.extend(blake2b(row, digest_size=SIZE, key=key).digest() for row in block)
    return np.frombuffer(b"".join(parts), dtype="S16")


def cells_of(values: pd.Series[Any], name: str) -> Cells:
    """Encode a column as ``(n, 16)`` bytes, equal where the content is equal.

    Raises
    ------
    DataError
        If a cell is neither a number, a text, a date nor missing.
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_complex_dtype(values):
        return number_cells(values)
    try:
        codes, found = pd.factorize(values, use_na_sentinel=True)
    except TypeError as error:
        raise unsupported(name, error) from error
    table = np.empty((len(found) + 1, SIZE), dtype=np.uint8)
    for i, value in enumerate(found):
        table[i] = one_cell(value, name)
    table[-1] = number_cells(pd.Series([np.nan]))[0]  # factorize codes a missing value as -1
    return np.asarray(table[codes])


def number_cells(values: pd.Series[Any]) -> Cells:
    """Encode numbers as their nearest double and what an integer has beyond it."""
    beyond = np.zeros(len(values), dtype=np.int64)
    double = values.to_numpy(dtype=np.float64, na_value=np.nan)
    if pd.api.types.is_integer_dtype(values) and not values.isna().any():
        whole = values.to_numpy()
        large = np.abs(double) >= 2.0**53  # below, every integer is a double
        beyond[large] = [int(v) - int(d) for v, d in zip(whole[large], double[large], strict=True)]
    double = double + 0.0  # -0.0 becomes 0.0
    double[np.isnan(double)] = np.nan  # one bit pattern for every NaN
    pair = np.stack([double.view(np.int64), beyond], axis=1).astype("<i8")
    return np.ascontiguousarray(pair).view(np.uint8).reshape(len(values), SIZE)


def one_cell(value: Any, name: str) -> Cells:
    """Encode one cell of a column that is not numeric throughout."""
    if isinstance(value, int | float | np.number | np.bool_) or pd.isna(value) is True:
        return np.asarray(number_cells(pd.Series([value]))[0])
    if isinstance(value, bytes):
        content = b"\xff" + value  # no UTF-8 text begins with these two bytes
    elif isinstance(value, str):
        content = value.encode("utf-8", "surrogatepass")
    elif hasattr(value, "isoformat"):
        content = b"\xfe" + str(value.isoformat()).encode()
    else:
        raise unsupported(name, TypeError(type(value).__name__))
    return np.frombuffer(blake2b(content, digest_size=SIZE).digest(), dtype=np.uint8)


def unsupported(name: str, error: Exception) -> DataError:
    """Say that a column's cells cannot be read as numbers, texts or dates."""
    return DataError(
        f'column "{name}" holds values that are neither numbers, texts nor dates ({error})',
        hint="flatten it into columns of plain values",
    )


def fingerprint_of(names: Iterable[str], digests: Digests) -> str:
    """Hash rows, whatever their order: their digests summed modulo 2**128, and the schema."""
    words = np.frombuffer(digests.tobytes(), dtype="<u4").reshape(-1, 4)
    sums = words.sum(axis=0, dtype=np.uint64)  # exact below 2**32 rows
    total = sum(int(s) << (32 * i) for i, s in enumerate(sums)) % (1 << 128)
    out = blake2b(total.to_bytes(SIZE, "little"), digest_size=SIZE)
    out.update(len(digests).to_bytes(8, "little"))
    out.update("\x1f".join(sorted(names)).encode())
    return out.hexdigest()


def hex_of(digests: Digests) -> npt.NDArray[np.object_]:
    """Spell digests as 32 hexadecimal characters each."""
    text = digests.tobytes().hex()
    return np.array([text[i : i + 32] for i in range(0, len(text), 32)], dtype=object)


def file_hash(path: Path) -> str:
    """Hash the bytes of a file."""
    with path.open("rb") as file:
        return file_digest(file, lambda: blake2b(digest_size=SIZE)).hexdigest()
