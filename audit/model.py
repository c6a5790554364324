"""What a model must be able to do, said as small protocols, and the card that identifies one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import msgspec

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from audit.examples import Examples


class ModelCard(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader must know of a model to recognise it.

    Attributes
    ----------
    name : str
        The loader string, or the class of an object in memory.
    kind : str
        The adapter that loaded it, such as ``hf`` or ``recorded``.
    task : str
        ``text-classification``, ``tabular-classification``, ``regression`` ...
    labels : tuple of str
        Output labels in the order of the columns of `predict_proba`; empty for regression.
    revision : str
        What pins the model: a commit, a digest, or the user's own word.
    parameters : int, optional
        Number of weights, where it is known.
    fingerprint : str
        Digest of everything that can change an output; the key of the prediction cache.
    cacheable : bool
        Whether the fingerprint is honest beyond this run. A callable has no digest of its own,
        so it needs ``revision:`` in the spec.
    settings : mapping of str to str
        Settings that were chosen for the device, for the provenance block.
    """

    name: str
    kind: str
    task: str
    labels: tuple[str, ...] = ()
    revision: str = ""
    parameters: int | None = None
    fingerprint: str = ""
    cacheable: bool = True
    settings: dict[str, str] = {}


@runtime_checkable
class Model(Protocol):
    """Anything an audit can be about."""

    @property
    def card(self) -> ModelCard:
        """Identify the model."""
        ...


@runtime_checkable
class Predicts(Model, Protocol):
    """A model that scores inputs."""

    def predict(self, inputs: Any) -> npt.NDArray[np.float64]:
        """Return ``(n, classes)`` probabilities, or ``(n,)`` values for regression.

        ``inputs`` is a sequence of values for one input column, a `pandas.DataFrame` for several.
        """
        ...


@runtime_checkable
class Sized(Protocol):
    """A model whose inputs differ in cost, so that batches can be made even."""

    def sizes(self, inputs: Any) -> npt.NDArray[np.int64]:
        """Return the ``(n,)`` cost of each input, such as its number of tokens."""
        ...

    @property
    def batch_size_limit(self) -> int:
        """The most that a batch may cost: rows times its largest size."""
        ...


@runtime_checkable
class Recorded(Model, Protocol):
    """Predictions that were made elsewhere and lie in columns of the data."""

    def recall(self, examples: Examples) -> npt.NDArray[np.float64]:
        """Return the recorded outputs, row for row."""
        ...

    def bound_to(self, splits: Mapping[str, Examples]) -> Recorded:
        """Return the model with what only the data know: labels, digest, whether scores exist."""
        ...

    def decisions(self, examples: Examples) -> npt.NDArray[np.int64] | None:
        """Return the label recorded beside a score, by index, -1 where none is; else None."""
        ...

    @property
    def scored(self) -> bool:
        """Whether the outputs are probabilities, and not only the chosen label."""
        ...


def capabilities(model: Model) -> Sequence[str]:
    """List what a model can do, by protocol."""
    return [p.__name__ for p in (Predicts, Recorded, Sized) if isinstance(model, p)]
