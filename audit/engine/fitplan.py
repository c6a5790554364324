"""From requests to the trainings that answer them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from audit.engine.altered import place
from audit.engine.plan import EnginePlan, Inventory
from audit.engine.training import Training
from audit.errors import ModelError
from audit.examples import Examples, FloatArray, IntArray
from audit.model import Recipe
from audit.requests import Predict, Refit, unpacked


@dataclass(frozen=True)
class FitPlan:
    """What a set of trainings will cost.

    Attributes
    ----------
    requests : tuple of Predict
    inventory : Inventory
        Distinct inputs of every split that is trained or measured on.
    trainings : mapping of Refit to Training
    known : mapping of Refit to array
        Outputs that are stored, for the inputs that are asked for.
    embeddings : mapping of str to EnginePlan
        By recipe: what has to be embedded before its trainings.
    seconds : float, optional
        Estimate for what is still to be trained, where trainings of its recipes were timed.
    """

    requests: tuple[Predict, ...]
    inventory: Inventory
    trainings: Mapping[Refit, Training]
    known: dict[Refit, FloatArray]
    embeddings: Mapping[str, EnginePlan]
    seconds: float | None = None

    @property
    def pending(self) -> list[Training]:
        """Return the trainings that are still to be done, large ones first."""
        left = [t for fit, t in self.trainings.items() if fit not in self.known]
        return sorted(left, key=lambda t: (-t.fit.size, t.key))


def total_seconds(parts: Sequence[float | None]) -> float | None:
    """Add estimates up; None where one of them is not known."""
    known = [p for p in parts if p is not None]
    return sum(known) if len(known) == len(parts) else None


def gathered(
    asked: Sequence[Predict],
    inventory: Inventory,
    examples: Mapping[str, Examples],
    recipes: Mapping[str, Recipe],
    labels: Sequence[str],
) -> dict[Refit, Training]:
    """Gather what is asked of every training.

    Raises
    ------
    ModelError
        If a request names a recipe that there is none of.
    """
    inputs: dict[Refit, list[IntArray]] = {}
    for request in asked:
        inputs.setdefault(fit_of(request), []).append(places(inventory, request))
    targets = {
        split: targets_of(examples[split], labels) for split in {fit.split for fit in inputs}
    }
    out = {}
    for fit, parts in inputs.items():
        if fit.recipe not in recipes:
            raise ModelError(
                f'there is no recipe "{fit.recipe}"', hint="there are " + ", ".join(recipes)
            )
        wanted = np.unique(np.concatenate(parts))
        own = unpacked(fit.labels) if fit.labels else targets[fit.split][unpacked(fit.rows)]
        learned = inventory.index[fit.split][unpacked(fit.rows)]
        key = key_of(fit, recipes[fit.recipe], inventory.digests[learned], named(own, labels))
        out[fit] = Training(fit, recipes[fit.recipe], key, learned, own, wanted)
    return out


def key_of(fit: Refit, recipe: Recipe, rows: npt.NDArray[np.bytes_], targets: bytes) -> str:
    """Digest everything that decides a training."""
    key = blake2b(f"{recipe.fingerprint}\0{fit.seed}\0".encode(), digest_size=16)
    key.update(rows.tobytes())
    key.update(targets)
    return key.hexdigest()


def fit_of(request: Predict) -> Refit:
    """Return the training that a request is about."""
    if request.fit is None:
        raise ValueError("the request is about no training")
    return request.fit


def home(request: Predict) -> str:
    """Return the name under which the rows of a request stand: masked ones by themselves."""
    return request.split if request.masks is None else place(request)


def places(inventory: Inventory, request: Predict) -> IntArray:
    """Return the distinct input of every row that is asked for."""
    index = inventory.index[home(request)]
    return index[unpacked(request.rows)] if request.rows and request.masks is None else index


def targets_of(examples: Examples, labels: Sequence[str]) -> npt.NDArray[np.int64] | FloatArray:
    """Return what a training learns: indices into `labels`, or values."""
    if examples.labels is None:
        if examples.targets is None:
            raise ModelError(f'split "{examples.split}" has nothing to learn: no label column')
        return examples.targets
    place = np.array([labels.index(n) for n in examples.labels.names], dtype=np.int64)
    return place[examples.labels.codes]


def named(targets: npt.NDArray[np.int64] | FloatArray, labels: Sequence[str]) -> bytes:
    """Return targets as bytes that do not change with the order in which labels are listed."""
    if not labels:
        return np.asarray(targets, dtype="<f8").tobytes()
    codes = [blake2b(name.encode(), digest_size=8).digest() for name in labels]
    return np.array(codes, dtype="S8")[targets].tobytes()
