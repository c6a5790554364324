"""Chosen labels as outputs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from audit.errors import ModelError, did_you_mean
from audit.examples import FloatArray, name_of


def named(own: tuple[str, ...], given: tuple[str, ...]) -> tuple[str, ...]:
    """Return the labels of a model's columns: its own names, or the given ones, by position.

    Raises
    ------
    ModelError
        If the given names are not as many, or are the model's own in another order.
    """
    if not given or given == own:
        return own
    if len(given) != len(own):
        raise ModelError(
            f"labels: names {len(given)} labels, the model has {len(own)}",
            hint="its own names: " + ", ".join(own),
        )
    if set(given) == set(own):
        raise ModelError(
            "labels: are the model's own names in another order: every answer would be misread",
            hint="the order of its columns: " + ", ".join(own) + "; or leave labels: out",
        )
    return given


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
