"""What a probe is: a frozen dataclass of options; pure, seeded, without a model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from audit.config import SplitSpec
from audit.domains import DomainRules
from audit.examples import Examples
from audit.exhibits import Exhibit
from audit.groups import GroupRules
from audit.measurement import Ask, Family
from audit.model import ModelCard
from audit.observations import Observations
from audit.requests import Request
from audit.result import ProbeSheet
from audit.task import Task


@dataclass(frozen=True)
class Evidence:
    """What a probe hands back: families of measurements, exhibits, and warnings."""

    families: Sequence[Family]
    exhibits: Sequence[Exhibit] = ()
    warnings: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Probe(ABC):
    """Base of all probes.

    Attributes
    ----------
    asks : tuple of Ask
        The measures to take: those that requirements name, and the probe's own defaults.
    seed : int
        Root of every random draw.
    task : Task
        How an answer is scored.
    groups : GroupRules
        Smallest sizes that are tested.
    domains : DomainRules
        Which rows are in distribution.
    """

    sheet: ClassVar[ProbeSheet]

    asks: tuple[Ask, ...] = ()
    seed: int = 0
    task: Task
    groups: GroupRules = field(default_factory=GroupRules)
    domains: DomainRules = field(default_factory=DomainRules)

    @classmethod
    def complete(cls, ask: Ask, split: SplitSpec) -> Ask:  # noqa: ARG003
        """Fill in what a requirement leaves unsaid.

        Raises
        ------
        ConfigError
            If its words do not fit the measure.
        """
        return ask

    @classmethod
    @abstractmethod
    def default_asks(cls, splits: Mapping[str, SplitSpec], task: Task) -> Sequence[Ask]:
        """Return what is measured when nobody asks for anything in particular."""

    @abstractmethod
    def plan(
        self, data: Mapping[str, Examples], model: ModelCard, seen: Observations
    ) -> Sequence[Request]:
        """Return what is to be asked of the model; called again until it asks nothing new.

        Raises
        ------
        NotApplicable
            With the reason, if the probe has nothing to say here.
        """

    def later(self, data: Mapping[str, Examples], model: ModelCard) -> int:  # noqa: ARG002
        """Return how many trainings may be asked for once the first answers are back, at most.

        They are announced before the run; a probe that asks everything at once has none.
        """
        return 0

    def explanations(self, data: Mapping[str, Examples], model: ModelCard) -> int:  # noqa: ARG002
        """Return how many inputs may be explained once the first answers are back, at most.

        Announced like `later`.
        """
        return 0

    def versions(self, data: Mapping[str, Examples], model: ModelCard) -> int:  # noqa: ARG002
        """Return how many versions without some parts may be predicted for that, at most.

        Announced like `later`.
        """
        return 0

    @abstractmethod
    def design(self, data: Mapping[str, Examples], model: ModelCard) -> Sequence[Family]:
        """Return every family with what its sizes promise, before any outcome is seen."""

    @abstractmethod
    def measure(self, seen: Observations) -> Evidence:
        """Return the same families with what was measured."""
