"""The training sizes and subsets of a learning curve: nested, seeded, and shared by probes.

Two probes with the same options ask for the same trainings, so that each is done once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from audit.chance import mixed
from audit.config import TRAIN
from audit.errors import NotApplicable
from audit.examples import Examples, FloatArray, IntArray
from audit.model import ModelCard, Recipe
from audit.observations import Observations
from audit.requests import Predict, Refit
from audit.task import Task

CHEAP, COSTLY = 15, 8  # anchors: an extrapolation wants 15, and a fine-tuning cannot pay for them
LEAST_ROWS = 8
FEWEST = 3  # anchors below which there is no curve


@dataclass(frozen=True)
class Schedule:
    """Which rows are trained on, at which sizes, with which seeds.

    Attributes
    ----------
    recipe : Recipe
    sizes : tuple of int
        Training sizes (anchors), ascending.
    seeds : tuple of int
    orders : (seeds, n) int array
        Order of the training rows under each seed: a subset is a prefix, so subsets are nested.
    """

    recipe: Recipe
    sizes: tuple[int, ...]
    seeds: tuple[int, ...]
    orders: IntArray

    def refit(self, j: int, size: int, recipe: str = "") -> Refit:
        """Return the training under seed ``j`` on ``size`` rows."""
        name = recipe or self.recipe.name
        return Refit.on(TRAIN, name, self.seeds[j], self.orders[j, :size])

    def requests(self, split: str, recipe: str = "") -> list[Predict]:
        """Return every training's outputs on a split: seed by seed, sizes ascending."""
        return [
            Predict(split, self.refit(j, size, recipe))
            for j in range(len(self.seeds))
            for size in self.sizes
        ]


def schedule(
    data: Mapping[str, Examples],
    card: ModelCard,
    root: int,
    *,
    recipe: str = "",
    anchors: int = 0,
    seeds: int = 5,
    rows: int = 0,
) -> Schedule:
    """Lay out a learning curve.

    Parameters
    ----------
    data : mapping of split name to Examples
    card : ModelCard
    root : int
        Seed that all others come from.
    recipe : str
        Name of a recipe of the card; empty for its first.
    anchors : int
        Training sizes, a factor of sqrt(2) apart; 0 for 15 where a training is cheap, else 8.
    seeds : int
        Trainings at each size.
    rows : int
        The largest training size; 0 for all rows.

    Raises
    ------
    NotApplicable
        If the model cannot be trained again, has no such recipe, or there are too few rows.
    """
    chosen, train = recipe_of(data, card, recipe)
    own = tuple(int(s) for s in np.random.SeedSequence(root).generate_state(seeds))
    orders = np.stack([order_of(train, s) for s in own])
    largest = min(rows, len(train)) if rows else len(train)
    wanted = sizes_of(largest, anchors or (CHEAP if chosen.cheap else COSTLY))
    least = complete_from(train, orders)
    sizes = tuple(s for s in wanted if s >= least)
    if len(sizes) < FEWEST:
        raise NotApplicable(
            f"{len(train):,} training rows are too few for a curve: fewer than {FEWEST} sizes have "
            "every class in every subset"
        )
    return Schedule(chosen, sizes, own, orders)


def sizes_of(largest: int, count: int) -> list[int]:
    """Return sizes a factor of sqrt(2) apart, ascending, the last of them the largest."""
    found = {round(largest * 2 ** (-k / 2)) for k in range(count)}
    return sorted(s for s in found if s >= LEAST_ROWS)


def recipe_of(
    data: Mapping[str, Examples], card: ModelCard, recipe: str
) -> tuple[Recipe, Examples]:
    """Return the recipe that is meant, and the rows that it trains on.

    Raises
    ------
    NotApplicable
        If the model cannot be trained again, or has no such recipe.
    """
    if card.fixed or not card.recipes:
        raise NotApplicable(card.fixed or "this model cannot be trained again")
    chosen = card.recipe(recipe)
    if chosen is None:
        known = ", ".join(r.name for r in card.recipes)
        raise NotApplicable(f'the model has no recipe "{recipe}"; it has {known}')
    if TRAIN not in data:
        raise NotApplicable("there are no training rows: name them under data.train")
    return chosen, data[TRAIN]


def order_of(examples: Examples, seed: int) -> IntArray:
    """Return the rows in an order that follows from seed and content, never from position.

    The key of a row mixes its digest, its label and the seed (the finaliser of splitmix64; Steele,
    Lea & Flood, 2014).
    """
    halves = np.frombuffer(examples.digests.astype("S16").tobytes(), dtype="<u8").reshape(-1, 2)
    label = np.zeros(len(examples), dtype=np.uint64)
    if examples.labels is not None:
        label = examples.labels.codes.astype(np.uint64)
    elif examples.targets is not None:
        label = examples.targets.astype(np.float64).view(np.uint64)
    key = mixed(mixed(halves[:, 0] ^ mixed(label + np.uint64(seed))) ^ halves[:, 1])
    return np.argsort(key, kind="stable").astype(np.int64)


def complete_from(train: Examples, orders: IntArray) -> int:
    """Return the size from which on every subset holds every class."""
    if train.labels is None:
        return 0
    firsts = [np.unique(train.labels.codes[o], return_index=True)[1] for o in orders]
    return int(np.max(firsts)) + 1


def errors_of(
    task: Task, seen: Observations, split: str, requests: Sequence[Predict], unit: float = 1.0
) -> FloatArray:
    """Return the ``(requests, n)`` error of every row: 0 or 1, or the absolute error by `unit`."""
    examples = seen.examples[split]
    out = np.empty((len(requests), len(examples)))
    for i, request in enumerate(requests):
        columns = task.score(seen.outputs(request), examples)
        if "correct" in columns:
            out[i] = 1.0 - columns["correct"]
        else:
            out[i] = columns["absolute_error"] / unit
    return out


def scores_of(
    task: Task,
    seen: Observations,
    split: str,
    plan: Schedule,
    recipe: str = "",
    unit: float = 1.0,
) -> FloatArray:
    """Return the ``(seeds, sizes, n)`` error of every row of a split under every training."""
    flat = errors_of(task, seen, split, plan.requests(split, recipe), unit)
    return flat.reshape(len(plan.seeds), len(plan.sizes), -1)


def error_unit(task: Task, examples: Examples) -> float:
    """Return what errors are divided by: 1, or the mean absolute deviation of a numeric target.

    A regression's error is then of order 1: that of always answering with the median.
    """
    if task.labels or examples.targets is None:
        return 1.0
    spread = float(np.abs(examples.targets - np.median(examples.targets)).mean())
    return spread or 1.0
