"""Which inputs are explained, and how they are changed: by split, and by domain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from audit.corrupted.cells import Cells
from audit.domains import TEST, DomainRules
from audit.errors import ConfigError, NotApplicable
from audit.examples import Examples, IntArray
from audit.explained.chosen import explained_rows
from audit.explained.places import sources
from audit.explained.staged import Sample
from audit.explainer import Chosen
from audit.groups import GroupRules
from audit.model import ModelCard
from audit.sampled import answerable, chosen_rows
from audit.ways import Way, ways_for


@dataclass(frozen=True, kw_only=True)
class Making:
    """What samples are made by; attributes as those of the probe and of `Sample`."""

    ways: tuple[str, ...]
    severities: tuple[int, ...]
    inputs: int
    seed: int
    chosen: Chosen
    seeds: int
    most: int
    margin: float
    block: int

    def of_split(self, examples: Examples, model: ModelCard, rules: DomainRules) -> Sample:
        """Return the sample of a split, in distribution where the rules tell.

        Raises
        ------
        NotApplicable
            If the model, or the inputs, cannot be explained.
        """
        return self.sample(examples, explained_rows(examples, model, rules, self.inputs, self.seed))

    def of_domains(
        self,
        data: Mapping[str, Examples],
        model: ModelCard,
        rules: DomainRules,
        groups: GroupRules,
    ) -> dict[str, Sample]:
        """Return a sample of each domain that is large enough; none where there is one domain."""
        answerable(data[TEST], model)
        try:
            found = sources(data, rules, groups, self.inputs)
        except NotApplicable:
            return {}
        return {
            s.key: self.sample(
                data[s.domain.split],
                chosen_rows(data[s.domain.split], s.domain.rows, self.inputs, self.seed),
            )
            for s in found
        }

    def sample(self, examples: Examples, rows: IntArray) -> Sample:
        """Return what is done to some rows of a split."""
        ways = steady_ways(examples, self.ways)
        whole = len(rows) == len(examples)
        return Sample(
            Cells(examples.split, rows, whole, ways, self.severities, self.seed),
            self.chosen,
            seeds=self.seeds if self.chosen.sheet.seeded else 1,
            most=self.most,
            margin=self.margin,
            block=self.block,
        )


def steady_ways(examples: Examples, names: tuple[str, ...]) -> tuple[Way, ...]:
    """Return the transforms that leave the parts of an input where they are.

    Raises
    ------
    ConfigError
        If one is named that moves them.
    NotApplicable
        If there is none.
    """
    ways = ways_for(examples, names)
    for way in ways:
        if names and moves(way):
            raise ConfigError(
                f'the transform "{way.sheet.name}" moves the parts of an input: explanations '
                "before and after cannot be laid on each other",
                hint="leave it out of transforms:",
            )
    found = tuple(w for w in ways if w.tested and not moves(w))
    if not found:
        raise NotApplicable(
            f"no transform of {examples.modality} inputs keeps a label and the place of parts"
        )
    return found


def moves(way: Way) -> bool:
    """Whether a transform moves the parts of an input."""
    return way.sheet.modality == "image" and way.sheet.family == "shape"
