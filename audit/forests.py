"""Families as forest plots: one row a slice, those too small to test drawn and not dropped."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from audit.exhibits import Forest, ForestRow
from audit.measurement import Family, Measurement, Unit, Untested
from audit.metrics import METRICS

AGAINST = {"pairs": "the group furthest above it", "reference": "the reference group"}
RELEVANT = {"y": "positives", "not_y": "negatives", "yhat": "selected"}


def level_forest(family: Family, title: str) -> Forest:
    """Draw one figure in every slice.

    Parameters
    ----------
    family : Family
        Of levels: measurements that are compared with nothing.
    title : str
    """
    return drawn(family, title, rows_of(family), METRICS[family.ask.metric].title)


def rows_of(family: Family, *, indented: bool = True) -> tuple[ForestRow, ...]:
    """Return a row for each figure of a family, and one for each slice that is too small.

    Parameters
    ----------
    family : Family
        Of figures that say by their sign or level which way they go.
    indented : bool
        Whether slices of several terms stand below those of one.
    """
    rows = [
        ForestRow(
            label=labelled(m, family.measurements),
            value=m.value,
            low=m.interval.low if m.interval else None,
            high=m.interval.high if m.interval else None,
            n=m.n,
            indent=len(m.slice.terms) - 1 if indented else 0,
            measurements=(m.id,),
            note=m.why,
        )
        for m in family.measurements
    ]
    return (*rows, *untested(family.untested, indented=indented))


def comparison_forest(family: Family, title: str) -> Forest:
    """Draw a family of comparisons: one row a slice, against what it is compared with."""
    by_slice: dict[tuple[str, str], list[Measurement]] = {}
    taking_part: dict[tuple[str, str], list[str]] = {}
    for m in family.measurements:
        by_slice.setdefault((m.slice.name, m.label), []).append(m)
        for name in (m.slice.name, m.against):
            taking_part.setdefault((name, m.label), []).append(m.id)
    rows = [
        row(group, taking_part[at], labelled(group[0], family.measurements), family.unit)
        for at, group in by_slice.items()
    ]
    against = AGAINST.get(family.ask.compare, "the rest")
    word = "divided by" if family.unit is Unit.RATIO else "minus"
    axis = f"{METRICS[family.ask.metric].title} {word} that of {against}"
    origin = 1.0 if family.unit is Unit.RATIO else 0.0
    return drawn(
        family,
        title,
        [*rows, *untested(family.untested)],
        axis,
        f"Each group against {against}; ",
        origin,
    )


def drawn(
    family: Family,
    title: str,
    rows: Sequence[ForestRow],
    axis: str,
    caption: str = "",
    origin: float | None = None,
) -> Forest:
    """Wrap rows in a forest with a stable id."""
    ask = family.ask
    words = [ask.probe, ask.metric, ask.statistic, ask.split, ask.compare, *ask.by]
    text = caption + "plain 95% intervals."
    return Forest(
        id="-".join(w for w in words if w),
        title=f"{title}, by {' and '.join(ask.by)}"
        + ("" if ask.split == "test" else f", split {ask.split}"),
        caption=text[0].upper() + text[1:],
        axis=axis,
        count=RELEVANT.get(METRICS[ask.metric].given, "rows"),
        unit=family.unit,
        rows=tuple(rows),
        family=ask.key,
        origin=origin,
    )


def untested(small: Sequence[Untested], *, indented: bool = True) -> Iterator[ForestRow]:
    """Yield a row for every slice that was too small to test."""
    for u in small:
        yield ForestRow(
            label=u.slice.name,
            value=None,
            low=None,
            high=None,
            n=u.n,
            indent=len(u.slice.terms) - 1 if indented else 0,
            tested=False,
            note=u.reason,
        )


def labelled(m: Measurement, family: Sequence[Measurement]) -> str:
    """Name a slice, with its class where the family is about several."""
    several = any(other.label != m.label for other in family)
    return m.slice.name + (f", label {m.label}" if several else "")


def row(group: Sequence[Measurement], ids: Sequence[str], label: str, unit: Unit) -> ForestRow:
    """Return the row of one slice, oriented as the slice against the others.

    `ids` are all comparisons the slice takes part in, on either side: any of them colours the row.
    """
    first = [m for m in group if (m.side == "above") != (unit is Unit.RATIO)]
    if first:  # the slice stands first in the comparison: its sign is right
        m, sign = first[0], 1.0
    else:
        m = max(group, key=lambda m: -math.inf if m.value is None else abs(m.value))
        sign = 1.0 if unit is Unit.RATIO else -1.0
    ends = (m.interval.low * sign, m.interval.high * sign) if m.interval else None
    return ForestRow(
        label=label,
        value=None if m.value is None else m.value * sign,
        low=min(ends) if ends else None,
        high=max(ends) if ends else None,
        n=m.n,
        indent=len(m.slice.terms) - 1,
        measurements=tuple(ids),
        note=m.why,
    )
