"""How much do wrong training labels cost, and how many are there?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import msgspec
import numpy as np

from audit.config import TRAIN, SplitSpec
from audit.data import Slice
from audit.errors import ConfigError, NotApplicable
from audit.examples import Examples, IntArray
from audit.exhibits import Curve, Series
from audit.groups import about_all_rows
from audit.learning.anchors import Schedule, errors_of, schedule
from audit.learning.checked import Checked
from audit.learning.flipped import curve, fitted
from audit.learning.noise import Flips, Folded, answered, as_confused, evenly
from audit.measurement import Ask, Family, Interval, Measurement, Unit
from audit.model import ModelCard
from audit.observations import Observations
from audit.probe import Evidence, Probe
from audit.requests import Request
from audit.result import ProbeSheet
from audit.stats.evidence import Mean
from audit.task import Classification, Task

TITLES = {
    "uniform.slope": "Accuracy lost per point of training labels flipped to any other",
    "confusion.slope": "Accuracy lost per point of training labels flipped as the model confuses",
    "labels.rate": "Estimated share of wrong training labels",
}
UNITS = {"slope": Unit.RATIO, "rate": Unit.SHARE}
HALF = 0.5


@dataclass(frozen=True, kw_only=True)
class LabelNoise(Probe):
    """Flip training labels on purpose, and look for those that are wrong already.

    Attributes
    ----------
    recipe, seeds, rows
        As of the learning curve, whose trainings on all rows are shared.
    levels : tuple of float
        Shares of training labels that are flipped.
    folds : int
        Of the cross-validation that every training label is checked by.
    """

    sheet: ClassVar[ProbeSheet] = ProbeSheet(
        id="label-noise",
        area="Label noise",
        title="Wrong training labels cost no more than the limits allow",
        failure_title="Wrong training labels cost too much, or are too many",
        question="How much do wrong training labels cost, and how many are there?",
        mechanism=(
            "Sensitivity: the model is trained again with a share of its training labels flipped, "
            "either to any other label or in proportion to what it confuses. The slope is that of "
            "a least-squares line of test error on the share flipped; its interval holds seeds and "
            "test rows. Existing noise: confident learning on cross-validated probabilities. "
            "Classes that overlap look like wrong labels to it, so margin and noise are fitted "
            "together, labels are drawn from the fit, and a rate is claimed only where the reading "
            "on those is right to within a tenth of it or a quarter of a point."
        ),
        measures=TITLES,
        needs=("Refits",),
        limitations=(
            "The slope is that of flips on top of the wrong labels that are there.",
            "Labels that are wrong wherever the model would be wrong as well, such as a rule that "
            "annotators misread throughout, look right to it.",
            "Errors that do not depend on how sure the model is cannot be told from wrong labels.",
            "A suspect is a row to look at, not a label to overwrite.",
        ),
        references=(
            "Northcutt, Jiang & Chuang (2021), JAIR 70, 1373-1411 (confident learning)",
            "Patrini et al. (2017), CVPR, 1944-1952 (likelihood through label noise)",
            "Cameron, Gelbach & Miller (2011), J. Bus. Econ. Stat. 29, 238-249",
        ),
    )

    recipe: str = ""
    seeds: int = 5
    rows: int = 0
    levels: tuple[float, ...] = (0.05, 0.10, 0.20)
    folds: int = 5

    def __post_init__(self) -> None:
        """Refuse options that mean nothing.

        Raises
        ------
        ConfigError
            For a level that flips nothing or most labels, or a single fold.
        """
        if not self.levels or not all(0 < level < HALF for level in self.levels):
            raise ConfigError(
                "levels: of probe label-noise must lie between 0 and 0.5",
                hint="0.05 flips one training label in twenty",
            )
        if self.folds < 2:
            raise ConfigError("folds: of probe label-noise must be at least 2")

    @classmethod
    def complete(cls, ask: Ask, split: SplitSpec) -> Ask:  # noqa: ARG003
        """Refuse words about groups and classes.

        Raises
        ------
        ConfigError
        """
        return about_all_rows(ask)

    @classmethod
    def default_asks(cls, splits: Mapping[str, SplitSpec], task: Task) -> Sequence[Ask]:  # noqa: ARG003
        """Ask for both slopes and the rate on the test split, if it has a label."""
        if "test" not in splits or splits["test"].label is None:
            return []
        names = [name.split(".") for name in TITLES]
        return [Ask(probe=cls.sheet.id, metric=m, statistic=s) for m, s in names]

    def plan(
        self, data: Mapping[str, Examples], model: ModelCard, seen: Observations
    ) -> Sequence[Request]:
        """Ask for the cross-validation and the even flips; with it back, for the other flips."""
        laid = self.laid(data, model)
        out: list[Request] = [*self.folded(data, laid).requests()]
        ready = answered(seen, self.folded(data, laid).requests())
        for ask in self.asks:
            if ask.metric == "uniform" or (ask.metric == "confusion" and ready):
                out += self.flips(ask.metric, seen, data, laid).requests(ask.split)
        return list(dict.fromkeys(out))

    def later(self, data: Mapping[str, Examples], model: ModelCard) -> int:
        """Return the flips that wait for the cross-validation: one a seed and level."""
        laid = self.laid(data, model)
        waits = len(self.task.labels) > 2 and any(a.metric == "confusion" for a in self.asks)
        return len(laid.seeds) * len(self.levels) if waits else 0

    def laid(self, data: Mapping[str, Examples], model: ModelCard) -> Schedule:
        """Lay out the trainings on all rows.

        Raises
        ------
        NotApplicable
            With the reason.
        """
        if not isinstance(self.task, Classification):
            raise NotApplicable("labels are numbers, and a number has no other class to flip to")
        if not self.asks:
            raise NotApplicable("the test split has no label column")
        for split in dict.fromkeys((TRAIN, *(a.split for a in self.asks))):
            if split in data and data[split].labels is None:
                raise NotApplicable(f'split "{split}" has no label column')
        return schedule(
            data, model, self.seed, recipe=self.recipe, seeds=self.seeds, rows=self.rows
        )

    def folded(self, data: Mapping[str, Examples], laid: Schedule) -> Folded:
        """Lay out the cross-validation."""
        return Folded.of(data[TRAIN], self.targets(data), laid, self.folds)

    def targets(self, data: Mapping[str, Examples]) -> IntArray:
        """Return the training labels as indices into the task's."""
        task = self.task
        if not isinstance(task, Classification):
            raise TypeError("only classes have indices")
        return task.targets(data[TRAIN])

    def flips(
        self, shape: str, seen: Observations, data: Mapping[str, Examples], laid: Schedule
    ) -> Flips:
        """Return the trainings on labels that are flipped in one of two shapes."""
        folded = self.folded(data, laid)
        towards = evenly(np.unique(folded.given).tolist(), len(self.task.labels))
        if shape == "confusion" and folded.requests():
            chosen = folded.probabilities(seen).argmax(axis=1)
            towards = as_confused(folded.given, chosen, towards)
        return Flips(data[TRAIN], self.targets(data), laid, self.levels, towards)

    def design(self, data: Mapping[str, Examples], model: ModelCard) -> Sequence[Family]:
        """Return the single figure of every ask; what it can show is known after the run."""
        laid = self.laid(data, model)
        return [family(ask, self.rows_of(ask, data, laid)) for ask in self.asks]

    def rows_of(self, ask: Ask, data: Mapping[str, Examples], laid: Schedule) -> int:
        """Return the rows that an ask is about."""
        return laid.sizes[-1] if ask.metric == "labels" else len(data[ask.split])

    def measure(self, seen: Observations) -> Evidence:
        """Measure every ask, draw the slopes of each split, and list the suspects."""
        data = seen.examples
        laid = self.laid(data, seen.card)
        folded = self.folded(data, laid)
        checked = None
        if folded.requests():
            found = folded.probabilities(seen)
            checked = Checked(folded, found, self.task.labels, self.seed)
        families: list[Family] = []
        series: dict[str, dict[str, Series]] = {}
        for ask in self.asks:
            blank = family(ask, self.rows_of(ask, data, laid))
            if ask.metric == "labels":
                families.append(noted(blank, checked, unlearned(folded, self.task)))
                continue
            flips = self.flips(ask.metric, seen, data, laid)
            flat = errors_of(self.task, seen, ask.split, flips.requests(ask.split))
            errors = flat.reshape(len(laid.seeds), len(flips.counts), -1)
            slope, drawn = fitted(flips.shares, errors, data[ask.split].clusters)
            families.append(family(ask, errors.shape[2], slope))
            series.setdefault(ask.split, {})[ask.metric] = drawn
        curves = [self.curve(split, shapes, families) for split, shapes in series.items()]
        if checked is None or not any(a.metric == "labels" for a in self.asks):
            return Evidence(families, curves)
        doubts = [f"{TITLES['labels.rate']}: {checked.doubt}."] if checked.doubt else []
        return Evidence(families, [*curves, *checked.exhibits(data[TRAIN])], doubts)

    def curve(self, split: str, shapes: Mapping[str, Series], families: Sequence[Family]) -> Curve:
        """Draw the slopes of one split."""
        own = [f for f in families if f.ask.split == split and f.ask.statistic == "slope"]
        return curve(split, shapes, own, alike=len(self.task.labels) == 2)


def family(ask: Ask, n: int, evidence: Mean | None = None) -> Family:
    """Return the family of one figure."""
    name = f"{ask.metric}.{ask.statistic}"
    figure = Measurement(
        id=f"{ask.measure}@{ask.split}",
        measure=ask.measure,
        slice=Slice(),
        split=ask.split,
        unit=UNITS[ask.statistic],
        value=None if evidence is None else evidence.estimate,
        evidence=evidence,
        interval=Interval.of(evidence),
        n=n,
        why="" if evidence is not None else "known after the run",
    )
    return Family(ask=ask, title=TITLES[name], unit=figure.unit, measurements=(figure,))


def noted(blank: Family, checked: Checked | None, unlearned: str) -> Family:
    """Return the family of the rate: with evidence where it is claimed, else with the reason."""
    (figure,) = blank.measurements
    if checked is None:
        figure = msgspec.structs.replace(figure, why=unlearned)
    else:
        reading = checked.reading
        figure = msgspec.structs.replace(
            figure,
            value=reading.rate,
            evidence=reading.evidence,
            interval=within(Interval.of(reading.evidence)),
            why=checked.doubt,
        )
    return msgspec.structs.replace(blank, measurements=(figure,))


def within(interval: Interval | None) -> Interval | None:
    """Return the interval of a share without what lies below 0."""
    if interval is None:
        return None
    return msgspec.structs.replace(interval, low=max(interval.low, 0.0))


def unlearned(folded: Folded, task: Task) -> str:
    """Say which label keeps the training rows from being cross-validated, if one does."""
    if folded.missing < 0:
        return ""
    return f"label {task.labels[folded.missing]} lies in a single fold, and no other can learn it"
