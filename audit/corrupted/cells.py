"""Which rows are changed, in which ways, and how it is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from audit import registry
from audit.chance import uniforms
from audit.data import Slice
from audit.domains import TEST, DomainRules, own
from audit.errors import ConfigError, NotApplicable, did_you_mean
from audit.examples import Examples, Factor, IntArray
from audit.model import ModelCard
from audit.requests import Predict, Transform, packed
from audit.transform import SEVERITIES, TransformKind, TransformSheet

ROWS_STREAM = 41  # of the luck that chooses rows


@dataclass(frozen=True)
class Way:
    """One transform as it is measured.

    Attributes
    ----------
    sheet : TransformSheet
    tested : bool
        Whether it is in the families that requirements are about.
    """

    sheet: TransformSheet
    tested: bool

    @property
    def word(self) -> str:
        """Its name inside a sentence; capitals that are more than a beginning are kept."""
        title = self.sheet.title
        return title if title[:2].isupper() else title[0].lower() + title[1:]

    def slice(self, severity: int | None = None) -> Slice:
        """Return the cell of a severity, or all of them together."""
        term = (("transform", self.word),)
        return Slice(term if severity is None else (*term, ("severity", str(severity))))


def check_names(names: Sequence[str]) -> None:
    """Refuse a transform that there is not, or one that is named twice.

    Raises
    ------
    ConfigError
        With the nearest known name.
    """
    known = registry.transforms() if names else {}
    for name in names:
        if name not in known:
            raise ConfigError(f'unknown transform "{name}"', hint=did_you_mean(name, known))
    if len(set(names)) < len(names):
        raise ConfigError("transforms: names one of them twice")


def check_severities(severities: Sequence[int]) -> None:
    """Refuse severities that are none, or named twice.

    Raises
    ------
    ConfigError
        With what is allowed.
    """
    if not severities or not set(severities) <= set(SEVERITIES):
        raise ConfigError(
            "severities: " + (", ".join(map(str, severities)) or "there is none"),
            hint="known: " + ", ".join(map(str, SEVERITIES)),
        )
    if len(set(severities)) < len(severities):
        raise ConfigError("severities: names one of them twice")


def ways_for(examples: Examples, names: Sequence[str]) -> tuple[Way, ...]:
    """Return the transforms of a split, by family, those that may change a label last.

    Parameters
    ----------
    examples : Examples
    names : sequence of str
        Which ones; empty for all of the split's modality. Those that may change a label are then
        measured and not tested.

    Raises
    ------
    ConfigError
        If one of them is for inputs of another kind.
    NotApplicable
        If there is none.
    """
    known = registry.transforms()
    fitting = {n: k for n, k in known.items() if k.sheet.modality == examples.modality}
    if not examples.modality:
        raise NotApplicable(f'no model is given the rows of split "{examples.split}"')
    for name in names:
        if name not in fitting:
            raise unfit(known[name], examples, fitting)
    if not fitting:
        raise NotApplicable(f"no transform of {examples.modality} inputs is installed")
    chosen = [fitting[n] for n in names] if names else list(fitting.values())
    ways = [Way(k.sheet, bool(names) or k.sheet.preserves) for k in chosen]
    return tuple(sorted(ways, key=lambda w: (not w.tested, w.sheet.family, w.sheet.name)))


def unfit(
    kind: TransformKind, examples: Examples, fitting: Mapping[str, TransformKind]
) -> ConfigError:
    """Say that a transform is for inputs of another kind."""
    return ConfigError(
        f'the transform "{kind.sheet.name}" changes {kind.sheet.modality} inputs, and those of '
        f'split "{examples.split}" are {examples.modality}',
        hint="known: " + ", ".join(sorted(fitting)) if fitting else "",
    )


def home(examples: Examples, rules: DomainRules) -> IntArray:
    """Return the rows in distribution, where the rules tell; every row elsewhere."""
    if examples.split == TEST and examples.domain and rules.in_distribution:
        return own(examples, rules)[0].rows
    return np.arange(len(examples))


def chosen_rows(examples: Examples, rows: IntArray, most: int, seed: int) -> IntArray:
    """Return about so many of some rows, by the luck of their content; equal inputs together.

    Parameters
    ----------
    examples : Examples
    rows : (n,) int array
        Positions.
    most : int
        0 for all. The last input is taken with all of its rows.
    seed : int
    """
    if not most or len(rows) <= most:
        return rows
    luck = uniforms(examples.digests[rows], seed, ROWS_STREAM)
    order = np.lexsort((examples.digests[rows], luck))
    last = rows[order[most - 1]]
    ranks = np.empty(len(rows), dtype=np.int64)
    ranks[order] = np.arange(len(rows))
    same = examples.digests[rows] == examples.digests[last]
    return np.asarray(rows[(ranks < most) | same])


def part(examples: Examples, rows: IntArray) -> Examples:
    """Return some rows of a split, as far as answers are scored against them."""
    labels, clusters = examples.labels, examples.clusters
    return replace(
        examples,
        digests=examples.digests[rows],
        ids=examples.ids[rows],
        labels=None if labels is None else Factor(labels.codes[rows], labels.names),
        targets=None if examples.targets is None else examples.targets[rows],
        groups={},
        clusters=None if clusters is None else clusters[rows],
        recorded={},
    )


@dataclass(frozen=True)
class Cells:
    """What is asked about one split: each way at each severity, on the same rows.

    Attributes
    ----------
    split : str
    rows : (n,) int array
        Positions in the split.
    whole : bool
        Whether these are all rows.
    ways : tuple of Way
    severities : tuple of int
    seed : int
    """

    split: str
    rows: IntArray
    whole: bool
    ways: tuple[Way, ...]
    severities: tuple[int, ...]
    seed: int

    def request(self, way: Way | None = None, severity: int = 0) -> Predict:
        """Return the request of one cell; without a way, that of the unchanged inputs."""
        rows = b"" if self.whole else packed(self.rows)
        if way is None:
            return Predict(self.split, rows=rows)
        change = Transform(way.sheet.name, severity, self.seed)
        return Predict(self.split, rows=rows, transform=change)

    def requests(self) -> list[Predict]:
        """Return every request, the unchanged inputs first."""
        return [
            self.request(),
            *(self.request(w, s) for w in self.ways for s in self.severities),
        ]

    @property
    def tested(self) -> tuple[Way, ...]:
        """The ways that requirements are about."""
        return tuple(w for w in self.ways if w.tested)


def answerable(examples: Examples, card: ModelCard) -> None:
    """Refuse a model that cannot be asked about changed inputs.

    Raises
    ------
    NotApplicable
        With the reason.
    """
    if card.kind == "recorded":
        raise NotApplicable(
            "recorded predictions say nothing of changed inputs; name a model under model.load"
        )
    if not len(examples):
        raise NotApplicable(f'split "{examples.split}" has no rows')
