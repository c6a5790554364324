"""Training a scikit-learn estimator again: its clone, fitted on other rows."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from types import FunctionType
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.adapters.options import RefitOptions
from audit.adapters.sklearn_model import SklearnModel, as_fitted, content_of
from audit.errors import ConfigError
from audit.examples import FloatArray, IntArray
from audit.model import Fitted, Model, ModelCard, Recipe

CLONE = "clone"
# Fits that leave Python's lock. 75 fits on 25 to 3,000 rows x 30 columns, 2 cores, seconds of wall
# time one after the other / in two threads: SVC 2.7 / 1.4, RandomForest 9.6 / 5.8; but
# LogisticRegression 0.36 / 0.44 (behind TfidfVectorizer 1.3 / 1.4), and HistGradientBoosting, which
# has threads of its own, 3.8 / 9.1.
UNLOCKED = ("sklearn.svm.", "sklearn.tree.", "sklearn.ensemble._forest")


def of_estimator(model: Model, asked: RefitOptions) -> EstimatorRefits | str:
    """Return what fits clones of an estimator, or why it cannot be cloned.

    Raises
    ------
    ConfigError
        If another recipe is asked for.
    """
    if asked.recipe not in ("", CLONE):
        raise ConfigError(
            f'the recipe "{asked.recipe}" does not fit a scikit-learn estimator',
            where="model.refit.recipe",
            hint="recipe: clone, or leave it out; model.refit.fit names a function of your own",
        )
    if not isinstance(model, SklearnModel):
        return f"{model.card.name} holds no scikit-learn estimator that could be cloned"
    from sklearn.base import clone

    try:
        blank = clone(model.estimator)
    except (TypeError, RuntimeError) as error:
        reason = (str(error).strip().splitlines() or [""])[0]
        return (
            f"{model.card.name} cannot be cloned ({reason}): name a function that trains it under "
            "model.refit.fit (python:module:function)"
        )
    return EstimatorRefits(model, blank, recipe_of(blank, model.card))


def recipe_of(blank: Any, card: ModelCard) -> Recipe:
    """Describe the fitting of clones; what was learned by the audited one is no part of it."""
    parts = list(parts_of(blank))
    versions = {name: getattr(sys.modules.get(name), "__version__", "") for name in sources(parts)}
    content = content_of(blank)
    words = [content or repr(blank), *(f"{n} {v}" for n, v in sorted(versions.items()))]
    says = f"a clone of {card.name} ({type(blank).__name__}), fitted from nothing"
    if any(type(part).__name__ == "FrozenEstimator" for part in parts):
        says += " but for its frozen parts, which stay as they are"
    return Recipe(
        name=CLONE,
        says=says,
        cheap=True,
        fingerprint=blake2b("\n".join([*words, *card.labels]).encode(), digest_size=16).hexdigest(),
        # code without a version may change, and no digest of ours would notice
        cacheable=bool(content) and all(versions.values()),
        parallel=gains_from_threads(blank),
    )


def gains_from_threads(blank: Any) -> bool:
    """Tell whether the last step spends its time outside Python, in a single thread."""
    last = blank.steps[-1][1] if hasattr(blank, "steps") else blank
    single = last.get_params().get("n_jobs") in (None, 1)
    return single and type(last).__module__.startswith(UNLOCKED)


def parts_of(blank: Any) -> Iterable[Any]:
    """Yield an estimator and its nested parameters."""
    yield blank
    yield from blank.get_params(deep=True).values()


def sources(parts: Iterable[Any]) -> set[str]:
    """Name the packages whose code takes part in a fit; numpy always does."""
    owners = (p if isinstance(p, FunctionType | type) else type(p) for p in parts)
    return {str(o.__module__).partition(".")[0] for o in owners} - {"builtins"} | {"numpy"}


@dataclass(frozen=True)
class EstimatorRefits:
    """Fits clones of an estimator."""

    model: SklearnModel
    blank: Any
    recipe: Recipe

    @property
    def recipes(self) -> tuple[Recipe, ...]:
        """The clone, and nothing else."""
        return (self.recipe,)

    def embedder(self, recipe: str) -> None:  # noqa: ARG002  (a clone takes the inputs themselves)
        """Return None."""
        return

    def fit(self, inputs: Any, targets: npt.NDArray[Any], *, recipe: str, seed: int) -> Fitted:  # noqa: ARG002
        """Clone, set every ``random_state`` to the seed, and fit.

        Parameters
        ----------
        inputs : sequence or data frame
            As `SklearnModel.predict` takes them.
        targets : (n,) array
            Indices into the card's labels, or values.

        Raises
        ------
        Exception
            Whatever the estimator raises on these rows.
        """
        labels = self.model.card.labels
        own = np.asarray(self.model.estimator.classes_)[targets] if labels else targets
        if labels and (targets == targets[0]).all():
            return OneClass(int(targets[0]), len(labels))  # many estimators refuse to fit this
        fresh = seeded(self.blank, seed)
        fresh.fit(as_fitted(self.model.estimator, inputs), own)
        return FittedClone(self.model, fresh)


def seeded(blank: Any, seed: int) -> Any:
    """Return a clone whose own and nested random states are the seed."""
    from sklearn.base import clone

    fresh = clone(blank)
    names = [n for n in fresh.get_params(deep=True) if n.rpartition("__")[2] == "random_state"]
    return fresh.set_params(**dict.fromkeys(names, seed)) if names else fresh


@dataclass(frozen=True)
class OneClass:
    """What is learned from rows of one class: to answer it, always."""

    column: int
    classes: int

    def predict(self, inputs: Any) -> FloatArray:
        """Return 1 in the column of that class; ``(n, classes)``."""
        out = np.zeros((len(inputs), self.classes))
        out[:, self.column] = 1.0
        return out


class FittedClone:
    """A clone, answering in the columns of the audited model."""

    def __init__(self, model: SklearnModel, fresh: Any) -> None:
        self.labels = model.card.labels
        self.model = SklearnModel(model.card, fresh, model.options, model.probabilities)
        self.columns = columns_of(model.estimator, fresh) if self.labels else np.arange(0)

    def predict(self, inputs: Any) -> FloatArray:
        """Return ``(n, labels)`` probabilities, 0 for a class never seen; ``(n,)`` for values."""
        found = self.model.predict(inputs)
        if not self.labels or len(self.columns) == len(self.labels):
            return found
        out = np.zeros((len(found), len(self.labels)))
        out[:, self.columns] = found
        return out


def columns_of(audited: Any, fresh: Any) -> IntArray:
    """Return the column of the audited model for each class of the clone."""
    at = {value: i for i, value in enumerate(np.asarray(audited.classes_).tolist())}
    return np.array([at[value] for value in np.asarray(fresh.classes_).tolist()], dtype=np.int64)
