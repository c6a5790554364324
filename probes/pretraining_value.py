"""What is the pretrained starting point worth, in training rows?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from audit.config import SplitSpec
from audit.errors import NotApplicable
from audit.examples import Examples
from audit.exhibits import Exhibit
from audit.groups import about_all_rows
from audit.learning.anchors import Schedule, errors_of, schedule, scores_of
from audit.learning.rarity import Rarity
from audit.learning.trained import level_of
from audit.learning.twins import Twins
from audit.measurement import Ask, Family, Unit
from audit.model import ModelCard, Recipe
from audit.observations import Observations
from audit.probe import Evidence, Probe
from audit.requests import Predict, Request, TokenRanks
from audit.result import ProbeSheet
from audit.stats.evidence import AnyEvidence
from audit.stats.transfer import Pair
from audit.task import Task

MEASURES = {
    "gain.pretrained": "Error that pretraining saves",
    "rows.transferred": "Training rows that pretraining is worth",
    "rarity.slope": "Rise of the error with rarer words",
}
# Transfer is measured at a quarter of the rows, chosen from sizes before any outcome is seen: a
# training from scratch then has up to four times the rows to catch up within what is measured.
SHARE = 0.25


@dataclass(frozen=True, kw_only=True)
class PretrainingValue(Probe):
    """Train from the pretrained weights and from random ones, on the same rows.

    Attributes
    ----------
    recipe : str
        Name of the pretrained recipe; empty for the model's first.
    anchors : int
        Training sizes; 0 for 15 where a training is cheap, else 8.
    seeds : int
        Trainings at each size.
    rows : int
        The largest training size; 0 for all rows.
    at : int
        The training size at which transfer is measured: the nearest anchor is taken; 0 for a
        quarter of the largest.
    """

    sheet: ClassVar[ProbeSheet] = ProbeSheet(
        id="pretraining-value",
        area="Data dependence",
        title="The pretrained starting point is worth what was required of it",
        failure_title="The pretrained starting point is worth too little",
        question="What is the pretrained starting point worth, in training rows?",
        mechanism=(
            "The model is trained again from its pretrained weights and from random ones, on the "
            "same nested subsets with the same seeds. The gain is the difference of both errors "
            "at the largest size, paired by test row and seed. The rows transferred are those "
            "that a training from scratch needs to do as well as the pretrained model does at one "
            "size, minus that size; their interval inverts a t test of the paired difference "
            "along the scratch curve, and is open above where the scratch curve does not arrive. "
            "Standard errors know that both trainings and test rows vary (crossed random effects, "
            "Satterthwaite's degrees of freedom; CR2 for clustered rows). The slope is that of "
            "the error of the model as it is on the mean log rank of an input's tokens, per "
            "standard deviation of these rows (HC3; CR3 for clustered rows)."
        ),
        measures=MEASURES,
        needs=("Predicts", "Refits"),
        limitations=(
            "Random weights are trained by the same recipe: one that is tuned for pretrained "
            "weights may be a poor one from scratch, and the worth is then overstated.",
            "Pretraining is measured as a whole: what in its data was of use is not seen.",
            "The rows transferred hold at the size at which they were measured.",
            "Intervals are about other seeds and other test rows. Other training rows would move "
            "both curves, mostly together.",
            "The slope is an association: inputs with rarer words differ in other ways too, such "
            "as length or subject. The order of a tokenizer's vocabulary stands in for frequency.",
        ),
        references=(
            "Hernandez, Kaplan, Henighan & McCandlish (2021), Scaling Laws for Transfer, "
            "arXiv:2102.01293, section 1 (effective data transferred)",
            "Searle, Casella & McCulloch (1992), Variance Components, section 4.3",
            "MacKinnon & White (1985), Journal of Econometrics 29, 305-325 (HC3)",
        ),
    )

    recipe: str = ""
    anchors: int = 0
    seeds: int = 5
    rows: int = 0
    at: int = 0

    @classmethod
    def complete(cls, ask: Ask, split: SplitSpec) -> Ask:  # noqa: ARG003
        """Refuse groups and classes: every figure is about all rows.

        Raises
        ------
        ConfigError
            If groups, a comparison or a class is named.
        """
        return about_all_rows(ask)

    @classmethod
    def default_asks(cls, splits: Mapping[str, SplitSpec], task: Task) -> Sequence[Ask]:  # noqa: ARG003
        """Ask for every figure on the split ``test``, if it has a label."""
        if "test" not in splits or splits["test"].label is None:
            return []
        parts = (name.split(".") for name in MEASURES)
        return [Ask(probe=cls.sheet.id, metric=m, statistic=s) for m, s in parts]

    def trainings(self, data: Mapping[str, Examples], model: ModelCard) -> tuple[Schedule, Recipe]:
        """Return the schedule of the pretrained recipe, and its twin from random weights.

        Raises
        ------
        NotApplicable
            If there is no curve to train, or the recipe starts from nothing that was pretrained.
        """
        plan = schedule(
            data,
            model,
            self.seed,
            recipe=self.recipe,
            anchors=self.anchors,
            seeds=self.seeds,
            rows=self.rows,
        )
        twin = model.recipe(plan.recipe.twin) if plan.recipe.twin else None
        if twin is None:
            raise NotApplicable(
                f'the recipe "{plan.recipe.name}" has no counterpart from random weights: nothing '
                "was pretrained"
            )
        if self.seeds < 2:
            raise NotApplicable("one training a size does not say how trainings differ: seeds: 2")
        return plan, twin

    def plan(
        self,
        data: Mapping[str, Examples],
        model: ModelCard,
        seen: Observations,  # noqa: ARG002
    ) -> Sequence[Request]:
        """Ask for both curves, and for the model's own outputs beside the rarity of words."""
        if not self.asks:
            raise NotApplicable("there is no split test with a label column")
        plan, twin = self.trainings(data, model)
        wanted: list[Request] = []
        for split in dict.fromkeys(a.split for a in self.asks):
            rows = data[split]
            if rows.labels is None and rows.targets is None:
                raise NotApplicable(f'split "{split}" has no label column')
            metrics = {a.metric for a in self.asks if a.split == split}
            if "rarity" in metrics:
                wanted += [Predict(split), TokenRanks(split)]
            if metrics - {"rarity"}:
                wanted += [*plan.requests(split), *plan.requests(split, twin.name)]
        return wanted

    def design(self, data: Mapping[str, Examples], model: ModelCard) -> Sequence[Family]:  # noqa: ARG002
        """Lay out one figure an ask; how sharp it is depends on trainings that are not yet run."""
        return [self.family(a, None, "not measured yet", len(data[a.split])) for a in self.asks]

    def family(self, ask: Ask, evidence: AnyEvidence | None, why: str = "", n: int = 0) -> Family:
        """Return the family of one figure."""
        title = MEASURES[f"{ask.metric}.{ask.statistic}"]
        unit = Unit.NUMBER if ask.metric == "rows" else level_of(self.task).gap_unit
        return Family.of_one(ask, title, unit, evidence, n=n, why=why)

    def measure(self, seen: Observations) -> Evidence:
        """Measure every ask, and draw both curves and the errors by rarity once a split."""
        families: list[Family] = []
        exhibits: list[Exhibit] = []
        warnings: list[str] = []
        for split in dict.fromkeys(a.split for a in self.asks):
            asks = [a for a in self.asks if a.split == split]
            about_words = [a for a in asks if a.metric == "rarity"]
            if len(asks) > len(about_words):
                pair = self.pair(seen, split)
                own = [self.worth(a, pair) for a in asks if a.metric != "rarity"]
                families += own
                exhibits += self.drawn(seen, split, pair, own)
            for ask in about_words:
                rarity = self.rarity(seen, split)
                family = self.family(ask, rarity.slope(), rarity.why, len(rarity.errors))
                families.append(family)
                if rarity.why:
                    warnings.append(f'rarity of words on split "{split}": {rarity.why}')
                else:
                    figure = level_of(self.task)
                    exhibits.append(rarity.curve(split, figure, self.level, family))
        return Evidence(families=families, exhibits=exhibits, warnings=warnings)

    def worth(self, ask: Ask, pair: Pair) -> Family:
        """Measure one ask about both curves."""
        if ask.metric == "gain":
            return self.family(ask, pair.gain(-1))
        return self.family(ask, pair.transferred(), beyond(pair))

    def pair(self, seen: Observations, split: str) -> Pair:
        """Return the errors of both curves on a split."""
        plan, twin = self.trainings(seen.examples, seen.card)
        pretrained, scratch = (
            scores_of(self.task, seen, split, plan, name) for name in (plan.recipe.name, twin.name)
        )
        wanted = np.log(self.at or SHARE * plan.sizes[-1])
        at = int(np.argmin(np.abs(np.log(plan.sizes) - wanted)))
        return Pair(plan.sizes, at, pretrained, scratch, seen.examples[split].clusters)

    def rarity(self, seen: Observations, split: str) -> Rarity:
        """Return the errors of the model as it is, beside the rarity of each input's words."""
        examples = seen.examples[split]
        errors = errors_of(self.task, seen, split, [Predict(split)])[0]
        return Rarity.of(seen.answers[TokenRanks(split)], errors, examples.clusters)

    def level(self, error: float) -> float:
        """Turn an error into the figure that a reader knows: accuracy, or the error itself."""
        return 1.0 - error if self.task.labels else error

    def drawn(
        self, seen: Observations, split: str, pair: Pair, families: Sequence[Family]
    ) -> list[Exhibit]:
        """Draw and tabulate both curves."""
        plan, twin = self.trainings(seen.examples, seen.card)
        twins = Twins(pair, split, level_of(self.task), self.level, families)
        caption = (
            f"Pretrained: {plan.recipe.says}. From scratch: {twin.says}. {len(plan.seeds)} "
            "trainings at every size; plain 95% intervals over trainings and test rows."
        )
        return [twins.curve(caption), twins.table()]


def beyond(pair: Pair) -> str:
    """Say what is known where the scratch curve does not cross the level within its sizes."""
    errors, least, most = pair.scratch.mean(axis=(0, 2)), pair.sizes[0], pair.sizes[-1]
    level = f"the error of {pair.size:,} pretrained ones"
    if errors[-1] > pair.level:
        known = f"more than {most - pair.size:,} rows"
        return f"{known}: from scratch, all {most:,} rows do not reach {level}"
    if (errors <= pair.level).all():
        known = f"at most {least - pair.size:,} rows"
        return f"{known}: from scratch, {least:,} rows reach {level}"
    return ""
