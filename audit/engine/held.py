"""Inputs that are in memory, and what they are known by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from audit.examples import Inputs, IntArray


@dataclass(frozen=True)
class Taken:
    """Some rows of other inputs."""

    inputs: Inputs
    rows: IntArray

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, rows: IntArray) -> Any:
        """Return the inputs at some of these rows."""
        return self.inputs.take(self.rows[rows])


@dataclass(frozen=True)
class Held:
    """Inputs that are in memory: a list, or a data frame."""

    values: Any

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: IntArray) -> Any:
        """Return the inputs at some rows."""
        if isinstance(self.values, list):
            return [self.values[int(i)] for i in rows]
        return self.values.take(rows).reset_index(drop=True)


def digests_of(inputs: Any) -> np.ndarray:
    """Digest texts, or the rows of a table, by content, as those that were loaded are."""
    from audit.adapters import digests as dg

    if isinstance(inputs, Sequence):
        return dg.text_digests(inputs)
    return dg.row_digests([(str(c), dg.cells_of(inputs[c], str(c))) for c in inputs])
