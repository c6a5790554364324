"""Does the model know that an input is foreign to it?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from audit.config import TRAIN, SplitSpec
from audit.detection import figures
from audit.detection.figures import MEASURES
from audit.detection.pool import HOME, bank_rows
from audit.detection.scores import TITLES
from audit.detection.sets import Sets
from audit.detection.trial import FITTED, Trial, chosen, possible, requests
from audit.errors import ConfigError, NotApplicable, did_you_mean
from audit.examples import Examples, IntArray
from audit.groups import about_all_rows
from audit.measurement import Ask, Family
from audit.model import ModelCard
from audit.observations import Observations
from audit.probe import Evidence, Probe
from audit.requests import Embed, Predict, Request, packed
from audit.result import ProbeSheet
from audit.task import Task

FEW = "fewer than two rows, or clusters, of either kind"
UNSCORED = "only the chosen label was recorded, and no score"


@dataclass(frozen=True, kw_only=True)
class OodDetection(Probe):
    """Score inputs by how foreign they look, and see whether foreign ones stand out.

    Attributes
    ----------
    near, far : tuple of str
        Names of foreign sets that are near to what the model was made for, and of those that are
        far from it. What is not named is near.
    detectors : tuple of str
        ``msp``, ``max-logit``, ``energy``, ``knn``, ``mahalanobis``, ``vim``; empty for all that
        the model allows.
    fit_rows : int
        Training rows that detectors are fitted on, at most.
    k : int
        Which neighbour ``knn`` measures the distance to.
    """

    sheet: ClassVar[ProbeSheet] = ProbeSheet(
        id="ood-detection",
        area="Foreign inputs",
        title="The model tells foreign inputs from those it was made for",
        failure_title="The model does not know foreign inputs from its own",
        question="Does the model know that an input is foreign to it?",
        mechanism=(
            "Every input gets a score of how foreign it looks: from the probabilities (MSP), the "
            "logits (largest logit, energy), the features (distance to the k-th neighbour, "
            "relative Mahalanobis) or both (ViM), as far as the model offers them. All rows are "
            "cut in two by content; the detector with the largest mean area under the ROC curve "
            "is chosen on one half, and every figure is that of this one detector on the other. "
            "Areas have DeLong's error on the logit scale (CR2 for clusters). The share of "
            "foreign inputs accepted at 95% true-positive rate, inputs in distribution being the "
            "positives, is judged by Clopper and Pearson's bounds mixed over the binomial law of "
            "the threshold, which is estimated as well."
        ),
        measures=MEASURES,
        needs=("Predicts or Recorded", "Embeds (for all but MSP)"),
        limitations=(
            "A detector that knows these foreign sets may miss others.",
            "Foreign inputs that the model answers well need not be told apart: see "
            "distribution-shift for what is lost on them.",
            "Some authors take the foreign input for the positive class: their FPR at 95% TPR is "
            "the share of inputs in distribution refused when 95% of foreign ones are.",
            "With fewer than 59 rows in distribution in the measured half no share of foreign "
            "inputs accepted can be shown to be small: their 95% quantile has no upper bound.",
        ),
        references=(
            "Hendrycks & Gimpel (2017), ICLR, arXiv:1610.02136 (MSP)",
            "Liang, Li & Srikant (2018), ICLR, arXiv:1706.02690, section 4.2 (FPR at 95% TPR)",
            "Hendrycks et al. (2022), ICML, arXiv:1911.11132 (largest logit)",
            "Liu, Wang, Owens & Li (2020), NeurIPS, arXiv:2010.03759 (energy)",
            "Sun, Ming, Zhu & Li (2022), ICML, arXiv:2204.06507 (k-th neighbour)",
            "Ren et al. (2021), arXiv:2106.09022 (relative Mahalanobis)",
            "Wang, Li, Feng & Zhang (2022), CVPR, arXiv:2203.10807 (ViM)",
            "DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, 837-845",
            "Hilgers (1991), Methods of Information in Medicine 30, 96-101",
        ),
    )

    near: tuple[str, ...] = ()
    far: tuple[str, ...] = ()
    detectors: tuple[str, ...] = ()
    fit_rows: int = 2000
    k: int = 50

    @classmethod
    def complete(cls, ask: Ask, split: SplitSpec) -> Ask:  # noqa: ARG003
        """Refuse groups, classes and other splits: sets come from ``data.domains``.

        Raises
        ------
        ConfigError
        """
        if ask.split != "test":
            raise ConfigError(
                f'measure "{ask.measure}" is taken on every foreign set: leave out split:',
                hint="name further sets under data.domains.splits",
            )
        return about_all_rows(ask, "foreign sets are named under data.domains")

    @classmethod
    def default_asks(cls, splits: Mapping[str, SplitSpec], task: Task) -> Sequence[Ask]:  # noqa: ARG003
        """Ask for the area and the share accepted on every foreign set; labels are not needed."""
        if "test" not in splits:
            return []
        names = ("auroc", "fpr95")
        return [Ask(probe=cls.sheet.id, metric=m, statistic="worst") for m in names]

    def sets(self, data: Mapping[str, Examples]) -> Sets:
        """Return the foreign sets and their halves.

        Raises
        ------
        NotApplicable
            If nothing is out of distribution.
        ConfigError
            If an option is wrong, or a measure is about no set.
        """
        if not self.asks:
            raise NotApplicable("there is no test split")
        if self.fit_rows < 2 or self.k < 1:
            raise ConfigError("ood-detection: fit_rows is at least 2, and k at least 1")
        for name in self.detectors:
            if name not in TITLES:
                raise ConfigError(
                    f'ood-detection: unknown detector "{name}"', hint=did_you_mean(name, TITLES)
                )
        sets = Sets.of(data, self.domains, self.groups, self.near, self.far, self.seed)
        for ask in self.asks:
            if not sets.within(ask.statistic):
                raise ConfigError(
                    f'measure "{ask.measure}" is about no set',
                    hint=f"name foreign sets under {ask.statistic}: of the probe ood-detection",
                )
        return sets

    def train(self, data: Mapping[str, Examples], sets: Sets) -> IntArray | None:
        """Return the training rows that detectors are fitted on, if there are any."""
        return bank_rows(data, sets.pool, self.domains, self.fit_rows, self.seed)

    def names(
        self,
        data: Mapping[str, Examples],
        model: ModelCard,
        sets: Sets,
        train: IntArray | None,
    ) -> tuple[str, ...]:
        """Return the detectors that are tried.

        Raises
        ------
        NotApplicable
            If the model allows none.
        """
        labels = data[TRAIN].labels if train is not None else None
        codes = (
            sets.home_labels
            if train is None
            else labels.codes[train]
            if labels is not None
            else np.zeros(0)
        )
        allowed = possible(model, bool(self.task.labels), len(np.unique(codes)) > 1)
        names = tuple(n for n in allowed if not self.detectors or n in self.detectors)
        if not names:
            raise NotApplicable(
                "the model offers nothing that a detector is made of: MSP needs scores of "
                "classes, the others its features or logits"
                + (f"; asked for: {', '.join(self.detectors)}" if self.detectors else "")
            )
        return names

    def plan(
        self,
        data: Mapping[str, Examples],
        model: ModelCard,
        seen: Observations,  # noqa: ARG002
    ) -> Sequence[Request]:
        """Ask how the model sees every set, and the rows that detectors are fitted on."""
        sets = self.sets(data)
        train = self.train(data, sets)
        names = self.names(data, model, sets, train)
        asked = requests(names, model, sets.pool.splits)
        if train is not None and set(names) & set(FITTED):
            asked.append(Embed(TRAIN, packed(train)))
        return asked

    def design(self, data: Mapping[str, Examples], model: ModelCard) -> Sequence[Family]:
        """Expand every ask over the sets that are large enough, with what their sizes promise."""
        sets = self.sets(data)
        self.names(data, model, sets, self.train(data, sets))
        promise = figures.promise(sets)
        return [figures.expand(ask, sets, promise, FEW) for ask in self.asks]

    def measure(self, seen: Observations) -> Evidence:
        """Choose a detector on one half, and measure it on the other."""
        data = seen.examples
        sets = self.sets(data)
        train = self.train(data, sets)
        names = self.names(data, seen.card, sets, train)
        warnings = sets.warnings(data)
        left = [n for n in self.detectors if n not in names]
        if left:
            warnings.append(f"the model does not allow these detectors: {', '.join(left)}")
        if "msp" in names and not seen.card.logits and not scored(seen, sets):
            names = tuple(n for n in names if n != "msp")
            warnings.append(f"MSP is left out: {UNSCORED}")
        tested = sets.tested
        if not names or not tested:
            blank = [figures.expand(a, sets, lambda *_: (None, None), UNSCORED) for a in self.asks]
            return Evidence(families=blank, warnings=warnings)
        used = np.isin(sets.pool.domain, [HOME, *tested])
        trial = Trial(seen, sets.pool.take(used), sets.half[used], names, self.k, self.seed, train)
        choose, half = trial.run()
        best = chosen(choose, names, tested)
        measured = figures.seen(half, best)
        families = [figures.expand(ask, sets, measured, FEW) for ask in self.asks]
        shown = figures.drawn(sets, half, best, families)
        table = figures.table(sets, choose, half, names, best, train is not None)
        return Evidence(families=families, exhibits=[*shown, table], warnings=warnings)


def scored(seen: Observations, sets: Sets) -> bool:
    """Whether the outputs of every split are scores, and not only chosen labels."""
    return all(seen.outputs(Predict(split)).scored for split in sets.pool.splits)
