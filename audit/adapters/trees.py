"""Estimators and pipelines of scikit-learn that are ensembles of trees, as a sum of trees."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from audit.adapters.tree_columns import sources
from audit.adapters.tree_nodes import (
    NAMELESS,
    Tree,
    averaged_trees,
    gradient_trees,
    histogram_trees,
)
from audit.examples import FloatArray, IntArray

Encode = Callable[[Any], FloatArray]

GRADIENT, HISTOGRAM = "GradientBoosting", "HistGradientBoosting"
BOOSTED = (GRADIENT, HISTOGRAM)
AVERAGED = ("DecisionTree", "ExtraTree", "RandomForest", "ExtraTrees")
# Losses whose raw score is what predict() answers with; others put a logarithm between them.
PLAIN_LOSSES = ("squared_error", "absolute_error", "huber", "quantile")
SAME = 1e-6  # how far answers of the trees as read may lie from the model's own


@dataclass(frozen=True)
class Ensemble:
    """A sum of trees.

    Attributes
    ----------
    trees : tuple of Tree
    offset : (k,) float array
        What every output begins with.
    unit : str
        ``logit``, ``probability`` or ``value``: what the outputs are. One logit speaks for the
        second of two classes.
    columns : (c,) int array
        Column of the input that each encoded column came from.
    names : tuple of str
        What the input columns are called; empty where they go by position.
    encode : callable
        Returns the ``(n, c)`` encoded columns of inputs, as floats; NaN where a value is missing.
    answers : callable
        What the model itself says of inputs.
    """

    trees: tuple[Tree, ...]
    offset: FloatArray
    unit: str
    columns: IntArray
    names: tuple[str, ...]
    encode: Encode
    answers: Callable[[Any], FloatArray]

    def outputs(self, rows: FloatArray) -> FloatArray:
        """Return the ``(n, k)`` outputs of encoded rows."""
        out = np.tile(self.offset, (len(rows), 1))
        for tree in self.trees:
            out[:, tree.first : tree.first + tree.value.shape[1]] += tree.answers(rows)
        return out

    def agrees(self, inputs: Any, outputs: FloatArray) -> bool:
        """Return whether the trees as they were read say what the model says."""
        if self.unit == "logit":
            logits = outputs if outputs.shape[1] > 1 else np.column_stack([-outputs, outputs]) / 2
            raised = np.exp(logits - logits.max(axis=1, keepdims=True))
            outputs = raised / raised.sum(axis=1, keepdims=True)
        own = np.asarray(self.answers(inputs)).reshape(outputs.shape)
        return bool(np.allclose(outputs, own, rtol=SAME, atol=SAME))


def unwrapped(estimator: Any) -> tuple[Any, Any]:
    """Return the steps before the last one of a pipeline, or None, and the last one."""
    estimator = getattr(estimator, "best_estimator_", estimator)
    if type(estimator).__name__ == "Pipeline" and type(estimator).__module__.startswith("sklearn."):
        return (estimator[:-1] if len(estimator) > 1 else None), estimator[-1]
    return None, estimator


def readable(estimator: Any) -> bool:
    """Return whether an estimator is an ensemble of trees whose columns can be traced back."""
    before, last = unwrapped(estimator)
    if not type(last).__module__.startswith("sklearn."):
        return False
    if not hasattr(last, "n_features_in_") or getattr(last, "n_outputs_", 1) != 1:
        return False
    kind, classes = family(last)
    if not kind:
        return False
    if kind in BOOSTED and not classes and last.loss not in PLAIN_LOSSES:
        return False
    # A first guess that depends on the input is no part of the trees.
    if kind == GRADIENT and type(last.init_).__name__ not in (
        "str", "DummyClassifier", "DummyRegressor",
    ):  # fmt: skip
        return False
    if classes and len(last.classes_) < 2:
        return False
    return traced(before, last) is not None


def family(last: Any) -> tuple[str, bool]:
    """Return what an ensemble is called, and whether it chooses a class; empty for another."""
    name = type(last).__name__
    for kind in (*BOOSTED, *AVERAGED):
        if name in (f"{kind}Classifier", f"{kind}Regressor"):
            return kind, name.endswith("Classifier")
    return "", False


def traced(before: Any, last: Any) -> IntArray | None:
    """Return the input column of each column that the trees look at; None where that is unknown."""
    width = int(last.n_features_in_)
    columns: IntArray | None = np.arange(width)
    if before is not None:
        columns = sources(before)
    if columns is None or len(columns) != width:
        return None
    chosen = getattr(last, "is_categorical_", None)
    if chosen is not None:  # histogram gradient boosting puts categories first
        columns = np.concatenate([columns[chosen], columns[~chosen]])
    return columns


def opened(estimator: Any, fitted: Callable[[Any], Any]) -> Ensemble | None:
    """Return an estimator as a sum of trees; None where it is none, or cannot be read.

    Parameters
    ----------
    estimator : scikit-learn estimator or pipeline
    fitted : callable
        Gives inputs the columns that the estimator was fitted on.
    """
    if not readable(estimator):
        return None
    before, last = unwrapped(estimator)
    kind, classes = family(last)
    trees, offset = read(last)
    columns = traced(before, last)
    assert columns is not None
    unit = "value" if not classes else "logit" if kind in BOOSTED else "probability"

    def encode(inputs: Any) -> FloatArray:
        table = fitted(inputs)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=NAMELESS)
            return numbers(last, table if before is None else before.transform(table))

    def answers(inputs: Any) -> FloatArray:
        ask = estimator.predict_proba if classes else estimator.predict
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=NAMELESS)
            return np.asarray(ask(fitted(inputs)), dtype=np.float64)

    names = tuple(str(n) for n in getattr(estimator, "feature_names_in_", ()))
    return Ensemble(trees, offset, unit, columns, names, encode, answers)


def read(last: Any) -> tuple[tuple[Tree, ...], FloatArray]:
    """Return the trees of an ensemble, and what its outputs begin with."""
    kind, classes = family(last)
    if kind == HISTOGRAM:
        return histogram_trees(last)
    return gradient_trees(last) if kind == GRADIENT else averaged_trees(last, classes)


def numbers(last: Any, table: Any) -> FloatArray:
    """Return the columns that trees look at, rounded as their thresholds expect it."""
    if family(last)[0] == HISTOGRAM:
        table = last._preprocess_X(table, reset=False)
        return np.asarray(table, dtype=np.float64)
    if hasattr(table, "toarray"):
        table = table.toarray()
    return np.asarray(table, dtype=np.float32).astype(np.float64)
