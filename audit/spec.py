"""The specification of an audit: from a file, or from objects in memory."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import yaml

from audit import places
from audit.config import TRAIN, Config, ModelSpec, SplitSpec, parse
from audit.errors import ConfigError, did_you_mean
from audit.places import KeyPath, Places

VARIABLE = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True)
class AuditSpec:
    """What to audit, how, and what is required.

    Attributes
    ----------
    config : Config
    base : Path
        Folder that loader paths are relative to.
    file : str
        Name of the file it came from; empty for objects in memory.
    places : Places
        Lines of the file, for errors.
    model : object, optional
        A model in memory instead of a loader string.
    tables : mapping of str to object
        Data in memory, by split.
    refit : callable, optional
        A function in memory that trains the model again.
    revisions : mapping of str to object
        Other revisions in memory, by name.
    """

    config: Config
    base: Path
    file: str = ""
    places: Places = field(default_factory=lambda: Places("the specification", {}))
    model: Any = None
    tables: Mapping[str, Any] = field(default_factory=dict)
    refit: Any = None
    revisions: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_file(cls, path: str | Path, settings: Sequence[str] = ()) -> AuditSpec:
        """Read ``audit.yaml``.

        Parameters
        ----------
        path : str or Path
        settings : sequence of str
            ``dotted.key=value`` overrides, the value in YAML.

        Raises
        ------
        ConfigError
            With file, line and a suggestion.
        """
        file = Path(path)
        try:
            text = file.read_text(encoding="utf-8")
        except OSError as error:
            raise ConfigError(
                f"no configuration at {file}",
                hint="write one with: audit init\nor name one with: -c FILE",
            ) from error
        except UnicodeDecodeError as error:
            raise ConfigError("the configuration is not UTF-8 text", where=str(file)) from error
        value, lines = places.load(text, file.name)
        for setting in settings:
            override(value, setting)
        return cls(parse(value, lines), file.resolve().parent, str(file), lines)

    @classmethod
    def from_objects(
        cls,
        model: Any,
        data: Any,
        *,
        more: Mapping[str, Any] | None = None,
        train: Any = None,
        refit: Any = None,
        revisions: Mapping[str, Any] | None = None,
        input: str | Sequence[str] = (),
        label: str | None = None,
        positive: str = "",
        groups: Sequence[str] = (),
        require: Sequence[Mapping[str, Any]] = (),
        base: str | Path = ".",
        **sections: Any,
    ) -> AuditSpec:
        """Build a spec around objects in memory.

        Parameters
        ----------
        model : object or str
            A scikit-learn estimator, a callable, a transformers ``(model, tokenizer)`` pair, or a
            loader string.
        data : pandas.DataFrame, datasets.Dataset or str
            The ``test`` split, or a loader string.
        more : mapping of str to (data, mapping)
            Further splits: the table and its roles (``input``, ``label`` ...).
        train : pandas.DataFrame, datasets.Dataset or str, optional
            Rows that the model can be trained on again, with the columns of ``data``.
        refit : callable or mapping, optional
            ``refit(inputs, targets, seed)``, which returns a trained model of any kind that
            ``model`` may be; or the keys of ``model.refit`` in ``audit.yaml``.
        revisions : mapping of str to object or str, optional
            Other revisions of the model, each of any kind that ``model`` may be.
        input, label, positive, groups
            Roles of the columns of ``data``; other roles go in ``roles={...}``.
        require : sequence of mapping
            Requirements, keyed as in ``audit.yaml``.
        base : str or Path
            Folder that loader strings are relative to.
        **sections
            ``task``, ``labels``, ``threshold`` ... of the model; ``roles``, ``train_roles``,
            ``group_rules``, ``domains``, ``defaults``, ``probes``, ``waivers``, ``report`` as in
            ``audit.yaml``.

        Raises
        ------
        ConfigError
            As from a file.
        """
        roles = {"label": label, "positive": positive, "groups": list(groups)}
        roles |= {"input": input if isinstance(input, str) else list(input)}
        roles |= sections.pop("roles", {})
        tables: dict[str, Any] = {}
        splits: dict[str, dict[str, Any]] = {}
        named = {"test": (data, roles), **(more or {})}
        if train is not None:
            named[TRAIN] = (train, sections.pop("train_roles", {}))
        for name, (table, columns) in named.items():
            splits[name] = dict(columns)
            if isinstance(table, str):
                splits[name]["load"] = table
            else:
                tables[name] = table
        own = {k: sections.pop(k) for k in list(sections) if k in ModelSpec.__struct_fields__}
        if refit is not None and not callable(refit):
            own["refit"] = dict(refit)
        rules = sections.pop("group_rules", {})
        others = dict(revisions or {})
        shared = {k: v for k, v in own.items() if k != "refit"}
        value: dict[str, Any] = {
            "audit": 1,
            "model": {"load": model} | own if isinstance(model, str) else own,
            "revisions": {
                name: {"load": m} | shared if isinstance(m, str) else shared
                for name, m in others.items()
            },
            "data": {
                "test": splits.pop("test"),
                "train": splits.pop(TRAIN, None),
                "more": splits,
                "groups": msgspec.to_builtins(rules),
                "domains": msgspec.to_builtins(sections.pop("domains", {})),
            },
            "require": [dict(r) for r in require],
            **sections,
        }
        lines = Places("the specification", {})
        in_memory = None if isinstance(model, str) else model
        fit = refit if callable(refit) else None
        held = {name: m for name, m in others.items() if not isinstance(m, str)}
        return cls(
            parse(value, lines), Path(base).resolve(), "", lines, in_memory, tables, fit, held
        )

    @property
    def rerunnable(self) -> bool:
        """Whether a command can run it again; objects in memory cannot be named in one."""
        return bool(self.file) and self.model is None and not self.tables and self.refit is None

    @property
    def digest(self) -> str:
        """Digest of the specification's content, without the layout of its file."""
        text = msgspec.json.encode(self.config, order="deterministic")
        return hashlib.blake2b(text, digest_size=16).hexdigest()

    def split(self, name: str, where: KeyPath = ()) -> SplitSpec:
        """Return a split by name.

        Raises
        ------
        ConfigError
            If there is none.
        """
        splits = self.config.data.splits
        if name == TRAIN and name not in splits:
            raise ConfigError(
                "nothing is measured on the training rows",
                where=self.places.where(where),
                hint="name a split of data.test or data.more",
            )
        if name not in splits:
            raise ConfigError(
                f'unknown split "{name}"',
                where=self.places.where(where),
                hint=did_you_mean(name, splits),
            )
        return splits[name]


def override(value: dict[str, Any], setting: str) -> None:
    """Set ``dotted.key=value`` in a parsed configuration, in place."""
    key, equals, text = setting.partition("=")
    if not equals or not key:
        raise ConfigError(f'--set "{setting}" is not of the form key=value')
    *parents, last = key.split(".")
    for part in parents:
        value = value.setdefault(part, {})
        if not isinstance(value, dict):
            raise ConfigError(f'--set "{setting}": "{part}" holds no keys')
    value[last] = yaml.safe_load(text)


def expand(text: str) -> str:
    """Fill ``${VAR}`` in a loader string from the environment.

    Raises
    ------
    ConfigError
        If the variable is not set.
    """

    def fill(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in os.environ:
            raise ConfigError(
                f"the environment variable {name} is not set", where=text, hint=f"export {name}=..."
            )
        return os.environ[name]

    return VARIABLE.sub(fill, text)
