"""Explanations of different inputs: how alike these are is what "no more than by chance" means."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from audit.chance import uniforms
from audit.examples import FloatArray, IntArray

OTHERS_STREAM = 44  # of the luck that settles which of several equally near inputs is taken
CHUNK = 256  # rows whose distances to all others are held at once


def others_of(
    parts: IntArray, classes: IntArray | None, digests: npt.NDArray[np.bytes_], most: int
) -> IntArray:
    """Return, for each input, different inputs of its class with the nearest number of parts.

    Of equally near ones those that follow it on a ring are taken, on which every input lies by the
    luck of its content: each is then taken about equally often, and no order of rows matters.

    Parameters
    ----------
    parts : (n,) int array
    classes : (n,) int array or None
        The class that the model chooses; None where all inputs may be compared.
    digests : (n,) array of 16-byte strings
        Equal inputs are not different ones.
    most : int
        How many others, at most.

    Returns
    -------
    (n, m) int array
        Positions, the nearest first; -1 where there are no more. m is at most `most`.
    """
    n = len(parts)
    luck = uniforms(digests, 0, OTHERS_STREAM)
    found = np.full((n, min(most, max(n - 1, 0))), -1, dtype=np.int64)
    for at in range(0, n, CHUNK):
        own = np.arange(at, min(at + CHUNK, n))
        gap = np.abs(parts[own, None] - parts).astype(np.float64)
        gap[digests[own, None] == digests] = np.inf
        if classes is not None:
            gap[classes[own, None] != classes] = np.inf
        near = np.lexsort(((luck - luck[own, None]) % 1.0, gap), axis=-1)[:, : found.shape[1]]
        found[own] = np.where(np.isinf(np.take_along_axis(gap, near, axis=1)), -1, near)
    return found


def laid_on(attributions: FloatArray, parts: IntArray, own_parts: IntArray) -> FloatArray:
    """Lay explanations on inputs with another number of parts, by relative position.

    Part p of the k of an input is given the attribution of part floor((p + 1/2) k' / k) of the
    other's k': inputs of one length are compared part by part.

    Parameters
    ----------
    attributions : (n, k') float array
        Of other inputs, NaN beyond their parts.
    parts : (n,) int array
        Parts of these.
    own_parts : (n,) int array
        Parts of the inputs that they are laid on.

    Returns
    -------
    (n, k) float array
        k is the largest of `own_parts`. NaN beyond them, and where the other has no parts.
    """
    parts, own = np.asarray(parts)[:, None], np.asarray(own_parts)[:, None]
    at = np.arange(int(own.max(initial=0)))[None, :]
    there = (at < own) & (parts > 0)
    if not there.any():
        return np.full(there.shape, np.nan)
    place = np.where(there, (2 * at + 1) * parts // np.maximum(2 * own, 1), 0)
    return np.where(there, np.take_along_axis(attributions, place, axis=1), np.nan)


def shared_mean(values: FloatArray, others: IntArray) -> FloatArray:
    """Return a value for each input whose mean is that of all comparisons, with an honest spread.

    An input stands in its own comparisons and in those of others. The mean of comparisons is
    therefore a U-statistic, whose spread is not that of the inputs' own means but that of these
    values, its first-order influences.

    Parameters
    ----------
    values : (n, m) float array
        A comparison of each input with each of its others; NaN where there is none.
    others : (n, m) int array
        As `others_of` returns them.

    Returns
    -------
    (n,) float array
        NaN for an input without a comparison of its own. The mean of the rest is the mean over
        inputs of the mean over their others.

    Notes
    -----
    Hoeffding (1948), A class of statistics with asymptotically normal distribution, Ann. Math.
    Statist. 19, 293-325, section 5. What is peculiar to one comparison is counted with both of its
    inputs, so that the spread is too wide rather than too narrow where others are few.
    """
    known = ~np.isnan(values) & (others >= 0)
    counts = known.sum(axis=1)
    there = counts > 0
    if not there.any():
        return np.full(len(values), np.nan)
    weights = known / np.maximum(counts, 1)[:, None]
    own = np.where(known, values, 0.0)
    mean = float((weights * own).sum() / there.sum())
    centred = weights * np.where(known, own - mean, 0.0)
    given = np.bincount(others[known], weights=centred[known], minlength=len(values))
    both = mean + centred.sum(axis=1) + given
    # What an input without comparisons of its own lends to others is left out of the mean as well.
    drift = float(both[there].mean()) - mean
    return np.where(there, both - drift, np.nan)
