"""Which harmless changes of an input change the answer?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

from audit.config import SplitSpec
from audit.corrupted.cells import Cells
from audit.corrupted.drawn import DROPS, MOVED, RISES, heat, severity_curve
from audit.corrupted.families import CLASSIFICATION, MEASURES, expand
from audit.corrupted.grid import Grid
from audit.corrupted.pairs import turned
from audit.domains import DomainRules
from audit.errors import NotApplicable
from audit.examples import Examples
from audit.exhibits import Exhibit
from audit.groups import about_all_rows
from audit.measurement import Ask, Family
from audit.model import ModelCard
from audit.observations import Observations
from audit.probe import Evidence, Probe
from audit.requests import Request
from audit.result import ProbeSheet
from audit.sampled import answerable, chosen_rows, home, part
from audit.task import Classification, Task
from audit.transform import SEVERITIES
from audit.ways import check_names, check_severities, ways_for


@dataclass(frozen=True, kw_only=True)
class CorruptionRobustness(Probe):
    """Change the same inputs in many ways, and compare the answers with those before.

    Attributes
    ----------
    transforms : tuple of str
        Which changes are tested; empty for all that keep a label, of the split's kind of inputs.
        Those that may change it are then measured and shown, and not tested.
    severities : tuple of int
    rows : int
        Rows that are changed, chosen by content; 0 for all.
    in_distribution_only : bool
        Whether rows from other domains are left out, so that both are not confounded.
    pairs : int
        Inputs that are shown before and after, for each of the worst changes.
    """

    sheet: ClassVar[ProbeSheet] = ProbeSheet(
        id="corruption-robustness",
        area="Robustness",
        title="No harmless change was shown to cost more than the limits allow",
        failure_title="Harmless changes of an input change the answer",
        question="Which harmless changes of an input change the answer?",
        mechanism=(
            "Some rows, chosen by content, are changed by every transform at every severity, and "
            "each answer is compared with the one for the same input unchanged. A cell is judged "
            "by its discordant pairs: McNemar's exact test at 0, Tango's score test elsewhere, and "
            "an exact tail (E p-value) where pairs are few. A mean over severities has as many "
            "pairs as would be as sharp: effective counts, with two pseudo items where their "
            "number is taken, and fewer where rows are clustered and clusters are few. What is "
            "compared is fixed before an answer is seen: one comparison a transform, or one a "
            "cell. Errors of a regression are compared by Student's t, or CR2."
        ),
        measures=MEASURES,
        needs=("Predicts",),
        limitations=(
            "These changes were made by rules: a drop says that the model can be misled by them, "
            "not how often they occur in use.",
            "That a change keeps the label was judged for whole transforms, not for every input; "
            "changes that may alter it are shown, and tested only where they are named.",
            "A mean over severities weighs mild and severe changes alike.",
            "Of a regression with few changed answers, the t interval is too narrow.",
        ),
        references=(
            "Hendrycks & Dietterich (2019), Benchmarking Neural Network Robustness, ICLR "
            "(changes at five severities)",
            "Tango (1998), Statistics in Medicine 17, 891-908",
            "Lloyd (2008), Australian & New Zealand Journal of Statistics 50, 329-345",
            "Rao & Scott (1992), Biometrics 48, 577-585 (effective counts)",
            "Korn & Graubard (1998), Survey Methodology 24, 193-201",
        ),
    )

    transforms: tuple[str, ...] = ()
    severities: tuple[int, ...] = SEVERITIES
    rows: int = 200
    in_distribution_only: bool = True
    pairs: int = 3

    def __post_init__(self) -> None:
        check_names(self.transforms)
        check_severities(self.severities)

    @classmethod
    def complete(cls, ask: Ask, split: SplitSpec) -> Ask:  # noqa: ARG003
        """Refuse groups and classes: every figure is about all rows that are changed.

        Raises
        ------
        ConfigError
            If groups, a comparison or a class is named.
        """
        return about_all_rows(ask)

    @classmethod
    def default_asks(cls, splits: Mapping[str, SplitSpec], task: Task) -> Sequence[Ask]:
        """Ask for every figure on the split ``test``; without labels, for changed answers alone."""
        if "test" not in splits:
            return []
        classes = isinstance(task, Classification)
        asks = []
        for name in MEASURES:
            metric, statistic = name.split(".")
            if (metric in CLASSIFICATION) != classes:
                continue
            if metric == "answers" or splits["test"].label is not None:
                asks.append(Ask(probe=cls.sheet.id, metric=metric, statistic=statistic))
        return asks

    def cells(self, examples: Examples) -> Cells:
        """Return what is asked about one split.

        Raises
        ------
        ConfigError
            If a transform that is named is for inputs of another kind.
        NotApplicable
            If there is no transform for its inputs.
        """
        ways = ways_for(examples, self.transforms)
        rules = self.domains if self.in_distribution_only else DomainRules()
        rows = chosen_rows(examples, home(examples, rules), self.rows, self.seed)
        if not len(rows):
            raise NotApplicable(f'no row of split "{examples.split}" is in distribution')
        severities = tuple(sorted(self.severities))
        return Cells(examples.split, rows, len(rows) == len(examples), ways, severities, self.seed)

    def plan(
        self,
        data: Mapping[str, Examples],
        model: ModelCard,
        seen: Observations,  # noqa: ARG002
    ) -> Sequence[Request]:
        """Ask for the unchanged inputs and for every cell."""
        self.check(data, model)
        splits = dict.fromkeys(a.split for a in self.asks)
        return [r for split in splits for r in self.cells(data[split]).requests()]

    def check(self, data: Mapping[str, Examples], model: ModelCard) -> None:
        """Refuse what cannot be asked or scored.

        Raises
        ------
        NotApplicable
            With the reason.
        """
        if not self.asks:
            raise NotApplicable("there is no split test, or it has no label column")
        for ask in self.asks:
            rows = data[ask.split]
            answerable(rows, model)
            if (ask.metric in CLASSIFICATION) != isinstance(self.task, Classification):
                raise NotApplicable(f"{ask.measure} is not measured for this kind of answer")
            if ask.metric != "answers" and rows.labels is None and rows.targets is None:
                raise NotApplicable(f'split "{ask.split}" has no label column')

    def design(self, data: Mapping[str, Examples], model: ModelCard) -> Sequence[Family]:
        """Expand every ask from sizes."""
        self.check(data, model)
        cells = cache(lambda split: self.cells(data[split]))
        return [
            expand(a, cells(a.split), part(data[a.split], cells(a.split).rows), self.groups, None)
            for a in self.asks
        ]

    def measure(self, seen: Observations) -> Evidence:
        """Measure every ask, and draw every cell of a split."""
        families: list[Family] = []
        exhibits: list[Exhibit] = []
        for split in dict.fromkeys(a.split for a in self.asks):
            grid = Grid.read(self.task, seen, self.cells(seen.examples[split]))
            own = [
                expand(a, grid.cells, grid.examples, self.groups, grid)
                for a in self.asks
                if a.split == split
            ]
            families += own
            exhibits += self.drawn(grid, own)
        return Evidence(families=families, exhibits=exhibits)

    def drawn(self, grid: Grid, families: Sequence[Family]) -> list[Exhibit]:
        """Draw what was lost, what was changed, the curve over severities, and some inputs."""
        found = {(f.ask.metric == "answers", f.ask.statistic): f for f in families}
        shown: list[Exhibit] = []
        worst = grid.drop if grid.column else grid.moved
        if grid.column:
            words = DROPS if grid.column == "correct" else RISES
            by_way, by_cell = found.get((False, "drop")), found.get((False, "cell"))
            shown.append(heat(grid, grid.drop, by_way, by_cell, words))
            shown.append(severity_curve(grid, found.get((False, "mean_drop"))))
        if grid.changed.size:
            by_way, by_cell = found.get((True, "changed")), found.get((True, "cell"))
            shown.append(heat(grid, grid.moved, by_way, by_cell, MOVED))
        pairs = turned(grid, worst, self.pairs) if self.pairs else None
        return [*shown, pairs] if pairs else shown
