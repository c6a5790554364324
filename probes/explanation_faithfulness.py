"""Do the parts that explanations point at decide the answer?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from audit import registry
from audit.config import SplitSpec
from audit.errors import ConfigError, NotApplicable, did_you_mean
from audit.examples import Examples
from audit.exhibits import Exhibit
from audit.explained.chosen import check_explainer, chosen_explainer, explained_rows
from audit.faithful.chain import Chain
from audit.faithful.drawn import drawn
from audit.faithful.families import CURVES, MEASURES, expand
from audit.faithful.found import Found
from audit.faithful.versions import Sizes
from audit.groups import about_all_rows
from audit.measurement import Ask, Family
from audit.model import ModelCard
from audit.observations import Observations
from audit.probe import Evidence, Probe
from audit.requests import Request
from audit.result import ProbeSheet
from audit.task import Task


@dataclass(frozen=True, kw_only=True)
class ExplanationFaithfulness(Probe):
    """Take parts away in the order of their attributions, and in random orders.

    Attributes
    ----------
    explainer : str
        As ``audit explainers`` lists it; empty for the sharpest that the model allows.
    settings : mapping of str to float
        Of the explainer that is named.
    inputs : int
        Inputs that are explained, chosen by content; 0 for all.
    orders : int
        Random orders of each input.
    fractions : int
        Steps of a curve, from the whole input to the empty one.
    masks : int
        Random subsets of parts of each input, behind infidelity.
    baselines : tuple of str
        What stands in for parts that are taken away; empty for all that the inputs' kind has.
    tolerance : float
        Completeness error over which an explanation counts as missing completeness.
    """

    sheet: ClassVar[ProbeSheet] = ProbeSheet(
        id="explanation-faithfulness",
        area="Explanations",
        title="The parts that explanations point at decide the answer",
        failure_title="The parts that explanations point at do not decide the answer",
        question="Do the parts that explanations point at decide the answer?",
        mechanism=(
            "The margin of the chosen class over the most probable other is explained for some "
            "inputs, chosen by content. Parts are then taken away, the strongest in favour first "
            "(deletion), and put back, the strongest first (insertion); the area under the curve "
            "of the explained class's probability is held against that of random orders of the "
            "same input, under each baseline. Gains are compared in pairs, input by input: "
            "Student's t, or CR2 where rows are clustered. Infidelity is the share of the margin's "
            "changes, when random subsets of parts are taken away, that attributions do not "
            "explain after the best scaling of each input: a constant factor on them changes "
            "nothing. It and completeness are judged as counts. The value of a regression takes "
            "the place of margin and probability, its curves in standard deviations of the "
            "outputs."
        ),
        measures=MEASURES,
        needs=("Predicts",),
        limitations=(
            "A gain above 0 says that the order beats chance, not that it is the best order, nor "
            "that attributions have the right size.",
            "Inputs without some of their parts are unlike those that the model learned from: it "
            "may answer them for other reasons. Random orders and a second baseline, drawn from "
            "other inputs, bound what that explains; training again without these parts (ROAR) "
            "is not done.",
            "Attributions are worked out against the explainer's own baseline: the first one, a "
            "network's empty input, or rows of the data. What another one puts in a part's place "
            "moves the margin itself, so that infidelity is above 0 there even for exact "
            "attributions, and an order can beat chance under one baseline and not under another.",
            "A model that answers by interactions of parts can have no attributions with low "
            "infidelity: a high one may be due to the model.",
            "An explanation that is faithful to the model says nothing of whether the model is "
            "right.",
            "Completeness errors are relative: where the baseline has nearly the margin of the "
            "input, small errors count as large.",
        ),
        references=(
            "Samek et al. (2017), IEEE Trans. Neural Netw. Learn. Syst. 28, 2660-2673 (areas "
            "against random orders)",
            "Petsiuk, Das & Saenko (2018), RISE, BMVC, arXiv:1806.07421 (deletion, insertion)",
            "Yeh et al. (2019), On the (In)fidelity and Sensitivity of Explanations, NeurIPS, "
            "arXiv:1901.09392",
            "Hooker et al. (2019), A Benchmark for Interpretability Methods in Deep Neural "
            "Networks, NeurIPS, arXiv:1806.10758 (ROAR; inputs off the distribution)",
            "Sundararajan, Taly & Yan (2017), Axiomatic Attribution for Deep Networks, ICML, "
            "proposition 1 (completeness)",
        ),
    )

    explainer: str = ""
    settings: Mapping[str, float] = field(default_factory=dict)
    inputs: int = 50
    orders: int = 10
    fractions: int = 10
    masks: int = 50
    baselines: tuple[str, ...] = ()
    tolerance: float = 0.01

    def __post_init__(self) -> None:
        check_explainer(self.explainer, self.settings)
        least = {"inputs": 0, "orders": 1, "fractions": 1, "masks": 1}
        for name, bound in least.items():
            if getattr(self, name) < bound:
                raise ConfigError(f"{name}: at least {bound}, not {getattr(self, name)}")
        if not self.tolerance >= 0:
            raise ConfigError(f"tolerance: a share of the margin, not {self.tolerance}")
        if len(set(self.baselines)) < len(self.baselines):
            raise ConfigError("baselines: names one of them twice")

    @classmethod
    def complete(cls, ask: Ask, split: SplitSpec) -> Ask:  # noqa: ARG003
        """Refuse groups and classes: every figure is about all inputs that are explained.

        Raises
        ------
        ConfigError
            If groups, a comparison or a class is named.
        """
        return about_all_rows(ask)

    @classmethod
    def default_asks(cls, splits: Mapping[str, SplitSpec], task: Task) -> Sequence[Ask]:  # noqa: ARG003
        """Ask for every figure on the split ``test``; no label is needed."""
        if "test" not in splits:
            return []
        names = [name.split(".") for name in MEASURES]
        return [Ask(probe=cls.sheet.id, metric=m, statistic=s) for m, s in names]

    def chain(self, split: str, data: Mapping[str, Examples], model: ModelCard) -> Chain:
        """Return what is asked about one split.

        Raises
        ------
        ConfigError
            If a baseline is named that the kind of inputs does not have.
        NotApplicable
            If the model, or the inputs, cannot be explained.
        """
        examples = data[split]
        rows = explained_rows(examples, model, self.domains, self.inputs, self.seed)
        wanted = {a.metric for a in self.asks if a.split == split}
        sizes = Sizes(
            orders=self.orders if wanted & set(CURVES) else 0,
            fractions=self.fractions,
            masks=self.masks if "infidelity" in wanted else 0,
        )
        chosen = chosen_explainer(model, self.explainer, self.settings)
        baselines = baselines_for(examples, self.baselines)
        return Chain(examples, rows, chosen, baselines, sizes, self.task, self.seed)

    def chains(self, data: Mapping[str, Examples], model: ModelCard) -> dict[str, Chain]:
        """Return what is asked about each split.

        Raises
        ------
        ConfigError, NotApplicable
            As `chain`.
        """
        if not self.asks:
            raise NotApplicable("there is no split test, and no requirement names another")
        splits = dict.fromkeys(a.split for a in self.asks)
        return {split: self.chain(split, data, model) for split in splits}

    def plan(
        self, data: Mapping[str, Examples], model: ModelCard, seen: Observations
    ) -> Sequence[Request]:
        """Ask for answers, then for explanations, then for versions without some of the parts."""
        return [r for c in self.chains(data, model).values() for r in c.requests(seen)]

    def explanations(self, data: Mapping[str, Examples], model: ModelCard) -> int:
        """Return how many inputs will be explained."""
        chains = self.chains(data, model).values()
        return sum(len(np.unique(c.examples.digests[c.rows])) for c in chains)

    def versions(self, data: Mapping[str, Examples], model: ModelCard) -> int:
        """Return how many versions of inputs may be predicted, were all of them distinct."""
        return sum(c.most() for c in self.chains(data, model).values())

    def design(self, data: Mapping[str, Examples], model: ModelCard) -> Sequence[Family]:
        """Expand every ask from sizes."""
        chains = self.chains(data, model)
        return [expand(a, chains[a.split], self.groups, self.tolerance, None) for a in self.asks]

    def measure(self, seen: Observations) -> Evidence:
        """Measure every ask, and draw each split."""
        families: list[Family] = []
        exhibits: list[Exhibit] = []
        warnings: list[str] = []
        for split, chain in self.chains(seen.examples, seen.card).items():
            found = Found.read(chain, seen)
            asks = [a for a in self.asks if a.split == split]
            own = [expand(a, chain, self.groups, self.tolerance, found) for a in asks]
            families += own
            exhibits += drawn(found, own)
            warnings += warned(found)
        return Evidence(families=families, exhibits=exhibits, warnings=warnings)


def baselines_for(examples: Examples, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the baselines of a split, in the order of its kind of inputs.

    Raises
    ------
    ConfigError
        If one is named that there is not.
    NotApplicable
        If nothing installed knows such inputs.
    """
    try:
        known = registry.modality(examples.modality).baselines
    except ConfigError as error:
        raise NotApplicable(
            f"nothing that is installed cuts {examples.modality} inputs into parts"
        ) from error
    for name in names:
        if name not in known:
            raise ConfigError(
                f'"{name}" is no baseline of {examples.modality} inputs',
                hint=did_you_mean(name, known),
            )
    return tuple(b for b in known if not names or b in names)


def warned(found: Found) -> list[str]:
    """Say which inputs were left out."""
    split, out = found.chain.examples.split, []
    left = len(found.chain.rows) - len(found.rows)
    if left:
        out.append(
            f"{left} of {len(found.chain.rows)} inputs of split {split} were left out: they have "
            "no part that could be taken away"
        )
    for name, under in found.under.items():
        still = int(np.isnan(under.infidelity).sum()) if found.chain.sizes.masks else 0
        if still:
            out.append(
                f"infidelity leaves out {still} inputs of split {split} (baseline {name}): nothing "
                "that was taken away moved the margin"
            )
    return out
