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
    if isinstance(value, tuple) and len(value) == 2 and is_transformer(value[0]):
        return of_pair(*value, options)
    if is_module(value[0] if isinstance(value, tuple) and value else value):
        from audit.adapters.torch_module import from_parts

        return from_parts(value, options)
    if callable(value):
        from audit.adapters.python_model import from_callable

        return from_callable(value, options)
    raise ModelError(
        f"a {type(value).__name__} cannot be audited as it is",
        hint="give a fitted scikit-learn estimator, a transformers (model, tokenizer) or "
        "(model, image processor) pair, a torch module that answers with logits, alone or as "
        "(module, preprocess), or a function from inputs to probabilities",
    )


def of_pair(network: Any, other: Any, options: ModelOptions) -> Model:
    """Make a model of a transformers network and its tokenizer, or its image processor."""
    if "ImageClassification" in type(network).__name__:
        from audit.adapters.hf_image import from_objects as of_images

        return of_images(network, other, options)
    from audit.adapters.hf_memory import from_objects

    return from_objects(network, other, options)


def is_transformer(value: Any) -> bool:
    """Tell whether it is a model of transformers."""
    return hasattr(value, "config") and hasattr(value, "save_pretrained")


def is_module(value: Any) -> bool:
    """Tell whether it is a torch module; torch is not imported to find out.

    Raises
    ------
    ModelError
        If it is a transformers model, which needs its tokenizer or its image processor.
    """
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(value, torch.nn.Module):
        return False
    if is_transformer(value):
        images = "ImageClassification" in type(value).__name__
        other = "image processor" if images else "tokenizer"
        raise ModelError(
            f"the transformers model {type(value).__name__} was given without its {other}",
            hint=f"give the pair (model, {other})",
        )
    return True
