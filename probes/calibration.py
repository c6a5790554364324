"""Can the model's probabilities be taken at face value?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from msgspec.structs import replace

from audit.calibrated.held import Figure, Figures, Held, measurement
from audit.calibrated.places import Expanded, Place, expand
from audit.calibrated.reliability import first_half
from audit.config import SplitSpec
from audit.domains import TEST
from audit.errors import ConfigError, NotApplicable
from audit.examples import Examples
from audit.families import complete_groups
from audit.groups import about_all_rows
from audit.measurement import Ask, Family, Unit
from audit.model import ModelCard
from audit.observations import Observations
from audit.probe import Evidence, Probe
from audit.requests import Predict, Request
from audit.result import ProbeSheet
from audit.stats.calibration import BINS, ROWS_A_BIN
from audit.stats.consistency import DRAWS
from audit.stats.miscalibration import SHAPE, promised
from audit.stats.temperature import promised as promised_temperature
from audit.task import Classification, Task

MEASURES = {
    "error.overall": "Calibration error",
    "error.worst": "Calibration error, worst group",
    "error.domain": "Calibration error, worst domain",
    "classwise.overall": "Class-wise calibration error",
    "temperature.overall": "Fitted temperature",
    "rescaled.overall": "Calibration error after temperature scaling",
}
HALVED = ("temperature", "rescaled")


@dataclass(frozen=True, kw_only=True)
class Calibration(Probe):
    """Hold stated probabilities against outcomes, over all rows, by group and by domain.

    Attributes
    ----------
    bins : int
        Bins of equal mass, at most; fewer where they would hold under 20 rows each.
    draws : int
        Draws behind a consistency p-value.
    """

    sheet: ClassVar[ProbeSheet] = ProbeSheet(
        id="calibration",
        area="Calibration",
        title="The model's probabilities can be taken at face value",
        failure_title="The model's probabilities are not what they say",
        question="Can the model's probabilities be taken at face value?",
        mechanism=(
            "Rows are put into 15 bins of equal mass by the probability of the chosen class (fewer "
            f"where a bin would hold under {ROWS_A_BIN} rows; equal probabilities stay together). "
            "The error is the root of the mean squared gap between stated and observed, with the "
            "part that chance alone would give taken off. Tests and intervals invert the law of "
            "that squared error at every error that could be the true one, the gaps being those "
            "nearest to what was seen; clustered rows have CR2 covariances of the bins, widened "
            "for few clusters. Beside it stands a consistency test of no error at all: outcomes "
            "are drawn from the stated probabilities themselves. A temperature is fitted on one "
            "half of the rows, cut by content, and tried on the other."
        ),
        measures=MEASURES,
        needs=("Predicts or Recorded",),
        limitations=(
            "The error is that of the bins: gaps of opposite sign inside a bin cancel, so that it "
            "is at most the error of the unbinned probabilities.",
            "A model can be calibrated and of no use: one that always states the share of the "
            "classes is. Read it beside the model's performance.",
            "An error over all rows says nothing of a group's: gaps of opposite sign cancel.",
            "A temperature makes all probabilities more or less sure alike. One that mends the "
            "rows here need not mend rows from elsewhere.",
        ),
        references=(
            "Kumar, Liang & Ma (2019), Verified Uncertainty Calibration, NeurIPS, arXiv:1909.10155 "
            "(debiased L2 error)",
            "Broecker & Smith (2007), Weather and Forecasting 22, 651-661 (consistency resampling)",
            "Vaicenavicius et al. (2019), Evaluating model calibration in classification, AISTATS",
            "Guo, Pleiss, Sun & Weinberger (2017), On Calibration of Modern Neural Networks, ICML",
            "Farrington & Manning (1990), Statist. Med. 9, 1447-1454 (restricted estimates)",
        ),
    )

    bins: int = BINS
    draws: int = DRAWS

    @classmethod
    def complete(cls, ask: Ask, split: SplitSpec) -> Ask:
        """Fill in groups for ``worst``; refuse them elsewhere, and a class but for ``classwise``.

        Raises
        ------
        ConfigError
            If its words do not fit the measure.
        """
        name = f"{ask.metric}.{ask.statistic}"
        if ask.label and name != "classwise.overall":
            raise ConfigError(
                f'measure "{ask.measure}" is about the chosen class: leave out label:',
                hint=f"write {ask.probe}.classwise.overall for the probability of one class",
            )
        if name == "error.worst":
            return complete_groups(ask, split)
        if name == "error.domain" and ask.split != TEST:
            raise ConfigError(
                f'measure "{ask.measure}" starts from the test split: leave out split:'
            )
        if name == "classwise.overall":
            plain = about_all_rows(replace(ask, label=""))
            return plain if ask.label == "each" else replace(plain, label=ask.label)
        return about_all_rows(
            ask, hint=f"write {ask.probe}.error.worst for the figure in every group"
        )

    @classmethod
    def default_asks(cls, splits: Mapping[str, SplitSpec], task: Task) -> Sequence[Ask]:
        """Ask for every figure on every labelled split; by group and by domain where there are."""
        if not isinstance(task, Classification):
            return []
        asks = []
        for name, split in splits.items():
            if split.label is None:
                continue
            offered = {
                "error.worst": bool(split.groups),
                "error.domain": name == TEST and (split.domain is not None or len(splits) > 1),
            }
            for measure in MEASURES:
                if offered.get(measure, True):
                    metric, statistic = measure.split(".")
                    ask = Ask(probe=cls.sheet.id, metric=metric, statistic=statistic, split=name)
                    asks.append(cls.complete(ask, split))
        return asks

    @property
    def classification(self) -> Classification:
        """The task.

        Raises
        ------
        NotApplicable
            If it has no classes.
        """
        if not isinstance(self.task, Classification):
            raise NotApplicable("the model states no probabilities of classes: it gives numbers")
        return self.task

    def plan(
        self,
        data: Mapping[str, Examples],
        model: ModelCard,  # noqa: ARG002
        seen: Observations,  # noqa: ARG002
    ) -> Sequence[Request]:
        """Ask for the outputs of every split that is asked about."""
        _ = self.classification
        if not self.asks:
            raise NotApplicable("no split has a label column; name one under label:")
        splits: dict[str, None] = {}
        for ask in self.asks:
            if data[ask.split].labels is None:
                raise NotApplicable(f'split "{ask.split}" has no label column')
            splits |= dict.fromkeys([ask.split, *(p.split for p in self.expand(ask, data).places)])
        return [Predict(split) for split in splits]

    def expand(self, ask: Ask, data: Mapping[str, Examples]) -> Expanded:
        """Return the places of an ask, from sizes and labels alone."""
        return expand(ask, data, self.classification, self.groups, self.domains)

    def design(self, data: Mapping[str, Examples], model: ModelCard) -> Sequence[Family]:  # noqa: ARG002
        """Expand every ask, with what its sizes promise."""
        return [self.family(a, self.expand(a, data), self.promises(a, data)) for a in self.asks]

    def promises(self, ask: Ask, data: Mapping[str, Examples]) -> Figures:
        """Return what gives the evidence that the size of a place promises."""

        def figure(place: Place) -> Figure:
            n = len(place.rows)
            if ask.metric not in HALVED:
                return Figure(promised(n, self.bins), n)
            first = int(first_half(data[place.split], self.seed).sum())
            if ask.metric == "temperature":
                return Figure(promised_temperature(first, SHAPE), first)
            return Figure(promised(n - first, self.bins), n - first)

        return figure

    def family(self, ask: Ask, expanded: Expanded, figures: Figures) -> Family:
        """Return the family of an ask, with a figure for each of its places."""
        title = MEASURES[f"{ask.metric}.{ask.statistic}"].split(",")[0]
        unit = Unit.RATIO if ask.metric == "temperature" else Unit.POINTS
        if expanded.why:
            return Family.of_one(ask, title, unit, None, why=expanded.why)
        return Family(
            ask=ask,
            title=title,
            unit=unit,
            measurements=tuple(measurement(ask, p, figures(p), unit) for p in expanded.places),
            untested=tuple(expanded.untested),
        )

    def measure(self, seen: Observations) -> Evidence:
        """Measure every ask, and draw and tabulate them once a split."""
        least = self.groups.min_n
        held = Held(self.classification, seen, self.bins, self.draws, self.seed, least)
        families = [
            self.family(a, self.expand(a, seen.examples), held.figures(a)) for a in self.asks
        ]
        splits = dict.fromkeys(a.split for a in self.asks)
        exhibits = [
            e for s in splits for e in held.drawn(s, [f for f in families if f.ask.split == s])
        ]
        return Evidence(families=families, exhibits=exhibits)
