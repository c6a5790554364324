"""A model that is already in memory."""

from __future__ import annotations

import sys
from typing import Any

from audit.adapters.options import ModelOptions
from audit.errors import ModelError
from audit.model import Model


def wrap(value: Any, options: ModelOptions) -> Model:
    """Make a model of an object: one of ours, a fitted estimator, a network, or a function.

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
    if is_module(value):
        from audit.adapters.torch_module import from_module

        return from_module(value, options)
    if callable(value):
        from audit.adapters.python_model import from_callable

        return from_callable(value, options)
    raise ModelError(
        f"a {type(value).__name__} cannot be audited as it is",
        hint="give a fitted scikit-learn estimator, a transformers (model, tokenizer) pair, a "
        "torch module that answers with logits, or a function from inputs to probabilities",
    )


def is_module(value: Any) -> bool:
    """Tell whether it is a torch module; torch is not imported to find out.

    Raises
    ------
    ModelError
        If it is a transformers model, which needs its tokenizer.
    """
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(value, torch.nn.Module):
        return False
    if hasattr(value, "config") and hasattr(value, "save_pretrained"):
        raise ModelError(
            f"the transformers model {type(value).__name__} was given without its tokenizer",
            hint="give the pair (model, tokenizer)",
        )
    return True
