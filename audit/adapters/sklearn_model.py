"""Estimators and pipelines of scikit-learn: from a file, or in memory."""

from __future__ import annotations

import pickle
import warnings
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from audit.adapters.answers import named, one_hot
from audit.adapters.digests import file_hash
from audit.adapters.options import ModelOptions
from audit.adapters.references import local_file
from audit.adapters.trees import Ensemble, opened, readable
from audit.errors import ModelError, did_you_mean
from audit.examples import FloatArray, IntArray, name_of
from audit.model import ModelCard

PICKLED = {".joblib", ".pkl", ".pickle"}
# A call of a pipeline costs milliseconds whatever its rows; 8,192 rows x 100 columns are 6 MB.
BATCH_ROWS = 8_192


def load(ref: str, options: ModelOptions, *, base: Path) -> SklearnModel:
    """Load ``model.skops``; pickled files only where ``allow_pickle`` is set.

    Raises
    ------
    ModelError
        If the file is not there, cannot be read, or could run code that is not allowed.
    """
    path = local_file(ref, base, ModelError)
    if path.suffix in PICKLED:
        estimator = read_pickle(path, ref, options)
    else:
        estimator = read_skops(path, ref, options)
    return wrap(estimator, options, name=f"sklearn:{ref}", content=file_hash(path))


def from_object(estimator: Any, options: ModelOptions, *, name: str = "") -> SklearnModel:
    """Wrap a fitted estimator.

    Raises
    ------
    ModelError
        If it is not fitted, or has nothing to predict with.
    """
    name = name or type(estimator).__name__
    return wrap(estimator, options, name=name, content=content_of(estimator))


def content_of(estimator: Any) -> str:
    """Hash class, parameters and learned state; empty where that cannot be done."""
    import joblib

    try:
        return str(joblib.hash(estimator))
    except Exception:  # masked arrays, as in the results of a search, which pickle can read
        return pickled_hash(estimator)


def pickled_hash(estimator: Any) -> str:
    """Hash the pickle of an object; empty if it has none, as with a lambda in it."""
    try:
        return blake2b(pickle.dumps(estimator), digest_size=16).hexdigest()
    except Exception:
        return ""


def read_pickle(path: Path, ref: str, options: ModelOptions) -> Any:
    """Read a joblib or pickle file, if that is allowed."""
    if not options.allow_pickle:
        raise ModelError(
            f'"{ref}" is a pickle, and reading a pickle can run any code',
            where=str(path),
            hint="save it with skops.io.dump(model, 'model.skops'),\n"
            "or set allow_pickle: true if you trust where the file comes from",
        )
    import joblib

    try:
        return joblib.load(path)
    except Exception as error:
        raise unreadable(ref, error) from error


def read_skops(path: Path, ref: str, options: ModelOptions) -> Any:
    """Read a skops file; types that it does not vouch for must be named in ``trusted_types``."""
    from skops import io

    try:
        foreign = io.get_untrusted_types(file=path)
    except Exception as error:
        raise unreadable(ref, error) from error
    unknown = [name for name in foreign if name not in options.trusted_types]
    if unknown and not options.allow_pickle:
        raise ModelError(
            f'"{ref}" holds types that skops does not vouch for',
            where=", ".join(unknown[:8]) + (" ..." if len(unknown) > 8 else ""),
            hint="they are built by code that the file names; if you know these types and trust\n"
            "where the file comes from, name them under trusted_types: [...]",
        )
    try:
        return io.load(path, trusted=foreign)
    except Exception as error:
        raise unreadable(ref, error) from error


def unreadable(ref: str, error: Exception) -> ModelError:
    """Say that a model file cannot be read."""
    reason = (str(error).strip().splitlines() or [""])[0]
    return ModelError(
        f'"{ref}" cannot be loaded',
        where=f"{type(error).__name__}: {reason}",
        hint="it must be a scikit-learn estimator, saved with versions like the installed ones",
    )


def wrap(estimator: Any, options: ModelOptions, *, name: str, content: str) -> SklearnModel:
    """Make the card of an estimator."""
    check_fitted(estimator, name)
    labels = output_labels(estimator, options)
    task = options.task or ("tabular-classification" if labels else "regression")
    probabilities = bool(labels) and hasattr(estimator, "predict_proba")
    import sklearn

    parts = [content or repr(id(estimator)), sklearn.__version__, np.__version__, *labels]
    chosen = {"scikit-learn": sklearn.__version__, "batch rows": str(BATCH_ROWS)}
    if labels and not probabilities:
        chosen["outputs"] = "labels only"
    card = ModelCard(
        name=name,
        kind="sklearn",
        task=task,
        labels=labels,
        revision=options.revision or content,
        fingerprint=blake2b("\n".join(parts).encode(), digest_size=16).hexdigest(),
        cacheable=bool(content),
        settings=chosen,
        opens=openings(estimator, labels),
    )
    return SklearnModel(card, estimator, options, probabilities)


def openings(estimator: Any, labels: tuple[str, ...]) -> tuple[str, ...]:
    """Say what explainers can be given of an estimator; classes told as numbers have no margin."""
    as_it_answers = bool(labels) == hasattr(estimator, "classes_")
    return ("trees",) if as_it_answers and readable(estimator) else ()


def check_fitted(estimator: Any, name: str) -> None:
    """Refuse what cannot predict."""
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    if not hasattr(estimator, "predict"):
        raise ModelError(f"{name} is a {type(estimator).__name__}, which cannot predict")
    try:
        check_is_fitted(estimator)
    except NotFittedError as error:
        raise ModelError(f"{name} is not fitted", hint="fit it, then save it") from error
    except TypeError:  # has predict() but is no estimator: leave it to its first call
        return


def output_labels(estimator: Any, options: ModelOptions) -> tuple[str, ...]:
    """Return the classes as names, or the names that the options give them, in their order."""
    classes = getattr(estimator, "classes_", None)
    if classes is None or options.task == "regression":
        return ()
    if any(isinstance(c, list | np.ndarray) for c in classes):
        raise ModelError("the model gives several labels to one row: not supported yet")
    found = tuple(name_of(c) for c in np.asarray(classes).tolist())
    return named(found, options.labels)


@dataclass(frozen=True)
class SklearnModel:
    """A fitted estimator."""

    card: ModelCard
    estimator: Any
    options: ModelOptions
    probabilities: bool

    @property
    def batch_size_limit(self) -> int:
        """Rows in one call."""
        return self.options.batch_tokens or BATCH_ROWS

    def sizes(self, inputs: Any) -> IntArray:
        """Return 1 for each row: rows of a table cost the same."""
        return np.ones(len(inputs), dtype=np.int64)

    def predict(self, inputs: Any) -> FloatArray:
        """Return ``(n, labels)`` probabilities, ``(n,)`` values for regression.

        A classifier without ``predict_proba`` answers with 1 for its chosen label.

        Raises
        ------
        ModelError
            If the inputs lack a column that the estimator was fitted on.
        """
        features = as_fitted(self.estimator, inputs)
        with warnings.catch_warnings():
            # an estimator fitted on an array may be given a frame: the columns are in order
            warnings.filterwarnings("ignore", message="X has feature names")
            if self.probabilities:
                return np.asarray(self.estimator.predict_proba(features), dtype=np.float64)
            answers = np.asarray(self.estimator.predict(features))
        if not self.card.labels:
            return answers.astype(np.float64).reshape(len(inputs), -1)[:, 0]
        own = [name_of(c) for c in self.estimator.classes_.tolist()]
        return one_hot(answers.tolist(), own, self.card.name)

    def trees(self) -> Ensemble | None:
        """Return the estimator as a sum of trees; None where it is none, or cannot be read."""
        if "trees" not in self.card.opens:
            return None
        return opened(self.estimator, partial(as_fitted, self.estimator))


def as_fitted(estimator: Any, inputs: Any) -> Any:
    """Give inputs the shape and the columns of the training data."""
    names = getattr(estimator, "feature_names_in_", None)
    if isinstance(inputs, pd.DataFrame):
        return inputs if names is None else select(inputs, [str(n) for n in names])
    if names is not None:
        if len(names) != 1:
            raise ModelError(
                f"the model was fitted on {len(names)} columns and is given one",
                hint="input: must name " + ", ".join(str(n) for n in names),
            )
        return pd.DataFrame({names[0]: list(inputs)})
    if len(inputs) and isinstance(inputs[0], str):
        return list(inputs)
    return np.asarray(inputs, dtype=np.float64).reshape(-1, 1)


def select(frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Return the columns of the training data, in their order."""
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise ModelError(
            f"the model was fitted on {len(missing)} columns that input: does not name",
            where="missing: " + ", ".join(missing),
            hint=did_you_mean(missing[0], frame.columns),
        )
    return frame[names]
