"""Expanding an ask into its frozen list of comparisons."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

import msgspec
import numpy as np

from audit.config import SplitSpec
from audit.data import Slice
from audit.errors import ConfigError, did_you_mean
from audit.estimate import REST, Estimator, Scale, Sums
from audit.examples import Examples, FloatArray
from audit.groups import Cut, GroupRules, cuts, too_small
from audit.measurement import Ask, Family, Interval, Measurement, Unit, Untested
from audit.metrics import METRICS, Metric
from audit.stats.evidence import AnyEvidence
from audit.task import Columns, Task

COMPARE = ("rest", "pairs", "reference")
THE_REST = "the rest"
SPREAD = 0.3  # assumed standard deviation of a score before one is seen


@dataclass(frozen=True)
class Pair:
    """Slice ``i`` against ``j`` or the rest; ``side`` is where it lies if a defect is proven."""

    i: int
    j: int
    side: str


def complete_groups(ask: Ask, split: SplitSpec) -> Ask:
    """Fill in group columns, comparison and class of an ask about groups.

    Raises
    ------
    ConfigError
        If there is no group column, or the comparison's words are unknown or missing.
    """
    by = ask.by or split.groups or split.cuts
    if not by:
        raise ConfigError(
            f'measure "{ask.measure}" is taken by group, and split "{ask.split}" has none',
            hint="name the columns under groups: (or domain:) of the split",
        )
    for column in by:
        if column not in split.cuts:
            raise ConfigError(
                f'"{column}" is not a group column of split "{ask.split}"',
                hint=did_you_mean(column, split.cuts) + "\ngroup columns are named under groups:",
            )
    compare = ask.compare
    if ask.statistic in ("gap", "ratio"):
        compare = compare or ("reference" if ask.reference else "rest")
        if compare not in COMPARE:
            raise ConfigError(
                f'unknown comparison "{compare}"', hint="compare: rest, pairs or reference"
            )
        if (compare == "reference") != bool(ask.reference):
            raise ConfigError(
                "compare: reference and reference: belong together",
                hint="reference: {sex: Male} names the group that others are compared with",
            )
    elif compare or ask.reference:
        raise ConfigError(f'measure "{ask.measure}" compares nothing: leave out compare:')
    return with_label(msgspec.structs.replace(ask, by=by, compare=compare), split)


def with_label(ask: Ask, split: SplitSpec) -> Ask:
    """Fill in the class that counts as positive, where the metric is about one.

    Raises
    ------
    ConfigError
        If neither the requirement nor the split names one.
    """
    metric = METRICS.get(ask.metric)
    if metric is None or not metric.labelled or metric.task != "classification":
        return ask
    label = ask.label or split.positive
    if not label:
        raise ConfigError(
            f'measure "{ask.measure}" is about one class, and none is named',
            hint="set positive: on the split, or label: on the requirement (each: every class)",
        )
    return msgspec.structs.replace(ask, label=label)


def pairs_of(ask: Ask, cut: Cut, fit: Sequence[bool], rest_fit: Sequence[bool]) -> Iterator[Pair]:
    """Yield the comparisons of one cut; sizes alone decide which.

    Two slices against each other are one comparison a side: the rest of one is the other, and the
    slice that is named is the one that is worse off.
    """
    if ask.compare == "pairs":
        for i, j in permutations([k for k, ok in enumerate(fit) if ok], 2):
            yield Pair(i, j, "below")
        return
    reference = None
    if ask.compare == "reference":
        wanted = Slice(tuple((c, v) for c, v in ask.reference if c in cut.columns))
        if wanted not in cut.slices or len(wanted.terms) != cut.depth:
            return
        reference = cut.slices.index(wanted)
        if not fit[reference]:
            return
    mirrored = len(cut.slices) == 2 and reference is None
    for i, ok in enumerate(fit):
        if not ok or i == reference or (reference is None and not rest_fit[i]):
            continue
        j = REST if reference is None else reference
        if mirrored:
            yield Pair(i, 1 - i, "above" if METRICS[ask.metric].high_is_bad else "below")
        else:
            yield Pair(i, j, "below")
            yield Pair(i, j, "above")


def comparison(ask: Ask, est: Estimator, pair: Pair) -> AnyEvidence | None:
    """Return the evidence whose theta grows (gap) or falls (ratio) with the defect."""
    scale: Scale = "ratio" if ask.statistic == "ratio" else "difference"
    below = pair.side == "below"
    # a gap is high minus low, a ratio low over high; the slice is low when it lies below
    slice_first = below == (scale == "ratio")
    i, j = (pair.i, pair.j) if slice_first else (pair.j, pair.i)
    return est.two(i, j, scale, 1 if slice_first else 2)


def relevant(metric: Metric, truth: Columns, cut: Cut, rows: int) -> tuple[FloatArray, FloatArray]:
    """Return relevant rows and expected positives of each slice, from labels and sizes alone."""
    k = len(cut.slices)
    sizes: FloatArray = np.bincount(cut.codes, minlength=k).astype(np.float64)
    base = float(truth["y"].mean()) if "y" in truth and rows else 1.0
    if metric.given in ("y", "not_y") and metric.given in truth:
        n = np.bincount(cut.codes, weights=truth[metric.given], minlength=k).astype(np.float64)
        return n, n
    if metric.given == "yhat":
        return sizes * base, sizes * base
    return sizes, sizes * base if metric.name == "selection_rate" else sizes


def promised(metric: Metric, truth: Columns, n: FloatArray) -> Sums:
    """Return the sums that sizes promise under the metric's typical level."""
    level, spread = metric.typical, SPREAD
    if level is None:
        level = float(truth["y"].mean()) if "y" in truth and len(truth["y"]) else 0.5
    if "target" in truth and len(truth["target"]) > 1:
        spread = float(truth["target"].std())
        level = spread if metric.name == "mean_absolute_error" else 0.0
    return Sums.expected(n, level, spread, metric.proportion)


Estimate = Callable[[str, Metric, Cut], Estimator | None]


def labels_of(ask: Ask, task: Task) -> tuple[str, ...]:
    """Return the classes an ask is about: one, each in turn, or none in particular."""
    return task.labels if ask.label == "each" else (ask.label,)


def expand(
    ask: Ask,
    title: str,
    examples: Examples,
    task: Task,
    rules: GroupRules,
    estimate: Estimate | None,
) -> Family:
    """Expand an ask about groups.

    Parameters
    ----------
    ask : Ask
    title : str
        Of the family, as a sentence begins.
    examples : Examples
    task : Task
    rules : GroupRules
    estimate : callable or None
        Gives an estimator for a class, metric and cut; None takes what the sizes promise. The list
        of comparisons does not depend on it.
    """
    metric = METRICS[ask.metric]
    measurements: list[Measurement] = []
    untested: list[Untested] = []
    for label in labels_of(ask, task):
        truth = task.truth(examples, label)
        for cut in cuts(examples, ask.by, rules.intersections):
            n, events = relevant(metric, truth, cut, len(examples))
            why = [too_small(rules, a, b) for a, b in zip(n, events, strict=True)]
            rest = [
                not too_small(rules, a, b)
                for a, b in zip(n.sum() - n, events.sum() - events, strict=True)
            ]
            untested += [
                Untested(slice=s, n=round(float(m)), reason=w, label=label)
                for s, m, w in zip(cut.slices, n, why, strict=True)
                if w
            ]
            est = estimate(label, metric, cut) if estimate else promised(metric, truth, n)
            fit = [not w for w in why]
            measurements += measured(ask, label, metric, cut, est, fit, rest)
    unit = unit_of(ask, metric)
    return Family(
        ask=ask,
        title=title,
        unit=unit,
        measurements=tuple(measurements),
        untested=tuple(untested),
    )


def unit_of(ask: Ask, metric: Metric) -> Unit:
    """Return how the values of an ask are written."""
    if ask.statistic == "ratio":
        return Unit.RATIO
    return metric.gap_unit if ask.statistic == "gap" else metric.unit


def measured(
    ask: Ask,
    label: str,
    metric: Metric,
    cut: Cut,
    est: Estimator | None,
    fit: Sequence[bool],
    rest: Sequence[bool],
) -> Iterator[Measurement]:
    """Yield the measurements of one cut: levels, or comparisons."""
    if ask.statistic not in ("gap", "ratio"):
        for i, ok in enumerate(fit):
            if ok:
                evidence = est.one(i) if est else None
                yield measurement(
                    ask, label, metric, cut.slices[i], evidence, est.n(i) if est else 0
                )
        return
    for pair in pairs_of(ask, cut, fit, rest):
        evidence = comparison(ask, est, pair) if est else None
        yield measurement(
            ask,
            label,
            metric,
            cut.slices[pair.i],
            evidence,
            est.n(pair.i) if est else 0,
            against=THE_REST if pair.j == REST else cut.slices[pair.j].name,
            n_against=0 if not est else est.rest_n(pair.i) if pair.j == REST else est.n(pair.j),
            side=pair.side,
        )


def measurement(
    ask: Ask,
    label: str,
    metric: Metric,
    where: Slice,
    evidence: AnyEvidence | None,
    n: int,
    *,
    against: str = "",
    n_against: int = 0,
    side: str = "",
) -> Measurement:
    """Wrap evidence with its name, value and plain interval."""
    tail = f" {side} {against}" if against else ""
    about = f"{label}: " if label else ""
    value = None if evidence is None else evidence.theta
    return Measurement(
        id=f"{ask.measure}@{ask.split}[{about}{where}{tail}]",
        measure=ask.measure,
        slice=where,
        split=ask.split,
        unit=unit_of(ask, metric),
        value=value,
        evidence=evidence,
        interval=Interval.of(evidence),
        n=n,
        n_against=n_against,
        against=against,
        side=side,
        label=label,
        why=undefined(metric) if value is None else "",
    )


def undefined(metric: Metric) -> str:
    """Say why a metric has no value."""
    rows = {"y": "positive rows", "not_y": "negative rows", "yhat": "rows chosen as positive"}
    return f"no {rows.get(metric.given, 'rows')}, or none that differ"
