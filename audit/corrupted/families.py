"""From an ask to its frozen list of comparisons: one a transform, or one a cell."""

from __future__ import annotations

from collections.abc import Iterator

from audit.corrupted.cells import Cells
from audit.corrupted.grid import Grid, promised
from audit.examples import Examples
from audit.groups import GroupRules, too_small
from audit.measurement import Ask, Family, Interval, Measurement, Unit, Untested
from audit.stats.evidence import AnyEvidence
from audit.ways import Way

UNCHANGED = "the unchanged inputs"
ALONE = "one cluster does not say how clusters differ"
MEASURES = {
    "accuracy.drop": "Accuracy drop",
    "accuracy.cell": "Accuracy drop at every severity",
    "accuracy.mean_drop": "Mean accuracy drop over all changes",
    "accuracy.worst": "Accuracy under the worst change",
    "answers.changed": "Share of changed answers",
    "answers.cell": "Share of changed answers at every severity",
    "mean_absolute_error.drop": "Rise of the mean absolute error",
    "mean_absolute_error.cell": "Rise of the mean absolute error at every severity",
    "mean_absolute_error.mean_drop": "Mean rise of the mean absolute error over all changes",
}
CLASSIFICATION = ("accuracy", "answers")


def title(ask: Ask) -> str:
    """Name a family as a sentence about one of its comparisons begins."""
    return MEASURES[f"{ask.metric}.{ask.statistic}"].removesuffix(" at every severity")


def kind_of(ask: Ask) -> str:
    """Return what is measured: ``drop``, ``level`` or ``moved``."""
    if ask.metric == "answers":
        return "moved"
    return "level" if ask.statistic == "worst" else "drop"


def unit_of(ask: Ask) -> Unit:
    """Return how the values of an ask are written."""
    if ask.metric == "mean_absolute_error":
        return Unit.NUMBER
    return Unit.POINTS if kind_of(ask) == "drop" else Unit.SHARE


def places(ask: Ask, cells: Cells) -> Iterator[tuple[Way, int | None]]:
    """Yield every comparison: a way, and its severity or None for all of them."""
    for way in cells.tested:
        for severity in cells.severities if ask.statistic == "cell" else (None,):
            yield way, severity


def figure(
    ask: Ask, grid: Grid | None, examples: Examples, numbers: list[int]
) -> tuple[float | None, AnyEvidence | None]:
    """Return a value and its evidence over some cells; without a grid, what sizes promise."""
    kind = kind_of(ask)
    if grid is None:
        evidence = promised(kind, examples)
        return (None if evidence is None else evidence.theta), evidence
    return {"drop": grid.drop, "level": grid.level, "moved": grid.moved}[kind](numbers)


def expand(
    ask: Ask, cells: Cells, examples: Examples, rules: GroupRules, grid: Grid | None
) -> Family:
    """Expand one ask.

    Parameters
    ----------
    ask : Ask
    cells : Cells
    examples : Examples
        The rows that are asked about.
    rules : GroupRules
    grid : Grid or None
        None takes what the sizes promise. The list of comparisons does not depend on it.
    """
    n = len(examples.digests)
    small = too_small(rules, n, n)
    if ask.statistic == "mean_drop":
        numbers = [i for w in cells.tested for i in grid.at(w)] if grid else []
        value, evidence = (None, None) if small else figure(ask, grid, examples, numbers)
        why = small or ("" if evidence else ALONE)
        return Family.of_one(ask, title(ask), unit_of(ask), evidence, value=value, n=n, why=why)
    found = list(places(ask, cells))
    return Family(
        ask=ask,
        title=title(ask),
        unit=unit_of(ask),
        measurements=()
        if small
        else tuple(measurement(ask, examples, grid, way, at) for way, at in found),
        untested=tuple(Untested(slice=way.slice(at), n=n, reason=small) for way, at in found)
        if small
        else (),
    )


def measurement(
    ask: Ask, examples: Examples, grid: Grid | None, way: Way, severity: int | None
) -> Measurement:
    """Measure one comparison."""
    numbers = grid.at(way, severity) if grid else []
    value, evidence = figure(ask, grid, examples, numbers)
    where, n = way.slice(severity), len(examples.digests)
    side = "above" if ask.metric == "mean_absolute_error" else "below"
    compared = kind_of(ask) == "drop"
    return Measurement(
        id=f"{ask.measure}@{ask.split}[{where}]",
        measure=ask.measure,
        slice=where,
        split=ask.split,
        unit=unit_of(ask),
        value=value,
        evidence=evidence,
        interval=Interval.of(evidence),
        n=n,
        n_against=n if compared else 0,
        against=UNCHANGED if compared else "",
        side=side if compared else "",
        why="" if evidence else ALONE,
    )
