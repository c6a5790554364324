"""Whose training rows are worth most: what would each group gain from more of its own?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from audit.config import TRAIN, SplitSpec
from audit.errors import ConfigError, NotApplicable
from audit.examples import Examples, IntArray
from audit.exhibits import Exhibit, Forest
from audit.families import complete_groups
from audit.forests import rows_of
from audit.groups import cuts, too_small
from audit.learning.anchors import Schedule, errors_of, schedule
from audit.learning.trained import Trained, level_of, read
from audit.measurement import Ask, Family, Interval, Measurement, Untested
from audit.model import ModelCard
from audit.observations import Observations
from audit.probe import Evidence, Probe
from audit.requests import Predict, Refit, Request
from audit.result import ProbeSheet
from audit.stats.crossed import crossed_mean
from audit.stats.evidence import Mean
from audit.task import Task

TITLE = "Gain of a group from a doubling of its own training rows"
THINNED = 4  # a group's own rows are cut to a fourth: two halvings, so that a gain shows
FEWEST_OWN = 32  # training rows of a group, so that a fourth of them is still something

Term = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class DataValue(Probe):
    """Thin the training rows of one group at a time, and look at what that group loses.

    Attributes
    ----------
    recipe, seeds, rows
        As of the learning curve, whose trainings on all rows are shared.
    """

    sheet: ClassVar[ProbeSheet] = ProbeSheet(
        id="data-value",
        area="Data dependence",
        title="No group is held back by too few training rows of its own",
        failure_title="A group is held back by too few training rows of its own",
        question="Whose training rows are worth most: what would each group gain from more of its "
        "own?",
        mechanism=(
            "For each group in turn the model is trained again with a fourth of that group's "
            "training rows and all of the others'. What the group's own test rows lose, paired "
            "over rows and seeds, is divided by the two halvings. The interval holds seeds and "
            "test rows (clustered where the split says so)."
        ),
        measures={"gain.worst": TITLE},
        needs=("Refits",),
        limitations=(
            "It is the value of rows that were there, below the present size; what further rows "
            "bring is usually less.",
            "Groups are thinned one column at a time, never in combination.",
        ),
        references=("Hestness et al. (2017), arXiv:1712.00409 (error against training rows)",),
    )

    recipe: str = ""
    seeds: int = 5
    rows: int = 0

    @classmethod
    def complete(cls, ask: Ask, split: SplitSpec) -> Ask:
        """Fill in the groups.

        Raises
        ------
        ConfigError
            If the split has none, or a comparison is asked for.
        """
        if ask.label:
            raise ConfigError(f'measure "{ask.measure}" is about all labels: leave out label:')
        return complete_groups(ask, split)

    @classmethod
    def default_asks(cls, splits: Mapping[str, SplitSpec], task: Task) -> Sequence[Ask]:  # noqa: ARG003
        """Ask for every group of the test split that the training rows name as well."""
        split = splits["test"]
        if split.label is None or not split.groups:
            return []
        ask = Ask(probe=cls.sheet.id, metric="gain", statistic="worst", by=split.groups)
        return [cls.complete(ask, split)]

    def plan(
        self,
        data: Mapping[str, Examples],
        model: ModelCard,
        seen: Observations,  # noqa: ARG002
    ) -> Sequence[Request]:
        """Ask for the trainings on all rows, and for those in which one group is thinned."""
        if not self.asks:
            raise NotApplicable("the test split names no groups, or has no label column")
        laid = self.laid(data, model)
        out: list[Request] = []
        for ask in self.asks:
            out += laid.requests(ask.split)
            for term in self.terms(ask, data):
                out += thinned(ask.split, term, data[TRAIN], laid)
        return list(dict.fromkeys(out))

    def laid(self, data: Mapping[str, Examples], model: ModelCard) -> Schedule:
        """Lay out the trainings on all rows."""
        whole = schedule(
            data, model, self.seed, recipe=self.recipe, seeds=self.seeds, rows=self.rows
        )
        return Schedule(whole.recipe, whole.sizes[-1:], whole.seeds, whole.orders)

    def terms(self, ask: Ask, data: Mapping[str, Examples]) -> list[Term]:
        """Return the groups that are tested."""
        return [m.slice.terms[0] for m in self.family(ask, data).measurements]

    def design(self, data: Mapping[str, Examples], model: ModelCard) -> Sequence[Family]:
        """Expand every ask from sizes."""
        self.laid(data, model)
        return [self.family(ask, data) for ask in self.asks]

    def measure(self, seen: Observations) -> Evidence:
        """Measure what every group loses."""
        laid = self.laid(seen.examples, seen.card)
        families = []
        for ask in self.asks:
            t = read(self.task, seen, ask.split, laid)
            gains = {term: self.gain(ask, term, t, seen) for term in self.terms(ask, seen.examples)}
            families.append(self.family(ask, seen.examples, gains))
        return Evidence(families, [self.forest(f) for f in families if f.measurements])

    def gain(self, ask: Ask, term: Term, t: Trained, seen: Observations) -> Mean:
        """Return what one group gains per doubling, in the unit that a reader knows."""
        rows = t.examples.groups[term[0]].has(term[1])
        asked = thinned(ask.split, term, seen.examples[TRAIN], t.plan)
        thin = errors_of(self.task, seen, ask.split, asked, t.unit)[:, rows]
        gain = (thin - t.scores[:, -1][:, rows]) * t.unit / np.log2(THINNED)
        return crossed_mean(gain, t.clusters(rows))

    def family(
        self, ask: Ask, data: Mapping[str, Examples], gains: Mapping[Term, Mean] | None = None
    ) -> Family:
        """Return one measurement a group; which ones, sizes alone decide."""
        measurements, untested = [], []
        unit = level_of(self.task).gap_unit
        for cut in cuts(data[ask.split], ask.by, 1):
            for i, place in enumerate(cut.slices):
                n = int((cut.codes == i).sum())
                reason = too_small(self.groups, n, n) or unlearned(place.terms[0], data[TRAIN])
                if reason:
                    untested.append(Untested(slice=place, n=n, reason=reason))
                    continue
                found = gains[place.terms[0]] if gains else None
                measurements.append(
                    Measurement(
                        id=f"{ask.measure}@{ask.split}[{place}]",
                        measure=ask.measure,
                        slice=place,
                        split=ask.split,
                        unit=unit,
                        value=None if found is None else found.theta,
                        evidence=found,
                        interval=Interval.of(found),
                        n=n,
                        why="" if found is not None else "known after the run",
                    )
                )
        return Family(
            ask=ask,
            title=TITLE,
            unit=unit,
            measurements=tuple(measurements),
            untested=tuple(untested),
        )

    def forest(self, family: Family) -> Exhibit:
        """Draw one interval a group."""
        return Forest(
            id="-".join(["data-value", family.ask.split, *family.ask.by]),
            title="What a doubling of its own rows is worth to a group",
            caption="Each group is thinned alone; plain 95% intervals.",
            axis=f"{level_of(self.task).title} of the group with all of its rows, minus that with "
            "half of them",
            count="test rows",
            unit=family.unit,
            rows=rows_of(family, indented=False),
            family=family.ask.key,
        )


def thinned(split: str, term: Term, train: Examples, laid: Schedule) -> list[Predict]:
    """Return the trainings, seed by seed, in which one group keeps a fourth of its rows."""
    own = train.groups[term[0]].has(term[1])
    return [
        Predict(split, Refit.on(TRAIN, laid.recipe.name, seed, kept(laid.orders[j], laid, own)))
        for j, seed in enumerate(laid.seeds)
    ]


def kept(order: IntArray, laid: Schedule, own: np.ndarray) -> IntArray:
    """Return the rows of one training without three fourths of a group's, the others' in order."""
    rows = order[: laid.sizes[-1]]
    mine = own[rows]
    out: IntArray = rows[~mine | (np.cumsum(mine) <= mine.sum() // THINNED)]
    return out


def unlearned(term: Term, train: Examples) -> str:
    """Return why a group's own training rows cannot be thinned, or an empty text."""
    column, name = term
    if column not in train.groups:
        return f"the training rows have no group column {column}"
    own = int(train.groups[column].has(name).sum())
    if own < FEWEST_OWN:
        return f"{own} training rows of its own; at least {FEWEST_OWN} are needed"
    return ""
