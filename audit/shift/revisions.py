"""Where a model lies against the line that its other revisions form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from audit.domains import Domain
from audit.examples import Examples
from audit.observations import Observations
from audit.requests import Predict
from audit.shift.pooled import Pooled, pooled
from audit.stats.evidence import Mean, OneProportion
from audit.stats.line import FEWEST, Accuracy, Line, effective_robustness, fit_line
from audit.task import Columns, Task

FEW = "a line takes at least {needed} other revisions under revisions:, and there are {known}"
SAME = "all revisions do equally well in distribution: no line goes through them"


@dataclass(frozen=True)
class Lined:
    """The revisions in one domain.

    Attributes
    ----------
    home, away : (revisions,) tuples of float
        Smoothed accuracies in distribution and in the domain.
    names : tuple of str
    own, there : Accuracy
        Of the audited model, in distribution and in the domain.
    line : Line or None
    """

    home: tuple[float, ...]
    away: tuple[float, ...]
    names: tuple[str, ...]
    own: Accuracy
    there: Accuracy
    line: Line | None

    def robustness(self) -> Mean | None:
        """Return the accuracy beyond what the line predicts; None without a line."""
        return None if self.line is None else effective_robustness(self.line, self.own, self.there)


def too_few(revisions: Sequence[str]) -> str:
    """Say why there is no line, or nothing."""
    return FEW.format(needed=FEWEST, known=len(revisions)) if len(revisions) < FEWEST else ""


def accuracy(figure: Pooled, i: int) -> Accuracy:
    """Return the accuracy in a domain with its sampling error, which is never 0."""
    found, rows = figure.level(i), figure.of(i)
    n, share = int(rows.sum()), float(figure.value[rows].mean())
    if isinstance(found, Mean):
        return Accuracy(share, found.se, n)
    trials = found.n if isinstance(found, OneProportion) else 1
    smooth = (share * trials + 1) / (trials + 2)
    return Accuracy(share, float(np.sqrt(smooth * (1 - smooth) / trials)), n)


def lined(
    domains: Sequence[Domain],
    data: Mapping[str, Examples],
    task: Task,
    seen: Observations,
    names: Sequence[str],
) -> list[Lined]:
    """Return the revisions and their line in every foreign domain.

    Parameters
    ----------
    domains : sequence of Domain
        With labels, the one in distribution first.
    data : mapping of split name to Examples
    task : Task
    seen : Observations
        Which hold the outputs of the model and of every revision.
    names : sequence of str
        The revisions.
    """

    def figure(revision: str) -> list[Accuracy]:
        def columns(split: str) -> Columns:
            return task.score(seen.outputs(Predict(split, revision=revision)), data[split])

        rows = pooled("accuracy", domains, data, task, columns)
        return [accuracy(rows, i) for i in range(len(domains))]

    own = figure("")
    others = [figure(name) for name in names]
    out = []
    for i in range(1, len(domains)):
        home = tuple(o[0].smoothed for o in others)
        away = tuple(o[i].smoothed for o in others)
        out.append(Lined(home, away, tuple(names), own[0], own[i], fit_line(home, away)))
    return out
