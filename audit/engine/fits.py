"""Trainings: each one done once, its outputs kept as soon as they are there.

What is kept of a training are its outputs on the inputs that were asked for, under a key that
covers the recipe, the rows with their labels in training order, and the seed. A training whose
outputs are all there is not done again.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from audit.engine.engine import Engine
from audit.engine.fitplan import FitPlan, fit_of, gathered, home, places, total_seconds
from audit.engine.ledger import FAILED
from audit.engine.local import Warms
from audit.engine.plan import EnginePlan, Inventory, cut
from audit.engine.progress import Progress, Silent
from audit.engine.store import Digests, Store
from audit.engine.training import Trainer, Training, expected_seconds
from audit.examples import Examples, FloatArray
from audit.model import ModelCard, Predicts, Recipe, Refits
from audit.observations import Observation
from audit.requests import Predict, Refit

TIMED = 2  # sizes that are tried to learn how time grows with the rows
TIMED_APART = 4  # the second is at least so many times the first


@dataclass(frozen=True)
class FitAnswers:
    """What a plan of trainings brought.

    Attributes
    ----------
    answers : mapping of Predict to Observation
    trained, reused : int
        Trainings that were done, and those whose outputs were stored.
    """

    answers: Mapping[Predict, Observation]
    trained: int = 0
    reused: int = 0


class Fits:
    """Trains a model again, and keeps what its trainings answer.

    Parameters
    ----------
    refits : Refits
    card : ModelCard
        Of the audited model: the labels that trainings answer with.
    store : Store
        Recipes whose fingerprint is not honest beyond this run are kept in memory instead.
    progress : Progress, optional
    """

    def __init__(
        self, refits: Refits, card: ModelCard, store: Store, progress: Progress | None = None
    ) -> None:
        self.refits = refits
        self.card = card
        self.recipes = {r.name: r for r in refits.recipes}
        self.store = store
        self.memory = Store()
        self.progress = progress or Silent()

    def plan(self, requests: Sequence[Predict], examples: Mapping[str, Examples]) -> FitPlan:
        """Find out which trainings are needed, and which are known.

        Raises
        ------
        ModelError
            If a request names a recipe that there is none of.
        """
        asked = tuple(dict.fromkeys(requests))
        splits = dict.fromkeys(s for r in asked for s in (home(r), fit_of(r).split))
        inventory = Inventory.of([examples[s] for s in splits])
        trainings = gathered(asked, inventory, examples, self.recipes, self.card.labels)
        recalled = {f: self._recall(t, inventory.digests) for f, t in trainings.items()}
        known = {f: outputs for f, outputs in recalled.items() if outputs is not None}
        plan = FitPlan(asked, inventory, trainings, known, {})
        plan = replace(plan, embeddings=self._embeddings(plan, examples))
        return replace(plan, seconds=self._seconds(plan))

    def time(self, plan: FitPlan, examples: Mapping[str, Examples]) -> FitPlan:
        """Try the smallest trainings of every recipe, to learn what the others will cost.

        What they answer is kept, unless they train on embeddings: only the few inputs that a trial
        needs are embedded then.
        """
        if plan.seconds is not None:
            return plan
        for name in dict.fromkeys(t.fit.recipe for t in plan.pending):
            of_recipe = [t for t in reversed(plan.pending) if t.fit.recipe == name]
            first = of_recipe[0]
            later = [t for t in of_recipe if t.fit.size >= TIMED_APART * first.fit.size]
            tried = [first, *later[: TIMED - 1]]
            embedder = self.refits.embedder(name)
            if embedder is None:
                self._train(plan, tried)
            else:
                self._try(plan, embedder, tried)
        return self.plan(plan.requests, examples)

    def _try(self, plan: FitPlan, embedder: Predicts, tried: Sequence[Training]) -> None:
        """Time trainings on embeddings, and the embedding of their rows; nothing else is kept."""
        needed = np.unique(np.concatenate([t.learned for t in tried]))
        embedding = plan.embeddings[tried[0].fit.recipe]
        if isinstance(embedder, Warms):
            embedder.warm()
        features = np.zeros((len(plan.inventory.digests), embedder.card.width))
        begun, units = time.perf_counter(), 0
        for batch in cut(needed, embedding.sizes, embedding.limit):
            features[batch] = embedder.predict(plan.inventory.take(batch))
            units += embedding.cost(batch)
        if embedding.rate is None:
            took = time.perf_counter() - begun
            self.store.set_rate(embedder.card.fingerprint, units / took)
        name = tried[0].fit.recipe
        trainer = Trainer(self.refits, self.card, plan.inventory, {name: features})
        for done in trainer.run(tried):
            if done.outputs is not None:
                store = self._store(done.training.recipe)
                store.note_fit(
                    done.training.recipe.fingerprint, done.training.fit.size, done.seconds
                )

    def run(self, plan: FitPlan) -> FitAnswers:
        """Do the trainings that are missing and answer every request.

        Raises
        ------
        OutputError
            If the store cannot be written. A training that fails is recorded in the answers.
        """
        reused, left = len(plan.known), plan.pending
        reasons = self._train(plan, left) if left else {}
        answers = {r: self._observed(plan, r, reasons) for r in plan.requests}
        return FitAnswers(answers, len(left) - len(reasons), reused)

    def _store(self, recipe: Recipe) -> Store:
        return self.store if recipe.cacheable else self.memory

    def _recall(self, training: Training, digests: Digests) -> FloatArray | None:
        """Return the stored outputs of a training, if all that are asked for are there."""
        store = self._store(training.recipe)
        return training.recall(store, digests, self.card.width)

    def _embeddings(self, plan: FitPlan, examples: Mapping[str, Examples]) -> dict[str, EnginePlan]:
        """Plan what the pending trainings want embedded."""
        out = {}
        for name in dict.fromkeys(t.fit.recipe for t in plan.pending):
            embedder = self.refits.embedder(name)
            if embedder is not None:
                engine = Engine(embedder, self.store, self.progress)
                wanted = [Predict(s.split) for s in plan.inventory.splits]
                out[name] = engine.plan(wanted, examples)
        return out

    def _train(self, plan: FitPlan, trainings: Sequence[Training]) -> dict[Refit, str]:
        """Do some trainings; return why those that failed did."""
        features, reasons = self._features(plan, {t.fit.recipe for t in trainings})
        trainer = Trainer(self.refits, self.card, plan.inventory, features)
        able = [t for t in trainings if t.fit.recipe not in reasons]
        failed = {t.fit: reasons[t.fit.recipe] for t in trainings if t.fit.recipe in reasons}
        self.progress.start("train", len(able))
        try:
            for done in trainer.run(able):
                self.progress.advance(1)
                if done.outputs is None:
                    failed[done.training.fit] = done.reason
                    continue
                self._keep(plan, done.training, done.outputs, done.seconds)
        finally:
            self.progress.finish()
        return failed

    def _keep(self, plan: FitPlan, t: Training, outputs: FloatArray, seconds: float) -> None:
        store = self._store(t.recipe)
        store.commit(t.key, "training", plan.inventory.digests[t.asked], outputs)
        store.note_fit(t.recipe.fingerprint, t.fit.size, seconds)
        plan.known[t.fit] = outputs

    def _features(
        self, plan: FitPlan, recipes: set[str]
    ) -> tuple[dict[str, FloatArray], dict[str, str]]:
        """Embed what recipes train on; return arrays, and reasons where that failed."""
        features, reasons = {}, {}
        for name, embedding in plan.embeddings.items():
            embedder = self.refits.embedder(name)
            if name not in recipes or embedder is None:
                continue
            Engine(embedder, self.store, self.progress).run(embedding)
            ledger = embedding.ledger
            bad = np.flatnonzero(ledger.state == FAILED)
            if len(bad):
                reasons[name] = f"an input could not be embedded: {ledger.reasons[int(bad[0])]}"
            features[name] = ledger.outputs
        return features, reasons

    def _observed(
        self, plan: FitPlan, request: Predict, reasons: Mapping[Refit, str]
    ) -> Observation:
        fit = fit_of(request)
        rows = places(plan.inventory, request)
        if fit not in plan.known:
            width = self.card.width
            blank = np.full((len(rows), width) if width else len(rows), np.nan)
            return Observation(blank, np.arange(len(rows)), reasons.get(fit, "it was not done"))
        at = np.searchsorted(plan.trainings[fit].asked, rows)
        return Observation(plan.known[fit][at])

    def _seconds(self, plan: FitPlan) -> float | None:
        """Estimate what is left; None where a recipe was never timed."""
        parts = [p.seconds for p in plan.embeddings.values()]
        for name in dict.fromkeys(t.fit.recipe for t in plan.pending):
            recipe = self.recipes[name]
            seen = self._store(recipe).fit_times(recipe.fingerprint)
            sizes = [t.fit.size for t in plan.pending if t.fit.recipe == name]
            parts.append(expected_seconds(recipe, seen, sizes))
        return total_seconds(parts)
