"""Finding plug-ins by entry point. Built-ins stand in the same list as guests."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from audit.errors import AuditError, ConfigError, did_you_mean

if TYPE_CHECKING:
    from audit.explainer import Explainer
    from audit.modality import Modality
    from audit.probe import Probe
    from audit.reporter import Reporter
    from audit.transform import TransformKind

GROUPS = {
    "probe": "audit.probes",
    "model": "audit.models",
    "dataset": "audit.datasets",
    "transform": "audit.transforms",
    "explainer": "audit.explainers",
    "modality": "audit.modalities",
    "reporter": "audit.reporters",
}


@dataclass(frozen=True)
class Catalogue:
    """Probes by id, and why the broken ones could not be loaded."""

    probes: Mapping[str, type[Probe]]
    broken: Mapping[str, str]


def listed(kind: str) -> dict[str, EntryPoint]:
    """Return the entry points of a kind, by name; nothing is imported."""
    found = entry_points(group=GROUPS[kind])
    return {e.name: e for e in sorted(found, key=lambda e: e.name)}


def load(kind: str, name: str) -> Any:
    """Import one plug-in.

    Raises
    ------
    ConfigError
        If there is none of that name.
    AuditError
        If it does not import; says from where it was loaded.
    """
    known = listed(kind)
    if name not in known:
        raise ConfigError(f'unknown {kind} "{name}"', hint=did_you_mean(name, known))
    try:
        return known[name].load()
    except Exception as error:
        raise AuditError(
            f'the {kind} "{name}" does not import: {type(error).__name__}: {error}',
            where=f"entry point {known[name].value} in group {GROUPS[kind]}",
            hint=remedy(known[name], error),
        ) from error


def remedy(entry: EntryPoint, error: Exception) -> str:
    """Say how to mend an import: a missing extra, or a foreign package of the same name."""
    package = entry.value.partition(".")[0]
    missing = (getattr(error, "name", None) or "").partition(".")[0]
    if missing and missing != package:
        extra = {"torch": "transformers", "transformers": "transformers", "sklearn": "sklearn"}
        extra |= {"skops": "sklearn", "safetensors": "transformers", "peft": "lora"}
        extra |= {"PIL": "images", "shap": "trees"}
        if missing in extra:
            return f"install what it needs: pip install 'defect-audit[{extra[missing]}]'"
        return f"install what it needs: pip install {missing}"
    try:
        path = getattr(__import__(package), "__path__", ["nowhere"])
        return f'"{package}" was found at {next(iter(path))}: another package may shadow it'
    except ImportError:
        return f'the package "{package}" is not installed'


def transforms() -> dict[str, TransformKind]:
    """Load every transform, by its own name; a broken guest breaks nothing and offers nothing.

    The first of two that share a name is taken, by the name of their entry point. ``audit
    transforms`` says what is wrong with the others.
    """
    out: dict[str, TransformKind] = {}
    for entry in listed("transform"):
        with suppress(Exception):  # whatever a guest throws
            for kind in load("transform", entry)():
                out.setdefault(kind.sheet.name, kind)
    return out


def explainers() -> dict[str, Explainer]:
    """Load every explainer, by its own name, as `transforms` does."""
    out: dict[str, Explainer] = {}
    for entry in listed("explainer"):
        with suppress(Exception):  # whatever a guest throws
            for kind in load("explainer", entry)():
                out.setdefault(kind.sheet.name, kind)
    return out


def modality(name: str) -> Modality:
    """Return how inputs of a kind are cut into parts.

    Raises
    ------
    ConfigError
        If no installed package knows inputs of that kind.
    """
    found: Modality = load("modality", name)()
    return found


def catalogue() -> Catalogue:
    """Load every probe; a broken guest is kept aside with its reason and breaks nothing."""
    from audit.probe import Probe

    probes: dict[str, type[Probe]] = {}
    broken: dict[str, str] = {}
    for name in listed("probe"):
        try:
            found = load("probe", name)
        except AuditError as error:
            broken[name] = f"{error.message} ({error.hint})"
            continue
        if isinstance(found, type) and issubclass(found, Probe) and found.sheet.id == name:
            probes[name] = found
        else:
            broken[name] = f'it is not a Probe whose sheet has the id "{name}"'
    return Catalogue(probes, broken)


def reporter(name: str) -> Reporter:
    """Return a reporter, ready to render."""
    made: Reporter = load("reporter", name)()
    return made
