"""Do error rates and selection rates differ between groups?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from audit.config import SplitSpec
from audit.errors import NotApplicable
from audit.estimate import Estimator, estimator
from audit.examples import Examples
from audit.exhibits import Column, Exhibit, Table
from audit.families import Estimate, complete_groups, expand
from audit.forests import comparison_forest
from audit.groups import Cut
from audit.measurement import Ask, Family
from audit.metrics import METRICS, Metric, values
from audit.model import ModelCard
from audit.observations import Observations
from audit.probe import Evidence, Probe
from audit.requests import Predict, Request
from audit.result import ProbeSheet
from audit.task import Classification, Scores, Task, scored

STATISTICS = {"rate": "", "gap": " gap", "ratio": " ratio"}
OFFERED = (
    "selection_rate",
    "tpr",
    "fpr",
    "fnr",
    "ppv",
    "accuracy",
    "calibration",
    "mean_score",
    "mean_error",
)


def title(metric: Metric, statistic: str) -> str:
    """Name a family as a sentence begins."""
    return metric.heading + STATISTICS[statistic]


@dataclass(frozen=True, kw_only=True)
class GroupFairness(Probe):
    """Compare groups with the rest, with each other, or with one reference group."""

    sheet: ClassVar[ProbeSheet] = ProbeSheet(
        id="group-fairness",
        area="Fairness",
        title="No group was shown to be treated differently beyond the limits",
        failure_title="Groups are treated differently",
        question="Do error rates and selection rates differ between groups?",
        mechanism=(
            "Every metric is a mean over its relevant rows (positives, for a true-positive rate). "
            "A gap is a family of one-sided comparisons, fixed from group sizes before an outcome "
            "is seen: each group against the rest, against each other, or against one reference. "
            "Counts are judged by the Farrington-Manning score test at the limit, and by an exact "
            "tail (E p-value) where cells are sparse; means by Welch's t; clustered rows by CR2 "
            "with Satterthwaite's degrees of freedom."
        ),
        measures={
            f"{name}.{statistic}": title(METRICS[name], statistic)
            for name in OFFERED
            for statistic in STATISTICS
        },
        needs=("Predicts or Recorded",),
        limitations=(
            "With one bad group the others differ from the rest as well: the group that is named "
            "has the largest proven difference, and the others are listed after it.",
            "A difference in rates does not say why it is there, and no difference in one metric "
            "does not mean none in another.",
        ),
        references=(
            "Farrington & Manning (1990), Statistics in Medicine 9, 1447-1454",
            "Lloyd (2008), Australian & New Zealand Journal of Statistics 50, 329-345",
            "Bell & McCaffrey (2002), Survey Methodology 28, 169-181",
            "Bird et al. (2020), Fairlearn, Microsoft MSR-TR-2020-32 (metric definitions)",
        ),
    )

    @classmethod
    def complete(cls, ask: Ask, split: SplitSpec) -> Ask:
        """Fill in groups, comparison and class."""
        return complete_groups(ask, split)

    @classmethod
    def default_asks(cls, splits: Mapping[str, SplitSpec], task: Task) -> Sequence[Ask]:
        """Ask for every rate and gap of every split that has groups, and for impact ratios."""
        kind = "classification" if isinstance(task, Classification) else "regression"
        asks = []
        for name, split in splits.items():
            if not split.groups:
                continue
            label = split.positive or (task.labels and "each") or ""
            for metric in (METRICS[m] for m in OFFERED if METRICS[m].task == kind):
                if metric.name != "selection_rate" and split.label is None:
                    continue
                wanted = label if metric.labelled and kind == "classification" else ""
                for statistic in ("rate", "gap", "ratio"):
                    if statistic == "ratio" and metric.name != "selection_rate":
                        continue
                    ask = Ask(
                        probe=cls.sheet.id,
                        metric=metric.name,
                        statistic=statistic,
                        split=name,
                        label=wanted,
                    )
                    asks.append(complete_groups(ask, split))
        return asks

    def plan(
        self,
        data: Mapping[str, Examples],  # noqa: ARG002
        model: ModelCard,  # noqa: ARG002
        seen: Observations,  # noqa: ARG002
    ) -> Sequence[Request]:
        """Ask for the outputs of every split that is asked about."""
        if not self.asks:
            raise NotApplicable("no split has a group column; name one under groups:")
        return [Predict(split) for split in dict.fromkeys(a.split for a in self.asks)]

    def design(self, data: Mapping[str, Examples], model: ModelCard) -> Sequence[Family]:  # noqa: ARG002
        """Expand every ask from sizes."""
        return [self.family(ask, data[ask.split], None) for ask in self.asks]

    def family(self, ask: Ask, examples: Examples, estimate: Estimate | None) -> Family:
        """Expand one ask."""
        name = title(METRICS[ask.metric], ask.statistic)
        return expand(ask, name, examples, self.task, self.groups, estimate)

    def measure(self, seen: Observations) -> Evidence:
        """Measure every ask, and draw each metric once a split."""
        scores = scored(self.task, seen)
        families = [
            self.family(ask, seen.examples[ask.split], self.estimates(ask, seen, scores))
            for ask in self.asks
        ]
        return Evidence(families=families, exhibits=exhibits(families))

    def estimates(self, ask: Ask, seen: Observations, scores: Scores) -> Estimate:
        """Return what gives an estimator for a class, metric and cut of an ask's split."""
        examples = seen.examples[ask.split]

        def estimate(label: str, metric: Metric, cut: Cut) -> Estimator | None:
            column = values(metric, scores(ask.split, label))
            if column is None:
                return None
            return estimator(metric, column, cut, examples.clusters)

        return estimate


def exhibits(families: Sequence[Family]) -> list[Exhibit]:
    """Draw a forest a gap, and one table of rates a split."""
    shown: list[Exhibit] = [
        comparison_forest(f, f.title) for f in families if f.ask.statistic in ("gap", "ratio")
    ]
    splits = dict.fromkeys(f.ask.split for f in families)
    tables = [rates([f for f in families if f.ask.split == s], s) for s in splits]
    return shown + [t for t in tables if t.rows]


def rates(families: Sequence[Family], split: str) -> Table:
    """Tabulate every rate of every slice of a split."""
    levels = [f for f in families if f.ask.statistic == "rate" and f.ask.label != "each"]
    slices = dict.fromkeys(m.slice for f in levels for m in f.measurements)
    found = {(f.ask.metric, m.slice): m for f in levels for m in f.measurements}
    metrics = list(dict.fromkeys(f.ask.metric for f in levels))
    sizes = {s: max(m.n for (_, at), m in found.items() if at == s) for s in slices}
    return Table(
        id=f"group-fairness-rates-{split}",
        title="Rates by group" + ("" if split == "test" else f", {split}"),
        caption="Point values; their intervals are in result.json.",
        columns=(
            Column("Group"),
            Column("Rows"),
            *(Column(METRICS[m].title, METRICS[m].unit) for m in metrics),
        ),
        rows=tuple(
            (
                s.name,
                sizes[s],
                *(found[m, s].value if (m, s) in found else None for m in metrics),
            )
            for s in slices
        ),
    )
