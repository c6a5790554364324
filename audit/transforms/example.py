"""A sentence and a row of our own under a transform, for the command line and the documentation."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np

from audit.transform import SEVERITIES, Chance, TransformKind

if TYPE_CHECKING:
    import pandas as pd

SENTENCE = (
    "I didn't expect much of the lighthouse, but the old keeper's stories were wonderful; "
    "we'll visit him again on 12 March!"
)
SEEDS = 200  # luck that is tried until the lowest severity shows something


def text_example(kind: TransformKind) -> list[str]:
    """Return the sentence at severities 0 to 5."""

    def at(severity: int, seed: int) -> str:
        return str(kind.apply([SENTENCE], severity, Chance(digest(SENTENCE), seed))[0])

    seed = telling(lambda seed: at(1, seed) != SENTENCE)
    return [SENTENCE, *(at(severity, seed) for severity in SEVERITIES)]


def table_example(kind: TransformKind) -> tuple[list[str], list[list[str]]]:
    """Return the names of the columns, and the cells of one row at severities 0 to 5."""
    reference = people()
    row = reference.iloc[:1]
    plain = cells(row)

    def at(severity: int, seed: int) -> list[str]:
        luck = Chance(digest(" ".join(plain)), seed, reference)
        return cells(kind.apply(row, severity, luck))

    seed = telling(lambda seed: at(1, seed) != plain)
    return list(row.columns), [plain, *(at(severity, seed) for severity in SEVERITIES)]


def telling(shows: Callable[[int], bool]) -> int:
    """Return the first seed whose luck shows something, or 0."""
    return next((seed for seed in range(SEEDS) if shows(seed)), 0)


def digest(content: str) -> np.ndarray:
    """Return the digest of one input."""
    return np.array([blake2b(content.encode(), digest_size=16).digest()], dtype="S16")


def people() -> pd.DataFrame:
    """Make 60 rows about people who do not exist."""
    import pandas as pd

    n = np.arange(60)
    return pd.DataFrame(
        {
            "age": 20 + (n * 23 + 22) % 47,
            "hours": 10 + (n * 17 + 28) % 39,
            "height_cm": np.round(158 + (n * 7.3 + 16.5) % 35, 1),
            "weight_kg": np.round(52 + (n * 5.7 + 19.4) % 43, 1),
            "work": pd.array([("firm", "state", "own")[i % 3] for i in n], dtype=object),
            "town": pd.array([("Bonn", "Jena", "Ulm", "Kiel")[i % 4] for i in n], dtype=object),
        }
    )


def cells(frame: pd.DataFrame) -> list[str]:
    """Write the first row's cells."""
    return [written(frame.iloc[0, j]) for j in range(frame.shape[1])]


def written(value: Any) -> str:
    """Write one cell: a dash where it is missing, quotes where blanks would not be seen."""
    if value is None or value != value:
        return "—"
    if isinstance(value, str):
        return f'"{value}"' if value != value.strip() else value
    return f"{value:.6g}"
