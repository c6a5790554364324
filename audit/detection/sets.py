"""The foreign sets: near or far, large enough or not, and the halves of their rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from audit.config import TRAIN
from audit.detection.pool import HOME, MEASURE, Pool, halves, pooled
from audit.domains import Domain, DomainRules, domains_of
from audit.errors import ConfigError, did_you_mean
from audit.examples import Examples, IntArray
from audit.groups import GroupRules, too_small
from audit.measurement import Untested


@dataclass(frozen=True)
class Sets:
    """Everything about the rows that is known before the model is asked.

    Attributes
    ----------
    domains : tuple of Domain
        The first is the one in distribution.
    far : tuple of str
        Names of the far sets; all others are near.
    pool : Pool
    half : (n,) int array
        For each row of the pool: 0 to choose a detector on, 1 to measure it on.
    rules : GroupRules
    """

    domains: tuple[Domain, ...]
    far: tuple[str, ...]
    pool: Pool
    half: IntArray
    rules: GroupRules

    @classmethod
    def of(
        cls,
        data: Mapping[str, Examples],
        rules: DomainRules,
        groups: GroupRules,
        near: Sequence[str],
        far: Sequence[str],
        seed: int,
    ) -> Sets:
        """Cut the data into sets and halves.

        Raises
        ------
        NotApplicable
            If nothing is out of distribution.
        ConfigError
            If `near` or `far` names what is no foreign set, or both name the same one.
        """
        domains = domains_of(data, rules)
        names = [d.name for d in domains[1:]]
        for name in (*near, *far):
            if name not in names:
                raise ConfigError(
                    f'near: or far: of ood-detection names "{name}", which is no foreign set',
                    hint=did_you_mean(name, names),
                )
            if name in near and name in far:
                raise ConfigError(f'ood-detection: "{name}" is named both near and far')
        pool = pooled(data, domains)
        return cls(domains, tuple(far), pool, halves(pool, seed, 1), groups)

    @cached_property
    def sizes(self) -> IntArray:
        """Rows of each domain in each half, ``(domains, 2)``."""
        flat = np.bincount(2 * self.pool.domain + self.half, minlength=2 * len(self.domains))
        return flat.reshape(-1, 2).astype(np.int64)

    @property
    def home_labels(self) -> IntArray:
        """Label codes of the rows in distribution; all 0 without labels."""
        return np.asarray(self.pool.label[self.pool.domain == HOME])

    def kind(self, domain: int) -> str:
        """Return ``near`` or ``far``."""
        return "far" if self.domains[domain].name in self.far else "near"

    def within(self, statistic: str) -> list[int]:
        """Return the foreign sets that a statistic is about."""
        foreign = range(1, len(self.domains))
        return [d for d in foreign if statistic == "worst" or self.kind(d) == statistic]

    def reason(self, domain: int) -> str:
        """Return why a set is not tested, from sizes alone; empty if it is."""
        own = too_small(self.rules, int(self.sizes[domain].min()), math.inf)
        home = too_small(self.rules, int(self.sizes[HOME].min()), math.inf)
        if own:
            return f"{own} in each half"
        return f"{self.domains[HOME].name}: {home} in each half" if home else ""

    @property
    def tested(self) -> list[int]:
        """The foreign sets that are large enough."""
        return [d for d in self.within("worst") if not self.reason(d)]

    def untested(self, statistic: str) -> tuple[Untested, ...]:
        """Return the foreign sets that are too small, and why."""
        return tuple(
            Untested(slice=self.domains[d].slice, n=int(self.sizes[d, MEASURE]), reason=why)
            for d in self.within(statistic)
            if (why := self.reason(d))
        )

    def warnings(self, data: Mapping[str, Examples]) -> list[str]:
        """Say which rows are in two places."""
        out = []
        if self.pool.shared:
            out.append(
                f"{self.pool.shared:,} inputs stand both in distribution and out of it, and are "
                "left out"
            )
        if TRAIN in data:
            foreign = np.unique(self.pool.digests[self.pool.domain != HOME])
            known = int(np.isin(foreign, data[TRAIN].digests).sum())
            if known:
                out.append(f"{known:,} foreign inputs stand in the train split: they may be known")
        return out
