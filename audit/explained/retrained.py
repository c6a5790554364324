"""How alike explanations of an input are between trainings of the same recipe.

Explained is by occlusion, for it needs answers alone and so works for every recipe: the margin of
the whole input minus that without the part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from audit import registry
from audit.config import TRAIN
from audit.examples import Examples, FloatArray, IntArray
from audit.explained.means import mean_of
from audit.explained.similarity import LEAST_PARTS, SIMILARITIES
from audit.explained.survivors import values
from audit.learning.anchors import order_of, recipe_of
from audit.model import ModelCard
from audit.observations import Observations
from audit.requests import Masks, Predict, Refit, packed
from audit.stats.evidence import Mean
from audit.task import Task

SOLVED = 1e-3  # of the largest attribution: what a solver leaves open where it stops
SAME = 1e-12  # variance of similarities that is nothing but rounding
INPUTS = 30  # each has as many versions as parts, under every training


@dataclass(frozen=True)
class Trainings:
    """The trainings, and the inputs that are explained under each.

    Attributes
    ----------
    split : str
    refits : tuple of Refit
    rows : (n,) int array
        Positions in the split.
    classes : (n, 2) int array, optional
    parts : (n,) int array
    baseline : str
    """

    split: str
    refits: tuple[Refit, ...]
    rows: IntArray
    classes: IntArray | None
    parts: IntArray
    baseline: str

    def requests(self) -> list[Predict]:
        """Return one request a training: every input whole, then without each of its parts."""
        if not len(self.rows):
            return []
        kept = [~np.eye(k, dtype=bool) for k in self.parts]
        flat = [row for k in kept for row in (np.ones(k.shape[1], dtype=bool), *k)]
        masks = Masks.of(flat, self.baseline)
        rows = packed(np.repeat(self.rows, self.parts + 1))
        return [Predict(self.split, fit, rows, masks=masks) for fit in self.refits]

    def attributions(self, task: Task, seen: Observations) -> FloatArray:
        """Return ``(trainings, n, k)`` attributions, NaN beyond an input's parts.

        Raises
        ------
        ModelError
            If a training failed.
        """
        counts = self.parts + 1
        classes = None if self.classes is None else np.repeat(self.classes, counts, axis=0)
        starts = np.cumsum(counts) - counts
        out = np.full((len(self.refits), len(self.rows), int(self.parts.max(initial=0))), np.nan)
        for own, request in zip(out, self.requests(), strict=True):
            margin = values(task, seen.outputs(request), classes)
            for row, start, k in zip(own, starts, self.parts, strict=True):
                row[:k] = margin[start] - margin[start + 1 : start + 1 + k]
        return out


def refits_for(
    data: Mapping[str, Examples], card: ModelCard, recipe: str, count: int, root: int
) -> tuple[Refit, ...]:
    """Return trainings on all training rows that differ in seed and order.

    Raises
    ------
    NotApplicable
        If the model cannot be trained again.
    """
    chosen, train = recipe_of(data, card, recipe)
    seeds = [int(s) for s in np.random.SeedSequence(root).generate_state(count)]
    return tuple(Refit.on(TRAIN, chosen.name, s, order_of(train, s)) for s in seeds)


def baseline_of(examples: Examples) -> str:
    """Return what stands in for a part of the inputs of a split."""
    return registry.modality(examples.modality).baselines[0]


def agreement(attributions: FloatArray, rule: str, clusters: IntArray) -> Mean | None:
    """Return the mean similarity over pairs of trainings and over inputs, as evidence.

    A U-statistic over trainings: leaving each out in turn gives its jackknife variance. That of
    the inputs is added, with degrees of freedom as in Satterthwaite (1946); what belongs to inputs
    under single trainings stands in both, so that the sum is rather too large. Where trainings
    differ and their similarities do not, the variance is at least what one further training that
    agrees with none would make of it. Where they do not even differ, the recipe does not draw: the
    trainings are one, and the error is that of the inputs.

    Parameters
    ----------
    attributions : (trainings, n, k) float array
    rule : str
        Of similarity.
    clusters : (n,) int array

    Returns
    -------
    Mean or None
        None with fewer than three trainings, or two clusters of inputs with enough parts.

    Notes
    -----
    Arvesen (1969), Jackknifing U-statistics, Ann. Math. Statist. 40, 2076-2100.
    """
    count = len(attributions)
    pairs = list(combinations(range(count), 2))
    if count < 3:
        return None
    found = np.stack([SIMILARITIES[rule](attributions[a], attributions[b]) for a, b in pairs])
    known = ~np.isnan(found).any(axis=0)
    if len(np.unique(clusters[known])) < 2:
        return None
    table = found[:, known].mean(axis=1)
    rows = mean_of(found[:, known].mean(axis=0), clusters[known])
    if rows is None or not drawn_anew(attributions[:, known]):
        return rows
    without = np.array([np.mean([v for v, p in zip(table, pairs, strict=True) if j not in p])
                        for j in range(count)])  # fmt: skip
    among = float(((without - without.mean()) ** 2).sum()) * (count - 1) / count
    if among < SAME:
        among = (2 / (count + 1) * float(table.mean())) ** 2
    total = among + rows.se**2
    df = total**2 / (among**2 / (count - 1) + rows.se**4 / (rows.df or count - 1))
    return Mean(float(table.mean()), float(np.sqrt(total)), df, n=int(known.sum()))


def drawn_anew(attributions: FloatArray) -> bool:
    """Whether trainings differ by more than rounding, and the last steps of a solver, can explain.

    Parameters
    ----------
    attributions : (trainings, n, k) float array
        NaN beyond an input's parts.
    """
    known = ~np.isnan(attributions).any(axis=0)
    own = attributions[:, known]
    if not own.size:
        return False
    return bool(np.ptp(own, axis=0).max() > SOLVED * np.abs(own).max())


def explainable(parts: IntArray) -> IntArray:
    """Return the first inputs that have enough parts to compare."""
    return np.flatnonzero(parts >= LEAST_PARTS)[:INPUTS]
