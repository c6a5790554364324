"""Check a specification against probes, data and model, and make everything ready to run."""

from __future__ import annotations

import dataclasses
import sys
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from audit import policy
from audit.config import Config
from audit.errors import ConfigError, NotApplicable, did_you_mean
from audit.load import Loaded, load
from audit.measurement import Ask, Family
from audit.probe import Probe
from audit.registry import Catalogue, catalogue
from audit.result import Waiver
from audit.spec import AuditSpec
from audit.verdict import Requirement


@dataclass
class Prepared:
    """An audit that is ready to run: everything is loaded, worded and checked."""

    spec: AuditSpec
    loaded: Loaded
    requirements: tuple[Requirement, ...]
    probes: dict[str, Probe]
    waivers: tuple[Waiver, ...]
    known: Catalogue
    broken: Mapping[str, str]
    skipped: dict[str, str]


def prepare(spec: AuditSpec, only: Sequence[str] = ()) -> Prepared:
    """Check the specification against probes, data and model.

    Parameters
    ----------
    spec : AuditSpec
    only : sequence of str
        Run these probes alone; requirements on others will read "not run".

    Raises
    ------
    AuditError
        With exit code 2 for a fault of the specification, 4 where a thing does not load.
    """
    known = catalogue()
    for name in only:
        if name not in known.probes and name not in known.broken:
            raise ConfigError(f'unknown probe "{name}"', hint=did_you_mean(name, known.probes))
    required = policy.requirements(spec, known.probes)
    waived = policy.waivers(spec)
    wanted = chosen(spec.config, known, required)
    loaded = load(spec)
    probes, skipped = {}, {}
    for name in wanted:
        if only and name not in only:
            skipped[name] = "left out of this run"
        elif name not in known.broken:
            asks = [r.ask for r in required if r.ask.probe == name]
            probes[name] = build(known.probes[name], spec, loaded, asks)
    broken = {n: w for n, w in known.broken.items() if n in wanted}
    return Prepared(spec, loaded, required, probes, waived, known, broken, skipped)


def chosen(config: Config, known: Catalogue, required: Sequence[Requirement]) -> list[str]:
    """Return the probes to run: those configured or required, else all."""
    for name in config.probes:
        if name not in known.probes and name not in known.broken:
            raise ConfigError(
                f'unknown probe "{name}"',
                where="probes",
                hint=did_you_mean(name, known.probes) + "\nsee: audit probes",
            )
    named = [*config.probes, *(r.ask.probe for r in required)]
    return list(dict.fromkeys(named)) or list(known.probes)


def build(kind: type[Probe], spec: AuditSpec, loaded: Loaded, asks: Sequence[Ask]) -> Probe:
    """Make a probe with its options and everything it is to measure."""
    options = options_of(kind, spec)
    defaults = kind.default_asks(spec.config.data.splits, loaded.task)
    unique = {a.key: a for a in (*asks, *defaults)}
    try:
        return kind(
            asks=tuple(unique.values()),
            seed=spec.config.defaults.seed,
            task=loaded.task,
            groups=spec.config.data.groups,
            domains=spec.config.data.domains,
            **options,
        )
    except ConfigError as error:
        raise placed(error, spec, kind.sheet.id) from error


def placed(error: ConfigError, spec: AuditSpec, probe: str) -> ConfigError:
    """Return an error about a probe's options with the line where they stand."""
    where = error.where or spec.places.where(("probes", probe))
    return ConfigError(error.message, where=where, hint=error.hint)


def options_of(kind: type[Probe], spec: AuditSpec) -> dict[str, Any]:
    """Read a probe's options.

    Raises
    ------
    ConfigError
        For an unknown option or a value of the wrong type, with its line.
    """
    own = {f.name for f in dataclasses.fields(kind)} - {f.name for f in dataclasses.fields(Probe)}
    written = spec.config.probes.get(kind.sheet.id) or {}
    hints = {f.name: f.type for f in dataclasses.fields(kind)}
    out = {}
    for name, value in written.items():
        where = spec.places.where(("probes", kind.sheet.id, name))
        if name not in own:
            raise ConfigError(
                f'unknown option "{name}" of probe {kind.sheet.id}',
                where=where,
                hint=did_you_mean(name, own) if own else "this probe has no options",
            )
        try:
            out[name] = msgspec.convert(value, eval_type(kind, hints[name]))
        except msgspec.ValidationError as error:
            raise ConfigError(
                f'option "{name}" of probe {kind.sheet.id}: {error}', where=where
            ) from error
    return out


def eval_type(kind: type[Probe], hint: Any) -> Any:
    """Resolve the annotation of a probe's field."""
    if not isinstance(hint, str):
        return hint
    holder = type("Holder", (), {"__annotations__": {"x": hint}})
    return typing.get_type_hints(holder, vars(sys.modules[kind.__module__]))["x"]


def design(prepared: Prepared) -> tuple[dict[str, tuple[Family, ...]], dict[str, Exception]]:
    """Fix every probe's comparisons from sizes, before an outcome is seen.

    Returns
    -------
    families : dict of str to tuple of Family
        By probe; nothing for one that has none to offer.
    thrown : dict of str to Exception
        What a probe threw instead: it is kept for that probe's result, and the others go on.

    Raises
    ------
    ConfigError
        If an option of a probe does not fit the data.
    """
    out: dict[str, tuple[Family, ...]] = {}
    thrown: dict[str, Exception] = {}
    for name, probe in prepared.probes.items():
        out[name] = ()
        try:
            out[name] = tuple(probe.design(prepared.loaded.examples, prepared.loaded.card))
        except NotApplicable:
            continue
        except ConfigError as error:  # an option that does not fit the data: nothing has run yet
            raise placed(error, prepared.spec, name) from error
        except Exception as error:  # a probe may be a guest
            thrown[name] = error
    return out, thrown
