"""What a model must be able to do, said as small protocols, and the card that identifies one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import msgspec

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from audit.examples import Examples


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """One way to train the model again.

    Attributes
    ----------
    name : str
        ``clone``, ``head``, ``full``, ``lora``, ``user``; with ``-scratch`` for the same
        architecture from random weights.
    says : str
        What is trained, from what, as a clause of the report.
    cheap : bool
        Whether a training takes seconds, so that many can be asked for.
    twin : str
        The recipe that does the same from random weights; empty if there is none.
    scratch : bool
        Whether it starts from random weights.
    fingerprint : str
        Digest of everything that decides a training beside its rows and its seed.
    cacheable : bool
        Whether that digest is honest beyond this run.
    parallel : bool
        Whether trainings of it gain from running side by side in threads.
    """

    name: str
    says: str
    cheap: bool = False
    twin: str = ""
    scratch: bool = False
    fingerprint: str = ""
    cacheable: bool = True
    parallel: bool = False


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
    dim : int
        Length of an embedding, for a model that embeds; 0 for one that predicts.
    recipes : tuple of Recipe
        The ways in which it can be trained again, the one that is meant first.
    fixed : str
        Why it cannot be trained again, and what would change that; empty if it can.
    features : str
        What an `Embed` request answers with, in words; empty where it cannot be answered.
    logits : bool
        Whether the answer to an `Embed` request holds logits and the last layer as well.
    revisions : tuple of str
        Names of other revisions that answer the same rows.
    opens : tuple of str
        What explainers can be given of it beside its answers: ``gradients``, ``trees``.
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
    dim: int = 0
    recipes: tuple[Recipe, ...] = ()
    fixed: str = ""
    features: str = ""
    logits: bool = False
    revisions: tuple[str, ...] = ()
    opens: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """Numbers in one output: the labels, the length of an embedding; 0 for a single value."""
        return self.dim or len(self.labels)

    def recipe(self, name: str = "") -> Recipe | None:
        """Return a recipe by name, the first without one; None where there is none."""
        return next((r for r in self.recipes if name in ("", r.name)), None)


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


class Fitted(Protocol):
    """What a training yields."""

    def predict(self, inputs: Any) -> npt.NDArray[np.float64]:
        """Return ``(n, classes)`` probabilities in the order of the card's labels, or ``(n,)``.

        ``inputs`` are of the kind that was trained on: what `Refits.embedder` made of them, where
        the recipe has one.
        """
        ...


@runtime_checkable
class Refits(Protocol):
    """Something that can train the model's recipe again."""

    @property
    def recipes(self) -> tuple[Recipe, ...]:
        """The ways to train, the one that is meant first."""
        ...

    def embedder(self, recipe: str) -> Predicts | None:
        """Return the frozen model whose outputs a recipe trains on; None if it takes the inputs.

        Its card has a ``dim``, and its ``predict`` returns ``(n, dim)``. Each distinct input is
        embedded once for all trainings.
        """
        ...

    def fit(self, inputs: Any, targets: npt.NDArray[Any], *, recipe: str, seed: int) -> Fitted:
        """Train from the recipe's starting point.

        Parameters
        ----------
        inputs : sequence, data frame or (n, dim) array
            In training order; an array where the recipe has an embedder.
        targets : (n,) array
            Indices into the card's labels (int), or values for regression (float).
        recipe : str
        seed : int
        """
        ...


class Inside(Predicts, Protocol):
    """A network seen from inside: logits and features in one pass.

    Its card has a ``dim`` of classes + d, and its ``predict`` returns ``(n, classes + d)``: the
    logits, then what the last layer is given.
    """

    def head(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return weights ``(classes, d)`` and bias ``(classes,)`` of the last layer."""
        ...


@runtime_checkable
class Embeds(Protocol):
    """A model that may be a network whose last layer can be looked at."""

    def inside(self) -> Inside | None:
        """Return the network from inside; None without a linear last layer. Loads the weights."""
        ...


@runtime_checkable
class Gradients(Protocol):
    """A model that may be a network whose inputs have gradients."""

    def differentiable(self) -> Differentiable | None:
        """Return the network as gradients need it; None where its inputs have none.

        The weights are loaded.
        """
        ...


class Differentiable(Protocol):
    """A network that can be run from the numbers it is given: embeddings, pixels, columns."""

    def leaves(self, inputs: Any, starts: Any) -> Any:
        """Return the numbers of some inputs, and of what stands for nothing, as tensors.

        Parameters
        ----------
        inputs : list or data frame
        starts : list or data frame
            The same inputs with every part taken away (`audit.modality.Modality.masked`); a
            network that reads tokens has a start of its own and ignores them.

        Returns
        -------
        audit.adapters.leaves.Leaves
        """
        ...

    def randomised(self, share: float, seed: int) -> Differentiable:
        """Return a copy whose last layers have random weights; the network itself stays.

        Parameters
        ----------
        share : float
            Of the layers with weights, counted from the output.
        seed : int
        """
        ...


@runtime_checkable
class Trees(Protocol):
    """A model that may be an ensemble of trees."""

    def trees(self) -> Any | None:
        """Return the ensemble with what it is given, as `audit.explainers.trees` reads it."""
        ...


@runtime_checkable
class Ranks(Protocol):
    """A model whose tokenizer knows how common a word is."""

    def token_ranks(self, inputs: Any) -> npt.NDArray[np.float64]:
        """Return the ``(n,)`` mean of ln(1 + rank) of each input's tokens; NaN without a token."""
        ...


def capabilities(model: Model) -> Sequence[str]:
    """List what a model can do, by protocol."""
    return [p.__name__ for p in (Predicts, Recorded, Sized) if isinstance(model, p)]
