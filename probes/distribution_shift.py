"""What is lost when rows come from elsewhere?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import msgspec

from audit.config import SplitSpec
from audit.data import Slice
from audit.domains import Domain, domains_of
from audit.errors import ConfigError, NotApplicable, did_you_mean
from audit.examples import Examples
from audit.groups import about_all_rows
from audit.measurement import Ask, Family, Unit
from audit.metrics import METRICS
from audit.model import ModelCard
from audit.observations import Observations
from audit.probe import Evidence, Probe
from audit.requests import Embed, Predict, Request
from audit.result import ProbeSheet
from audit.shift.compared import Found, Setting, expand, listed
from audit.shift.detected import Detected, detect, sides
from audit.shift.drawn import drawn
from audit.shift.pooled import Pooled, pooled
from audit.shift.revisions import SAME, Lined, lined, too_few
from audit.shift.widened import expand_widening
from audit.task import Classification, Task, scored

STATISTICS = {
    "drop": "{}, drop out of distribution",
    "worst": "{}, worst domain",
    "mean_drop": "Mean drop out of distribution in {}",
    "gap_widening": "Widening of the gap in {}",
}
OFFERED = {
    "accuracy": ("drop", "worst", "mean_drop", "gap_widening"),
    "balanced_accuracy": ("drop", "worst", "mean_drop"),
    "log_loss": ("drop",),
    "mean_absolute_error": ("drop", "worst", "mean_drop", "gap_widening"),
}
OTHERS = {
    "shift.auc": "Held-out area under the ROC curve of a domain classifier",
    "overlap.ess": "Effective share of the rows in distribution under importance weights",
    "line.effective_robustness": "Accuracy beyond what the line of the revisions predicts",
}
FEATURES = ("shift", "overlap")
NOT_YET = "not measured yet"
BLIND = "the model does not say how it sees its inputs (no features), so that no classifier learns"

UNITS = {"shift": Unit.RATIO, "overlap": Unit.SHARE, "line": Unit.POINTS}

Figure = Callable[[str], Pooled]
Other = Callable[[str, Domain], Found]


def title(metric: str, statistic: str) -> str:
    """Name a family as a sentence begins."""
    name = f"{metric}.{statistic}"
    if name in OTHERS:
        return OTHERS[name]
    text = STATISTICS[statistic]
    known = METRICS[metric]
    return text.format(known.heading if text.startswith("{") else known.title)


def default_metric(task: Task) -> str:
    """Return the figure that is measured when nobody asks for another."""
    return "accuracy" if isinstance(task, Classification) else "mean_absolute_error"


@dataclass(frozen=True, kw_only=True)
class DistributionShift(Probe):
    """Compare every foreign domain with the rows in distribution.

    Attributes
    ----------
    classifier_rows : int
        Rows of a domain that the domain classifier learns on, at most.
    """

    sheet: ClassVar[ProbeSheet] = ProbeSheet(
        id="distribution-shift",
        area="Out of distribution",
        title="No domain was shown to lose more than the limits allow",
        failure_title="The model is worse on rows that come from elsewhere",
        question="What is lost when rows come from elsewhere?",
        mechanism=(
            "Every foreign domain is compared with the rows in distribution: one one-sided "
            "comparison each, fixed from sizes before an outcome is seen. Shares are judged by the "
            "Farrington-Manning score test at the limit, and by an exact tail (E p-value) where "
            "cells are sparse; means by Welch's t; balanced accuracy, the mean of domains and "
            "differences of differences as weighted sums of cells with smoothed variances and "
            "Satterthwaite's degrees of freedom; clustered rows by CR2. Whether there is a shift "
            "at all is asked of a linear discriminant on the model's features (and their products, "
            "of up to 20), learnt on one half of the rows and scored on the other: DeLong's "
            "interval of its area, and a permutation "
            "test. Its odds weight the rows in distribution, and their effective sample size says "
            "whether weighting has a basis. Where eight other revisions answer, the line of their "
            "accuracies on the logit scale says what was to be expected of the model."
        ),
        measures={
            f"{metric}.{statistic}": title(metric, statistic)
            for metric, statistics in OFFERED.items()
            for statistic in statistics
        }
        | OTHERS,
        needs=("Predicts or Recorded",),
        limitations=(
            "The figures hold for rows like those of the domains that are given, and for no other "
            "shift.",
            "A drop does not say whether inputs, labels or what links them have moved, nor whether "
            "the labels of both places were made alike.",
            "The domain classifier is a simple one on the features of the model: a shift that it "
            "does not find may still be there. Its area is that of the classifier as it was "
            "learnt; one that errs weights rows too evenly, so that the effective share is rather "
            "too large.",
            "The line is only as good as the revisions are: they must be of different quality, and "
            "are scored on the same rows. Their sampling error flattens it.",
        ),
        references=(
            "Farrington & Manning (1990), Statistics in Medicine 9, 1447-1454",
            "Newcombe (1998), Statistics in Medicine 17, 873-890",
            "Lopez-Paz & Oquab (2017), Revisiting Classifier Two-Sample Tests, ICLR",
            "DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, 837-845",
            "Miller et al. (2021), Accuracy on the Line, ICML",
            "Taori et al. (2020), Measuring Robustness to Natural Distribution Shifts, NeurIPS",
        ),
    )

    classifier_rows: int = 4000

    @classmethod
    def complete(cls, ask: Ask, split: SplitSpec) -> Ask:
        """Fill in groups for ``gap_widening``; refuse them for all else.

        Raises
        ------
        ConfigError
            If a split, group or class is named that the measure does not take.
        """
        if ask.split != "test":
            raise ConfigError(
                f'measure "{ask.measure}" goes over all domains: leave out split:',
                hint="further splits become domains under data.domains.splits",
            )
        if ask.statistic != "gap_widening":
            return about_all_rows(ask, f"{ask.probe}.accuracy.gap_widening is taken by group")
        if ask.compare or ask.reference or ask.label:
            raise ConfigError(
                f'measure "{ask.measure}" compares each group with the rest: '
                "leave out compare:, reference: and label:"
            )
        by = ask.by or split.groups
        if not by:
            raise ConfigError(
                f'measure "{ask.measure}" is taken by group, and split "test" has none',
                hint="name the columns under groups: of the split",
            )
        for column in by:
            if column not in split.groups:
                raise ConfigError(
                    f'"{column}" is not a group column of split "test"',
                    hint=did_you_mean(column, split.groups) + "\nthe domain column is no group",
                )
        return msgspec.structs.replace(ask, by=by)

    @classmethod
    def default_asks(cls, splits: Mapping[str, SplitSpec], task: Task) -> Sequence[Ask]:
        """Ask what is lost, by domain, and by group where the test split has groups."""
        split = splits.get("test")
        if split is None or split.label is None:
            return []
        metric = default_metric(task)
        names = [s for s in OFFERED[metric] if s != "gap_widening" or split.groups]
        asks = [Ask(probe=cls.sheet.id, metric=metric, statistic=s) for s in names]
        return [cls.complete(a, split) for a in asks]

    def wanted(self, model: ModelCard) -> list[Ask]:
        """Return the asks, and with them what the model's card offers unasked."""
        names = ["shift.auc", "overlap.ess"] if model.features else []
        if not too_few(model.revisions) and any(a.metric == "accuracy" for a in self.asks):
            names.append("line.effective_robustness")
        parts = [name.split(".") for name in names]
        own = [Ask(probe=self.sheet.id, metric=m, statistic=s) for m, s in parts]
        return list({a.key: a for a in (*self.asks, *own)}.values())

    def setting(self, data: Mapping[str, Examples], model: ModelCard) -> Setting:
        """Return the domains.

        Raises
        ------
        NotApplicable
            If there is one only, or nothing to be measured of them.
        """
        found = Setting(domains_of(data, self.domains), data, self.groups)
        counted = [a for a in self.wanted(model) if a.metric not in FEATURES]
        if counted and not found.has_labels(found.domains[0]):
            raise NotApplicable('split "test" has no label column')
        if not self.wanted(model):
            raise NotApplicable(f"there are no labels, and {BLIND}")
        return found

    def plan(
        self,
        data: Mapping[str, Examples],
        model: ModelCard,
        seen: Observations,  # noqa: ARG002
    ) -> Sequence[Request]:
        """Ask for the outputs and the features of every split that holds a domain."""
        setting = self.setting(data, model)
        asks = self.wanted(model)
        labelled = list(dict.fromkeys(d.split for d in setting.labelled))
        every = list(dict.fromkeys(d.split for d in setting.domains))
        out: list[Request] = []
        if any(a.metric not in FEATURES for a in asks):
            out += [Predict(split) for split in labelled]
        if any(a.metric in FEATURES for a in asks) and model.features:
            out += [Embed(split) for split in every]
        if any(a.metric == "line" for a in asks) and not too_few(model.revisions):
            out += [Predict(s, revision=r) for r in model.revisions for s in labelled]
        return out

    def design(self, data: Mapping[str, Examples], model: ModelCard) -> Sequence[Family]:
        """Expand every ask from sizes."""
        setting = self.setting(data, model)

        @cache
        def figure(metric: str) -> Pooled:
            return pooled(metric, setting.labelled, data, self.task, None)

        return [self.family(a, setting, figure, unknown) for a in self.wanted(model)]

    def family(self, ask: Ask, setting: Setting, figure: Figure, other: Other) -> Family:
        """Expand one ask."""
        name = title(ask.metric, ask.statistic)
        if ask.metric in OFFERED:
            expanded = expand_widening if ask.statistic == "gap_widening" else expand
            return expanded(ask, name, setting, figure(ask.metric))
        unit, labels = UNITS[ask.metric], ask.metric == "line"
        return listed(ask, name, unit, setting, lambda d: other(ask.metric, d), labels=labels)

    def measure(self, seen: Observations) -> Evidence:
        """Measure every ask, and draw the domains, the gaps and the lines."""
        setting = self.setting(seen.examples, seen.card)
        asks = self.wanted(seen.card)
        scores = scored(self.task, seen)

        @cache
        def figure(metric: str) -> Pooled:
            return pooled(
                metric, setting.labelled, seen.examples, self.task, lambda split: scores(split, "")
            )

        told = self.told(seen, setting) if any(a.metric in FEATURES for a in asks) else {}
        on_line = self.on_line(seen, setting) if any(a.metric == "line" for a in asks) else {}

        def other(metric: str, domain: Domain) -> Found:
            if metric == "line":
                line = on_line.get(domain.slice)
                why = SAME if line else too_few(seen.card.revisions)
                return Found(line.robustness() if line else None, len(domain), why)
            half = told.get(domain.slice, Detected(why=BLIND))
            if metric == "shift":
                return Found(half.area, half.n, half.why)
            return Found(half.share, half.n_home, half.why)

        families = [self.family(a, setting, figure, other) for a in asks]
        warnings = [] if seen.card.features else [f"whether there is a shift is not asked: {BLIND}"]
        exhibits = drawn(setting, figure, families, told, on_line)
        return Evidence(families=families, exhibits=exhibits, warnings=warnings)

    def told(self, seen: Observations, setting: Setting) -> dict[Slice, Detected]:
        """Return what a classifier tells of every foreign domain that is large enough."""
        kept = setting.kept(labels=False)
        if not seen.card.features or not kept:
            return {}
        home, *away = sides([setting.domains[0], *kept], seen.examples, seen, self.seed)
        return {
            d.slice: detect(home, side, self.seed, self.classifier_rows)
            for d, side in zip(kept, away, strict=True)
        }

    def on_line(self, seen: Observations, setting: Setting) -> dict[Slice, Lined]:
        """Return the revisions in every foreign domain that is large enough."""
        kept, names = setting.kept(labels=True), seen.card.revisions
        if too_few(names) or not kept:
            return {}
        found = lined([setting.domains[0], *kept], seen.examples, self.task, seen, names)
        return {d.slice: line for d, line in zip(kept, found, strict=True)}


def unknown(metric: str, domain: Domain) -> Found:  # noqa: ARG001
    """Say that nothing is known of a domain before an outcome is seen."""
    return Found(None, len(domain), NOT_YET)
