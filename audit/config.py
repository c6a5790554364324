"""The structs of ``audit.yaml``. Every key is read by something; an unknown one is an error."""

from __future__ import annotations

import types
import typing
from typing import Any, Literal

import msgspec

from audit.domains import DomainRules
from audit.errors import ConfigError, did_you_mean
from audit.groups import GroupRules
from audit.places import KeyPath, Places

TRAIN = "train"
LEAST_MEMORY = 64  # MiB


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all parts: closed, and set once."""


class RefitSpec(Part, frozen=True, kw_only=True):
    """How the model is trained again, for probes that ask what depends on its training data.

    Attributes
    ----------
    recipe : str
        ``head`` (on frozen embeddings), ``full`` or ``lora`` for transformers; ``clone`` for
        scikit-learn; ``user`` for a function.
    base : str
        Pretrained weights to start from (``hf:...``), without the audited model's fine-tuning;
        ``self`` if the audited weights have never seen the training rows.
    fit : str
        ``python:module:function``, called with inputs, targets and seed; returns a model.
    revision : str
        The user's own word for the version of that function, so that its trainings are kept.
    epochs, learning_rate, batch_size : optional
        For ``full`` and ``lora``.
    rank : int
        Of the low-rank updates of ``lora``.
    """

    recipe: Literal["", "head", "full", "lora", "clone", "user"] = ""
    base: str = ""
    fit: str = ""
    revision: str = ""
    epochs: int = 3
    learning_rate: float | None = None
    batch_size: int = 16
    rank: int = 8


class ModelSpec(Part, frozen=True, kw_only=True):
    """How to load the model.

    Attributes
    ----------
    load : str
        ``hf:``, ``sklearn:``, ``python:module:function`` or ``recorded:``.
    task : str, optional
        ``text-classification``, ``tabular-classification`` or ``regression``.
    labels : tuple of str
        Names of the outputs, in their order, where the model does not carry them.
    threshold : float, optional
        For two classes: the positive one is chosen at or above it.
    revision : str
        Pins a hub model; and the user's own word for a callable, whose answers are then cached.
    """

    load: str = ""
    task: str | None = None
    labels: tuple[str, ...] = ()
    threshold: float | None = None
    revision: str = ""
    trust_remote_code: bool = False
    allow_pickle: bool = False
    trusted_types: tuple[str, ...] = ()
    max_length: int | None = None
    batch_tokens: int | None = None
    device: str = "auto"
    dtype: str = "float32"
    refit: RefitSpec | None = None


class SplitSpec(Part, frozen=True, kw_only=True):
    """One data set and the roles of its columns.

    `groups` are who the rows are about, `domain` is where they come from: figures can be taken by
    either, and only groups are compared by default. `note` is what a reader must know of the split,
    such as where its groups come from; it is shown under Limits.
    """

    load: str = ""
    input: str | tuple[str, ...] = ()
    label: str | None = None
    positive: str = ""
    groups: tuple[str, ...] = ()
    domain: str | None = None
    id: str | None = None
    cluster: str | None = None
    prediction: str | None = None
    score: str | None = None
    label_map: dict[str, str] = {}
    bins: dict[str, tuple[float, ...]] = {}
    split: str = ""
    revision: str = ""
    note: str = ""

    @property
    def inputs(self) -> tuple[str, ...]:
        """The input columns."""
        return (self.input,) if isinstance(self.input, str) else self.input

    @property
    def cuts(self) -> tuple[str, ...]:
        """The columns that rows can be told apart by: groups of people, and the domain."""
        return self.groups + ((self.domain,) if self.domain else ())


class DataSpec(Part, frozen=True, kw_only=True):
    """The splits: ``test``, and more by name; and what counts as a group large enough to test.

    `train` is what the model can be trained on again. Nothing is measured on it; roles of `test`
    that it leaves out (input, label, positive, label_map, bins) are taken over.
    """

    test: SplitSpec
    train: SplitSpec | None = None
    more: dict[str, SplitSpec] = {}
    groups: GroupRules = GroupRules()
    domains: DomainRules = DomainRules()

    @property
    def splits(self) -> dict[str, SplitSpec]:
        """The splits that are measured on, by name, ``test`` first."""
        return {"test": self.test, **self.more}

    @property
    def loaded(self) -> dict[str, SplitSpec]:
        """Every split, ``train`` last, with the roles that it shares with ``test``."""
        if self.train is None:
            return self.splits
        shared = ("input", "label", "positive", "label_map", "bins")
        taken = {k: getattr(self.test, k) for k in shared if not getattr(self.train, k)}
        return {**self.splits, TRAIN: msgspec.structs.replace(self.train, **taken)}


class Defaults(Part, frozen=True, kw_only=True):
    """What holds where nothing else is said.

    `memory` is what explanations may use on top of the loaded model, in MiB: gradients, versions
    of inputs and their answers.
    """

    confidence: float = 0.95
    seed: int = 20261121
    on_inconclusive: Literal["block", "warn"] = "block"
    memory: int = 1024

    def __post_init__(self) -> None:
        if self.memory < LEAST_MEMORY:
            raise ValueError(f"memory is given in MiB, {LEAST_MEMORY} at least")


class RequireSpec(Part, frozen=True, kw_only=True):
    """One requirement as it is written."""

    id: str
    measure: str
    title: str = ""
    by: str | tuple[str, ...] = ()
    label: str = ""
    compare: str = ""
    reference: dict[str, str] = {}
    split: str = "test"
    max: float | None = None
    min: float | None = None
    material: float | None = None
    weight: float = 1.0
    on_inconclusive: Literal["block", "warn"] | None = None
    on_small: Literal["exclude", "block"] | None = None
    source: str = ""
    rationale: str = ""


class WaiverSpec(Part, frozen=True, kw_only=True):
    """A known failure that may ship until a day."""

    id: str
    until: Any
    by: str
    reason: str


class ReportSpec(Part, frozen=True, kw_only=True):
    """Where the report goes, and whether it may show examples."""

    out: str = "audit-report"
    examples: Literal["none", "full"] = "none"


class Config(Part, frozen=True, kw_only=True):
    """The whole of ``audit.yaml``.

    `revisions` are other revisions of the model, by name: they answer the same rows, for probes
    that compare several models. Nothing is required of them.
    """

    audit: Literal[1]
    model: ModelSpec
    revisions: dict[str, ModelSpec] = {}
    data: DataSpec
    defaults: Defaults = Defaults()
    probes: dict[str, dict[str, Any]] = {}
    require: tuple[RequireSpec, ...] = ()
    waivers: tuple[WaiverSpec, ...] = ()
    report: ReportSpec = ReportSpec()


def parse(value: dict[str, Any], places: Places) -> Config:
    """Turn a parsed mapping into a `Config`.

    Raises
    ------
    ConfigError
        With file and line of the first fault, and a suggestion for an unknown key.
    """
    check_keys(value, Config, (), places)
    try:
        return msgspec.convert(value, Config)
    except msgspec.ValidationError as error:
        text, _, at = str(error).partition(" - at `")
        path = path_of(at.rstrip("`"))
        raise ConfigError(text[0].lower() + text[1:], where=places.where(path)) from error


def check_keys(value: Any, kind: Any, path: KeyPath, places: Places) -> None:
    """Walk the mapping beside the structs and refuse the first key that none of them has."""
    kind = plain(kind)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and isinstance(value, dict):
        hints = typing.get_type_hints(kind)
        for key, below in value.items():
            if key not in kind.__struct_fields__:
                raise ConfigError(
                    f'unknown key "{key}"' + (f" under {path[-1]}" if path else ""),
                    where=places.where((*path, str(key))),
                    hint=did_you_mean(str(key), kind.__struct_fields__),
                )
            check_keys(below, hints[key], (*path, str(key)), places)
        return
    arguments = typing.get_args(kind)
    origin = typing.get_origin(kind)
    if origin is dict and isinstance(value, dict):
        for key, below in value.items():
            check_keys(below, arguments[1], (*path, str(key)), places)
    elif origin is tuple and isinstance(value, list) and arguments:
        for i, below in enumerate(value):
            check_keys(below, arguments[0], (*path, i), places)


def plain(kind: Any) -> Any:
    """Return the struct among the members of a union, if there is one."""
    if typing.get_origin(kind) in (types.UnionType, typing.Union):
        members = [m for m in typing.get_args(kind) if m is not type(None)]
        structs = [m for m in members if isinstance(m, type) and issubclass(m, msgspec.Struct)]
        return structs[0] if structs else members[0]
    return kind


def path_of(text: str) -> KeyPath:
    """Turn msgspec's ``$.require[2].max`` into a path."""
    out: list[str | int] = []
    for part in text.removeprefix("$").replace("[", ".[").split("."):
        if part.startswith("["):
            inner = part.strip("[]")
            out.append(int(inner) if inner.isdigit() else inner)
        elif part:
            out.append(part)
    return tuple(out)
