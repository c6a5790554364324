"""How much does the model depend on its training data, and how much more would help?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from audit.config import TRAIN, SplitSpec
from audit.errors import ConfigError, NotApplicable
from audit.examples import Examples
from audit.exhibits import Curve, Exhibit
from audit.families import complete_groups, expand
from audit.groups import about_all_rows
from audit.learning.anchors import Schedule, schedule
from audit.learning.curves import forecast_table, group_curves, learning_panel
from audit.learning.trained import LEVEL, Trained, level_of, read, scaled
from audit.measurement import Ask, Family, Unit
from audit.metrics import METRICS
from audit.model import ModelCard
from audit.observations import Observations
from audit.probe import Evidence, Probe
from audit.requests import Request
from audit.result import ProbeSheet
from audit.scores import Scored
from audit.stats.curves import last_halving
from audit.stats.evidence import AnyEvidence
from audit.stats.extrapolation import Refusal, extrapolate
from audit.stats.rows_needed import answer, rows_needed
from audit.task import Task
from audit.writing import value

SINGLE = {
    "gain.halving": "Gain from the last doubling of the training rows",
    "gain.doubling": "Expected gain from doubling the training rows",
    "rows.needed": "Training rows needed for the target",
}


@dataclass(frozen=True, kw_only=True)
class LearningCurve(Probe):
    """Train the model again on nested subsets of its training rows.

    Attributes
    ----------
    recipe : str
        How it is trained; empty for the model's usual recipe.
    anchors : int
        Training sizes; 0 for 15 where a training takes seconds, else 8.
    seeds : int
        Trainings at each size.
    rows : int
        The largest training size; 0 for all rows.
    target : float, optional
        Accuracy (or mean absolute error) that ``rows.needed`` is about.
    useful : float
        The least gain that would be worth more rows, for the answer in words.
    """

    sheet: ClassVar[ProbeSheet] = ProbeSheet(
        id="learning-curve",
        area="Data dependence",
        title="The model's training data suffice",
        failure_title="The model's training data do not suffice",
        question="How much does the model depend on its training data, and how much more would "
        "help?",
        mechanism=(
            "The model is trained again on nested subsets of its training rows, a factor of the "
            "square root of two apart, under several seeds, and always measured on the same test "
            "rows. Errors of the mean hold the seeds and the test rows. A significant rise of the "
            "error (Holm over pairs of sizes) stops every extrapolation. Otherwise the mean over "
            "all shapes of four families (pow4, mmf4, wbl4, pow3), weighted by how well they fit, "
            "is continued to at most eight times the rows, with an interval that is conformal over "
            "simulated curves. The gain of the last doubling is a paired t whose variance holds "
            "the luck of training rows that all seeds share."
        ),
        measures={
            **{
                f"{m}.last": f"{METRICS[m].heading} at the full training size"
                for m in LEVEL.values()
            },
            **{
                f"{m}.worst": f"{METRICS[m].heading} at the full training size, worst group"
                for m in LEVEL.values()
            },
            **SINGLE,
        },
        needs=("Refits",),
        limitations=(
            "It is the curve of the recipe that is named, on rows like the training rows; another "
            "recipe has another curve.",
            "Beyond the largest training size everything is extrapolated: the interval was learned "
            "from simulated curves, not from models like this one.",
            "At the full size every seed trains on the same rows: the figures hold for these rows.",
        ),
        references=(
            "Viering & Loog (2023), IEEE TPAMI 45, 7799-7819 (shapes of learning curves)",
            "Mohr, Viering, Loog & van Rijn (2022), ECML PKDD (LCDB: families and extrapolation)",
            "Nadeau & Bengio (2003), Machine Learning 52, 239-281 (trainings that share rows)",
        ),
    )

    recipe: str = ""
    anchors: int = 0
    seeds: int = 5
    rows: int = 0
    target: float | None = None
    useful: float = 0.005

    def __post_init__(self) -> None:
        """Refuse options that cannot be meant.

        Raises
        ------
        ConfigError
            If rows for a target are asked for and no target is named, or a number is impossible.
        """
        asked = [a for a in self.asks if a.metric == "rows"]
        if asked and self.target is None:
            raise ConfigError(
                "learning-curve.rows.needed is about a target, and none is named",
                where="probes.learning-curve",
                hint="probes: {learning-curve: {target: 0.85}}",
            )
        for name, least in (("anchors", 0), ("seeds", 2), ("rows", 0)):
            if getattr(self, name) < least:
                raise ConfigError(
                    f"{name} of learning-curve must be at least {least}",
                    where="probes.learning-curve",
                )
        if self.target is not None and self.asks and not asked:
            extra = Ask(probe=self.sheet.id, metric="rows", statistic="needed")
            object.__setattr__(self, "asks", (*self.asks, extra))

    @classmethod
    def complete(cls, ask: Ask, split: SplitSpec) -> Ask:
        """Fill in groups for ``worst``; refuse them for the others."""
        if ask.statistic == "worst":
            return complete_groups(ask, split)
        hint = f"write {ask.probe}.accuracy.worst for the figure in every group"
        return about_all_rows(ask, hint)

    @classmethod
    def default_asks(cls, splits: Mapping[str, SplitSpec], task: Task) -> Sequence[Ask]:
        """Ask for the level and the gains on the test split, and for the level in its groups."""
        split = splits["test"]
        if split.label is None:
            return []
        metric = level_of(task).name
        names = [(metric, "last"), ("gain", "halving"), ("gain", "doubling")]
        asks = [Ask(probe=cls.sheet.id, metric=m, statistic=s) for m, s in names]
        if split.cuts:
            worst = Ask(probe=cls.sheet.id, metric=metric, statistic="worst", by=split.cuts)
            asks.append(complete_groups(worst, split))
        return asks

    def plan(
        self,
        data: Mapping[str, Examples],
        model: ModelCard,
        seen: Observations,  # noqa: ARG002
    ) -> Sequence[Request]:
        """Ask for every training's outputs on every split that is asked about."""
        if not self.asks:
            raise NotApplicable("the test split has no label column; name one under label:")
        laid = self.laid(data, model)
        out: list[Request] = []
        for split in self.splits:
            out += laid.requests(split)
        return out

    def laid(self, data: Mapping[str, Examples], model: ModelCard) -> Schedule:
        """Lay out the trainings."""
        return schedule(
            data,
            model,
            self.seed,
            recipe=self.recipe,
            anchors=self.anchors,
            seeds=self.seeds,
            rows=self.rows,
        )

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that are asked about."""
        return tuple(dict.fromkeys(a.split for a in self.asks))

    def design(self, data: Mapping[str, Examples], model: ModelCard) -> Sequence[Family]:
        """Expand every ask from sizes."""
        self.laid(data, model)
        return [self.family(ask, data[ask.split], None) for ask in self.asks]

    def measure(self, seen: Observations) -> Evidence:
        """Measure every ask and draw every curve."""
        laid = self.laid(seen.examples, seen.card)
        trained = {split: read(self.task, seen, split, laid) for split in self.splits}
        families = [self.family(a, seen.examples[a.split], trained[a.split]) for a in self.asks]
        shown: list[Exhibit] = []
        for split, t in trained.items():
            own = [f for f in families if f.ask.split == split]
            shown += self.exhibits(t, own)
        return Evidence(families, shown, repeated(seen.examples, self.splits))

    def family(self, ask: Ask, examples: Examples, t: Trained | None) -> Family:
        """Expand one ask; without trainings, only its comparisons."""
        metric = level_of(self.task)
        title = self.sheet.measures[f"{ask.metric}.{ask.statistic}"]
        if ask.statistic == "worst":
            estimate = None if t is None else lambda _label, _metric, cut: Scored(cut, t.mean)
            return expand(ask, title, examples, self.task, self.groups, estimate)
        if ask.statistic == "last":
            evidence = None if t is None else t.mean(np.ones(len(examples), dtype=bool))
            return Family.of_one(ask, title, metric.unit, evidence, n=len(examples))
        if ask.metric == "rows" and self.target is not None:
            title = f"Training rows needed for {metric.title} {value(self.target, metric.unit)}"
        found, why = (None, "") if t is None else self.single(ask, t)
        unit = Unit.NUMBER if ask.metric == "rows" else metric.gap_unit
        return Family.of_one(ask, title, unit, found, n=len(examples), why=why)

    def single(self, ask: Ask, t: Trained) -> tuple[AnyEvidence | None, str]:
        """Return the evidence of a gain or of the rows needed, and why there is no figure."""
        if ask.statistic == "halving":
            return scaled(last_halving(t.curve), t.unit), ""
        if ask.statistic == "doubling":
            forecast = extrapolate(t.curve, np.array([2.0 * t.plan.sizes[-1]]))
            if isinstance(forecast, Refusal):
                return None, forecast.reason
            return scaled(forecast.gain(2.0), t.unit), ""
        needed = rows_needed(t.curve, self.error_target(t))
        if isinstance(needed, Refusal):
            return None, needed.reason
        said = answer(t.curve, self.error_target(t), self.useful / t.unit).sentence
        return needed, said if needed.theta is None else ""

    def error_target(self, t: Trained) -> float:
        """Return the target as an error."""
        target = self.target or 0.0
        return target / t.unit if t.examples.labels is None else 1.0 - target

    def exhibits(self, t: Trained, families: Sequence[Family]) -> list[Exhibit]:
        """Draw the curve over all rows, one small curve a group, and what is forecast."""
        metric, split = level_of(self.task), t.examples.split
        where = "" if split == "test" else f", split {split}"
        target = None if self.target is None else self.error_target(t)
        whole = Curve(
            id=f"learning-curve-{split}",
            title="Learning curve" + where,
            caption=f"{t.plan.recipe.says[0].upper()}{t.plan.recipe.says[1:]}; {len(t.plan.sizes)} "
            f"sizes, {len(t.plan.seeds)} seeds. Bars: 95% intervals over seeds and test rows; "
            "band: 90% interval of the forecast.",
            x_axis="training rows, log scale",
            y_axis=metric.title,
            unit=metric.unit,
            panels=(learning_panel(t, families, target, self.useful),),
        )
        out: list[Exhibit] = [whole]
        worst = next((f for f in families if f.ask.statistic == "worst"), None)
        if worst is not None and worst.measurements:
            out.append(group_curves(t, worst, f"learning-curve-groups-{split}", where))
        return [*out, *forecast_table(t, metric, f"learning-curve-forecast-{split}", where)]


def repeated(data: Mapping[str, Examples], splits: Sequence[str]) -> list[str]:
    """Warn of test inputs that stand among the training rows as well."""
    out = []
    for split in splits:
        count = int(np.isin(data[split].digests, data[TRAIN].digests).sum())
        if count:
            out.append(
                f"{count:,} of {len(data[split]):,} inputs of split {split} stand among the "
                "training rows too: the curve may look better than it is"
            )
    return out
