"""Trees of scikit-learn, read node by node."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.examples import FloatArray, IntArray

BoolArray = npt.NDArray[np.bool_]

CATEGORIES = 256  # of one column, in histogram gradient boosting
# An estimator fitted on an array may be given a frame, or the other way: the columns are in order.
NAMELESS = "X (has|does not have valid) feature names"


@dataclass(frozen=True)
class Tree:
    """One tree; node 0 is its root.

    Attributes
    ----------
    feature : (m,) int array
        Encoded column that a node looks at; -1 in a leaf.
    threshold : (m,) float array
        A row goes left where its value is at most this.
    left, right : (m,) int array
    missing_left : (m,) bool array
        Where a row without a value goes.
    value : (m, k) float array
        What a leaf adds to outputs ``first`` to ``first + k - 1``.
    weight : (m,) float array
        Training rows that came through.
    first : int
    categories : mapping of int to (256,) bool array
        For nodes that look at a category: the ones that go left.
    """

    feature: IntArray
    threshold: FloatArray
    left: IntArray
    right: IntArray
    missing_left: BoolArray
    value: FloatArray
    weight: FloatArray
    first: int = 0
    categories: Mapping[int, BoolArray] = field(default_factory=dict)

    def goes_left(self, rows: FloatArray) -> BoolArray:
        """Return ``(m, n)``: whether a row would go left at a node, were it there."""
        inner = np.flatnonzero(self.feature >= 0)
        out = np.zeros((len(self.feature), len(rows)), dtype=bool)
        values = rows.T[self.feature[inner]]
        missing = np.isnan(values)
        out[inner] = values <= self.threshold[inner, None]
        for node, left in self.categories.items():
            seen = rows[:, self.feature[node]]
            known = (seen >= 0) & (seen < CATEGORIES)
            out[node] = np.where(known, left[np.where(known, seen, 0).astype(int)], False)
            missing[np.searchsorted(inner, node)] |= ~known
        out[inner] = np.where(missing, self.missing_left[inner, None], out[inner])
        return out

    def answers(self, rows: FloatArray) -> FloatArray:
        """Return the ``(n, k)`` values of the leaves that rows end in."""
        left, at = self.goes_left(rows), np.zeros(len(rows), dtype=np.int64)
        every = np.arange(len(rows))
        while (self.feature[at] >= 0).any():
            further = np.where(left[at, every], self.left[at], self.right[at])
            at = np.where(self.feature[at] >= 0, further, at)
        return self.value[at]


def plain_tree(tree: Any, value: FloatArray, first: int = 0) -> Tree:
    """Return a tree of `sklearn.tree` with the values of its leaves."""
    missing = getattr(tree, "missing_go_to_left", None)
    return Tree(
        feature=np.where(tree.children_left < 0, -1, tree.feature).astype(np.int64),
        threshold=np.asarray(tree.threshold, dtype=np.float64),
        left=np.asarray(tree.children_left, dtype=np.int64),
        right=np.asarray(tree.children_right, dtype=np.int64),
        missing_left=np.zeros(len(value), bool) if missing is None else missing.astype(bool),
        value=value,
        weight=np.asarray(tree.weighted_n_node_samples, dtype=np.float64),
        first=first,
    )


def averaged_trees(last: Any, classes: bool) -> tuple[tuple[Tree, ...], FloatArray]:
    """Return the trees of a forest, each with its share of the mean; or the one of a tree."""
    members = [e.tree_ for e in getattr(last, "estimators_", [last])]
    values = [m.value[:, 0, :] for m in members]
    if classes:
        values = [v / v.sum(axis=1, keepdims=True) for v in values]
    trees = [plain_tree(m, v / len(members)) for m, v in zip(members, values, strict=True)]
    return tuple(trees), np.zeros(values[0].shape[1])


def gradient_trees(last: Any) -> tuple[tuple[Tree, ...], FloatArray]:
    """Return the trees of gradient boosting, as logits or values."""
    # The exponential loss has half the logit as its raw score (Friedman 2001, section 4.5).
    scale = 2.0 if last.loss == "exponential" else 1.0
    trees = tuple(
        plain_tree(e.tree_, scale * last.learning_rate * e.tree_.value[:, 0, :], k)
        for stage in last.estimators_
        for k, e in enumerate(stage)
    )
    some = np.zeros((1, last.n_features_in_), dtype=np.float32)
    ask = last.decision_function if hasattr(last, "classes_") else last.predict
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=NAMELESS)
        offset = scale * np.asarray(ask(some), dtype=np.float64).reshape(-1)
    for tree in trees:
        offset[tree.first] -= tree.answers(some.astype(np.float64))[0, 0]
    return trees, offset


def histogram_trees(last: Any) -> tuple[tuple[Tree, ...], FloatArray]:
    """Return the trees of histogram gradient boosting, as logits or values."""
    trees = tuple(
        histogram_tree(p.nodes, p.raw_left_cat_bitsets, k)
        for stage in last._predictors
        for k, p in enumerate(stage)
    )
    return trees, np.asarray(last._baseline_prediction, dtype=np.float64).reshape(-1)


def histogram_tree(nodes: Any, bits: Any, first: int) -> Tree:
    """Return one of these trees from the records of its nodes."""
    leaf = nodes["is_leaf"].astype(bool)
    chosen = np.flatnonzero(nodes["is_categorical"].astype(bool) & ~leaf)
    sets = np.unpackbits(np.asarray(bits, dtype="<u4").view(np.uint8), axis=1, bitorder="little")
    return Tree(
        feature=np.where(leaf, -1, nodes["feature_idx"]).astype(np.int64),
        threshold=nodes["num_threshold"].astype(np.float64),
        left=nodes["left"].astype(np.int64),
        right=nodes["right"].astype(np.int64),
        missing_left=nodes["missing_go_to_left"].astype(bool),
        value=nodes["value"].astype(np.float64)[:, None],
        weight=nodes["count"].astype(np.float64),
        first=first,
        categories={int(n): sets[nodes["bitset_idx"][n]].astype(bool) for n in chosen},
    )
