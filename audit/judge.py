"""Verdicts: two one-sided tests a comparison, fails corrected over the whole gate.

A requirement *fails* when "the limit is kept" is rejected for any of its comparisons by weighted
Holm over all one-sided tests of the gate; it *passes* when "the limit is broken" is rejected for
every one of them at alpha (an intersection-union test needs no correction; Berger 1982). Otherwise
it is inconclusive. Nothing but evidence is looked at, so a stored result can be judged again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from audit import wording
from audit.measurement import Family, Interval, Measurement
from audit.stats.contract import Side
from audit.stats.multiplicity import holm
from audit.verdict import Comparison, Outcome, Requirement, Verdict

POWER = 0.9


@dataclass(frozen=True)
class Test:
    """One comparison of one requirement, with both p-values."""

    requirement: Requirement
    measurement: Measurement
    p_fail: float
    p_pass: float


def tests_of(requirement: Requirement, family: Family) -> list[Test]:
    """Take both p-values of every comparison of a family; no evidence decides nothing."""
    limit = requirement.limit
    out = []
    for m in family.measurements:
        p_over, p_under = 1.0, 1.0
        if m.evidence is not None:
            p_over, p_under = m.evidence.p_over(limit), m.evidence.p_under(limit)
        fail, passed = (p_over, p_under) if requirement.max is not None else (p_under, p_over)
        if m.warns_only:
            passed = 1.0
        out.append(Test(requirement, m, fail, passed))
    return out


def judge(
    requirements: Sequence[Requirement],
    families: Mapping[str, Family],
    alpha: float = 0.05,
    *,
    sight: bool = True,
) -> dict[str, Verdict]:
    """Judge all requirements of a gate together.

    Parameters
    ----------
    requirements : sequence of Requirement
    families : mapping of str to Family
        By the key of the requirement's ask. A requirement without one gets no verdict here: the
        caller knows why its probe measured nothing.
    alpha : float
        Error rate: of any false fail over the whole gate, and of each false pass.
    sight : bool
        Whether to work out detectable effects, the rows that would settle what is undecided, and
        the bounds of comparisons that are not proven. They take nearly all of the time and change
        no outcome: a simulation may leave them out.

    Returns
    -------
    dict of str to Verdict
        By requirement id.
    """
    judged = [r for r in requirements if r.ask.key in families]
    tests = [t for r in judged for t in tests_of(r, families[r.ask.key])]
    if not tests:
        return {r.id: untestable(r, families[r.ask.key], 0) for r in judged}
    weights = weights_of([(r, families[r.ask.key]) for r in judged])
    stepped = holm([t.p_fail for t in tests], alpha, weights)
    verdicts: dict[str, Verdict] = {}
    at = 0
    for r in judged:
        family = families[r.ask.key]
        span = range(at, at + len(family.measurements))
        at = span.stop
        comparisons = tuple(
            compare(tests[k], stepped.adjusted[k], stepped.level[k], alpha, sight) for k in span
        )
        if sight:
            firsts = [first_level(weights, k, len(tests), alpha) for k in span]
            comparisons = tuple(
                foreseen(c, m, r, level, alpha)
                for c, m, level in zip(comparisons, family.measurements, firsts, strict=True)
            )
        verdicts[r.id] = conclude(r, family, comparisons, alpha, len(tests))
    return verdicts


def weights_of(gate: Sequence[tuple[Requirement, Family]]) -> list[float] | None:
    """Return the share of every test of a gate, in order; None where all tests weigh the same.

    Where requirements differ in weight, each hands its own to its comparisons in equal parts.
    """
    if len({r.weight for r, _ in gate}) == 1:
        return None
    return [r.weight / len(f.measurements) for r, f in gate for _ in f.measurements]


def first_level(weights: Sequence[float] | None, i: int, m: int, alpha: float) -> float:
    """Return the level of test ``i`` at Holm's first step, at which power is promised."""
    return alpha / m if weights is None else alpha * weights[i] / sum(weights)


def compare(test: Test, adjusted: float, level: float, alpha: float, sight: bool) -> Comparison:
    """Decide one comparison and invert its tests into the decision interval."""
    m, limit = test.measurement, test.requirement.limit
    outcome = Outcome.INCONCLUSIVE
    if test.p_fail <= level:
        outcome = Outcome.FAILED
    elif test.p_pass <= alpha:
        outcome = Outcome.PASSED
    low = high = None
    if m.evidence is not None and (sight or outcome is Outcome.FAILED):
        at_low, at_high = (level, alpha) if test.requirement.max is not None else (alpha, level)
        low = finite(m.evidence.lower(at_low, near=limit))
        high = finite(m.evidence.upper(at_high, near=limit))
        if m.warns_only:  # nothing on the side of a pass is claimed
            low, high = (low, None) if test.requirement.max is not None else (None, high)
    return Comparison(
        measurement=m.id,
        slice=m.slice,
        against=m.against,
        side=m.side,
        label=m.label,
        n=m.n,
        outcome=outcome,
        value=m.value,
        low=low,
        high=high,
        p_fail=test.p_fail,
        p_fail_adjusted=adjusted,
        p_pass=test.p_pass,
        detectable=None,
        n_needed=None,
    )


def foreseen(
    c: Comparison, m: Measurement, r: Requirement, level: float, alpha: float
) -> Comparison:
    """Add the smallest defect that the test could have proven, and the rows that would settle it.

    `level` is the test's share of Holm's first step: the power that is promised whatever the
    other tests say.
    """
    if m.evidence is None:
        return c
    side: Side = "over" if r.max is not None else "under"
    seen = m.evidence.detectable(r.limit, level, side, POWER)
    needed = None
    if c.outcome is Outcome.INCONCLUSIVE:
        levels = (level, alpha) if side == "over" else (alpha, level)
        factor = m.evidence.n_factor(r.limit, *levels, POWER)
        if factor is not None and math.isfinite(factor):
            needed = math.ceil(m.n * factor)
    return msgspec.structs.replace(c, detectable=seen, n_needed=needed)


def finite(bound: float) -> float | None:
    """Return a bound, or None where there is none: JSON has no infinity."""
    return bound if math.isfinite(bound) else None


def conclude(
    r: Requirement, family: Family, comparisons: tuple[Comparison, ...], alpha: float, gate: int
) -> Verdict:
    """Sum the comparisons of a requirement up into its verdict."""
    if not comparisons:
        return untestable(r, family, gate)
    outcomes = {c.outcome for c in comparisons}
    small = r.on_small == "block" and bool(family.untested)
    if Outcome.FAILED in outcomes:
        outcome = Outcome.FAILED
    elif outcomes == {Outcome.PASSED} and not small:
        outcome = Outcome.PASSED
    else:
        outcome = Outcome.INCONCLUSIVE
    worst = min(comparisons, key=lambda c: severity(c, r))
    low, high = envelope(comparisons, r)
    interval = None if low is None or high is None else Interval(low, high, 1 - alpha, "decision")
    by_id = {m.id: m for m in family.measurements}
    also = tuple(
        c.measurement
        for c in sorted(comparisons, key=lambda c: severity(c, r))
        if c.outcome is Outcome.FAILED and c is not worst
    )
    margin, unit = margin_of(r, worst.value, interval)
    covered = {(c.slice, c.label) for c in comparisons}
    verdict = Verdict(
        requirement=r.id,
        title=r.title,
        outcome=outcome,
        explanation="",
        unit=family.unit,
        limit=r.limit,
        worst=worst.measurement,
        also=also,
        value=worst.value,
        interval=interval,
        plain=by_id[worst.measurement].interval,
        margin=margin,
        margin_unit=unit,
        family_size=len(comparisons),
        gate_size=gate,
        detectable=detectable_everywhere(comparisons, r),
        tested=len(covered),
        untested=family.untested,
        comparisons=comparisons,
    )
    return wording.explained(verdict, r, family)


def severity(c: Comparison, r: Requirement) -> tuple[int, float, float]:
    """Order comparisons worst first: proven ones by their bound, then undecided, then by value."""
    rank = {Outcome.FAILED: 0, Outcome.INCONCLUSIVE: 1}.get(c.outcome, 2)
    sign = -1.0 if r.max is not None else 1.0
    bound = c.low if r.max is not None else c.high
    # what is undefined has nothing to show, and comes last of its kind
    return (
        rank,
        sign * bound if bound is not None else math.inf,
        sign * c.value if c.value is not None else math.inf,
    )


def envelope(
    comparisons: Sequence[Comparison], r: Requirement
) -> tuple[float | None, float | None]:
    """Return the interval of the extreme over a family: valid although the data chose the worst."""
    pick = max if r.max is not None else min
    lows = [c.low for c in comparisons if c.low is not None]
    highs = [c.high for c in comparisons if c.high is not None]
    return (pick(lows), pick(highs)) if lows and highs else (None, None)


def detectable_everywhere(comparisons: Sequence[Comparison], r: Requirement) -> float | None:
    """Return the defect that no tested slice could have hidden, or None if some could hide any.

    A slice counts with the easier of its sides: a gap upward may be out of range by itself.
    """
    best: dict[tuple[object, str, str], float | None] = {}
    ease = min if r.max is not None else max
    for c in comparisons:
        key = (c.slice, c.label, c.against if r.ask.compare == "pairs" else "")
        seen = best.get(key)
        both = [v for v in (seen, c.detectable) if v is not None]
        best[key] = ease(both) if both else None
    values = [v for v in best.values() if v is not None]
    if len(values) < len(best):
        return None
    return max(values) if r.max is not None else min(values)


def margin_of(
    r: Requirement, value: float | None, interval: Interval | None
) -> tuple[tuple[float, float, float] | None, str]:
    """Return signed distances from the limit in material units; negative is breach."""
    if value is None or interval is None:
        return None, "material"
    unit, step = "material", r.material
    if step is None:
        unit, step = "half-width", (interval.high - interval.low) / 2 or 1.0
    sign = -1.0 if r.max is not None else 1.0
    ends = (interval.low, value, interval.high)
    low, _, high = sorted(sign * (v - r.limit) / step for v in ends)
    return (low, sign * (value - r.limit) / step, high), unit


def untestable(r: Requirement, family: Family, gate: int) -> Verdict:
    """Return the verdict where no slice is large enough: undecided, never a pass."""
    verdict = Verdict(
        requirement=r.id,
        title=r.title,
        outcome=Outcome.INCONCLUSIVE,
        explanation="",
        unit=family.unit,
        limit=r.limit,
        gate_size=gate,
        untested=family.untested,
    )
    return wording.explained(verdict, r, family)
