"""What an audit will see, before it runs: the power of the very tests that will decide."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import msgspec

from audit.judge import POWER, first_level, weights_of
from audit.measurement import Family, Unit
from audit.metrics import METRICS
from audit.stats.contract import Side
from audit.verdict import Requirement
from audit.writing import value as number


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """The smallest defect that one requirement can see.

    Attributes
    ----------
    requirement, title : str
    comparisons, tested, untested : int
        One-sided tests, slices that are tested, slices that are too small.
    sharpest, bluntest : str
        Slice and effect where most and least can be seen; empty if nothing can.
    blind : int
        Tested slices in which no defect, however large, would be proven.
    assumed : str
        The level that is assumed before an outcome is seen.
    warning : str
        Why this data cannot decide the requirement, if it cannot.
    """

    requirement: str
    title: str
    comparisons: int
    tested: int
    untested: int
    sharpest: str
    bluntest: str
    blind: int
    assumed: str
    warning: str


def sights(
    requirements: Sequence[Requirement],
    families: Mapping[str, Family],
    alpha: float,
    clustered: Collection[str] = (),
) -> list[Sight]:
    """Return the sight of every requirement, with the correction that the judge will make.

    Parameters
    ----------
    requirements : sequence of Requirement
    families : mapping of str to Family
        As designed from sizes, by the key of the ask.
    alpha : float
    clustered : collection of str
        Splits whose rows depend on each other, by how much no one knows before the run.
    """
    sizes = [(r, families[r.ask.key]) for r in requirements if r.ask.key in families]
    weights = weights_of(sizes)
    gate = sum(len(f.measurements) for _, f in sizes)
    out, at = [], 0
    for r, family in sizes:
        level = first_level(weights, at, gate, alpha) if family.measurements else 0.0
        seen = sight(r, family, level)
        if r.ask.split in clustered:
            seen = msgspec.structs.replace(
                seen, assumed=f"{seen.assumed}, rows of a cluster taken as independent"
            )
        out.append(seen)
        at += len(family.measurements)
    return out


def sight(r: Requirement, family: Family, level: float) -> Sight:
    """Return the sight of one requirement at a level a test."""
    side: Side = "over" if r.max is not None else "under"
    easier = min if r.max is not None else max
    seen: dict[str, float | None] = {}
    for m in family.measurements:
        if m.evidence is None:
            continue
        name = m.slice.name + (f", {m.label}" if m.label and r.ask.label == "each" else "")
        effect = m.evidence.detectable(r.limit, level, side, POWER)
        both = [v for v in (seen.get(name), effect) if v is not None]
        seen[name] = easier(both) if both else None
    visible = sorted(((v, s) for s, v in seen.items() if v is not None), reverse=r.max is None)
    said = [f"{number(v, family.unit)} ({s})" for v, s in visible]
    return Sight(
        requirement=r.id,
        title=r.title,
        comparisons=len(family.measurements),
        tested=len(seen),
        untested=len(family.untested),
        sharpest=said[0] if said else "",
        bluntest=said[-1] if said else "",
        blind=len(seen) - len(visible),
        assumed=assumed(r, family),
        warning=warning(r, family, visible, len(seen)),
    )


def assumed(r: Requirement, family: Family) -> str:
    """Say which level is assumed."""
    metric = METRICS.get(r.ask.metric)
    if metric is None:
        return "typical level assumed"
    if metric.typical is None:
        return "level of the labels assumed"
    return (
        f"{metric.title} {number(metric.typical, metric.unit)} assumed"
        if (family.unit is not Unit.NUMBER)
        else "typical spread assumed"
    )


def warning(
    r: Requirement, family: Family, visible: Sequence[tuple[float, str]], tested: int
) -> str:
    """Say what this data cannot decide."""
    if not tested and family.measurements:
        return "the smallest visible breach is known after the run only"
    if not tested:
        return "no group is large enough to test" if family.untested else "nothing to measure"
    if not visible:
        return "no defect, however large, would be proven in any group"
    if r.max == 0 and r.ask.statistic == "gap":
        return "max: 0 can never be met, only be broken: it is a screen"
    effect, name = visible[-1]
    if r.material is not None and abs(effect - r.limit) > r.material + 1e-12:
        step = Unit.POINTS if family.unit is Unit.SHARE else family.unit
        seen, wanted = number(effect, family.unit), number(r.material, step)
        return (
            f"smallest visible breach is {seen} ({name}); "
            f"you set material: {wanted} beyond {number(r.limit, family.unit)}"
        )
    return ""
