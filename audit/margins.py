"""The margin that is explained: the logit of one class minus that of another."""

from __future__ import annotations

import numpy as np

from audit.examples import FloatArray, IntArray

SMALLEST = float(np.finfo(np.float64).tiny)


def margins(outputs: FloatArray, classes: IntArray | None) -> FloatArray:
    """Return the margin of each row; logits differ as logarithms of probabilities do.

    Parameters
    ----------
    outputs : (n, classes) or (n,) float array
        Probabilities, or the values of a regression.
    classes : (n, 2) int array or None
        Class explained and class that it is held against; None for a regression.
    """
    if classes is None:
        return outputs
    rows = np.arange(len(outputs))
    with np.errstate(invalid="ignore"):
        logs = np.log(np.maximum(outputs, SMALLEST))
    return np.asarray(logs[rows, classes[:, 0]] - logs[rows, classes[:, 1]])


def rivals(outputs: FloatArray) -> IntArray:
    """Return the two most probable classes of each row, ``(n, 2)``; ties by their order."""
    order = np.argsort(-outputs, axis=1, kind="stable")
    return np.asarray(order[:, :2], dtype=np.int64)
