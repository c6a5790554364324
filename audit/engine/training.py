"""One training at a time, or several side by side: fit, predict, and say what went wrong."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.engine.local import reason_of
from audit.engine.outputs import fault_of, shaped
from audit.engine.plan import UNSIZED_ROWS, Inventory, cut
from audit.engine.store import Store
from audit.examples import FloatArray, IntArray
from audit.model import Fitted, ModelCard, Recipe, Refits, Sized
from audit.requests import Refit

MOST_FAILURES = 3  # a recipe that fails so often is broken: stop paying for it


@dataclass(frozen=True)
class Training:
    """One training, ready to be done.

    Attributes
    ----------
    fit : Refit
    recipe : Recipe
    key : str
        Digest of recipe, rows, labels and seed.
    learned : (n,) int array
        Distinct inputs that are trained on, in training order.
    targets : (n,) array
        Indices into the card's labels, or values.
    asked : (m,) int array
        Distinct inputs whose outputs are wanted, ascending.
    """

    fit: Refit
    recipe: Recipe
    key: str
    learned: IntArray
    targets: npt.NDArray[np.int64] | FloatArray
    asked: IntArray

    def recall(
        self, store: Store, digests: npt.NDArray[np.bytes_], width: int
    ) -> FloatArray | None:
        """Return the stored outputs for `asked`, if all of them are there.

        Parameters
        ----------
        store : Store
        digests : (d,) array of 16-byte strings
            Of the distinct inputs.
        width : int
            Numbers in one output; 0 for a single value.
        """
        wanted = digests[self.asked]
        for batch in store.batches(self.key):
            if batch.outputs.shape[1:] != ((width,) if width else ()):
                continue
            at = np.searchsorted(batch.digests, wanted)
            at[at == len(batch.digests)] = 0
            if (batch.digests[at] == wanted).all():
                return batch.outputs[at]
        return None


@dataclass(frozen=True)
class Done:
    """A training that ended: with outputs, or with a reason."""

    training: Training
    outputs: FloatArray | None
    seconds: float
    reason: str = ""


@dataclass(frozen=True)
class Trainer:
    """Does trainings.

    Attributes
    ----------
    refits : Refits
    card : ModelCard
        What trainings answer.
    inventory : Inventory
    features : mapping of str to (d, dim) float array
        By recipe: what it trains on instead of the inputs themselves.
    """

    refits: Refits
    card: ModelCard
    inventory: Inventory
    features: Mapping[str, FloatArray]

    def run(self, trainings: Sequence[Training]) -> Iterator[Done]:
        """Yield every training as it ends, those of seconds first.

        After `MOST_FAILURES` of a recipe its others are given up; those that run side by side have
        begun by then, and end as they do.
        """
        for cheap in (True, False):
            with one_thread(cheap):
                yield from self._ended([t for t in trainings if t.recipe.cheap is cheap])

    def _ended(self, trainings: Sequence[Training]) -> Iterator[Done]:
        side_by_side = [t for t in trainings if t.recipe.parallel]
        workers = os.cpu_count() or 1
        if workers > 1 and len(side_by_side) > 1:
            with ThreadPoolExecutor(workers) as pool:
                jobs: list[Future[Done]] = [pool.submit(self.train, t) for t in side_by_side]
                try:
                    yield from (job.result() for job in as_completed(jobs))
                finally:
                    pool.shutdown(cancel_futures=True)
            trainings = [t for t in trainings if not t.recipe.parallel]
        failures: dict[str, list[str]] = {}
        for training in trainings:
            known = failures.setdefault(training.recipe.name, [])
            if len(known) >= MOST_FAILURES:
                reason = f"stopped after {len(known)} failures, the first: {known[0]}"
                yield Done(training, None, 0.0, reason)
                continue
            done = self.train(training)
            if done.outputs is None:
                known.append(done.reason)
            yield done

    def train(self, training: Training) -> Done:
        """Fit, predict, and check what is answered."""
        begun = time.perf_counter()
        try:
            fitted = self.refits.fit(
                self._inputs(training.fit.recipe, training.learned),
                training.targets,
                recipe=training.fit.recipe,
                seed=training.fit.seed,
            )
            outputs = self._predict(fitted, training)
        except Exception as error:  # a recipe may be a guest's, and one training is not all
            return Done(training, None, 0.0, reason_of(error))
        bad, reason = fault_of(outputs, self.card)
        if len(bad):
            return Done(training, None, 0.0, reason)
        return Done(training, outputs, time.perf_counter() - begun)

    def _inputs(self, recipe: str, items: IntArray) -> object:
        if recipe in self.features:
            return self.features[recipe][items]
        return self.inventory.take(items)

    def _predict(self, fitted: Fitted, training: Training) -> FloatArray:
        """Predict all that is asked: in one call on features, in even batches on inputs."""
        recipe, items = training.fit.recipe, training.asked
        if recipe in self.features or not isinstance(fitted, Sized):
            return shaped(fitted.predict(self._inputs(recipe, items)), len(items), self.card)
        sizes = np.ones(len(self.inventory.digests), dtype=np.int64)
        sizes[items] = np.maximum(fitted.sizes(self._inputs(recipe, items)), 1)
        width = self.card.width
        outputs = np.full((len(sizes), width) if width else len(sizes), np.nan)
        for batch in cut(items, sizes, fitted.batch_size_limit or UNSIZED_ROWS):
            answer = fitted.predict(self._inputs(recipe, batch))
            outputs[batch] = shaped(answer, len(batch), self.card)
        return outputs[items]


@contextmanager
def one_thread(cheap: bool) -> Iterator[None]:
    """Give each training of seconds one thread of the numerical libraries.

    A second gains such a training little. Where another program runs it loses much: the threads of
    OpenMP and of linear algebra wait for each other in a loop (on two busy cores, gradient boosting
    on 250 rows: 17 s instead of 0.2 s; 72 heads on up to 3,000 x 384: 14 to 64 times the CPU).
    """
    if not cheap:
        yield
        return
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:  # it comes with scikit-learn; a function of the user's may not need that
        yield
        return
    with threadpool_limits(1):
        yield


def expected_seconds(
    recipe: Recipe, seen: Sequence[tuple[int, float]], sizes: Sequence[int]
) -> float | None:
    """Estimate the time of trainings from those that were timed: a constant plus a rate a row.

    Parameters
    ----------
    recipe : Recipe
    seen : sequence of (rows, seconds)
    sizes : sequence of int
        Of the trainings to come.
    """
    if not sizes:
        return 0.0
    if len({rows for rows, _ in seen}) < 2:  # one size does not tell how time grows
        return None
    from scipy.optimize import nnls

    rows, seconds = np.array(seen, dtype=np.float64).T
    start, rate = nnls(np.column_stack([np.ones(len(rows)), rows]), seconds)[0]
    total = float(start * len(sizes) + rate * sum(sizes))
    return total / ((os.cpu_count() or 1) if recipe.parallel else 1)
