"""Chosen labels as outputs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from audit.errors import ModelError, did_you_mean
from audit.examples import FloatArray, name_of


def one_hot(answers: Sequence[object], labels: Sequence[str], model: str) -> FloatArray:
    """Put 1 in the column of each chosen label; ``(n, labels)``.

    Raises
    ------
    ModelError
        For an answer that is not a label.
    """
    column = {label: i for i, label in enumerate(labels)}
    out = np.zeros((len(answers), len(labels)))
    for row, answer in enumerate(answers):
        name = name_of(answer)
        if name not in column:
            raise ModelError(
                f'{model} answered "{name}", which is not one of its labels',
                where="labels: " + ", ".join(labels),
                hint=did_you_mean(name, labels),
            )
        out[row, column[name]] = 1.0
    return out
