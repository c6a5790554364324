"""How accurate is the model likely to be where nobody has labels?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from audit.config import SplitSpec
from audit.domains import TEST, Domain, domains_of
from audit.errors import ConfigError, NotApplicable
from audit.examples import Examples
from audit.groups import about_all_rows, too_small
from audit.labelfree.band import LEAST, evidence, learned
from audit.labelfree.caveats import saturated
from audit.labelfree.drawing import Shown
from audit.labelfree.foreign import Alarms, caveats, examined
from audit.labelfree.gather import measured, requests, signals
from audit.labelfree.reading import averaged
from audit.labelfree.signals import Signals
from audit.measurement import Ask, Family, Interval, Measurement, Unit, Untested
from audit.model import ModelCard
from audit.observations import Observations
from audit.probe import Evidence, Probe
from audit.requests import Predict, Request
from audit.result import ProbeSheet
from audit.stats.evidence import Draws
from audit.task import Classification, Task
from audit.writing import value as written

MEASURES = {
    "accuracy.predicted": "Accuracy predicted without labels",
    "accuracy.predicted_drop": "Drop of accuracy predicted without labels",
    "accuracy.mean_predicted": "Mean accuracy predicted without labels over foreign domains",
}
NOT_YET = "not measured yet"
WHY = "all its rows are of one cluster, which does not know its own error"


@dataclass(frozen=True, kw_only=True)
class LabelFreeShift(Probe):
    """Estimate accuracy on foreign domains from outputs alone.

    Attributes
    ----------
    shifts : int
        Synthetic shifts that the interval is learned on, at least: no p-value lies below
        1 / (shifts + 1), so a gate of many comparisons needs many.
    line_fit : float
        Agreement of revisions enters the median where its line explains this share of variance
        (Baek et al. 2022 trust it from .95 on).
    few : int
        Fewer labelled rows in distribution than this are warned of.
    sure : float
        A confidence beyond which rows are not told apart.
    near : float
        A foreign domain with a smaller share of rows near to rows in distribution is warned of.
    alarm : float
        Level of the tests behind warnings.
    """

    sheet: ClassVar[ProbeSheet] = ProbeSheet(
        id="label-free-shift",
        area="Without labels",
        title="Nothing seen without labels speaks against the limits",
        failure_title="Without any label, the model is seen to fall short on foreign rows",
        question="How accurate is the model likely to be where nobody has labels?",
        mechanism=(
            "From labelled rows in distribution and the outputs on foreign rows, accuracy is "
            "estimated in several ways: thresholds on confidence and on entropy that the labelled "
            "accuracy fixes (ATC), the difference of mean confidences (DoC), the difference of "
            "the costs of transporting outputs to the labelled mix of classes (COT), and, with "
            "three revisions or more, their agreement on a line (ALine-S). The median is "
            "reported. Its interval is conformal: labelled rows are cut in half again and again, "
            "one half is shifted by weights that follow from inputs (confidence, chosen class, "
            "directions and neighbourhoods of outputs and features, groups), and the error of the "
            "estimate there, over its sampling error and the estimators' spread, gives the law; "
            "it is nowhere taken to be narrower than the normal one. Labels of foreign rows are "
            "only held against the estimate. Such evidence can break a requirement and never "
            "meet one."
        ),
        measures=MEASURES,
        needs=("Predicts or Recorded",),
        limitations=(
            "If the right answer to the same input has changed (concept shift), outputs do not "
            "show it, and the estimate and its interval are wrong without a sign: accuracy "
            "without labels cannot be identified without an assumption (Garg et al. 2022, "
            "section 3). So nothing here is ever a pass; label rows of the domain to know.",
            "Inputs of classes that the model does not know are counted as if it knew them.",
            "The interval is learned on shifts of the rows at hand. A foreign domain that lies "
            "far from all of them is beyond what was learned: see what the estimates rest on.",
        ),
        references=(
            "Garg et al. (2022), ICLR, arXiv:2201.04234 (ATC, and what cannot be identified)",
            "Guillory et al. (2021), ICCV, arXiv:2107.03315 (difference of confidences)",
            "Lu et al. (2023), NeurIPS, arXiv:2305.15640 (confidence optimal transport)",
            "Baek et al. (2022), NeurIPS, arXiv:2206.13089 (agreement on the line)",
            "Lipton, Wang & Smola (2018), ICML, arXiv:1802.03916 (label shift)",
            "Papadopoulos et al. (2002), ECML, 345-356 (normalised conformal scores)",
        ),
    )

    shifts: int = 1000
    line_fit: float = 0.95
    few: int = 500
    sure: float = 0.999
    near: float = 0.5
    alarm: float = 0.05

    @classmethod
    def complete(cls, ask: Ask, split: SplitSpec) -> Ask:  # noqa: ARG003
        """Refuse groups, classes and splits: every foreign domain is in each measure.

        Raises
        ------
        ConfigError
            If groups, a comparison, a class or another split is named.
        """
        if ask.split != TEST:
            raise ConfigError(
                f'measure "{ask.measure}" is about foreign domains: leave out split:',
                hint="name further splits under data.domains.splits",
            )
        return about_all_rows(ask, "every foreign domain is in it")

    @classmethod
    def default_asks(cls, splits: Mapping[str, SplitSpec], task: Task) -> Sequence[Ask]:
        """Ask for every figure where the test split has labels that are classes."""
        if not isinstance(task, Classification) or TEST not in splits:
            return []
        if splits[TEST].label is None:
            return []
        parts = (name.split(".") for name in MEASURES)
        return [Ask(probe=cls.sheet.id, metric=m, statistic=s) for m, s in parts]

    def plan(
        self, data: Mapping[str, Examples], model: ModelCard, seen: Observations
    ) -> Sequence[Request]:
        """Ask for outputs on every split with a domain, features, and other revisions' outputs."""
        domains = self.apart(data)
        for split in dict.fromkeys(d.split for d in domains):
            answer = seen.answers.get(Predict(split))
            if answer is not None and not answer.scored:
                raise NotApplicable(
                    "only chosen labels were recorded, and accuracy without labels is read off "
                    "probabilities: name their column under score:"
                )
        return requests(domains, model)

    def apart(self, data: Mapping[str, Examples]) -> tuple[Domain, ...]:
        """Return the domains, the one in distribution first.

        Raises
        ------
        NotApplicable
            If nothing is foreign, or there are too few labelled rows in distribution.
        """
        if not isinstance(self.task, Classification):
            raise NotApplicable("only the accuracy of a classification is read off its outputs")
        if not self.asks:
            raise NotApplicable("there is no test split with a label column")
        domains = domains_of(data, self.domains)
        home, rows = domains[0], data[domains[0].split]
        if rows.labels is None:
            raise NotApplicable(f'split "{home.split}" has no label column')
        clusters = None if rows.clusters is None else rows.clusters[home.rows]
        units = len(home) if clusters is None else len(np.unique(clusters))
        if units < LEAST:
            raise NotApplicable(
                f"{units} independent labelled rows in distribution; at least {LEAST} are needed"
            )
        return domains

    def tested(self, domains: Sequence[Domain]) -> tuple[list[Domain], tuple[Untested, ...]]:
        """Return the foreign domains that are large enough, and those that are not."""
        why = [too_small(self.groups, len(d), np.inf) for d in domains]
        fit = [d for d, reason in zip(domains[1:], why[1:], strict=True) if not reason]
        return fit, tuple(
            Untested(slice=d.slice, n=len(d), reason=reason)
            for d, reason in zip(domains[1:], why[1:], strict=True)
            if reason
        )

    def design(self, data: Mapping[str, Examples], model: ModelCard) -> Sequence[Family]:  # noqa: ARG002
        """Lay out one figure a foreign domain; how sharp it is depends on the outputs."""
        fit, small = self.tested(self.apart(data))
        return [self.family(a, fit, small, [None] * len(fit), None) for a in self.asks]

    def family(
        self,
        ask: Ask,
        domains: Sequence[Domain],
        small: tuple[Untested, ...],
        found: Sequence[Draws | None],
        mean: Draws | None,
        why: str = NOT_YET,
    ) -> Family:
        """Return the family of one ask: a figure a domain, or their mean."""
        title = MEASURES[f"{ask.metric}.{ask.statistic}"]
        unit = Unit.POINTS if ask.statistic == "predicted_drop" else Unit.SHARE
        if ask.statistic == "mean_predicted":
            n = sum(len(d) for d in domains)
            return Family.of_one(ask, title, unit, mean, n=n, why=why, warns_only=True)
        figures = tuple(figure(ask, unit, d, e, why) for d, e in zip(domains, found, strict=True))
        return Family(ask=ask, title=title, unit=unit, measurements=figures, untested=small)

    def measure(self, seen: Observations) -> Evidence:
        """Estimate every foreign domain, and learn how far the estimates may be off."""
        task = self.task
        domains = self.apart(seen.examples)
        fit, small = self.tested(domains)
        if not isinstance(task, Classification):  # apart() has refused it
            raise NotApplicable("only the accuracy of a classification is read off its outputs")
        home = signals(task, seen, domains[0])
        revisions, alarms = len(seen.card.revisions), Alarms(self.sure, self.near, self.alarm)
        law = learned(home, revisions, self.line_fit, self.shifts, self.seed)
        found = [
            examined(home, signals(task, seen, d), d, revisions, self.line_fit, alarms) for d in fit
        ]
        levels = [evidence(f.reading.level, law.level, len(f.domain), 0.0) for f in found]
        drops = [evidence(f.reading.drop, law.drop, len(f.domain), -1.0) for f in found]
        mean = None
        if found:
            whole = averaged([f.reading for f in found], home)
            mean = evidence(whole, law.level, sum(len(d) for d in fit), 0.0)
        families = [
            self.family(
                a, fit, small, drops if a.statistic == "predicted_drop" else levels, mean,
                WHY if found else "no foreign domain is large enough",
            )
            for a in self.asks
        ]  # fmt: skip
        said = list(self.about_home(home))
        for f, drop in zip(found, drops, strict=True):
            said += caveats(f, drop, home, task.labels, alarms)
        drawn = self.family(self.first(), fit, small, levels, mean)
        shown = Shown(drawn, found, measured(home), law, task.labels, self.line_fit)
        return Evidence(families=families, exhibits=shown.exhibits(), warnings=said)

    def first(self) -> Ask:
        """Return the ask whose verdicts colour what is drawn."""
        return next((a for a in self.asks if a.statistic == "predicted"), Ask(
            probe=self.sheet.id, metric="accuracy", statistic="predicted"))  # fmt: skip

    def about_home(self, home: Signals) -> Iterator[str]:
        """Yield what makes every estimate doubtful, with its numbers."""
        if home.units < self.few:
            yield (
                f"in distribution: {home.units:,} independent labelled rows; with fewer than "
                f"{self.few:,} the thresholds themselves are uncertain"
            )
        share = saturated(home, self.sure)
        if share >= home.correct.mean():
            yield (
                f"in distribution: {written(share, Unit.SHARE)} of the rows have a confidence "
                f"above {self.sure:g}, more than are right: confidence does not tell which are "
                "wrong, and no estimate without labels can"
            )


def figure(ask: Ask, unit: Unit, domain: Domain, evidence: Draws | None, why: str) -> Measurement:
    """Return what is predicted for one domain."""
    return Measurement(
        id=f"{ask.measure}@{ask.split}[{domain.slice}]",
        measure=ask.measure,
        slice=domain.slice,
        split=ask.split,
        unit=unit,
        value=None if evidence is None else evidence.theta,
        evidence=evidence,
        interval=Interval.of(evidence),
        n=len(domain),
        why=why if evidence is None else "",
        warns_only=True,
    )
