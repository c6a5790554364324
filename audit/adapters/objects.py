"""A model that is already in memory."""

from __future__ import annotations

from typing import Any

from audit.adapters.options import ModelOptions
from audit.errors import ModelError
from audit.model import Model


def wrap(value: Any, options: ModelOptions) -> Model:
    """Make a model of an object: one of ours, a fitted estimator, or a function.

    Raises
    ------
    ModelError
        If it is none of these, or the options do not say what it returns.
    """
    if isinstance(value, Model) and hasattr(value.card, "fingerprint"):
        return value
    if hasattr(value, "predict") and hasattr(value, "get_params"):
        from audit.adapters.sklearn_model import from_object

        return from_object(value, options)
    if isinstance(value, tuple) and len(value) == 2 and hasattr(value[0], "config"):
        from audit.adapters.hf_memory import from_objects

        return from_objects(*value, options)
    if callable(value):
        from audit.adapters.python_model import from_callable

        return from_callable(value, options)
    raise ModelError(
        f"a {type(value).__name__} cannot be audited as it is",
        hint="give a fitted scikit-learn estimator, a transformers (model, tokenizer) pair, or a "
        "function from inputs to probabilities",
    )
