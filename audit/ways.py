"""In which ways inputs are changed: the transforms that a probe measures under."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from audit import registry
from audit.data import Slice
from audit.errors import ConfigError, NotApplicable, did_you_mean
from audit.examples import Examples
from audit.transform import SEVERITIES, TransformKind, TransformSheet


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
