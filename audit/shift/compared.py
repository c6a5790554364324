"""Expanding an ask about domains into its frozen list of comparisons, from sizes alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from audit.data import Slice
from audit.domains import Domain
from audit.examples import Examples
from audit.groups import GroupRules, too_small
from audit.measurement import Ask, Family, Interval, Measurement, Unit, Untested
from audit.metrics import METRICS
from audit.shift.pooled import ERRORS, Pooled
from audit.stats.evidence import AnyEvidence

THE_HOME = "the rows in distribution"
UNLABELLED = "it has no labels: what is lost there cannot be counted"
THIN = "fewer than two rows, or clusters, of a kind that is compared"
UNSCORED = "only chosen labels are known: there are no probabilities"


@dataclass(frozen=True)
class Setting:
    """The domains of an audit, and which of them are compared.

    Attributes
    ----------
    domains : tuple of Domain
        The one in distribution first.
    data : mapping of split name to Examples
    rules : GroupRules
    """

    domains: tuple[Domain, ...]
    data: Mapping[str, Examples]
    rules: GroupRules

    def has_labels(self, domain: Domain) -> bool:
        """Whether answers of a domain can be scored."""
        rows = self.data[domain.split]
        return rows.labels is not None or rows.targets is not None

    @cached_property
    def labelled(self) -> tuple[Domain, ...]:
        """The domains whose answers can be scored, the one in distribution first."""
        return tuple(d for d in self.domains if self.has_labels(d))

    def place(self, domain: Domain) -> int:
        """Return where a domain stands among the labelled ones; -1 if it does not."""
        slices = [d.slice for d in self.labelled]
        return slices.index(domain.slice) if domain.slice in slices else -1

    @property
    def away(self) -> tuple[Domain, ...]:
        """The domains that are not in distribution."""
        return self.domains[1:]

    def why_not(self, domain: Domain, labels: bool) -> str:
        """Return why a domain is not compared, or nothing; sizes only."""
        if labels and not self.has_labels(domain):
            return UNLABELLED
        own = too_small(self.rules, len(domain), self.rules.min_events)
        home = too_small(self.rules, len(self.domains[0]), self.rules.min_events)
        return own or (f"in distribution there are {home}" if home else "")

    def left_out(self, labels: bool) -> list[Untested]:
        """Return the domains that are not compared."""
        return [
            Untested(slice=d.slice, n=len(d), reason=why)
            for d in self.away
            for why in [self.why_not(d, labels)]
            if why
        ]

    def kept(self, labels: bool) -> list[Domain]:
        """Return the foreign domains that are compared."""
        return [d for d in self.away if not self.why_not(d, labels)]


def expand(ask: Ask, title: str, setting: Setting, figure: Pooled) -> Family:
    """Expand an ask for a figure in every domain.

    Parameters
    ----------
    ask : Ask
    title : str
    setting : Setting
    figure : Pooled
        Over the labelled domains. The list of comparisons does not depend on its values.
    """
    kept = [setting.place(d) for d in setting.kept(labels=True)]
    if ask.statistic == "mean_drop":
        found = [mean_drop(ask, figure, kept)] if kept else []
    else:
        found = [one(ask, figure, i) for i in kept]
    return Family(
        ask=ask,
        title=title,
        unit=unit_of(ask),
        measurements=tuple(found),
        untested=tuple(setting.left_out(labels=True)),
    )


class Found(NamedTuple):
    """Evidence on a domain, the rows behind it, and why there is none."""

    evidence: AnyEvidence | None
    n: int
    why: str = ""


def listed(
    ask: Ask,
    title: str,
    unit: Unit,
    setting: Setting,
    found: Callable[[Domain], Found],
    *,
    labels: bool,
) -> Family:
    """Expand an ask for one number a foreign domain.

    Parameters
    ----------
    ask : Ask
    title : str
    unit : Unit
    setting : Setting
    found : callable
        Gives what is known of a domain.
    labels : bool
        Whether the number takes labels.
    """
    return Family(
        ask=ask,
        title=title,
        unit=unit,
        measurements=tuple(wrapped(ask, d.slice, unit, *found(d)) for d in setting.kept(labels)),
        untested=tuple(setting.left_out(labels)),
    )


def unit_of(ask: Ask) -> Unit:
    """Return how the values of an ask about a figure are written."""
    metric = METRICS[ask.metric]
    return metric.unit if ask.statistic == "worst" else metric.gap_unit


def side_of(metric: str) -> str:
    """Return where a domain lies that is proven to be worse."""
    return "above" if metric in ERRORS else "below"


def one(ask: Ask, figure: Pooled, i: int) -> Measurement:
    """Measure the level of one domain, or its drop."""
    n = int(figure.of(i).sum())
    if ask.statistic == "worst":
        return figured(ask, figure, figure.domains[i].slice, figure.level(i), n)
    return figured(
        ask,
        figure,
        figure.domains[i].slice,
        figure.drop(i),
        n,
        against=THE_HOME,
        n_against=int(figure.of(0).sum()),
        side=side_of(ask.metric),
    )


def mean_drop(ask: Ask, figure: Pooled, kept: Sequence[int]) -> Measurement:
    """Measure the drop to the mean of some domains."""
    n = int(sum(figure.of(i).sum() for i in kept))
    return figured(ask, figure, Slice(), figure.mean_drop(kept), n)


def figured(
    ask: Ask,
    figure: Pooled,
    where: Slice,
    evidence: AnyEvidence | None,
    n: int,
    *,
    against: str = "",
    n_against: int = 0,
    side: str = "",
) -> Measurement:
    """Wrap evidence on a figure."""
    return wrapped(
        ask, where, unit_of(ask), evidence, n, THIN if figure.known else UNSCORED,
        against=against, n_against=n_against, side=side,
    )  # fmt: skip


def wrapped(
    ask: Ask,
    where: Slice,
    unit: Unit,
    evidence: AnyEvidence | None,
    n: int,
    why: str = "",
    *,
    against: str = "",
    n_against: int = 0,
    side: str = "",
) -> Measurement:
    """Wrap evidence with its name, value and plain interval."""
    return Measurement(
        id=f"{ask.measure}@{ask.split}[{where}]",
        measure=ask.measure,
        slice=where,
        split=ask.split,
        unit=unit,
        value=None if evidence is None else evidence.theta,
        evidence=evidence,
        interval=Interval.of(evidence),
        n=n,
        n_against=n_against,
        against=against,
        side=side,
        why=why if evidence is None else "",
    )
