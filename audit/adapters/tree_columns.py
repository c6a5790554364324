"""The way back from encoded columns to the input columns that they came from."""

from __future__ import annotations

from typing import Any

import numpy as np

from audit.examples import IntArray

# Steps that change each column by itself, and keep their number and order. Row-wise ones, such as
# Normalizer, look alike to scikit-learn and are left out: there is no way back through a mixture.
ALIKE = {
    "Binarizer", "MaxAbsScaler", "MinMaxScaler", "OrdinalEncoder", "PowerTransformer",
    "QuantileTransformer", "RobustScaler", "StandardScaler",
}  # fmt: skip


def sources(step: Any, width: int | None = None) -> IntArray | None:
    """Return the position of the input column behind each output column of a fitted step.

    Parameters
    ----------
    step : transformer, ``"passthrough"`` or None
    width : int, optional
        Columns that go in, where the step itself does not know.

    Returns
    -------
    (outputs,) int array or None
        None where an output mixes columns, or the step is not known.
    """
    width = getattr(step, "n_features_in_", width)
    if width is None:
        return None
    if step is None or (isinstance(step, str) and step == "passthrough"):
        return np.arange(width)
    name = type(step).__name__
    if not type(step).__module__.startswith("sklearn."):
        return None
    if name in ALIKE or (name == "TargetEncoder" and step.target_type_ != "multiclass"):
        return np.arange(width)
    if name == "FunctionTransformer":
        return np.arange(width) if step.func is None else None
    if name == "Pipeline":
        return chained(step, width)
    if name == "ColumnTransformer":
        return side_by_side(step, width)
    if name == "OneHotEncoder":
        return np.repeat(np.arange(width), [one_hot_width(step, j) for j in range(width)])
    if name == "KBinsDiscretizer":
        return np.repeat(np.arange(width), 1 if step.encode == "ordinal" else step.n_bins_)
    if name == "SimpleImputer":
        return imputed(step)
    if hasattr(step, "get_support"):
        return np.asarray(step.get_support(indices=True), dtype=np.int64)
    return None


def chained(pipeline: Any, width: int) -> IntArray | None:
    """Follow columns back through the steps of a pipeline."""
    columns: IntArray = np.arange(width)
    for _, step in pipeline.steps:
        inner = sources(step, len(columns))
        if inner is None or (len(inner) and inner.max() >= len(columns)):
            return None
        columns = columns[inner]
    return columns


def side_by_side(step: Any, width: int) -> IntArray | None:
    """Follow columns back through steps that each take some of them."""
    slices = step.output_indices_
    columns = np.full(max((s.stop or 0 for s in slices.values()), default=0), -1, dtype=np.int64)
    for name, inner, wanted in step.transformers_:
        span = slices[name]
        if (isinstance(inner, str) and inner == "drop") or span.start == span.stop:
            continue
        taken = positions(wanted, step, width)
        found = None if taken is None else sources(inner, len(taken))
        if taken is None or found is None or len(found) != span.stop - span.start:
            return None
        columns[span] = taken[found]
    return columns if (columns >= 0).all() else None


def positions(wanted: Any, step: Any, width: int) -> IntArray | None:
    """Return the positions of the columns that one step takes: names, places, a mask, a slice."""
    if isinstance(wanted, slice):
        ends = (wanted.start, wanted.stop)
        return None if any(isinstance(e, str) for e in ends) else np.arange(width)[wanted]
    those = [wanted] if isinstance(wanted, str) else np.atleast_1d(np.asarray(wanted)).tolist()
    if all(isinstance(w, bool) for w in those) and len(those) == width:
        return np.flatnonzero(those)
    if all(isinstance(w, int) for w in those):
        return np.arange(width)[np.asarray(those, dtype=np.int64)]
    names = [str(n) for n in getattr(step, "feature_names_in_", ())]
    if not all(w in names for w in those):
        return None
    return np.array([names.index(w) for w in those], dtype=np.int64)


def one_hot_width(step: Any, j: int) -> int:
    """Return how many columns a one-hot encoder makes of one."""
    count = len(step.categories_[j])
    rare = getattr(step, "infrequent_categories_", None)
    if rare is not None and rare[j] is not None:
        count -= len(rare[j]) - 1
    dropped = step.drop_idx_ is not None and step.drop_idx_[j] is not None
    return count - int(dropped)


def imputed(step: Any) -> IntArray | None:
    """Return the columns of an imputer; None where it adds some of its own, or leaves some out."""
    empty = [isinstance(s, float) and np.isnan(s) for s in np.asarray(step.statistics_).tolist()]
    if step.add_indicator or any(empty):
        return None
    return np.arange(step.n_features_in_)
