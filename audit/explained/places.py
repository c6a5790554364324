"""Which inputs each figure about explanations is about: all, a group's, a domain's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.data import Slice
from audit.domains import Domain, DomainRules, domains_of
from audit.errors import NotApplicable
from audit.examples import Examples
from audit.explained.staged import Sample
from audit.groups import GroupRules, cuts, too_small
from audit.measurement import Ask, Untested
from audit.sampled import part


@dataclass(frozen=True)
class Place:
    """Inputs of a sample that one figure is about.

    Attributes
    ----------
    slice : Slice
    sample : str
        Key of the sample.
    split : str
    inside : (n,) bool array
        Which inputs of the sample.
    """

    slice: Slice
    sample: str
    split: str
    inside: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Expanded:
    """The places that one ask is about, those too small, and why there may be none at all."""

    places: Sequence[Place] = ()
    untested: Sequence[Untested] = ()
    why: str = ""


@dataclass(frozen=True)
class Source:
    """A domain as a sample of its own."""

    key: str
    domain: Domain


def sources(
    data: Mapping[str, Examples], rules: DomainRules, groups: GroupRules, most: int
) -> list[Source]:
    """Return the domains that are large enough, in order; the first is in distribution.

    Parameters
    ----------
    most : int
        Inputs that are explained of each; 0 for all.

    Raises
    ------
    NotApplicable
        If there is one domain only.
    """
    return [
        Source(f"{d.split}, {d.column} {d.name}", d)
        for d in domains_of(data, rules)
        if not too_small(groups, min(most or len(d), len(d)), np.inf)
    ]


def expand(
    ask: Ask,
    data: Mapping[str, Examples],
    samples: Mapping[str, Sample],
    groups: GroupRules,
    rules: DomainRules,
    most: int,
) -> Expanded:
    """Return the places of an ask, from sizes alone.

    Parameters
    ----------
    samples : mapping of key to Sample
        That of a whole split by the split's name.
    most : int
        As in `sources`.
    """
    if ask.statistic == "domain":
        return by_domain(data, samples, groups, rules, most)
    rows = samples[ask.split].cells.rows
    if ask.statistic == "worst":
        return by_group(ask, part(data[ask.split], rows), groups)
    everything = np.ones(len(rows), dtype=bool)
    return Expanded([Place(Slice(), ask.split, ask.split, everything)])


def by_group(ask: Ask, rows: Examples, groups: GroupRules) -> Expanded:
    """Cut the inputs of a sample by the ask's columns."""
    places, small = [], []
    for cut in cuts(rows, ask.by, groups.intersections):
        for i, where in enumerate(cut.slices):
            inside = cut.codes == i
            n = int(inside.sum())
            why = too_small(groups, n, np.inf)
            if why:
                small.append(Untested(slice=where, n=n, reason=why))
            else:
                places.append(Place(where, ask.split, ask.split, inside))
    return Expanded(places, small)


def by_domain(
    data: Mapping[str, Examples],
    samples: Mapping[str, Sample],
    groups: GroupRules,
    rules: DomainRules,
    most: int,
) -> Expanded:
    """Take every domain as a place."""
    try:
        found = sources(data, rules, groups, most)
        domains = domains_of(data, rules)
    except NotApplicable as reason:
        return Expanded(why=str(reason))
    places = [
        Place(s.domain.slice, s.key, s.domain.split, np.ones(len(samples[s.key]), dtype=bool))
        for s in found
    ]
    large = {s.domain.slice for s in found}
    small = [
        Untested(slice=d.slice, n=len(d), reason=too_small(groups, min(most or len(d), len(d)), 99))
        for d in domains
        if d.slice not in large
    ]
    return Expanded(places, small)
