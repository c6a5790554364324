"""Filling examples in: the one place where inputs enter a result, and only if the spec says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from audit.examples import Examples
from audit.exhibits import Cases, Exhibit

LONGEST = 600


def disclose(exhibits: Sequence[Exhibit], examples: Mapping[str, Examples]) -> tuple[Exhibit, ...]:
    """Return the exhibits with the inputs of their cases, cut at `LONGEST` characters."""
    return tuple(filled(e, examples) if isinstance(e, Cases) else e for e in exhibits)


def filled(exhibit: Cases, examples: Mapping[str, Examples]) -> Cases:
    """Return one exhibit with the inputs of its cases."""
    cases = tuple(
        msgspec.structs.replace(
            c, input=said(examples[c.split].inputs.take(np.array([c.row], dtype=np.int64)))
        )
        for c in exhibit.cases
    )
    return msgspec.structs.replace(exhibit, cases=cases)


def said(taken: Any) -> str:
    """Write one input: a text as it is, a row of a table as its columns."""
    if hasattr(taken, "to_dict"):
        row = taken.to_dict("records")[0]
        text = ", ".join(f"{k} = {v}" for k, v in row.items())
    else:
        text = str(taken[0])
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
