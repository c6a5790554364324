"""From a specification to the things themselves: data, model, task."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from audit import registry
from audit.adapters.options import ModelOptions, RefitOptions, SplitRoles, TableOptions
from audit.adapters.refits import refits_of
from audit.adapters.rows import examples_from
from audit.config import TRAIN, ModelSpec, RefitSpec, SplitSpec
from audit.data import ColumnRole, DataCard
from audit.domains import check_domains
from audit.errors import ConfigError, DataError, did_you_mean
from audit.examples import Examples
from audit.model import Embeds, Model, ModelCard, Recorded, Refits
from audit.spec import AuditSpec, expand
from audit.task import Classification, Regression, Task, check_labels

COLUMNS = "the columns of the table: numbers standardised, words as indicators"


@dataclass(frozen=True)
class Loaded:
    """What an audit works on.

    Attributes
    ----------
    examples : mapping of str to Examples
        By split, the training rows included.
    card : ModelCard
        The model's own, with the ways in which it can be trained again.
    refits : Refits, optional
        What trains it again.
    revisions : mapping of str to Model
        Other revisions, by name.
    """

    examples: Mapping[str, Examples]
    data: DataCard
    model: Model
    card: ModelCard
    task: Task
    refits: Refits | None = None
    revisions: Mapping[str, Model] = field(default_factory=dict)


def load(spec: AuditSpec) -> Loaded:
    """Load data first, then the model; check that they fit.

    Raises
    ------
    AuditError
        Whatever does not load or fit: what, where, and how to mend it.
    """
    if spec.config.data.train is not None and TRAIN in spec.config.data.more:
        raise ConfigError(
            'two splits are called "train": one under data, one under data.more',
            where=spec.places.where(("data", "more", TRAIN)),
            hint="rows that are measured on need another name",
        )
    splits = spec.config.data.loaded
    examples = {name: load_split(spec, name, s) for name, s in splits.items()}
    options = model_options(spec, spec.config.model)
    model = load_model(spec, spec.config.model, spec.model, "model")
    if isinstance(model, Recorded):
        model = model.bound_to({n: e for n, e in examples.items() if n != TRAIN})
    task = task_of(spec, model)
    check_labels(task, examples)
    check_domains(spec.config.data.domains, examples)
    for name, split in splits.items():
        check_positive(task, name, split)
    refits = load_refits(spec, model, options, examples.get(TRAIN))
    data = data_card(spec, examples)
    revisions = load_revisions(spec, model)
    card = msgspec.structs.replace(
        model.card, revisions=tuple(revisions), **features_of(model, examples["test"])
    )
    if isinstance(refits, str):
        card = msgspec.structs.replace(card, fixed=refits)
        return Loaded(examples, data, model, card, task, None, revisions)
    card = msgspec.structs.replace(card, recipes=refits.recipes)
    return Loaded(examples, data, model, card, task, refits, revisions)


def features_of(model: Model, test: Examples) -> dict[str, Any]:
    """Say what an `Embed` request would be answered with; nothing is loaded to find out."""
    if isinstance(model, Embeds) and model.card.labels:
        return {"features": "what the network's last layer is given", "logits": True}
    return {"features": COLUMNS} if test.modality == "tabular" else {}


def load_revisions(spec: AuditSpec, model: Model) -> dict[str, Model]:
    """Load the other revisions; they answer as the audited model does.

    Raises
    ------
    ConfigError
        If one has other labels.
    """
    out: dict[str, Model] = {}
    for name, written in spec.config.revisions.items():
        other = load_model(spec, written, spec.revisions.get(name), f"revisions.{name}")
        if other.card.labels != model.card.labels or isinstance(other, Recorded):
            raise ConfigError(
                f'the revision "{name}" does not answer as the audited model does',
                where=spec.places.where(("revisions", name)),
                hint=f"its labels: {', '.join(other.card.labels) or 'none'}\nthose of the model: "
                + (", ".join(model.card.labels) or "none"),
            )
        out[name] = other
    return out


def load_refits(
    spec: AuditSpec, model: Model, options: ModelOptions, train: Examples | None
) -> Refits | str:
    """Return what trains the model again, or why nothing can.

    Raises
    ------
    AuditError
        If ``model.refit`` asks for what cannot be loaded.
    """
    written = spec.config.model.refit
    if train is None and written is None and spec.refit is None:
        return (
            "there are no training rows: name them under data.train, with the columns of the test "
            "rows"
        )
    if train is None:
        raise ConfigError(
            "model.refit needs rows to train on",
            where=spec.places.where(("model", "refit")),
            hint="name them under data.train, with the columns of the test rows",
        )
    if train.labels is None and train.targets is None:
        raise ConfigError("the training rows have no label column", hint="data.train.label: ...")
    fields = msgspec.structs.asdict(written or RefitSpec())
    asked = RefitOptions(**fields | {name: expand(fields[name]) for name in ("base", "fit")})
    return refits_of(model, options, asked, base=spec.base, fit=spec.refit)


def scheme_of(text: str, kind: str, path: str) -> tuple[str, str]:
    """Split ``csv:data.csv`` into an adapter's name and what it is given.

    Raises
    ------
    ConfigError
        If the scheme is missing or unknown.
    """
    scheme, colon, ref = expand(text).partition(":")
    known = registry.listed(kind)
    if not colon or scheme not in known:
        raise ConfigError(
            f'"{text}" does not say how to load it',
            where=f"{path}.load",
            hint=did_you_mean(scheme, known) + f"\nwrite it as {next(iter(known))}:...",
        )
    return scheme, ref


def is_regression(spec: ModelSpec) -> bool:
    """Tell whether the task is about numbers."""
    return (spec.task or "").endswith("regression")


def load_split(spec: AuditSpec, name: str, split: SplitSpec) -> Examples:
    """Load one split and give its columns their roles."""
    options = TableOptions(split=split.split, revision=split.revision)
    if name in spec.tables:
        table = spec.tables[name]
    elif not split.load:
        raise ConfigError(f'split "{name}" has no load:', hint="load: csv:data/test.csv")
    else:
        scheme, ref = scheme_of(split.load, "dataset", f"data.{name}")
        table = registry.load("dataset", scheme)(ref, options, base=spec.base)
    roles = SplitRoles(
        input=split.inputs,
        label=split.label,
        target_is_number=is_regression(spec.config.model),
        groups=split.cuts,
        cluster=split.cluster,
        id=split.id,
        prediction=split.prediction,
        score=split.score,
        label_map=split.label_map,
        bins={k: list(v) for k, v in split.bins.items()},
    )
    if not split.inputs and not (split.prediction or split.score):
        raise ConfigError(
            f'split "{name}" names no input:',
            hint="input: text, or a list of columns; or prediction: and score:, if recorded",
        )
    examples: Examples = examples_from(table, name, roles)
    return dataclasses.replace(examples, domain=split.domain or "")


def model_options(spec: AuditSpec, written: ModelSpec) -> ModelOptions:
    """Return what a loader of models is told."""
    fields = {f: getattr(written, f) for f in ModelOptions.__struct_fields__ if hasattr(written, f)}
    return ModelOptions(**fields | {"positive": spec.config.data.test.positive or None})


def load_model(spec: AuditSpec, written: ModelSpec, in_memory: Any, path: str) -> Model:
    """Load a model, or wrap the one in memory."""
    options = model_options(spec, written)
    if in_memory is not None:
        from audit.adapters.objects import wrap

        wrapped: Model = wrap(in_memory, options)
        return wrapped
    if not written.load:
        raise ConfigError(f"{path} has no load:", where=path, hint="load: hf:./model")
    scheme, ref = scheme_of(written.load, "model", path)
    made: Model = registry.load("model", scheme)(ref, options, base=spec.base)
    return made


def task_of(spec: AuditSpec, model: Model) -> Task:
    """Return how the model's answers are scored."""
    written = spec.config.model
    if is_regression(written) or model.card.task.endswith("regression"):
        return Regression()
    labels = model.card.labels
    if len(labels) < 2:
        raise ConfigError(
            "a classifier needs at least two labels, and the model names "
            + (f"only {labels[0]}" if labels else "none"),
            where="model",
            hint="labels: [negative, positive]  (in the order of the outputs)",
        )
    return Classification(labels, spec.config.data.test.positive, written.threshold)


def check_positive(task: Task, name: str, split: SplitSpec) -> None:
    """Refuse a positive label that the model does not have."""
    if split.positive and task.labels and split.positive not in task.labels:
        raise DataError(
            f'the positive label "{split.positive}" of split "{name}" is no label of the model',
            hint=did_you_mean(split.positive, task.labels),
            exit_code=2,
        )


def data_card(spec: AuditSpec, examples: Mapping[str, Examples]) -> DataCard:
    """Identify the data: names, sizes, roles, labels, fingerprint."""
    roles: dict[str, str] = {}
    for split in spec.config.data.loaded.values():
        roles |= dict.fromkeys(split.inputs, ColumnRole.INPUT.value)
        roles |= dict.fromkeys(split.groups, ColumnRole.GROUP.value)
        for role in (
            ColumnRole.DOMAIN,
            ColumnRole.LABEL,
            ColumnRole.PREDICTION,
            ColumnRole.SCORE,
            ColumnRole.CLUSTER,
            ColumnRole.ID,
        ):
            column = getattr(split, role.value)
            if column:
                roles[column] = role.value
    names: set[str] = set()
    for rows in examples.values():
        names |= set(rows.labels.names) if rows.labels is not None else set()
    joined = " ".join(f"{n}={e.fingerprint}" for n, e in sorted(examples.items()))
    load: Any = spec.config.data.test.load or "in memory"
    return DataCard(
        name=load,
        splits={n: len(e) for n, e in examples.items()},
        columns=roles,
        labels=tuple(sorted(names)),
        notes={n: s.note for n, s in spec.config.data.loaded.items() if s.note},
        fingerprint=hashlib.blake2b(joined.encode(), digest_size=16).hexdigest(),
    )


def identity(spec: AuditSpec, loaded: Loaded) -> str:
    """Return one digest of specification, model and data: what a rerun must meet again."""
    recipes = [recipe.fingerprint for recipe in loaded.card.recipes]
    others = [other.card.fingerprint for other in loaded.revisions.values()]
    parts = (spec.digest, loaded.card.fingerprint, loaded.data.fingerprint, *recipes, *others)
    return hashlib.blake2b(msgspec.json.encode(parts), digest_size=8).hexdigest()
