"""Levels against a level: the band that rows are held to, and the floor that a drop may reach."""

from __future__ import annotations

import math
from dataclasses import dataclass

from audit import writing as fmt
from audit.exhibits import Forest
from audit.verdict import Verdict
from reports.index import Index
from reports.words import clip

NAME = 48
HEAD = 22  # letters that there is room for above the plot


@dataclass(frozen=True)
class Key:
    """A mark of the plot and what it stands for; `css` draws its swatch."""

    css: str
    text: str


@dataclass(frozen=True)
class Floor:
    """How levels are held against another level.

    Attributes
    ----------
    band : pair of floats, optional
        What is drawn as a zone behind the rows, low first.
    lead : float, optional
        Where the line to each row starts.
    zone : pair of floats, optional
        Levels that the requirement allows; one side is infinite.
    heads : tuple of (float, str)
        What stands above the plot, and where.
    keys : tuple of Key
        The same below it, with how the floor follows from the requirement.
    """

    band: tuple[float, float] | None
    lead: float | None
    zone: tuple[float, float] | None
    heads: tuple[tuple[float, str], ...]
    keys: tuple[Key, ...]


def floored(index: Index, forest: Forest, verdict: Verdict | None) -> Floor | None:
    """Return how a plot holds its rows against a level; None if it does not."""
    if forest.band is None and forest.lead is None and forest.limit is None:
        return None
    band = _finite(forest.band)
    lead = forest.lead if forest.lead is not None and math.isfinite(forest.lead) else None
    zone = _zone(index, forest, verdict, lead)
    heads, keys = [], []
    if zone is not None:
        bound = zone[0] if math.isfinite(zone[0]) else zone[1]
        name = "floor" if math.isfinite(zone[0]) else "ceiling"
        text = f"{name} {fmt.value(bound, forest.unit)}"
        heads.append((bound, text))
        keys.append(Key("lk", text + _reckoned(index, forest, verdict, lead)))
    if band is not None:
        name = clip(forest.band_label, NAME) or "band"
        span = fmt.scale(forest.unit, band)
        heads += [((band[0] + band[1]) / 2, name)] if len(name) <= HEAD else []
        keys.append(Key("tolk", f"{name}: {span.number(band[0])} to {span.text(band[1])}"))
    return Floor(band, lead, zone, tuple(heads), tuple(keys))


def _finite(band: tuple[float, float] | None) -> tuple[float, float] | None:
    if band is None or not all(math.isfinite(v) for v in band):
        return None
    return min(band), max(band)


def _zone(
    index: Index, forest: Forest, verdict: Verdict | None, lead: float | None
) -> tuple[float, float] | None:
    """Return what is allowed: a named level, one as far from the lead as may be lost, or a bound.

    Where the requirement's own comparisons prove a defect above, high levels are the bad ones.
    """
    rising = _above(index, forest)
    if forest.limit is not None and math.isfinite(forest.limit):
        return (-math.inf, forest.limit) if rising else (forest.limit, math.inf)
    if verdict is None:
        return None
    if not _of_drops(index, verdict):
        limit = verdict.limit
        return (-math.inf, limit) if index.is_max(verdict) else (limit, math.inf)
    if lead is None or not index.is_max(verdict):
        return None
    return (-math.inf, lead + verdict.limit) if rising else (lead - verdict.limit, math.inf)


def _of_drops(index: Index, verdict: Verdict) -> bool:
    requirement = index.requirements.get(verdict.requirement)
    return requirement is not None and requirement.ask.statistic.endswith("drop")


def _above(index: Index, forest: Forest) -> bool:
    family = index.families.get(forest.family)
    sides = {m.side for m in family.measurements if m.side} if family else set()
    return sides == {"above"}


def _reckoned(index: Index, forest: Forest, verdict: Verdict | None, lead: float | None) -> str:
    """Say how a floor follows from what may be lost, if it does."""
    if forest.limit is not None or verdict is None or lead is None:
        return ""
    if not _of_drops(index, verdict):
        return ""
    lost = fmt.scale(verdict.unit, [], verdict.limit).text(verdict.limit)
    sign = "+" if _above(index, forest) else "−"
    return f" = {fmt.value(lead, forest.unit)} {sign} {lost}"
