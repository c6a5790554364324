"""Predictions on disk: SQLite as the index, one array blob for each committed batch.

A commit is one transaction in write-ahead mode, so a process killed at any moment leaves whole
batches and nothing else. See docs/decisions/0002-prediction-store.md.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import OutputError
from audit.examples import FloatArray
from audit.model import ModelCard

FILE = "predictions.sqlite"
BUSY_SECONDS = 30.0  # another audit may be writing to the same folder
DTYPE = "<f8"  # doubles, little-endian: a resumed run returns the same bits

TABLES = """
CREATE TABLE IF NOT EXISTS batches (
    id INTEGER PRIMARY KEY, model TEXT NOT NULL, plan TEXT NOT NULL, width INTEGER NOT NULL,
    dtype TEXT NOT NULL, digests BLOB NOT NULL, outputs BLOB NOT NULL, checksum BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS batches_of_model ON batches (model);
CREATE TABLE IF NOT EXISTS rates (model TEXT PRIMARY KEY, units_per_second REAL NOT NULL);
CREATE TABLE IF NOT EXISTS fits (
    recipe TEXT NOT NULL, size INTEGER NOT NULL, seconds REAL NOT NULL, PRIMARY KEY (recipe, size));
"""

Digests = npt.NDArray[np.bytes_]


@dataclass(frozen=True)
class StoredBatch:
    """One committed batch.

    Attributes
    ----------
    plan : str
        Digest of the plan that it was part of.
    digests : (n,) array of 16-byte strings
    outputs : (n, classes) or (n,) float array
    """

    plan: str
    digests: Digests
    outputs: FloatArray


@dataclass
class Store:
    """The predictions of any number of models in one folder.

    Attributes
    ----------
    folder : Path, optional
        None keeps everything in memory.
    warnings : list of str
        What was found damaged and left out.
    """

    folder: Path | None = None
    warnings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._database = self._connect()

    def batches(self, model: str) -> Iterator[StoredBatch]:
        """Yield the batches of a model that are whole; a damaged one is dropped with a warning.

        Parameters
        ----------
        model : str
            Fingerprint of the model.
        """
        query = (
            "SELECT id, plan, width, dtype, digests, outputs, checksum FROM batches "
            "WHERE model = ? ORDER BY id"
        )
        damaged: list[int] = []
        for key, plan, width, dtype, digests, outputs, checksum in self._rows(query, (model,)):
            if checksum_of(plan, width, dtype, digests, outputs) != checksum:
                damaged.append(key)
                continue
            values = np.frombuffer(outputs, dtype=dtype).astype(np.float64, copy=False)
            values = values.reshape(-1, width) if width else values
            yield StoredBatch(plan, np.frombuffer(digests, dtype="S16"), values)
        if damaged:
            self._write("DELETE FROM batches WHERE id = ?", [(key,) for key in damaged])
            self.warnings.append(
                f"{len(damaged)} stored batches of predictions were damaged; they are predicted "
                "again"
            )

    def commit(self, model: str, plan: str, digests: Digests, outputs: FloatArray) -> None:
        """Write one batch durably.

        Raises
        ------
        OutputError
            If the folder cannot be written.
        """
        width = outputs.shape[1] if outputs.ndim == 2 else 0
        keys, values = digests.tobytes(), outputs.astype(DTYPE, copy=False).tobytes()
        checksum = checksum_of(plan, width, DTYPE, keys, values)
        self._write(
            "INSERT INTO batches (model, plan, width, dtype, digests, outputs, checksum) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(model, plan, width, DTYPE, keys, values, checksum)],
        )

    def drop(self, model: str) -> None:
        """Forget every prediction of a model."""
        self._write("DELETE FROM batches WHERE model = ?", [(model,)])

    def rate(self, model: str) -> float | None:
        """Return the measured units a second of a model."""
        query = "SELECT units_per_second FROM rates WHERE model = ?"
        return next((float(row[0]) for row in self._rows(query, (model,))), None)

    def set_rate(self, model: str, units_per_second: float) -> None:
        """Remember how fast a model was."""
        self._write("INSERT OR REPLACE INTO rates VALUES (?, ?)", [(model, units_per_second)])

    def fit_times(self, recipe: str) -> list[tuple[int, float]]:
        """Return what trainings of a recipe took, by their rows: ``(rows, seconds)``."""
        query = "SELECT size, seconds FROM fits WHERE recipe = ? ORDER BY size"
        return [(int(size), float(seconds)) for size, seconds in self._rows(query, (recipe,))]

    def note_fit(self, recipe: str, size: int, seconds: float) -> None:
        """Remember how long a training took; the last one of a size counts."""
        self._write("INSERT OR REPLACE INTO fits VALUES (?, ?, ?)", [(recipe, size, seconds)])

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _connect(self) -> sqlite3.Connection:
        if self.folder is None:
            return prepared(":memory:")
        path = self.folder / FILE
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            return prepared(str(path))
        except OSError as error:
            raise unwritable(self.folder, error) from error
        except sqlite3.Error as error:
            if not is_corrupt(error):
                raise unwritable(self.folder, error) from error
        self._set_aside(path)
        return prepared(str(path))

    def _set_aside(self, path: Path) -> None:
        number = 1
        while (aside := path.with_name(f"{path.name}.corrupt-{number}")).exists():
            number += 1
        path.replace(aside)
        for suffix in ("-wal", "-shm"):
            with suppress(FileNotFoundError):
                path.with_name(path.name + suffix).replace(aside.with_name(aside.name + suffix))
        self.warnings.append(
            f"the store of predictions was damaged and is set aside as {aside.name}; "
            "everything is predicted again"
        )

    def _restart(self) -> None:
        """Begin a new database in the place of one that turned out to be damaged."""
        self._database.close()
        if self.folder is not None:
            self._set_aside(self.folder / FILE)
        self._database = self._connect()

    def _rows(self, query: str, values: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
        try:
            yield from self._database.execute(query, values)
        except sqlite3.DatabaseError as error:
            if not is_corrupt(error):
                raise unwritable(self.folder, error) from error
            self._restart()

    def _write(self, query: str, rows: list[tuple[Any, ...]]) -> None:
        for attempt in (1, 2):
            try:
                with self._database:
                    self._database.executemany(query, rows)
            except sqlite3.DatabaseError as error:
                if attempt == 2 or not is_corrupt(error):
                    raise unwritable(self.folder, error) from error
                self._restart()
            else:
                return


@contextmanager
def open_store(folder: Path, card: ModelCard) -> Iterator[Store]:
    """Open the store of a folder for one model, and close it.

    A model whose fingerprint is not honest beyond this run is kept in memory, and leaves no folder.

    Raises
    ------
    OutputError
        If the folder cannot be written.
    """
    store = Store(folder if card.cacheable else None)
    try:
        yield store
    finally:
        store.close()


def prepared(path: str) -> sqlite3.Connection:
    """Open a database with its tables."""
    database = sqlite3.connect(path, timeout=BUSY_SECONDS)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        # in WAL mode NORMAL survives a killed process; a power cut may cost the last batches only
        database.execute("PRAGMA synchronous = NORMAL")
        database.executescript(TABLES)
        database.execute("SELECT id, model, plan, width, dtype, checksum FROM batches LIMIT 1")
    except sqlite3.Error:
        database.close()
        raise
    return database


def checksum_of(plan: str, width: int, dtype: str, digests: bytes, outputs: bytes) -> bytes:
    """Hash everything that a stored batch says."""
    out = blake2b(f"{plan}\0{width}\0{dtype}\0{len(digests)}\0".encode(), digest_size=16)
    out.update(digests)
    out.update(outputs)
    return out.digest()


def is_corrupt(error: sqlite3.Error) -> bool:
    """Whether a file is damaged or is no database of ours, and not merely busy or read-only."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB} or "no such column" in str(error)


def unwritable(folder: Path | None, error: Exception) -> OutputError:
    """Say that predictions cannot be kept."""
    return OutputError(
        "predictions cannot be written to the cache",
        where=f"{folder}: {error}",
        hint="give a folder that can be written, with space left",
    )
