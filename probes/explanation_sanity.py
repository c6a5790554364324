"""Do explanations depend on what the network has learned?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from audit.config import SplitSpec
from audit.errors import ConfigError, NotApplicable, did_you_mean
from audit.examples import Examples
from audit.exhibits import Exhibit
from audit.explained.chosen import check_explainer, chosen_explainer, explained_rows
from audit.explained.similarity import SIMILARITIES
from audit.groups import about_all_rows
from audit.measurement import Ask, Family
from audit.model import ModelCard
from audit.observations import Observations
from audit.probe import Evidence, Probe
from audit.requests import Request
from audit.result import ProbeSheet
from audit.sane.cascade import Cascade, check_inside, check_network
from audit.sane.drawn import fall_curve
from audit.sane.fallen import CROWDED, Fallen, promised
from audit.sane.families import MEASURES, expand
from audit.task import Task


@dataclass(frozen=True, kw_only=True)
class ExplanationSanity(Probe):
    """Explain inputs again with random layers, and compare with the original explanations.

    Attributes
    ----------
    explainer : str
        Empty for integrated gradients.
    settings : mapping of str to float
        Of the explainer.
    inputs : int
        Inputs that are explained, chosen by content; 0 for all.
    depths : tuple of float
        Shares of the layers, counted from the output, that are given random weights.
    draws : int
        Random networks of each depth.
    similarity : str
        ``spearman``, ``top`` or ``cosine``, of absolute attributions.
    others : int
        Different inputs that each one is compared with.
    """

    sheet: ClassVar[ProbeSheet] = ProbeSheet(
        id="explanation-sanity",
        area="Explanations",
        title="Explanations depend on what the network has learned",
        failure_title="Explanations look the same when the network has learned nothing",
        question="Do explanations depend on what the network has learned?",
        mechanism=(
            "Layers are given random weights from the output on, more and more of them, and the "
            "same inputs are explained again for the classes that the network chose with the "
            "weights it has learned. Absolute attributions are compared with the original ones. "
            "What counts as no similarity is measured as well: original explanations of different "
            "inputs of the same class, the nearest in length, laid on by relative position. The "
            "excess over it is a mean over inputs with Student's t, or CR2 where they are "
            "clustered; its error holds that one input is compared with several."
        ),
        measures=MEASURES,
        needs=("Gradients",),
        limitations=(
            "An explanation that depends on the weights need not be right; one that does not "
            "cannot be.",
            "What follows from the input alone is similarity as well: gradients times inputs keep "
            "the pattern of an input with large and small numbers under any weights. A failure "
            "says how much of a picture that is, not that the rest is wrong.",
            "Absolute attributions are compared: that signs turn around is not seen.",
            "The interval holds inputs, not random networks: it is about those that were drawn.",
            f"Where different inputs have a similarity above {CROWDED}, nothing is decided.",
        ),
        references=(
            "Adebayo et al. (2018), Sanity Checks for Saliency Maps, NeurIPS, arXiv:1810.03292 "
            "(cascading randomisation)",
            "Sixt, Granz & Landgraf (2020), When Explanations Lie, ICML, arXiv:1912.09818",
            "Binder et al. (2023), Shortcomings of Top-Down Randomization-Based Sanity Checks, "
            "CVPR, arXiv:2211.12486",
            "Hedstroem et al. (2024), Sanity Checks Revisited, arXiv:2401.06465 (smooth and "
            "efficient variants)",
            "Hoeffding (1948), Ann. Math. Statist. 19, 293-325 (U-statistics)",
        ),
    )

    explainer: str = ""
    settings: Mapping[str, float] = field(default_factory=dict)
    inputs: int = 50
    depths: tuple[float, ...] = (0.25, 0.5, 0.75, 1.0)
    draws: int = 1
    similarity: str = "spearman"
    others: int = 20

    def __post_init__(self) -> None:
        check_explainer(self.explainer, self.settings)
        if self.similarity not in SIMILARITIES:
            raise ConfigError(
                f'unknown similarity "{self.similarity}"',
                hint=did_you_mean(self.similarity, SIMILARITIES),
            )
        if not self.depths or not all(0 < d <= 1 for d in self.depths):
            raise ConfigError(
                "depths: " + (", ".join(f"{d:g}" for d in self.depths) or "there is none"),
                hint="name shares of the layers, above 0 and up to 1",
            )
        if len(set(self.depths)) < len(self.depths):
            raise ConfigError("depths: names one of them twice")
        for name in ("draws", "others"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name}: {getattr(self, name)}", hint="one at least")

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
        """Ask for every figure on the split ``test``."""
        if "test" not in splits:
            return []
        names = [m.split(".") for m in MEASURES]
        return [Ask(probe=cls.sheet.id, metric=m, statistic=s) for m, s in names]

    def cascade(self, examples: Examples, model: ModelCard) -> Cascade:
        """Return what is asked about one split.

        Raises
        ------
        NotApplicable
            If the model has no layers that can be made random, or no row is in distribution.
        """
        rows = explained_rows(examples, model, self.domains, self.inputs, self.seed)
        check_network(model.opens)
        chosen = chosen_explainer(model, self.explainer, self.settings)
        check_inside(chosen)
        depths = tuple(sorted(self.depths))
        return Cascade(examples, rows, chosen, depths, self.draws, self.task, self.seed)

    def cascades(self, data: Mapping[str, Examples], model: ModelCard) -> dict[str, Cascade]:
        """Return what is asked about every split that an ask names.

        Raises
        ------
        NotApplicable
            With the reason.
        """
        if not self.asks:
            raise NotApplicable("there is no split test")
        splits = dict.fromkeys(a.split for a in self.asks)
        return {s: self.cascade(data[s], model) for s in splits}

    def plan(
        self, data: Mapping[str, Examples], model: ModelCard, seen: Observations
    ) -> Sequence[Request]:
        """Ask for the answers, then for the explanations, then for those with random layers."""
        return [r for c in self.cascades(data, model).values() for r in c.requests(seen)]

    def explanations(self, data: Mapping[str, Examples], model: ModelCard) -> int:
        """Return how many inputs are explained, all random networks together."""
        found = self.cascades(data, model).values()
        return sum(len(c.rows) * (1 + len(c.depths) * c.draws) for c in found)

    def design(self, data: Mapping[str, Examples], model: ModelCard) -> Sequence[Family]:
        """Expand every ask from sizes."""
        found = self.cascades(data, model)
        return [
            expand(a, found[a.split], self.groups, promised(len(found[a.split].rows)))
            for a in self.asks
        ]

    def measure(self, seen: Observations) -> Evidence:
        """Measure every ask, and draw the fall of every split."""
        families: list[Family] = []
        exhibits: list[Exhibit] = []
        warnings: list[str] = []
        for split, cascade in self.cascades(seen.examples, seen.card).items():
            least = self.groups.min_n
            fallen = Fallen.read(cascade, seen, self.similarity, self.others, least)
            asks = [a for a in self.asks if a.split == split]
            own = [expand(a, cascade, self.groups, fallen.excess) for a in asks]
            families += own
            curve = fall_curve(fallen, own[0])
            exhibits += [curve] if curve else []
            left = fallen.left_out()
            warnings += [left] if left else []
        return Evidence(families=families, exhibits=exhibits, warnings=warnings)
