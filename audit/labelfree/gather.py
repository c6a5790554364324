"""From answers to signals: the rows of each domain, in an order that follows from their content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audit.data import Slice
from audit.domains import Domain
from audit.errors import NotApplicable
from audit.estimate import estimator
from audit.examples import Examples, FloatArray, IntArray
from audit.groups import Cut
from audit.labelfree.signals import Signals, agreements
from audit.metrics import METRICS, Values
from audit.model import ModelCard
from audit.observations import Observations
from audit.requests import Embed, Predict, Request
from audit.stats.evidence import AnyEvidence
from audit.task import Classification


def requests(domains: Sequence[Domain], card: ModelCard) -> list[Request]:
    """Return what is asked of the model: outputs, features and other revisions' outputs."""
    out: list[Request] = []
    for split in dict.fromkeys(d.split for d in domains):
        out.append(Predict(split))
        out += [Predict(split, revision=r) for r in card.revisions]
        if card.features:
            out.append(Embed(split))
    return out


def signals(task: Classification, seen: Observations, domain: Domain) -> Signals:
    """Return what is known of the rows of a domain.

    Raises
    ------
    ModelError
        If the model failed on rows of its split.
    NotApplicable
        If only chosen labels were recorded.
    """
    examples, answer = seen.examples[domain.split], seen.outputs(Predict(domain.split))
    if not answer.scored:
        raise NotApplicable(
            "only chosen labels were recorded, and accuracy without labels is read off "
            "probabilities: name their column under score:"
        )
    rows = ordered(task, examples, domain.rows)
    choices = [task.decide(answer)[rows]]
    choices += [
        task.decide(seen.outputs(Predict(domain.split, revision=r)))[rows]
        for r in seen.card.revisions
    ]
    features = None
    if seen.card.features:
        features = np.asarray(seen.outputs(Embed(domain.split)).outputs[rows], dtype=np.float64)
    return Signals(
        outputs=np.asarray(answer.outputs[rows], dtype=np.float64),
        chosen=choices[0],
        clusters=cluster_codes(seen, domain.split)[rows],
        agree=agreements(choices),
        target=None if examples.labels is None else task.targets(examples)[rows],
        features=features,
        groups=tuple(f.codes[rows] for _, f in sorted(examples.groups.items())),
        alone=all(e.clusters is None for e in seen.examples.values()),
    )


def ordered(task: Classification, examples: Examples, rows: IntArray) -> IntArray:
    """Return positions in an order that does not depend on where rows stand."""
    keys = [f.codes[rows] for f in examples.groups.values()]
    if examples.clusters is not None:
        keys.append(examples.clusters[rows])
    if examples.labels is not None:
        keys.append(task.targets(examples)[rows])
    return np.asarray(rows[np.lexsort([*keys, examples.digests[rows]])], dtype=np.int64)


def cluster_codes(seen: Observations, split: str) -> IntArray:
    """Return a cluster code for every row of a split that no row of another split has."""
    start = 0
    for name in sorted(seen.examples):
        rows = seen.examples[name]
        codes = np.arange(len(rows), dtype=np.int64) if rows.clusters is None else rows.clusters
        if name == split:
            return codes + start
        start += int(codes.max(initial=-1)) + 1
    raise KeyError(split)


@dataclass(frozen=True)
class Measured:
    """An accuracy that labels tell, with its plain 95 % interval."""

    value: float
    low: float
    high: float
    n: int


def measured(rows: Signals) -> Measured | None:
    """Return the accuracy of rows with labels; None where there are none, or one cluster only."""
    if rows.target is None or not (rows.target >= 0).any():
        return None
    known = np.flatnonzero(rows.target >= 0)
    found = accuracy(rows.take(known).correct, None if rows.alone else rows.clusters[known])
    if found is None or found.theta is None:
        return None
    low, high, _ = found.interval()
    return Measured(found.theta, low, high, len(known))


def accuracy(correct: FloatArray, clusters: IntArray | None) -> AnyEvidence | None:
    """Return the evidence on the mean of a column of 0 and 1."""
    n = len(correct)
    cut = Cut((), np.zeros(n, dtype=np.int64), (Slice(),))
    values = Values(correct, np.ones(n, dtype=bool))
    return estimator(METRICS["accuracy"], values, cut, clusters).one(0)
