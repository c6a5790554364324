"""The rows of one split, in memory: arrays by role, and inputs that can be taken by position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from audit.data import MISSING

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


class Inputs(Protocol):
    """What the model is given, by position."""

    def __len__(self) -> int: ...

    def take(self, rows: IntArray) -> Any:
        """Return the inputs at ``rows``: a list for one column, a data frame for several."""
        ...


@dataclass(frozen=True)
class Factor:
    """A column of names, coded.

    Attributes
    ----------
    codes : (n,) int array
        Index into `names` for each row.
    names : tuple of str
        Distinct values, sorted, with a missing value as ``(missing)`` at the end.
    """

    codes: IntArray
    names: tuple[str, ...]

    @classmethod
    def of(cls, values: Sequence[object]) -> Factor:
        """Code a column of anything; None, NaN and the empty string are missing."""
        words = np.array([name_of(v) for v in values], dtype=object)
        names, codes = np.unique(words, return_inverse=True) if len(words) else (words, words)
        order = sorted(range(len(names)), key=lambda i: (names[i] == MISSING, i))
        rank = np.empty(len(names), dtype=np.int64)
        rank[order] = np.arange(len(names))
        return cls(rank[codes.astype(np.int64)], tuple(str(names[i]) for i in order))

    def has(self, name: str) -> npt.NDArray[np.bool_]:
        """Return a mask of the rows whose value is ``name``."""
        if name not in self.names:
            return np.zeros(len(self.codes), dtype=bool)
        return np.asarray(self.codes == self.names.index(name))


def name_of(value: object) -> str:
    """Say a cell as a name: 1.0 and 1 are the same group, and nothing is ``(missing)``."""
    if value is None or (isinstance(value, float) and value != value):
        return MISSING
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    text = str(value).strip()
    return text if text and text not in {"nan", "NaT", "<NA>"} else MISSING


@dataclass(frozen=True)
class Examples:
    """One split.

    Attributes
    ----------
    split : str
    inputs : Inputs
    digests : (n,) array of 16-byte strings
        Content of each input; equal inputs have equal digests.
    ids : (n,) array of str
        The user's id column, else the digest of the row.
    labels : Factor, optional
        Target names, for classification.
    targets : (n,) float array, optional
        Target values, for regression.
    groups : mapping of str to Factor
    clusters : (n,) int array, optional
        Rows of one person, document or template share a code.
    recorded : mapping of str to array
        Columns that hold predictions made elsewhere, by role.
    fingerprint : str
        Hash of all used columns, independent of row order.
    domain : str
        Which of the `groups` says where rows come from; empty if none.
    modality : str
        ``text``, ``image`` or ``tabular``; empty where no model is given the rows.
    """

    split: str
    inputs: Inputs
    digests: npt.NDArray[np.bytes_]
    ids: npt.NDArray[np.object_]
    labels: Factor | None = None
    targets: FloatArray | None = None
    groups: Mapping[str, Factor] = field(default_factory=dict)
    clusters: IntArray | None = None
    recorded: Mapping[str, Any] = field(default_factory=dict)
    fingerprint: str = ""
    domain: str = ""
    modality: str = ""

    def __len__(self) -> int:
        return len(self.digests)
