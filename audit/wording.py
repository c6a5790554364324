"""The sentences of a verdict."""

from __future__ import annotations

import msgspec

from audit.measurement import Family, Measurement, Unit
from audit.metrics import METRICS
from audit.stats.evidence import Crossing, Draws
from audit.verdict import Comparison, Outcome, Requirement, Verdict
from audit.writing import Scale, scale

FAR = 50
LEVELS = ("overall", "worst", "rate", "last")  # a family of these is called by its metric alone


def limit_of(r: Requirement, how: Scale) -> str:
    """Write a requirement: ``at most 5.0 pp``."""
    return f"{'at most' if r.max is not None else 'at least'} {how.text(r.limit)}"


def about(m: Measurement, family: Family) -> str:
    """Name what a measurement is about: ``Female × 65+``, ``Female × 65+ (label urgent)``."""
    return f"{m.slice.name} (label {m.label})" if family.ask.label == "each" else m.slice.name


def statement(m: Measurement, c: Comparison, family: Family, how: Scale) -> str:
    """Say one comparison in words."""
    metric = METRICS.get(family.ask.metric)
    level = bool(m.against) or family.ask.statistic in LEVELS
    title = metric.heading if metric and level else family.title
    if not m.against:
        subject = "" if not m.slice.terms else f" for {about(m, family)}"
        # a bound may be known, and a verdict rest on it, where a value is not
        if c.value is None and m.evidence is not None:
            return f"{title}{subject}: {m.why.rstrip('.')}"
        return f"{title}{subject} is {how.text(c.value)}"
    if c.value is None:
        return f"{title} of {about(m, family)} is undefined"
    if family.unit is Unit.RATIO:
        first, second = (
            (about(m, family), m.against) if m.side == "below" else (m.against, about(m, family))
        )
        return f"{title} of {first} is {how.text(c.value)} times that of {second}"
    side = m.side if c.value >= 0 else {"below": "above", "above": "below"}[m.side]
    size = how.text(abs(c.value))
    return f"{title} of {about(m, family)} is {size} {side} that of {m.against}"


def explained(v: Verdict, r: Requirement, family: Family) -> Verdict:
    """Return the verdict with its explanation and with what would settle it."""
    if not v.comparisons:
        return msgspec.structs.replace(
            v,
            explanation="No group is large enough to test.",
            settle=larger(family),
        )
    measured = {m.id: m for m in family.measurements}
    worst = next(c for c in v.comparisons if c.measurement == v.worst)
    ends = (v.interval.low, v.interval.high) if v.interval is not None else (None, None)
    how = scale(v.unit, [worst.value, *ends], r.limit)
    said = statement(measured[v.worst], worst, family, how)
    bounds = bounds_of(worst, how, ends)
    text = f"{said}{bounds}; the requirement is {limit_of(r, how)}."
    if v.also:
        others = [about(measured[i], family) for i in v.also]
        shown = ", ".join(dict.fromkeys(others[:3]))
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        text += f" Also beyond the limit: {shown}{more}."
    if v.outcome is Outcome.PASSED and v.untested:
        text += f" {len(v.untested)} too small to test."
    undefined = [
        m for m in (measured[c.measurement] for c in v.comparisons)
        if m.value is None and (m.evidence is None or m.against)
    ]  # fmt: skip
    if undefined:
        text += f" Undefined for {about(undefined[0], family)}: {undefined[0].why}."
    elif measured[v.worst].evidence is None and measured[v.worst].why:
        text += f" No verdict rests on it: {measured[v.worst].why}."
    return msgspec.structs.replace(v, explanation=text, settle=settle(v, r, family))


def bounds_of(worst: Comparison, how: Scale, ends: tuple[float | None, float | None]) -> str:
    """Say the decision interval, or the one bound of a value that has no other."""
    if ends != (None, None):
        return f" (decision interval {how.span(*ends)})"
    if worst.value is None or (worst.low is None) == (worst.high is None):
        return ""
    if worst.low is not None:
        return f" (at least {how.text(worst.low)})"
    return f" (at most {how.text(worst.high)})"


def larger(family: Family) -> str:
    """Say what a family without a testable group lacks, by its largest group."""
    if not family.untested:
        return ""
    largest = max(family.untested, key=lambda u: u.n)
    return f"Larger groups: the largest, {largest.slice.name}, has {largest.reason}."


def rows_more(n: int, needed: int) -> str:
    """Say how many more rows would do; beyond `FAR` times as many, that it is no plan."""
    if needed > FAR * n:
        return f"over {FAR} times its {n:,} relevant rows, so close to the limit is the estimate"
    return f"about {needed - n:,} more relevant rows ({n:,} now)"


def foreseen(m: Measurement) -> bool:
    """Whether a figure is read off a curve: its error does not shrink like that of a mean."""
    conformal = isinstance(m.evidence, Draws) and m.evidence.method == "conformal"
    return conformal or isinstance(m.evidence, Crossing)


def settle(v: Verdict, r: Requirement, family: Family) -> str:
    """Say what would decide an undecided requirement: rows, and of whom."""
    if v.outcome is not Outcome.INCONCLUSIVE:
        return ""
    measured = {m.id: m for m in family.measurements}
    needs: dict[str, tuple[int, int]] = {}
    stuck: list[str] = []
    unlabelled: list[str] = []
    learned = False
    for c in v.comparisons:
        if c.outcome is not Outcome.INCONCLUSIVE:
            continue
        name = about(measured[c.measurement], family)
        if measured[c.measurement].evidence is None:
            continue  # its reason is in the explanation, and no number of rows mends it
        if measured[c.measurement].warns_only:
            unlabelled.append(name)
            continue
        if foreseen(measured[c.measurement]):
            learned = True
            continue
        if c.n_needed is None:
            stuck.append(name)
        elif c.n_needed > needs.get(name, (0, 0))[1]:
            needs[name] = (c.n, c.n_needed)
    parts = [
        f"{name}: {rows_more(n, more)}"
        for name, (n, more) in sorted(needs.items(), key=lambda kv: -kv[1][1])[:3]
        if more > n
    ]
    if len(needs) > 3:
        parts.append(f"and {len(needs) - 3} further groups")
    if learned:
        parts.append("more test rows, training sizes or seeds narrow what is read off a curve")
    if unlabelled:
        names = ", ".join(dict.fromkeys(unlabelled))
        parts.append(f"labels for rows of {names}: an estimate without any can warn, never clear")
    if stuck:
        names = ", ".join(dict.fromkeys(stuck))
        parts.append(f"{names}: no number of rows, as long as the estimate sits at the limit")
    if r.on_small == "block" and v.untested:
        parts.append(f"{len(v.untested)} groups are too small to test")
    return "; ".join(parts) + "." if parts else ""
