"""Interventional Shapley values of trees, leaf by leaf.

The package shap computes the same numbers for numerical columns, and the tests hold these against
it. It is not used here because its code for a background compares thresholds and sums leaves in
single precision, counts nodes in 16 bits, knows no sets of categories, and takes each column of a
one-hot encoding for a player of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.special import beta

from audit.examples import FloatArray, IntArray

if TYPE_CHECKING:
    from audit.adapters.tree_nodes import Tree
    from audit.adapters.trees import Ensemble

BoolArray = npt.NDArray[np.bool_]
WORD = 62  # parts that fit a whole number as bits
FLAGS = 12  # up to so many bits, patterns are counted and not sorted


def interventional(
    opened: Ensemble,
    rows: FloatArray,
    background: FloatArray,
    speaks: FloatArray,
    parts: IntArray,
    width: int,
    budget: int,
) -> FloatArray:
    """Return exact Shapley values of each row's margin against each background row, averaged.

    A part that is away takes its value from the background row (Janzing, Minorics & Bloebaum
    2020). A leaf is then reached by the coalitions that hold all parts only the row satisfies, and
    none that only the background satisfies, so that its Shapley values have a closed form
    (Lundberg et al. 2020, supplement on interventional TreeSHAP). Rows that satisfy the same parts
    on the way to a leaf share them.

    Parameters
    ----------
    opened : Ensemble
    rows, background : (n, columns), (b, columns) float arrays
        Encoded.
    speaks : (n, outputs) float array
        How much each output counts in the margin of a row.
    parts : (columns,) int array
        The part that each column belongs to.
    width : int
        Number of parts.
    budget : int
        Bytes that may be used.

    Returns
    -------
    (n, width) float array
    """
    largest = max((len(t.feature) for t in opened.trees), default=1)
    most = max(1, budget // (16 * largest) - len(background))
    found = np.zeros((width, len(rows)))
    for at in range(0, len(rows), most):
        span = slice(at, at + most)
        both = np.concatenate([rows[span], background])
        for tree in opened.trees:
            add_tree(tree, both, len(background), speaks[span], parts, found[:, span])
    return found.T


def add_tree(
    tree: Tree, both: FloatArray, b: int, speaks: FloatArray, parts: IntArray, found: FloatArray
) -> None:
    """Add one tree's Shapley values to those of some rows, which stand before the background."""
    n = len(both) - b
    counts = speaks[:, tree.first : tree.first + tree.value.shape[1]]
    for leaf, groups, fits in leaves(tree, both, parts):
        value = counts @ tree.value[leaf]
        if not value.any():
            continue
        own, back, _ = patterns(fits[:, :n])
        other, _, times = patterns(fits[:, n:])
        table = shares(own, other, times / b)
        found[groups] += table[:, back] * value


def leaves(
    tree: Tree, rows: FloatArray, parts: IntArray
) -> Iterator[tuple[int, list[int], BoolArray]]:
    """Yield each leaf with the parts on the way to it, and ``(parts, n)``: which rows fit them."""
    left = tree.goes_left(rows)
    waiting: list[tuple[int, dict[int, BoolArray]]] = [(0, {})]
    while waiting:
        node, fits = waiting.pop()
        if tree.feature[node] < 0:
            if fits:
                yield node, list(fits), np.stack(list(fits.values()))
            continue
        part, goes = int(parts[tree.feature[node]]), left[node]
        for child, here in ((tree.left[node], goes), (tree.right[node], ~goes)):
            known = fits.get(part)
            waiting.append((int(child), {**fits, part: here if known is None else known & here}))


def patterns(fits: BoolArray) -> tuple[BoolArray, IntArray, IntArray]:
    """Return the distinct columns, which of them each column is, and how often each is there."""
    d = len(fits)
    if d > WORD:
        kinds, back, times = np.unique(fits, axis=1, return_inverse=True, return_counts=True)
        return kinds, back.reshape(-1), times
    keys = np.left_shift(1, np.arange(d)) @ fits
    if d <= FLAGS:
        counts = np.bincount(keys, minlength=1 << d)
        values = np.flatnonzero(counts)
        counts[values], times = np.arange(len(values)), counts[values]
        back = counts[keys]
    else:
        values, back, times = np.unique(keys, return_inverse=True, return_counts=True)
    return (values >> np.arange(d)[:, None] & 1).astype(bool), back, times


def shares(own: BoolArray, other: BoolArray, times: FloatArray) -> FloatArray:
    """Return the Shapley values of a leaf worth 1 for each pattern of rows.

    Parameters
    ----------
    own : (d, u) bool array
        Which of the d parts on the way a pattern of rows fits.
    other : (d, v) bool array
        The same of the background.
    times : (v,) float array
        Share of the background that has each pattern.

    Returns
    -------
    (d, u) float array
    """
    fits, misses = own.astype(float), (~own).astype(float)
    theirs, lacks = other.astype(float), (~other).astype(float)
    meet = (misses.T @ lacks) == 0  # each part is fitted by the row or by the background
    whole = np.where(meet, times, 0.0)
    needed, barred = chances(64 * (len(own) // 64 + 1))
    at = np.ix_(misses.sum(axis=0).astype(int), lacks.sum(axis=0).astype(int))
    gained, lost = whole * needed[at], whole * barred[at]
    return np.asarray(fits * (lacks @ gained.T) - misses * (theirs @ lost.T))


@lru_cache
def chances(size: int) -> tuple[FloatArray, FloatArray]:
    """Return how often one of the needed parts comes last, and one of the barred ones first.

    Row q and column p hold, for p parts that a coalition must have and q that it must not,
    ``(p-1)! q! / (p+q)!`` and ``p! (q-1)! / (p+q)!``: the share of orders in which this part
    decides.
    """
    p, q = np.arange(size)[None, :], np.arange(size)[:, None]
    needed, barred = beta(np.maximum(p, 1), q + 1), beta(p + 1, np.maximum(q, 1))
    return np.asarray(needed, dtype=np.float64), np.asarray(barred, dtype=np.float64)
