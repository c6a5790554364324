"""The columns of a table as numbers, for questions about the inputs themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from audit.examples import FloatArray

MOST_VALUES = 20  # of a column of words that get an indicator of their own


@dataclass(frozen=True)
class Encoder:
    """How each column becomes numbers; learned on reference rows and the same for all others.

    Attributes
    ----------
    numbers : mapping of column to (centre, spread)
    words : mapping of column to tuple of str
        The most frequent values, by frequency and name.
    """

    numbers: dict[str, tuple[float, float]]
    words: dict[str, tuple[str, ...]]

    @classmethod
    def of(cls, reference: pd.DataFrame) -> Encoder:
        """Learn from a data frame; the order of its rows changes nothing beyond rounding."""
        numbers, words = {}, {}
        for name in sorted(map(str, reference)):
            column = reference[name]
            if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
                values = np.sort(column.to_numpy(dtype=np.float64, na_value=np.nan))
                values = values[np.isfinite(values)]
                centre = float(values.mean()) if len(values) else 0.0
                numbers[name] = (centre, float(values.std()) or 1.0 if len(values) else 1.0)
            else:
                counts = said(column).value_counts()
                order = sorted(counts.items(), key=lambda pair: (-int(pair[1]), str(pair[0])))
                words[name] = tuple(str(value) for value, _ in order[:MOST_VALUES])
        return cls(numbers, words)

    def encode(self, frame: pd.DataFrame) -> FloatArray:
        """Return ``(n, d)`` numbers: standardised, whether missing, one for each frequent word."""
        parts: list[FloatArray] = []
        for name, (centre, spread) in self.numbers.items():
            values = frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
            known = np.isfinite(values)
            parts.append(np.where(known, (np.where(known, values, centre) - centre) / spread, 0.0))
            parts.append((~known).astype(np.float64))
        for name, values_of in self.words.items():
            column = said(frame[name])
            parts += [np.asarray(column == value, dtype=np.float64) for value in values_of]
        return np.column_stack(parts) if parts else np.zeros((len(frame), 0))


def said(column: pd.Series[Any]) -> pd.Series[str]:
    """Return a column as words; what is missing is a word of its own."""
    return column.astype(object).where(column.notna(), "(missing)").astype(str)
