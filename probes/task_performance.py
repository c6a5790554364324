"""How well does the model do its task, over all rows and in its worst group?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from audit.config import SplitSpec
from audit.errors import ConfigError, NotApplicable
from audit.estimate import Estimator, estimator
from audit.examples import Examples
from audit.exhibits import Case, Cases, Column, Exhibit, Table
from audit.families import Estimate, complete_groups, expand, with_label
from audit.forests import level_forest
from audit.groups import Cut
from audit.measurement import Ask, Family, Measurement
from audit.metrics import METRICS, Metric, values
from audit.model import ModelCard
from audit.observations import Observations
from audit.probe import Evidence, Probe
from audit.requests import Predict, Request
from audit.result import ProbeSheet
from audit.scores import Scored, area, balanced_accuracy, macro_f1, promised_balance
from audit.stats.evidence import AnyEvidence
from audit.task import Classification, Columns, Scores, Task, scored
from audit.writing import value as written

STATISTICS = {"overall": "", "worst": ", worst group"}
OFFERED = {
    "classification": ("accuracy", "balanced_accuracy", "macro_f1", "auc", "log_loss"),
    "regression": ("mean_absolute_error", "mean_error"),
}
WHOLE = ("balanced_accuracy", "macro_f1", "auc")
SHOWN_CASES = 12


def kind_of(task: Task) -> str:
    """Return which metrics a task offers."""
    return "classification" if isinstance(task, Classification) else "regression"


def title(metric: Metric, statistic: str) -> str:
    """Name a family as a sentence begins."""
    return metric.heading + STATISTICS[statistic]


@dataclass(frozen=True, kw_only=True)
class TaskPerformance(Probe):
    """Measure the overall figure, and the same figure in every group."""

    sheet: ClassVar[ProbeSheet] = ProbeSheet(
        id="task-performance",
        area="Performance",
        title="The model does its task within the limits",
        failure_title="The model does its task too poorly",
        question="How well does the model do its task, over all rows and in its worst group?",
        mechanism=(
            "Accuracy is a proportion, judged by exact binomial tails. Balanced accuracy is the "
            "mean of recalls, with Satterthwaite's degrees of freedom; macro F1 has a studentised "
            "count bootstrap; the area under the ROC curve has DeLong's variance on the logit "
            "scale; log loss and errors are means with Student's t. Clustered rows are judged "
            "with CR2 standard errors. 'worst' is the family of all groups that are large enough."
        ),
        measures={
            f"{name}.{statistic}": title(METRICS[name], statistic)
            for names in OFFERED.values()
            for name in names
            for statistic in STATISTICS
        },
        needs=("Predicts or Recorded",),
        limitations=(
            "The figure holds for rows like those of the test set, and for no others.",
            "Labels are taken to be right.",
        ),
        references=(
            "Clopper & Pearson (1934), Biometrika 26, 404-413",
            "DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, 837-845",
            "Brodersen et al. (2010), ICPR, 3121-3124 (balanced accuracy)",
        ),
    )

    @classmethod
    def complete(cls, ask: Ask, split: SplitSpec) -> Ask:
        """Fill in groups for ``worst``; refuse them for ``overall``."""
        if ask.statistic == "worst":
            return complete_groups(ask, split)
        if ask.by or ask.compare or ask.reference:
            raise ConfigError(
                f'measure "{ask.measure}" is about all rows: leave out by:',
                hint=f"write {ask.probe}.{ask.metric}.worst for the figure in every group",
            )
        return with_label(ask, split)

    @classmethod
    def default_asks(cls, splits: Mapping[str, SplitSpec], task: Task) -> Sequence[Ask]:
        """Ask for every figure of the task, overall and by group, on every labelled split."""
        asks = []
        for name, split in splits.items():
            if split.label is None:
                continue
            for metric in OFFERED[kind_of(task)]:
                if metric == "auc" and (len(task.labels) != 2 or not split.positive):
                    continue
                for statistic in STATISTICS:
                    if statistic == "worst" and not split.cuts:
                        continue
                    by = split.cuts if statistic == "worst" else ()
                    ask = Ask(
                        probe=cls.sheet.id, metric=metric, statistic=statistic, split=name, by=by
                    )
                    asks.append(cls.complete(ask, split))
        return asks

    def plan(
        self,
        data: Mapping[str, Examples],
        model: ModelCard,  # noqa: ARG002
        seen: Observations,  # noqa: ARG002
    ) -> Sequence[Request]:
        """Ask for the outputs of every split that is asked about."""
        if not self.asks:
            raise NotApplicable("no split has a label column; name one under label:")
        for ask in self.asks:
            rows = data[ask.split]
            if rows.labels is None and rows.targets is None:
                raise NotApplicable(f'split "{ask.split}" has no label column')
        return [Predict(split) for split in dict.fromkeys(a.split for a in self.asks)]

    def design(self, data: Mapping[str, Examples], model: ModelCard) -> Sequence[Family]:  # noqa: ARG002
        """Expand every ask from sizes."""
        return [self.family(a, data[a.split], self.promises(a, data[a.split])) for a in self.asks]

    def family(self, ask: Ask, examples: Examples, estimate: Estimate | None) -> Family:
        """Expand one ask."""
        name = title(METRICS[ask.metric], ask.statistic)
        return expand(ask, name, examples, self.task, self.groups, estimate)

    def promises(self, ask: Ask, examples: Examples) -> Estimate | None:
        """Return an estimator of what class sizes promise; None where counts alone do."""
        task = self.task
        if ask.metric not in WHOLE or not isinstance(task, Classification):
            return None
        target = task.targets(examples)
        level = METRICS[ask.metric].typical or 0.85
        return lambda _label, _metric, cut: Scored(
            cut, lambda rows: promised_balance(target[rows], level)
        )

    def measure(self, seen: Observations) -> Evidence:
        """Measure every ask, and draw each grouped figure once a split."""
        scores = scored(self.task, seen)
        families = [
            self.family(ask, seen.examples[ask.split], self.estimates(ask, seen, scores))
            for ask in self.asks
        ]
        return Evidence(families=families, exhibits=[*exhibits(families), *self.misses(seen)])

    def estimates(self, ask: Ask, seen: Observations, scores: Scores) -> Estimate:
        """Return what gives an estimator for a class, metric and cut of an ask's split."""
        examples = seen.examples[ask.split]

        def estimate(label: str, metric: Metric, cut: Cut) -> Estimator | None:
            columns = scores(ask.split, label)
            if metric.name not in WHOLE:
                column = values(metric, columns)
                return estimator(metric, column, cut, examples.clusters) if column else None
            return self.whole(metric, cut, examples, seen, columns)

        return estimate

    def whole(
        self,
        metric: Metric,
        cut: Cut,
        examples: Examples,
        seen: Observations,
        columns: Columns,
    ) -> Estimator | None:
        """Return an estimator of a score that is no mean of a column."""
        task = self.task
        if not isinstance(task, Classification) or metric.value not in columns:
            return None
        target = task.targets(examples)
        chosen = task.decide(seen.outputs(Predict(examples.split)))

        def score(rows: npt.NDArray[np.bool_]) -> AnyEvidence | None:
            clusters = None if examples.clusters is None else examples.clusters[rows]
            if metric.name == "balanced_accuracy":
                return balanced_accuracy(columns["correct"][rows], target[rows], clusters)
            if metric.name == "auc":
                return area(columns["score"][rows], columns["y"][rows], clusters)
            return macro_f1(chosen[rows], target[rows], len(task.labels), self.seed, clusters)

        return Scored(cut, score)

    def misses(self, seen: Observations) -> list[Exhibit]:
        """Show the most confident errors of every split; inputs only where the spec allows them."""
        task = self.task
        out: list[Exhibit] = []
        for split in dict.fromkeys(a.split for a in self.asks):
            answer, examples = seen.outputs(Predict(split)), seen.examples[split]
            if not isinstance(task, Classification) or examples.labels is None or not answer.scored:
                continue
            chosen, target = task.decide(answer), task.targets(examples)
            sure = answer.outputs[np.arange(len(chosen)), chosen]
            wrong = np.flatnonzero(chosen != target)
            order = wrong[np.lexsort((examples.ids[wrong].astype(str), -sure[wrong]))]
            cases = tuple(
                Case(
                    id=str(examples.ids[i]),
                    split=split,
                    row=int(i),
                    facts=(
                        task.labels[target[i]],
                        f"{task.labels[chosen[i]]}, {sure[i]:.3f}",
                        ", ".join(f.names[f.codes[i]] for f in examples.groups.values()),
                    ),
                )
                for i in order[:SHOWN_CASES]
            )
            if cases:
                out.append(
                    Cases(
                        id=f"task-performance-misses-{split}",
                        title="Most confident errors" + ("" if split == "test" else f", {split}"),
                        caption=f"{len(cases)} of {len(wrong):,}, highest probability first.",
                        columns=("Label", "Model", "Group"),
                        cases=cases,
                    )
                )
        return out


def exhibits(families: Sequence[Family]) -> list[Exhibit]:
    """Draw a forest a grouped figure, and one table of overall figures."""
    overall = [(f, m) for f in families if f.ask.statistic == "overall" for m in f.measurements]
    table = Table(
        id="task-performance-overall",
        title="Overall figures",
        caption="Plain 95% intervals.",
        columns=(Column("Figure"), Column("Rows"), Column("Value"), Column("Interval")),
        rows=tuple(
            (
                f.title + ("" if m.split == "test" else f", {m.split}"),
                m.n,
                worded(f, m.value),
                spread(f, m),
            )
            for f, m in overall
        ),
    )
    shown: list[Exhibit] = [
        level_forest(f, title(METRICS[f.ask.metric], "overall"))
        for f in families
        if f.ask.statistic == "worst"
    ]
    return [*shown, table] if overall else shown


def spread(family: Family, m: Measurement) -> str:
    """Write a plain interval."""
    if m.interval is None:
        return ""
    return f"{worded(family, m.interval.low)} to {worded(family, m.interval.high)}"


def worded(family: Family, value: float | None) -> str:
    """Write a value by its family's unit."""
    return written(value, family.unit)
