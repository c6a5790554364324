"""Explanations that are made of a few inputs at a time, as many as fit the memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from audit.adapters.leaves import Leaves
from audit.explainer import Explained, Job
from audit.explainers.batching import Passes


class Piece:
    """Explanations of some of the inputs, while they are made.

    Attributes
    ----------
    shares : (n, 1 + most parts) array
        The first column holds what belongs to no part.
    value, start, passes : (n,) arrays
    """

    def __init__(self, n: int, width: int) -> None:
        self.shares = np.zeros((n, width))
        self.value, self.start, self.passes = np.zeros(n), np.zeros(n), np.zeros(n)


Explain = Callable[[Passes, Leaves, int], Piece]


def explained(opened: Any, job: Job, held: int, explain: Explain) -> Explained:
    """Explain the inputs piece by piece.

    Parameters
    ----------
    opened : audit.adapters.leaves.Open
    job : Job
    held : int
        Bytes that are held for each input.
    explain : callable
        ``explain(passes, leaves, first)`` returns a `Piece`, given the place of its first input.
    """
    found: list[Piece] = []
    with opened.frozen():
        for span, leaves in pieces(opened, job, held):
            classes = None if job.classes is None else job.classes[span]
            passes = Passes(opened, leaves, job.parts[span], classes, job)
            found.append(explain(passes, leaves, span.start))
    shares = [row for piece in found for row in piece.shares]
    value, start, count = (
        np.concatenate([np.zeros(0), *(getattr(piece, name) for piece in found)])
        for name in ("value", "start", "passes")
    )
    own = tuple(row[1 : 1 + k] for row, k in zip(shares, job.parts.tolist(), strict=True))
    return Explained(own, value, start, count)


def pieces(opened: Any, job: Job, held: int) -> Iterator[tuple[slice, Leaves]]:
    """Yield some inputs at a time, as many as take a third of the budget.

    Parameters
    ----------
    opened : audit.adapters.leaves.Open
    job : Job
    held : int
        Bytes that an explainer holds for each input, beside its numbers.
    """
    each = 4 * 4 * opened.most_numbers(job.inputs) + held if len(job) else 1
    size = max(1, job.budget // 3 // max(each, 1))
    for at in range(0, len(job), size):
        span = slice(at, at + size)
        yield span, opened.leaves(cut(job.inputs, span), cut(job.starts, span))


def cut(inputs: Any, span: slice) -> Any:
    """Return some rows of a list or a data frame."""
    return inputs.iloc[span] if hasattr(inputs, "iloc") else inputs[span]
