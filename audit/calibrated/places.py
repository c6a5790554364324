"""Where probabilities are held against outcomes: all rows, groups, domains, classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from audit.data import Slice
from audit.domains import DomainRules, domains_of
from audit.errors import ConfigError, NotApplicable, did_you_mean
from audit.examples import Examples, IntArray
from audit.groups import GroupRules, cuts, too_small
from audit.measurement import Ask, Untested
from audit.task import Classification


@dataclass(frozen=True)
class Place:
    """Rows of a split whose probabilities are held against outcomes.

    Attributes
    ----------
    split : str
    slice : Slice
    rows : (n,) int array
        Positions in the split.
    label : str
        The class whose probability it is; empty for that of the chosen class.
    """

    split: str
    slice: Slice
    rows: IntArray
    label: str = ""

    @property
    def key(self) -> tuple[str, Slice, str]:
        """What tells two places apart."""
        return self.split, self.slice, self.label


@dataclass(frozen=True)
class Expanded:
    """The places that one ask is about, those too small, and why there may be none at all."""

    places: Sequence[Place] = ()
    untested: Sequence[Untested] = ()
    why: str = ""


def expand(
    ask: Ask,
    data: Mapping[str, Examples],
    task: Classification,
    groups: GroupRules,
    domains: DomainRules,
) -> Expanded:
    """Return the places of an ask, from sizes and labels alone.

    Raises
    ------
    ConfigError
        If it names a class that the model does not know.
    """
    rows = data[ask.split]
    if ask.statistic == "domain":
        return by_domain(data, groups, domains)
    if ask.statistic == "worst":
        found = [
            Place(ask.split, s, np.flatnonzero(cut.codes == i))
            for cut in cuts(rows, ask.by, groups.intersections)
            for i, s in enumerate(cut.slices)
        ]
        return large_enough(found, groups)
    if ask.metric == "classwise":
        return by_class(ask, rows, task, groups)
    return Expanded([Place(ask.split, Slice(), np.arange(len(rows)))])


def large_enough(places: Sequence[Place], rules: GroupRules) -> Expanded:
    """Set the places apart that are too small."""
    why = [too_small(rules, len(p.rows), np.inf) for p in places]
    small = [
        Untested(slice=p.slice, n=len(p.rows), reason=w)
        for p, w in zip(places, why, strict=True)
        if w
    ]
    return Expanded([p for p, w in zip(places, why, strict=True) if not w], small)


def by_domain(data: Mapping[str, Examples], groups: GroupRules, rules: DomainRules) -> Expanded:
    """Return every domain as a place; one without labels cannot be held against outcomes."""
    try:
        found = domains_of(data, rules)
    except NotApplicable as reason:
        return Expanded(why=str(reason))
    lit = [Place(d.split, d.slice, d.rows) for d in found if data[d.split].labels is not None]
    dark = [
        Untested(slice=d.slice, n=len(d), reason="no label column")
        for d in found
        if data[d.split].labels is None
    ]
    large = large_enough(lit, groups)
    return Expanded(large.places, [*large.untested, *dark])


def by_class(ask: Ask, rows: Examples, task: Classification, rules: GroupRules) -> Expanded:
    """Return every class that an ask is about as a place, unless it is too rare."""
    if ask.label and ask.label not in task.labels:
        raise ConfigError(
            f'measure "{ask.measure}" is about class "{ask.label}", which the model does not know',
            hint=did_you_mean(ask.label, task.labels),
        )
    places, small = [], []
    for label in classes(task, ask.label):
        at = Slice((("class", label),))
        why = too_small(rules, len(rows), float(task.truth(rows, label)["y"].sum()))
        if why:
            small.append(Untested(slice=at, n=len(rows), reason=why, label=label))
        else:
            places.append(Place(ask.split, at, np.arange(len(rows)), label))
    return Expanded(places, small)


def classes(task: Classification, label: str) -> Sequence[str]:
    """Return the classes an ask is about: one, or all; of two, one is the mirror of the other."""
    if label:
        return (label,)
    if len(task.labels) == 2:
        return (task.positive or task.labels[-1],)
    return task.labels
