"""What trains a model again: chosen by the kind of model and what the specification says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from audit.adapters.options import ModelOptions, RefitOptions
from audit.model import Model, Refits

NO_FUNCTION = (
    "a {kind} model cannot be trained again by itself: name a function that trains one under "
    "model.refit.fit (python:module:function)"
)


def refits_of(
    model: Model,
    options: ModelOptions,
    asked: RefitOptions,
    *,
    base: Path,
    fit: Callable[..., Any] | None = None,
) -> Refits | str:
    """Return what trains the model again, or the reason why nothing can.

    Parameters
    ----------
    model : Model
    options : ModelOptions
        How the model was loaded.
    asked : RefitOptions
    base : Path
        Folder that paths are relative to.
    fit : callable, optional
        The user's function, where it is in memory.

    Raises
    ------
    AuditError
        If what is asked for cannot be loaded, or does not fit the model.
    """
    if fit is not None or asked.fit:
        from audit.adapters.python_refits import load as of_function

        return of_function(model.card, options, asked, base=base, fit=fit)
    if isinstance(model, Refits):
        return model
    if model.card.kind == "sklearn":
        from audit.adapters.sklearn_refits import of_estimator

        return of_estimator(model, asked)
    if model.card.kind == "hf":
        from audit.adapters.hf_refits import of_transformer

        return of_transformer(model, options, asked, base=base)
    return NO_FUNCTION.format(kind=model.card.kind)
