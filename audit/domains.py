"""Where rows come from: the domain a model was made for, and those it was not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import numpy as np

from audit.data import Slice
from audit.errors import ConfigError, DataError, NotApplicable, did_you_mean
from audit.examples import Examples, IntArray

HOME = "in distribution"
TEST = "test"


class DomainRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which rows are in distribution, and which are not.

    Attributes
    ----------
    in_distribution : tuple of str
        Values of the test split's ``domain:`` column that the model was made for. Where the test
        split has no such column, all of it is in distribution.
    splits : tuple of str
        Further splits of ``data.more`` that are domains of their own.
    """

    in_distribution: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()


@dataclass(frozen=True)
class Domain:
    """Rows of one split that come from one place.

    Attributes
    ----------
    name : str
    split : str
    rows : (n,) int array
        Positions in the split.
    home : bool
        Whether they are in distribution.
    column : str
        The column that tells it, or ``split``.
    """

    name: str
    split: str
    rows: IntArray
    home: bool
    column: str

    @property
    def slice(self) -> Slice:
        """The domain as a slice."""
        return Slice(((self.column, self.name),))

    def __len__(self) -> int:
        return len(self.rows)


def domains_of(data: Mapping[str, Examples], rules: DomainRules) -> tuple[Domain, ...]:
    """Return the in-distribution rows, pooled, as the first domain, and every other domain.

    Those of the test split follow by name, then the further splits in the order of the rules. Two
    calls on the same data give the same domains whatever the order of rows.

    Raises
    ------
    NotApplicable
        If nothing says what is in distribution, or nothing is out of it.
    """
    if TEST not in data:
        raise NotApplicable("there is no test split")
    out = [*own(data[TEST], rules), *(d for s in rules.splits for d in further(data[s]))]
    if len(out) < 2:
        raise NotApplicable(
            "there is one domain only: name a column under data.test.domain and its values that "
            "are in distribution under data.domains.in_distribution, or further splits under "
            "data.domains.splits"
        )
    return tuple(out)


def own(test: Examples, rules: DomainRules) -> list[Domain]:
    """Cut the test split by its domain column."""
    if not test.domain:
        return [Domain(HOME, TEST, np.arange(len(test)), True, "split")]
    factor = test.groups[test.domain]
    if not rules.in_distribution:
        raise NotApplicable(
            f'nothing says which values of "{test.domain}" are in distribution: name them under '
            "data.domains.in_distribution"
        )
    inside = np.isin(np.array(factor.names, dtype=object), list(rules.in_distribution))
    home = Domain(HOME, TEST, np.flatnonzero(inside[factor.codes]), True, test.domain)
    away = [
        Domain(name, TEST, np.flatnonzero(factor.codes == i), False, test.domain)
        for i, name in enumerate(factor.names)
        if not inside[i]
    ]
    return [home, *away]


def further(split: Examples) -> list[Domain]:
    """Return a further split as a domain, or each value of its own domain column as one."""
    if not split.domain:
        return [Domain(split.split, split.split, np.arange(len(split)), False, "split")]
    factor = split.groups[split.domain]
    return [
        Domain(f"{split.split}: {name}", split.split, np.flatnonzero(factor.codes == i), False,
               split.domain)
        for i, name in enumerate(factor.names)
    ]  # fmt: skip


def check_domains(rules: DomainRules, examples: Mapping[str, Examples]) -> None:
    """Refuse rules that name a split or a value that is not there.

    Raises
    ------
    ConfigError, DataError
        Both with exit code 2, and the nearest known word.
    """
    for name in rules.splits:
        if name not in examples or name in (TEST, "train"):
            known = [s for s in examples if s not in (TEST, "train")]
            raise ConfigError(
                f'data.domains.splits names "{name}", which is no split of data.more',
                hint=did_you_mean(name, known) if known else "name further splits under data.more",
            )
    test = examples[TEST]
    if rules.in_distribution and not test.domain:
        raise ConfigError(
            "data.domains.in_distribution needs a domain column",
            hint="name it under data.test.domain",
        )
    for value in rules.in_distribution:
        names = test.groups[test.domain].names
        if value not in names:
            raise DataError(
                f'no row of the test split has "{test.domain}" = "{value}"',
                hint=did_you_mean(value, names),
                exit_code=2,
            )
