"""Look-ups into a result: from a verdict to its requirement, its probe and its measurements."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from audit.measurement import Family, Measurement
from audit.result import AuditResult, ProbeResult, Waiver
from audit.verdict import Comparison, Outcome, Requirement, Verdict
from reports.words import RANK, clip, uncapital

WAIVABLE = (Outcome.FAILED, Outcome.INCONCLUSIVE)
_TAIL = re.compile(r", (worst|lowest|highest|largest|smallest) \w+$")


class Anchors:
    """Hands out ids that are stable, readable and unique in one page."""

    def __init__(self, *reserved: str) -> None:
        self._taken = set(reserved)

    def claim(self, text: str, prefix: str = "") -> str:
        """Return an id made from text; if it is taken, with the prefix or a number."""
        slug = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60] or "item"
        if not slug[0].isalpha():
            slug = f"{prefix or 'id'}-{slug}"
        name = slug
        if name in self._taken and prefix:
            name = f"{prefix}-{slug}"
        number = 2
        while name in self._taken:
            name = f"{prefix + '-' if prefix else ''}{slug}-{number}"
            number += 1
        self._taken.add(name)
        return name


@dataclass
class Index:
    """One pass over a result, so that nothing is searched for twice."""

    result: AuditResult
    measurements: dict[str, Measurement] = field(default_factory=dict)
    families: dict[str, Family] = field(default_factory=dict)
    requirements: dict[str, Requirement] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)
    probes: dict[str, ProbeResult] = field(default_factory=dict)
    by_family: dict[str, Verdict] = field(default_factory=dict)
    comparisons: dict[str, tuple[Verdict, Comparison]] = field(default_factory=dict)
    waivers: dict[str, Waiver] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for probe in self.result.probes:
            self.probes[probe.probe] = probe
            for family in probe.families:
                self.families[family.ask.key] = family
                self.measurements.update({m.id: m for m in family.measurements})
        self.requirements = {r.id: r for r in self.result.requirements}
        self.required = {r.ask.key for r in self.result.requirements}
        self.waivers = {w.id: w for w in self.result.waivers if w.active}
        for verdict in self.result.verdicts:
            self._add(verdict)

    def _add(self, verdict: Verdict) -> None:
        requirement = self.requirements.get(verdict.requirement)
        if requirement is not None:
            known = self.by_family.get(requirement.ask.key)
            if known is None or RANK[verdict.outcome] < RANK[known.outcome]:
                self.by_family[requirement.ask.key] = verdict
        for comparison in verdict.comparisons:
            held = self.comparisons.get(comparison.measurement)
            if held is None or RANK[comparison.outcome] < RANK[held[1].outcome]:
                self.comparisons[comparison.measurement] = (verdict, comparison)

    def probe_of(self, verdict: Verdict) -> ProbeResult | None:
        """Return the probe that a verdict is about."""
        requirement = self.requirements.get(verdict.requirement)
        return self.probes.get(requirement.ask.probe) if requirement else None

    def is_max(self, verdict: Verdict) -> bool | None:
        """Whether the limit is a maximum; None if the requirement is not in the result."""
        requirement = self.requirements.get(verdict.requirement)
        return None if requirement is None else requirement.max is not None

    def waiver_of(self, verdict: Verdict) -> Waiver | None:
        """Return the waiver that holds for a verdict that needs one."""
        return self.waivers.get(verdict.requirement) if verdict.outcome in WAIVABLE else None

    def worst_slice(self, verdict: Verdict) -> str:
        """Name the rows that a verdict is about; empty for all rows together."""
        measurement = self.measurements.get(verdict.worst)
        if measurement is None or not measurement.slice.terms:
            return ""
        return clip(measurement.slice.name, 90)

    def worst_label(self, verdict: Verdict) -> str:
        """Name the class that a verdict is about, where its ask has one for each class."""
        measurement = self.measurements.get(verdict.worst)
        requirement = self.requirements.get(verdict.requirement)
        if measurement is None or requirement is None or requirement.ask.label != "each":
            return ""
        return clip(measurement.label, 60)

    def guilty(self, verdict: Verdict) -> str:
        """Say in a headline what fails and for whom."""
        title = clip(verdict.title or verdict.requirement, 100)
        who = [self.worst_slice(verdict)]
        label = self.worst_label(verdict)
        if label:
            who.append(f"class {label}")
        named = ", ".join(w for w in who if w)
        if not named:
            return uncapital(title)
        return f"{named} ({uncapital(_TAIL.sub('', title))})"
