"""Explanations of the sample model: additive in its parts, so that they are known exactly."""

from __future__ import annotations

import numpy as np

from audit.chance import uniforms
from audit.examples import Examples, FloatArray, IntArray
from audit.margins import margins
from audit.observations import Explanations, Observation
from audit.requests import Explain, Masks, unpacked

LEAST, MOST = 4, 9  # parts of a sample input
START = -0.25  # margin of the empty input, for the second class


def sample_parts(examples: Examples) -> IntArray:
    """Return the parts of each row."""
    spread = uniforms(examples.digests, 51) * (MOST + 1 - LEAST)
    return np.asarray(LEAST + spread.astype(np.int64))


def sample_weights(examples: Examples, outputs: FloatArray) -> FloatArray:
    """Return ``(n, MOST)`` attributions to the margin of the second class; NaN beyond the parts."""
    parts = sample_parts(examples)
    raw = np.column_stack([uniforms(examples.digests, 60 + j) - 0.3 for j in range(MOST)])
    raw[np.arange(MOST) >= parts[:, None]] = np.nan
    whole = margins(outputs, np.tile([1, 0], (len(outputs), 1))) - START
    missing = (whole - np.nansum(raw, axis=1)) / parts
    return np.asarray(raw + missing[:, None])


def sample_explanations(request: Explain, examples: Examples, outputs: FloatArray) -> Observation:
    """Explain rows of a split: a change or a seed moves attributions a little.

    Random layers give attributions that have nothing to do with these.
    """
    rows, classes = unpacked(request.rows), unpacked(request.classes).reshape(-1, 2)
    own = sample_weights(examples, outputs)[rows]
    word = request.transform
    change = 0 if word is None else 100 * word.severity + len(word.name)
    jitter = np.column_stack(
        [uniforms(examples.digests[rows], 70 + j, request.seed + 1_000 * change) - 0.5
         for j in range(MOST)]
    )  # fmt: skip
    if request.randomised:
        own = np.where(np.isnan(own), np.nan, jitter)
    elif request.seed or change:
        own = own + 0.1 * jitter
    sign = np.where(classes[:, 0] == 1, 1.0, -1.0)
    total = sign * np.nansum(own, axis=1)
    start = sign * START
    passes = np.full(len(rows), 33.0)
    parts = sample_parts(examples)[rows]
    laid = sign[:, None] * own
    found = Explanations(laid, parts, total + start, start, total, passes)
    return Observation(laid, explained=found)


def sample_masked(
    examples: Examples, outputs: FloatArray, rows: IntArray, masks: Masks
) -> FloatArray:
    """Return ``(m, 2)`` outputs of versions with parts taken away; every baseline is like nothing.

    Parameters
    ----------
    rows : (m,) int array
        The row of each version.
    masks : Masks
    """
    own = sample_weights(examples, outputs)[rows]
    kept = masks.each()
    margin = np.array([START + w[: len(k)][k].sum() for w, k in zip(own, kept, strict=True)])
    second = 1 / (1 + np.exp(-margin))
    return np.column_stack([1 - second, second])
