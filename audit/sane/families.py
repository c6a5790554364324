"""From an ask to its frozen list of comparisons: all random layers, or one comparison a depth."""

from __future__ import annotations

from collections.abc import Callable

from audit.data import Slice
from audit.groups import GroupRules, too_small
from audit.measurement import Ask, Family, Interval, Measurement, Unit, Untested
from audit.sane.cascade import Cascade
from audit.sane.fallen import Figure

TITLE = "Excess similarity to explanations of a random network"
MEASURES = {
    "excess.randomised": TITLE,
    "excess.cell": f"{TITLE}, by share of random layers",
}

Figures = Callable[[int], Figure]


def where(depth: float) -> Slice:
    """Name the comparison at one depth."""
    return Slice((("random", f"{100 * depth:g}% of layers"),))


def expand(ask: Ask, cascade: Cascade, rules: GroupRules, figures: Figures) -> Family:
    """Expand one ask.

    Parameters
    ----------
    ask : Ask
    cascade : Cascade
    rules : GroupRules
    figures : callable
        From the place of a depth to its figure. The list of comparisons does not depend on it.
    """
    n = len(cascade.rows)
    small = too_small(rules, n, n)
    if ask.statistic == "randomised":
        figure = Figure(None, None, small) if small else figures(len(cascade.depths) - 1)
        return Family.of_one(
            ask, TITLE, Unit.RATIO, figure.evidence, value=figure.value, n=n, why=figure.why
        )
    return Family(
        ask=ask,
        title=TITLE,
        unit=Unit.RATIO,
        measurements=()
        if small
        else tuple(measurement(ask, d, figures(i), n) for i, d in enumerate(cascade.depths)),
        untested=tuple(Untested(slice=where(d), n=n, reason=small) for d in cascade.depths)
        if small
        else (),
    )


def measurement(ask: Ask, depth: float, figure: Figure, n: int) -> Measurement:
    """Return the comparison at one depth."""
    return Measurement(
        id=f"{ask.measure}@{ask.split}[{where(depth)}]",
        measure=ask.measure,
        slice=where(depth),
        split=ask.split,
        unit=Unit.RATIO,
        value=figure.value,
        evidence=figure.evidence,
        interval=Interval.of(figure.evidence),
        n=n if figure.evidence is None else figure.evidence.n,
        why=figure.why,
    )
