"""What a model may answer: the shape is checked for the whole audit, the values row by row."""

from __future__ import annotations

import numpy as np

from audit.errors import ModelError
from audit.examples import FloatArray, IntArray
from audit.model import ModelCard

SUM_TOLERANCE = 1e-3  # half-precision softmax misses 1 by a few 1e-4; a logit misses by more
EDGE_TOLERANCE = 1e-6  # rounding just outside 0 or 1


def shaped(outputs: object, rows: int, card: ModelCard) -> FloatArray:
    """Return outputs as ``(rows, width)`` floats, or ``(rows,)`` where one is a single value.

    Raises
    ------
    ModelError
        If the shape is another one: every answer would be misread.
    """
    array = np.asarray(outputs, dtype=np.float64)
    wanted = (rows, card.width) if card.width else (rows,)
    if not card.width and array.shape == (rows, 1):
        array = array[:, 0]
    if array.shape != wanted:
        raise ModelError(
            f"{card.name} answers with the wrong shape: got {array.shape}, expected {wanted}",
            hint="labels: "
            + ", ".join(card.labels)
            + "\nthe columns of the model must be these labels"
            if card.labels
            else "a regression model answers with one number for each row",
        )
    return array


def check_outputs(outputs: object, rows: int, card: ModelCard) -> FloatArray:
    """Return outputs in which every row is a valid answer.

    Raises
    ------
    ModelError
        If the shape is wrong, or any row is no answer.
    """
    array = shaped(outputs, rows, card)
    bad, reason = fault_of(array, card)
    if len(bad):
        raise ModelError(
            f"{len(bad)} of {rows} answers of {card.name} are not valid",
            where=f"first at row {bad[0]}: {reason}",
            hint="a classifier answers with probabilities that sum to 1, a regressor with numbers",
        )
    return array


def fault_of(outputs: FloatArray, card: ModelCard) -> tuple[IntArray, str]:
    """Return the rows that are no valid answer, and what is wrong with the first of them.

    Parameters
    ----------
    outputs : (n, width) or (n,) float array
    card : ModelCard
        Its outputs are probabilities where it has labels; else they need only be finite.
    """
    if not card.labels:
        bad = np.flatnonzero(~np.isfinite(outputs.reshape(len(outputs), -1)).all(axis=1))
        return bad, f"the output is {outputs[bad[0]]}" if len(bad) else ""
    with np.errstate(invalid="ignore"):
        sums = outputs.sum(axis=1)
        good = np.isfinite(outputs).all(axis=1) & (np.abs(sums - 1.0) <= SUM_TOLERANCE)
        good &= (outputs >= -EDGE_TOLERANCE).all(axis=1)
        good &= (outputs <= 1.0 + EDGE_TOLERANCE).all(axis=1)
    bad = np.flatnonzero(~good)
    return bad, describe(outputs[bad[0]]) if len(bad) else ""


def describe(row: FloatArray) -> str:
    """Say what is wrong with a row of probabilities."""
    shown = "[" + ", ".join(f"{v:.4g}" for v in row[:6]) + (", ...]" if len(row) > 6 else "]")
    if not np.isfinite(row).all():
        return f"probabilities are not finite: {shown}"
    if (row < -EDGE_TOLERANCE).any() or (row > 1 + EDGE_TOLERANCE).any():
        return f"probabilities lie outside 0 to 1 (are they logits?): {shown}"
    return f"probabilities sum to {row.sum():.6g}, not 1: {shown}"


def tells_scores(outputs: FloatArray) -> bool:
    """Whether outputs say more than a chosen label: False where every row is 0 but for one 1."""
    known = outputs[np.isfinite(outputs).all(axis=1)] if outputs.ndim == 2 else outputs
    return outputs.ndim == 1 or not len(known) or not bool(((known == 0) | (known == 1)).all())
