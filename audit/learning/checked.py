"""Training labels that were checked against what other rows teach: a rate, a table, suspects."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from audit.config import TRAIN
from audit.examples import Examples, FloatArray
from audit.exhibits import Case, Cases, Column, Exhibit, Table
from audit.learning.noise import Folded
from audit.measurement import Unit
from audit.stats.confident import Joint, Suspects, confident_joint, prune_by_noise_rate
from audit.stats.overreading import Reading, read
from audit.writing import value as written

SHOWN = 20  # suspects


@dataclass(frozen=True)
class Checked:
    """The labels of the training rows against their out-of-sample probabilities.

    Attributes
    ----------
    folded : Folded
    probabilities : (n, K) float array
    labels : tuple of str
    seed : int
        Of the simulated labels.
    """

    folded: Folded
    probabilities: FloatArray
    labels: tuple[str, ...]
    seed: int

    @cached_property
    def joint(self) -> Joint:
        """How given and true labels occur together."""
        return confident_joint(self.probabilities, self.folded.given)

    @cached_property
    def reading(self) -> Reading:
        """The share of wrong labels, and whether it may be claimed."""
        return read(self.probabilities, self.folded.given, self.joint, self.seed)

    @cached_property
    def suspects(self) -> Suspects:
        """The rows that are probably wrong, the surest first."""
        return prune_by_noise_rate(self.probabilities, self.folded.given, self.joint)

    @property
    def kind(self) -> str:
        """What a rate that is not claimed is: overlap and overfitting are read as wrong labels."""
        under = self.reading.calibrated and self.reading.bias < 0
        return "a rough estimate" if under else "an upper estimate"

    @property
    def doubt(self) -> str:
        """Why no rate is claimed; empty where one is."""
        r = self.reading
        if r.claimed:
            return ""
        rest = "a random sample of labels, checked by hand, would tell"
        if not r.calibrated:
            return (
                f"this is {self.kind}, and no rate is claimed: the trainings are "
                f"{written(r.excess, Unit.POINTS)} surer than held-out labels bear out, so that "
                f"their own errors look like wrong labels; {rest}"
            )
        way = "too many" if r.bias > 0 else "too few"
        return (
            f"this is {self.kind}, and no rate is claimed: on simulated labels that overlap as "
            f"these do (Bayes accuracy {written(r.accuracy, Unit.SHARE)}) confident learning reads "
            f"{written(abs(r.bias), Unit.POINTS)} {way}; {rest}"
        )

    @property
    def claim(self) -> str:
        """Say in a caption whether the figures are a claim."""
        return "" if self.reading.claimed else f"; {self.kind}, and no rate is claimed"

    def exhibits(self, train: Examples) -> list[Exhibit]:
        """Show the rate of every label, and the surest suspects."""
        return [self.table(), *self.cases(train)]

    def table(self) -> Table:
        """Return how many rows of each label are probably wrong, and what they mostly are."""
        share, n = self.joint.share, self.joint.n
        size = share.sum(axis=1)
        wrong = size - np.diag(share)
        away = share - np.diag(np.diag(share))
        return Table(
            id="label-noise-labels",
            title="Wrong training labels, by label",
            caption=f"Shares of the rows that were given each label{self.claim}.",
            columns=(
                Column("Label"),
                Column("Rows", Unit.NUMBER),
                Column("Probably wrong", Unit.SHARE),
                Column("Mostly instead"),
            ),
            rows=tuple(
                (
                    name,
                    round(float(size[i] * n)),
                    float(wrong[i] / size[i]),
                    self.labels[int(away[i].argmax())] if wrong[i] > 0 else "",
                )
                for i, name in enumerate(self.labels)
                if size[i] > 0
            ),
        )

    def cases(self, train: Examples) -> list[Cases]:
        """Return the surest suspects; inputs only where the specification allows them."""
        found, given = self.suspects, self.folded.given
        if not len(found.rows):
            return []
        at = self.folded.rows[found.rows]
        order = np.lexsort((train.ids[at].astype(str), -found.margins))[:SHOWN]
        shown = tuple(
            Case(
                id=str(train.ids[at[s]]),
                split=TRAIN,
                row=int(at[s]),
                facts=(
                    self.labels[given[found.rows[s]]],
                    self.labels[found.suggested[s]],
                    f"{self.probabilities[found.rows[s], found.suggested[s]]:.3f}",
                ),
            )
            for s in order
        )
        return [
            Cases(
                id="label-noise-suspects",
                title="Training labels to look at",
                caption=f"{len(shown)} of {len(found.rows):,} suspects, largest margin first"
                f"{self.claim}.",
                columns=("Label", "Suggested", "Its probability"),
                cases=shown,
            )
        ]
