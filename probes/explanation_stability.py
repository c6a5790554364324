"""Do explanations survive harmless changes, and are they about the input at all?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import ClassVar

from audit.config import SplitSpec
from audit.domains import TEST, DomainRules
from audit.errors import ConfigError, NotApplicable, did_you_mean
from audit.examples import Examples
from audit.exhibits import Exhibit
from audit.explained.chosen import check_explainer, chosen_explainer
from audit.explained.identified import MEASURES, Figure, family, promised
from audit.explained.places import Expanded, Place, expand
from audit.explained.sampling import Making
from audit.explained.similarity import SIMILARITIES
from audit.explained.stability_drawn import drawn, forests
from audit.explained.studying import Studying, warned
from audit.explained.survivors import LEAST_RATE
from audit.families import complete_groups
from audit.groups import about_all_rows
from audit.measurement import Ask, Family
from audit.model import ModelCard
from audit.observations import Observations
from audit.probe import Evidence, Probe
from audit.requests import Request
from audit.result import ProbeSheet
from audit.task import Task
from audit.ways import check_names, check_severities

DEFAULTS = ("identifiability.overall", "shortfall.overall", "survival.rate")


@dataclass(frozen=True, kw_only=True)
class ExplanationStability(Probe):
    """Explain inputs, and harmless changes of them that keep the prediction.

    Attributes
    ----------
    explainer : str
        As ``audit explainers`` lists it; empty for the sharpest that the model allows.
    settings : mapping of str to float
        Of the explainer that is named.
    inputs : int
        Inputs that are explained, chosen by content; 0 for all.
    perturbations : int
        Changed versions that are explained of each input, at most.
    transforms : tuple of str
        Which changes are made; empty for all that keep a label and leave the parts in place.
    severities : tuple of int
    seeds : int
        Explanations of the same input, for the noise of an explainer that draws.
    margin : float
        Share by which the margin may move where a prediction is kept.
    similarity : str
        ``spearman``, ``top`` or ``cosine``, of absolute attributions.
    others : int
        Different inputs of the same predicted class that each is compared with.
    in_distribution_only : bool
        Whether rows from other domains are left out.
    until : float, optional
        A limit on identifiability: explaining stops once every figure that it is about is settled.
    block : int
        Inputs that are explained between two looks, where it may stop early.
    retrainings : int
        Trainings behind ``retrained.agreement``.
    recipe : str
        How they are trained; empty for the model's usual recipe.
    pairs : int
        Inputs that are shown with their explanations, before and after.
    """

    sheet: ClassVar[ProbeSheet] = ProbeSheet(
        id="explanation-stability",
        area="Explanations",
        title="Explanations survive harmless changes and tell their input from others",
        failure_title="Explanations do not survive harmless changes",
        question="Do explanations survive harmless changes, and are they about the input at all?",
        mechanism=(
            "Inputs, chosen by content, are changed by transforms that keep a label; the versions "
            "that keep the prediction (same class, margin within a tenth) are explained like the "
            "inputs themselves. Identifiability is the probability that an explanation is more "
            "like that of a version of its own input than like that of a different input with the "
            "same predicted class, on the same parts: 0.5 where explanations do not depend on the "
            "input, whatever the scale of the similarity. Its error is a jackknife over inputs in "
            "both of their roles. The shortfall holds the similarity to versions against that of "
            "the same input under other seeds of the explainer, so that its own noise is not held "
            f"against the model. Where under {100 * LEAST_RATE:g}% of the changed inputs keep the "
            "prediction nothing is claimed. With until: the evidence is a confidence sequence."
        ),
        measures=MEASURES,
        needs=("Predicts",),
        limitations=(
            "A stable explanation can be wrong: stability says nothing of whether the parts that "
            "are pointed at decide the answer. Read it beside explanation-faithfulness.",
            "Only changes that keep the prediction are explained; how many do is measured beside "
            "it. Of these, changes that moved the output are explained first.",
            "Absolute attributions are compared: a part whose sign turns counts as the same.",
            "Another input's attributions are laid on the parts by relative position: inputs that "
            "share a form (a first sentence, a column) are rightly harder to tell apart.",
            "Between trainings, explanations are by occlusion, whatever explainer is named.",
        ),
        references=(
            "Alvarez-Melis & Jaakkola (2018), On the Robustness of Interpretability Methods, "
            "arXiv:1806.08049",
            "Ghorbani, Abid & Zou (2019), Interpretation of Neural Networks Is Fragile, AAAI "
            "(rank correlation and top parts of perturbed inputs)",
            "Arvesen (1969), Jackknifing U-statistics, Ann. Math. Statist. 40, 2076-2100",
            "Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas (2024), Ann. Statist. 52, 2613-2640 "
            "(confidence sequences)",
        ),
    )

    explainer: str = ""
    settings: Mapping[str, float] = field(default_factory=dict)
    inputs: int = 100
    perturbations: int = 10
    transforms: tuple[str, ...] = ()
    severities: tuple[int, ...] = (1,)
    seeds: int = 5
    margin: float = 0.1
    similarity: str = "spearman"
    others: int = 20
    in_distribution_only: bool = True
    until: float | None = None
    block: int = 25
    retrainings: int = 5
    recipe: str = ""
    pairs: int = 3

    def __post_init__(self) -> None:
        """Refuse options that cannot be meant.

        Raises
        ------
        ConfigError
            With the option, and what is allowed.
        """
        check_explainer(self.explainer, self.settings)
        check_names(self.transforms)
        check_severities(self.severities)
        least = {
            "inputs": 0, "perturbations": 1, "seeds": 1, "others": 1, "block": 1,
            "retrainings": 3, "pairs": 0,
        }  # fmt: skip
        for name, bound in least.items():
            if getattr(self, name) < bound:
                raise ConfigError(f"{name}: at least {bound}, not {getattr(self, name)}")
        if not 0 < self.margin <= 1:
            raise ConfigError(f"margin: a share above 0 and at most 1, not {self.margin:g}")
        if self.until is not None and not 0 < self.until < 1:
            raise ConfigError(f"until: a limit between 0 and 1, not {self.until:g}")
        if self.similarity not in SIMILARITIES:
            raise ConfigError(
                f'unknown similarity "{self.similarity}"',
                hint=did_you_mean(self.similarity, SIMILARITIES),
            )

    @classmethod
    def complete(cls, ask: Ask, split: SplitSpec) -> Ask:
        """Fill in groups for ``worst``; refuse them elsewhere, and other splits for ``domain``.

        Raises
        ------
        ConfigError
            If its words do not fit the measure.
        """
        if ask.label:
            raise ConfigError(
                f'measure "{ask.measure}" is about the chosen class: leave out label:'
            )
        if ask.statistic == "worst":
            return complete_groups(ask, split)
        if ask.statistic == "domain" and ask.split != TEST:
            raise ConfigError(
                f'measure "{ask.measure}" starts from the test split: leave out split:'
            )
        return about_all_rows(
            ask, hint=f"write {ask.probe}.identifiability.worst for the figure in every group"
        )

    @classmethod
    def default_asks(cls, splits: Mapping[str, SplitSpec], task: Task) -> Sequence[Ask]:  # noqa: ARG003
        """Ask for identifiability, shortfall and survival on the split ``test``; without labels."""
        if TEST not in splits:
            return []
        names = [name.split(".") for name in DEFAULTS]
        return [Ask(probe=cls.sheet.id, metric=m, statistic=s) for m, s in names]

    def plan(
        self, data: Mapping[str, Examples], model: ModelCard, seen: Observations
    ) -> Sequence[Request]:
        """Ask for answers to all versions, then for explanations, block by block if it may stop."""
        return self.studying(data, model).requests(seen)

    def studying(self, data: Mapping[str, Examples], model: ModelCard) -> Studying:
        """Lay out what is asked of each sample.

        Raises
        ------
        ConfigError
            If a transform or a setting does not fit.
        NotApplicable
            If the model, or the inputs, cannot be explained.
        """
        if not self.asks:
            raise NotApplicable("there is no split test, and no requirement names another")
        splits = tuple(dict.fromkeys(a.split for a in self.asks if a.statistic != "domain"))
        chosen = chosen_explainer(model, self.explainer, self.settings)
        making = Making(
            ways=self.transforms,
            severities=tuple(sorted(self.severities)),
            inputs=self.inputs,
            seed=self.seed,
            chosen=chosen,
            seeds=self.seeds,
            most=self.perturbations,
            margin=self.margin,
            block=0 if self.until is None else self.block,
        )
        rules = self.domains if self.in_distribution_only else DomainRules()
        samples = {s: making.of_split(data[s], model, rules) for s in splits}
        if any(a.statistic == "domain" for a in self.asks):
            samples |= making.of_domains(data, model, self.domains, self.groups)
        study = Studying(
            data=data,
            samples=samples,
            task=self.task,
            rule=self.similarity,
            others=self.others,
            until=self.until,
            seed=self.seed,
        )
        study = replace(study, groups=self.held(study))
        if any(a.metric == "retrained" for a in self.asks):
            return study.training(model, self.recipe, self.retrainings, splits)
        return study

    def held(self, study: Studying) -> dict[str, list[Place]]:
        """Return the places of each sample that figures are taken of."""
        out: dict[str, list[Place]] = {key: [] for key in study.samples}
        for ask in self.asks:
            for place in self.expand(ask, study).places:
                out[place.sample].append(place)
        return out

    def explanations(self, data: Mapping[str, Examples], model: ModelCard) -> int:
        """Return how many inputs may be explained, were every version to survive."""
        samples = self.studying(data, model).samples.values()
        return sum(len(s) * s.times for s in samples)

    def versions(self, data: Mapping[str, Examples], model: ModelCard) -> int:
        """Return how many versions of inputs may be predicted for these explanations."""
        samples = self.studying(data, model).samples.values()
        return sum(s.versions(data[s.cells.split]) for s in samples)

    def later(self, data: Mapping[str, Examples], model: ModelCard) -> int:
        """Return how many trainings are asked for once the inputs are explained."""
        return len(self.studying(data, model).refits)

    def design(self, data: Mapping[str, Examples], model: ModelCard) -> Sequence[Family]:
        """Expand every ask from sizes."""
        study = self.studying(data, model)

        def figure(ask: Ask, place: Place) -> Figure:
            n = int(place.inside.sum())
            return Figure(promised(ask, n, self.retrainings), n)

        return [family(a, self.expand(a, study), partial(figure, a)) for a in self.asks]

    def expand(self, ask: Ask, study: Studying) -> Expanded:
        """Return the places of an ask, from sizes alone."""
        if ask.metric == "retrained" and study.untrainable:
            return Expanded(why=study.untrainable)
        return expand(ask, study.data, study.samples, self.groups, self.domains, self.inputs)

    def measure(self, seen: Observations) -> Evidence:
        """Measure every ask, and draw every sample of a whole split."""
        study = self.studying(seen.examples, seen.card)
        found = {key: study.studied(key, seen) for key in study.samples}

        def figure(ask: Ask, place: Place) -> Figure:
            if ask.metric == "retrained":
                return study.agreement(ask.split, seen)
            return found[place.sample].figure(ask, place.inside)

        families = [family(a, self.expand(a, study), partial(figure, a)) for a in self.asks]
        exhibits: list[Exhibit] = []
        for key, one in found.items():
            if key == one.sample.cells.split:
                exhibits += drawn(one, families, self.task.labels, self.pairs)
        exhibits += forests(families)
        warnings = [w for key, one in found.items() for w in warned(key, one)]
        return Evidence(families=families, exhibits=exhibits, warnings=warnings)
