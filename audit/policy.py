"""From requirements as they are written to requirements as they are judged."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from audit.config import RequireSpec, SplitSpec, WaiverSpec
from audit.errors import ConfigError, did_you_mean
from audit.measurement import Ask
from audit.places import KeyPath
from audit.probe import Probe
from audit.result import Waiver
from audit.spec import AuditSpec
from audit.verdict import Requirement

ProbeTypes = Mapping[str, type[Probe]]


def requirements(spec: AuditSpec, probes: ProbeTypes) -> tuple[Requirement, ...]:
    """Word every requirement fully.

    Raises
    ------
    ConfigError
        For an unknown measure, a missing or doubled limit, a repeated id ...: with file and line.
    """
    seen: set[str] = set()
    out = []
    for i, written in enumerate(spec.config.require):
        where: KeyPath = ("require", i)
        if written.id in seen:
            raise ConfigError(
                f'requirement id "{written.id}" stands twice', where=spec.places.where(where)
            )
        seen.add(written.id)
        out.append(requirement(spec, probes, written, where))
    return tuple(out)


def requirement(
    spec: AuditSpec, probes: ProbeTypes, written: RequireSpec, where: KeyPath
) -> Requirement:
    """Word one requirement: every default filled in, every word checked."""
    place = spec.places.where((*where, "measure"))
    if (written.max is None) == (written.min is None):
        raise ConfigError(
            f'requirement "{written.id}" needs exactly one of max: and min:',
            where=spec.places.where(where),
        )
    for name in ("material", "weight"):
        value = getattr(written, name)
        if value is not None and value <= 0:
            raise ConfigError(
                f'{name}: of requirement "{written.id}" must be above 0',
                where=spec.places.where((*where, name)),
            )
    probe, metric, statistic = measure_of(written.measure, probes, place)
    split = spec.split(written.split, (*where, "split"))
    ask = Ask(
        probe=probe,
        metric=metric,
        statistic=statistic,
        split=written.split,
        by=(written.by,) if isinstance(written.by, str) else written.by,
        label=written.label,
        compare=written.compare,
        reference=tuple(sorted(written.reference.items())),
    )
    try:
        ask = probes[probe].complete(ask, split)
    except ConfigError as error:
        raise ConfigError(error.message, where=place, hint=error.hint) from error
    defaults = spec.config.defaults
    return Requirement(
        id=written.id,
        title=written.title or title_of(probes[probe], ask, split),
        ask=ask,
        max=written.max,
        min=written.min,
        material=written.material,
        weight=written.weight,
        on_inconclusive=written.on_inconclusive or defaults.on_inconclusive,
        on_small=written.on_small or spec.config.data.groups.on_small,
        source=written.source,
        rationale=written.rationale,
        where=spec.places.where(where).partition("  ")[0],
    )


def measure_of(measure: str, probes: ProbeTypes, place: str) -> tuple[str, str, str]:
    """Split a dotted measure into its three parts, all known.

    Raises
    ------
    ConfigError
        With the nearest known word.
    """
    probe, _, rest = measure.partition(".")
    if probe not in probes:
        raise ConfigError(
            f'unknown probe "{probe}" in measure "{measure}"',
            where=place,
            hint=did_you_mean(probe, probes) + "\nsee: audit probes",
        )
    known = probes[probe].sheet.measures
    if rest not in known:
        raise ConfigError(
            f'unknown measure "{measure}"',
            where=place,
            hint=did_you_mean(rest, known) + f"\nsee: audit probes {probe}",
        )
    metric, _, statistic = rest.rpartition(".")
    return probe, metric, statistic


def title_of(probe: type[Probe], ask: Ask, split: SplitSpec) -> str:
    """Name a requirement that has no title of its own."""
    title = probe.sheet.measures[f"{ask.metric}.{ask.statistic}"]
    if ask.by and ask.by != split.groups:
        title += ", by " + " and ".join(ask.by)
    if ask.label == "each":
        title += ", each label"
    elif ask.label and ask.label != split.positive:
        title += f", label {ask.label}"
    return title + (f", on {ask.split}" if ask.split != "test" else "")


def waivers(spec: AuditSpec) -> tuple[Waiver, ...]:
    """Read the waivers.

    Raises
    ------
    ConfigError
        If one names no requirement, or its end is not a date.
    """
    ids = [r.id for r in spec.config.require]
    out = []
    for i, written in enumerate(spec.config.waivers):
        if written.id not in ids:
            raise ConfigError(
                f'the waiver names no requirement: "{written.id}"',
                where=spec.places.where(("waivers", i, "id")),
                hint=did_you_mean(written.id, ids),
            )
        until = day_of(written, spec.places.where(("waivers", i, "until")))
        out.append(Waiver(id=written.id, until=until, by=written.by, reason=written.reason))
    return tuple(out)


def day_of(written: WaiverSpec, place: str) -> str:
    """Return the last day of a waiver as ISO text."""
    try:
        return datetime.date.fromisoformat(str(written.until)).isoformat()
    except ValueError as error:
        raise ConfigError(
            f'the waiver of "{written.id}" must end on a date',
            where=place,
            hint="until: 2027-01-31",
        ) from error
