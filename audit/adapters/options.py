"""What a loader is told beside its reference. Light to import: nothing but msgspec."""

from __future__ import annotations

import msgspec


class ModelOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to load a model.

    Attributes
    ----------
    task : str, optional
        ``text-classification``, ``tabular-classification`` or ``regression``.
    labels : tuple of str
        Names of the outputs, in their order, where the model does not carry them.
    positive : str, optional
        The label that a single score is the probability of.
    revision : str
        A hub commit, tag or branch; for a callable the user's own word for this version.
    trust_remote_code : bool
        Whether Python files that lie beside the weights may run.
    allow_pickle : bool
        Whether files that can run code when read may be read.
    trusted_types : tuple of str
        Types in a skops file that skops does not vouch for, and you do.
    max_length : int, optional
        Tokens after which a text is cut; the model's own limit where unset.
    batch_tokens : int, optional
        Overrides the device's batch budget (tokens; rows for models without tokens).
    device : str
        ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
    dtype : str
        Floating type of the weights, such as ``float32`` or ``bfloat16``.
    """

    task: str | None = None
    labels: tuple[str, ...] = ()
    positive: str | None = None
    revision: str = ""
    trust_remote_code: bool = False
    allow_pickle: bool = False
    trusted_types: tuple[str, ...] = ()
    max_length: int | None = None
    batch_tokens: int | None = None
    device: str = "auto"
    dtype: str = "float32"


class RefitOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to train a model again.

    Attributes
    ----------
    recipe : str
        ``head``, ``full``, ``lora``, ``clone`` or ``user``; empty for the model's usual one.
    base : str
        ``hf:...`` for the pretrained weights to start from, ``self`` for the audited ones.
    fit : str
        ``python:module:function``.
    revision : str
        The user's own word for the version of that function.
    epochs, batch_size : int
    learning_rate : float, optional
    rank : int
        Of the low-rank updates of ``lora``.
    """

    recipe: str = ""
    base: str = ""
    fit: str = ""
    revision: str = ""
    epochs: int = 3
    learning_rate: float | None = None
    batch_size: int = 16
    rank: int = 8


class TableOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to load a data set.

    Attributes
    ----------
    split : str
        The split of a hub data set, or of a saved folder that holds several.
    revision : str
        Pins a hub data set.
    """

    split: str = ""
    revision: str = ""


class SplitRoles(msgspec.Struct, frozen=True, kw_only=True):
    """What each column of a split is for.

    Attributes
    ----------
    input : tuple of str
        One column gives the model a list of values, several a data frame. Empty where the
        predictions are recorded.
    label : str, optional
        The target.
    target_is_number : bool
        True for regression: target and prediction are numbers, not names.
    groups : tuple of str
    cluster : str, optional
        Rows with the same value are not independent of each other.
    id : str, optional
    prediction, score : str, optional
        Columns recorded elsewhere: the chosen label (or value), and P(positive).
    label_map : dict of str to str
        New names for values of the label and prediction columns.
    bins : dict of str to list of float
        Ascending cut points of a numeric group column.
    """

    input: tuple[str, ...] = ()
    label: str | None = None
    target_is_number: bool = False
    groups: tuple[str, ...] = ()
    cluster: str | None = None
    id: str | None = None
    prediction: str | None = None
    score: str | None = None
    label_map: dict[str, str] = {}
    bins: dict[str, list[float]] = {}

    def named(self) -> list[tuple[str, str]]:
        """Return every used ``(role, column)``, inputs first."""
        single = [
            ("label", self.label),
            ("prediction", self.prediction),
            ("score", self.score),
            ("cluster", self.cluster),
            ("id", self.id),
        ]
        return [
            *(("input", c) for c in self.input),
            *((role, c) for role, c in single if c is not None),
            *(("group", c) for c in self.groups),
        ]
