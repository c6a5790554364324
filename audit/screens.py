"""Differences that nobody set a limit for: shown with a controlled false-discovery rate."""

from __future__ import annotations

from collections.abc import Sequence

from audit.measurement import Family, Measurement
from audit.result import ProbeResult, Screen
from audit.stats.multiplicity import benjamini_hochberg
from audit.verdict import Requirement

RATE = 0.10
NO_DIFFERENCE = {"gap": 0.0, "ratio": 1.0, "drop": 0.0, "gap_widening": 0.0}


def screen(
    probes: Sequence[ProbeResult], requirements: Sequence[Requirement]
) -> tuple[Screen, ...]:
    """Test every comparison that no requirement names against "no difference".

    Benjamini-Hochberg at a false-discovery rate of 0.10 over all of them. A screen never turns the
    gate red: what is to block a release needs a limit.
    """
    named = {r.ask.key for r in requirements}
    found = [
        (m, p)
        for probe in probes
        for family in probe.families
        if family.ask.key not in named and family.ask.statistic in NO_DIFFERENCE
        for m in family.measurements
        for p in p_value(family, m)
    ]
    if not found:
        return ()
    _, adjusted = benjamini_hochberg([p for _, p in found], RATE)
    return tuple(
        Screen(
            measurement=m.id,
            measure=m.measure,
            slice=m.slice,
            value=m.value or 0.0,
            p_value=p,
            q_value=float(q),
            flagged=bool(q <= RATE),
        )
        for (m, p), q in zip(found, adjusted, strict=True)
    )


def p_value(family: Family, m: Measurement) -> list[float]:
    """Return the one-sided p-value of no difference, if the comparison is defined."""
    if m.evidence is None or m.value is None:
        return []
    null = NO_DIFFERENCE[family.ask.statistic]
    return [m.evidence.p_over(null) if null == 0.0 else m.evidence.p_under(null)]
