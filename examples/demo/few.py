"""The movie snippets of the demo, few enough to fine-tune a transformer on many times."""

from __future__ import annotations

import csv
from pathlib import Path

WORK = Path(__file__).resolve().parent / "work"


def train() -> list[dict[str, str]]:
    """Return what is trained on."""
    return read("train.csv", 256)


def test() -> list[dict[str, str]]:
    """Return what every training is tested on: every other movie snippet, half of each label."""
    return [row for row in read("test.csv", 600) if row["source"] == "movie"][::2]


def read(name: str, rows: int) -> list[dict[str, str]]:
    """Return the first rows of a table of the demo."""
    with (WORK / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))[:rows]
