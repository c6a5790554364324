"""Guessing the roles of columns, for a first specification that a person then edits."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from audit import registry
from audit.adapters.options import TableOptions
from audit.errors import ConfigError, DataError, did_you_mean
from audit.examples import name_of
from audit.load import scheme_of

SAMPLE = 2000
LABELS = ("label", "target", "y", "class", "outcome", "sentiment", "income", "gold")
TEXTS = ("text", "input", "body", "sentence", "content", "review", "message", "prompt")
IMAGES = ("image", "img", "photo", "picture")
PLACES = ("domain", "source", "site", "origin", "hospital", "region", "dataset")
PEOPLE = ("sex", "gender", "race", "ethnicity", "age", "nationality", "religion", "disability")
IDS = ("id", "uid", "row_id", "index", "key")
PREDICTIONS = ("prediction", "predicted", "pred", "y_pred", "y_hat")
SCORES = ("score", "probability", "prob", "p_positive", "y_score")
POSITIVES = ("positive", "1", "true", "yes", ">50K", "high", "toxic")
MANY = 20


@dataclass(frozen=True)
class Look:
    """The first rows of a data set, by column."""

    columns: Mapping[str, Sequence[Any]]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns."""
        return tuple(self.columns)

    def distinct(self, column: str) -> list[str]:
        """Return the distinct values of a column, as names."""
        return sorted({name_of(v) for v in self.columns[column]})

    def numeric(self, column: str) -> bool:
        """Tell whether a column holds numbers."""
        seen = [v for v in self.columns[column] if v is not None]
        return bool(seen) and all(
            isinstance(v, int | float) and not isinstance(v, bool) for v in seen
        )


@dataclass(frozen=True)
class Roles:
    """Which column is what."""

    label: str
    inputs: tuple[str, ...]
    groups: tuple[str, ...]
    positive: str = ""
    domain: str = ""
    homes: tuple[str, ...] = ()
    id: str = ""
    prediction: str = ""
    score: str = ""
    bins: tuple[tuple[str, tuple[int, ...]], ...] = ()

    def choose(
        self, table: Look, label: str, inputs: tuple[str, ...], groups: tuple[str, ...]
    ) -> Roles:
        """Take what a person said, and guess what follows from it.

        Raises
        ------
        DataError
            If a named column is not there.
        """
        for column in (label, *inputs, *groups):
            if column and column not in table.columns:
                raise DataError(
                    f'there is no column "{column}"',
                    hint=did_you_mean(column, table.names),
                    exit_code=2,
                )
        bins = tuple(
            (g, quartiles(table.columns[g]))
            for g in groups
            if table.numeric(g) and len(table.distinct(g)) > MANY
        )
        return replace(
            self,
            label=label,
            inputs=inputs,
            groups=groups,
            positive=positive_of(table, label),
            bins=bins,
        )


def look(load: str, base: Path) -> Look:
    """Load a data set and take its first rows.

    Raises
    ------
    AuditError
        If it does not load.
    """
    scheme, ref = scheme_of(load, "dataset", "data.test")
    table = registry.load("dataset", scheme)(ref, TableOptions(), base=base)
    head = table[:SAMPLE]
    if not head:
        raise ConfigError(f"{load} has no column")
    return Look({str(k): list(v) for k, v in dict(head).items()})


def first_of(names: Sequence[str], wanted: Sequence[str]) -> str:
    """Return the first column whose lower-case name is wanted."""
    lower = {n.lower(): n for n in names}
    return next((lower[w] for w in wanted if w in lower), "")


def guess(table: Look) -> Roles:
    """Guess the roles from names and values."""
    names = table.names
    label = first_of(names, LABELS) or names[-1]
    taken = {label}
    found: list[str] = []
    for wanted in (IDS, PREDICTIONS, SCORES):
        found.append(first_of([n for n in names if n not in taken], wanted))
        taken.add(found[-1])
    groups = tuple(n for n in names if n.lower() in PEOPLE and n not in taken)
    domain = first_of([n for n in names if n not in taken], PLACES)
    homes = tuple(table.distinct(domain)) if domain else ()
    if not 1 < len(homes) <= MANY:
        domain, homes = "", ()
    text = first_of([n for n in names if n not in taken], (*TEXTS, *IMAGES))
    inputs = (text,) if text else tuple(n for n in names if n not in taken and n != domain)
    id_, prediction, score = found
    return Roles(
        label,
        inputs,
        groups,
        positive=positive_of(table, label),
        domain=domain,
        homes=homes,
        id=id_,
        prediction=prediction,
        score=score,
    )


def positive_of(table: Look, label: str) -> str:
    """Guess which of two labels is the positive one."""
    values = table.distinct(label) if label else []
    if len(values) != 2:
        return ""
    return next((v for v in POSITIVES if v in values), values[-1])


def quartiles(values: Sequence[Any]) -> tuple[int, ...]:
    """Return round cut points that quarter a column of numbers."""
    seen = sorted(float(v) for v in values if v is not None)
    cuts = {round(seen[len(seen) * q // 4]) for q in (1, 2, 3)}
    return tuple(sorted(cuts))


def quoted(value: object) -> str:
    """Write a scalar or list as YAML that cannot be misread: JSON is YAML."""
    return json.dumps(value, ensure_ascii=False)


def domains(roles: Roles) -> list[str]:
    """Return the lines that say what is in distribution; only a person knows."""
    if not roles.domain:
        return ["  # domains: {splits: [later]}   further splits of data.more from elsewhere"]
    return [
        "  # Which of these was the model made for? Only then what is lost elsewhere is measured.",
        f"  # domains: {{in_distribution: {quoted(list(roles.homes))}}}",
    ]


def write(model: str, data: str, roles: Roles) -> str:
    """Return the text of a commented specification."""
    single = len(roles.inputs) == 1
    lines = [
        "# What to audit, and what is required of it. Check it with: audit check",
        "audit: 1",
        "model:",
        f"  load: {quoted(model)}",
        "  # revision: pins a hub model; for python: it names the version whose answers are kept",
        '  # refit: {base: "hf:org/pretrained"}   what a transformer is trained again from',
        "data:",
        "  test:",
        f"    load: {quoted(data)}",
    ]
    if roles.inputs:
        lines.append(f"    input: {quoted(roles.inputs[0] if single else list(roles.inputs))}")
    for key in ("label", "positive", "domain", "id", "prediction", "score"):
        value = getattr(roles, key)
        if value:
            lines.append(f"    {key}: {quoted(value)}")
    if roles.groups:
        lines.append(f"    groups: {quoted(list(roles.groups))}")
    if roles.bins:
        inner = ", ".join(f"{quoted(c)}: {quoted(list(cuts))}" for c, cuts in roles.bins)
        lines.append(f"    bins: {{{inner}}}")
    lines += [
        "    # cluster: person      rows of one person are not independent of each other",
        '  # train: {load: "csv:train.csv"}   how much would more of it help?',
        *domains(roles),
        "  groups:",
        "    intersections: 1      # 2 also tests every pair of group columns",
        "    min_n: 30             # smaller groups are listed as not tested",
        "defaults: {confidence: 0.95, seed: 20261121, on_inconclusive: block}",
        "require:",
        "  # material is the smallest change you care about; audit plan says what can be seen",
        "  - id: overall",
        "    measure: task-performance.accuracy.overall",
        "    min: 0.80",
        "    material: 0.02",
        '    rationale: ""         # why this limit',
    ]
    if roles.groups:
        lines += [
            "  - id: accuracy-gap",
            "    measure: group-fairness.accuracy.gap",
            "    compare: rest         # pairs: any two groups; reference: one group",
            "    max: 0.05",
            "    material: 0.02",
            '    rationale: ""',
        ]
    lines += [
        "waivers: []               # - {id: overall, until: 2027-01-31, by: name, reason: why}",
        "report:",
        "  out: audit-report",
        "  examples: none          # full shows failing inputs: the report may be mailed around",
    ]
    return "\n".join(lines) + "\n"
