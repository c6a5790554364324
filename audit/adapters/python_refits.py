"""Training again by a function of the user's own."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from audit.adapters.objects import wrap
from audit.adapters.options import ModelOptions, RefitOptions
from audit.adapters.references import function_of
from audit.errors import ConfigError, ModelError
from audit.examples import FloatArray, IntArray
from audit.model import Fitted, Model, ModelCard, Predicts, Recipe, Sized

USER = "user"
SCHEME = "python:"
UNNAMED = re.compile(r"LABEL_\d+")  # what transformers calls an output that nobody named


def load(
    card: ModelCard,
    options: ModelOptions,
    asked: RefitOptions,
    *,
    base: Path,
    fit: Callable[..., Any] | None = None,
) -> FunctionRefits:
    """Return what calls ``fit(inputs, targets, seed)``.

    Its trainings are kept beyond this run only where ``asked.revision`` names its version.

    Parameters
    ----------
    card : ModelCard
        Of the audited model, whose labels are answered.
    options : ModelOptions
        How the audited model was loaded.
    asked : RefitOptions
    base : Path
        Folder from which the function's module is imported.
    fit : callable, optional
        The function itself, where it is in memory.

    Raises
    ------
    ConfigError
        If another recipe is asked for, or the function cannot be imported.
    """
    if asked.recipe not in ("", USER):
        raise ConfigError(
            f'the recipe "{asked.recipe}" does not go with a function of your own',
            where="model.refit.recipe",
            hint="recipe: user, or leave it out; or leave out model.refit.fit",
        )
    function = fit or imported(asked.fit, base)
    name = asked.fit or f"{SCHEME}{getattr(fit, '__qualname__', type(fit).__name__)}"
    words = [name, asked.revision, card.task, *card.labels]
    recipe = Recipe(
        name=USER,
        says=f"the function {name.removeprefix(SCHEME)}",
        fingerprint=blake2b("\n".join(words).encode(), digest_size=16).hexdigest(),
        cacheable=bool(asked.revision),
    )
    return FunctionRefits(card, options, function, recipe)


def imported(ref: str, base: Path) -> Callable[..., Any]:
    """Import the function that ``model.refit.fit`` names."""
    if not ref.startswith(SCHEME):
        raise ConfigError(
            f'"{ref}" is not of the form python:module:function', where="model.refit.fit"
        )
    return function_of(ref.removeprefix(SCHEME), base, ConfigError)


@dataclass(frozen=True)
class FunctionRefits:
    """Trains by calling a function."""

    card: ModelCard
    options: ModelOptions
    function: Callable[..., Any]
    recipe: Recipe

    @property
    def recipes(self) -> tuple[Recipe, ...]:
        """The function, and nothing else."""
        return (self.recipe,)

    def embedder(self, recipe: str) -> None:  # noqa: ARG002  (a function takes the inputs themselves)
        """Return None."""
        return

    def fit(self, inputs: Any, targets: npt.NDArray[Any], *, recipe: str, seed: int) -> Fitted:  # noqa: ARG002
        """Call the function with inputs, label names (or values) and the seed.

        Raises
        ------
        ModelError
            If it returns what cannot answer with the labels of the audited model.
        Exception
            Whatever the function raises.
        """
        labels = self.card.labels
        given = np.array(labels)[targets] if labels else targets.astype(np.float64)
        return self.answering(self.function(inputs, given, seed))

    def answering(self, value: Any) -> Fitted:
        """Wrap what the function returned."""
        # an estimator, a model or a pair knows the names of its outputs, a function does not
        known = isinstance(value, Model | tuple) or hasattr(value, "get_params")
        labels = () if known else self.card.labels
        task = None if self.card.labels else "regression"
        # a fitted value is new in every training: no word of the user's is its version
        told = msgspec.structs.replace(self.options, labels=labels, task=task, revision="")
        model = wrap(value, told)
        if not isinstance(model, Predicts):
            raise ModelError(f"{self.recipe.says} returned {model.card.name}, which cannot predict")
        columns = columns_of(model.card.labels, self.card.labels, self.recipe.says)
        return Answering(model, len(self.card.labels), columns)


def columns_of(found: tuple[str, ...], wanted: tuple[str, ...], name: str) -> IntArray:
    """Return the wanted column of each output that was found: by name, or by place if unnamed.

    Raises
    ------
    ModelError
        If there is an output that is not wanted.
    """
    if len(found) == len(wanted) and all(UNNAMED.fullmatch(label) for label in found):
        return np.arange(len(wanted))
    if bool(found) != bool(wanted) or set(found) - set(wanted):
        raise ModelError(
            f"{name} returned a model of " + (", ".join(found) if found else "values"),
            where="the audited model answers with " + (", ".join(wanted) or "values"),
            hint="train on the targets as they are given: label names, or numbers for regression",
        )
    return np.array([wanted.index(label) for label in found], dtype=np.int64)


@dataclass(frozen=True)
class Answering:
    """A trained model, answering in the columns of the audited one."""

    model: Predicts
    width: int
    columns: IntArray

    @property
    def batch_size_limit(self) -> int:
        """The most that a batch may cost; 0 where nothing is known of it."""
        return self.model.batch_size_limit if isinstance(self.model, Sized) else 0

    def sizes(self, inputs: Any) -> IntArray:
        """Return the ``(n,)`` cost of each input; 1 where nothing is known of it."""
        if isinstance(self.model, Sized):
            return self.model.sizes(inputs)
        return np.ones(len(inputs), dtype=np.int64)

    def predict(self, inputs: Any) -> FloatArray:
        """Return ``(n, labels)`` probabilities, 0 for a class never seen; ``(n,)`` for values."""
        found = self.model.predict(inputs)
        if not self.width:
            return found
        out = np.zeros((len(found), self.width))
        out[:, self.columns] = found
        return out
