"""Explanations from inside: of a network by its gradients, of an ensemble by its trees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from audit.engine.cases import Errand, Outcome
from audit.engine.local import reason_of
from audit.errors import AuditError, NotApplicable
from audit.examples import Examples, IntArray
from audit.explainer import ByModel, Job
from audit.model import Gradients, Model, Sized, Trees
from audit.transform import Chance

# Inputs that are explained, and kept, together: what is lost to a kill. A network is given enough
# to fill its batches, which hold some points of each input.
TREES = 4_096
LEAST, MOST = 16, 256


class Opener:
    """Runs explainers of the kind `ByModel`.

    Parameters
    ----------
    model : Model
    budget : int
        Bytes that an explainer may use on top of what the model takes.
    """

    def __init__(self, model: Model, budget: int) -> None:
        self.model = model
        self.budget = budget
        self._open: dict[str, Any] = {}
        self._random: tuple[tuple[float, int], Any] | None = None

    def explain(self, errand: Errand) -> Iterator[Outcome]:
        """Yield places of inputs with their explanations, or with the reason why there are none.

        Where several inputs fail together each is tried again by itself.
        """
        explainer, examples, modality = errand.explainer, errand.examples, errand.modality
        assert isinstance(explainer, ByModel)
        opened = self._opened(explainer.sheet.needs, errand)
        units = self.model.batch_size_limit if isinstance(self.model, Sized) else 0

        def job(rows: IntArray) -> Job:
            inputs = examples.inputs.take(rows)
            chance = Chance(examples.digests[rows], errand.seed, errand.reference)
            parts = np.asarray(modality.parts(inputs), dtype=np.int64)
            nothing = [np.zeros(k, dtype=bool) for k in parts]
            starts = modality.masked(inputs, nothing, modality.baselines[0], chance)
            own = None if errand.classes is None else errand.classes[rows]
            return Job(inputs, starts, parts, own, chance, errand.settings, self.budget, units)

        for chunk in self._chunks(examples, explainer.sheet.needs):
            rows = chunk[errand.wanted[chunk]]
            if len(rows):
                yield from tried(explainer, opened, job, rows)

    def _chunks(self, examples: Examples, needs: str) -> Iterator[IntArray]:
        """Yield inputs of like cost together, the dearest first."""
        rows, size = np.arange(len(examples)), LEAST
        if isinstance(self.model, Sized) and len(rows):
            parts = [self.model.sizes(examples.inputs.take(r)) for r in batches(rows, 4_096)]
            sizes = np.concatenate(parts)
            rows = np.argsort(-sizes, kind="stable")
            fill = self.model.batch_size_limit / max(float(np.median(sizes)), 1.0) / 2
            size = int(np.clip(fill, LEAST, MOST))
        yield from batches(rows, TREES if needs == "trees" else size)

    def _opened(self, needs: str, errand: Errand) -> Any:
        """Return what an explainer is given; a network with random layers where that is asked."""
        if needs not in self._open:
            self._open[needs] = self._given(needs)
        opened = self._open[needs]
        if opened is None:
            raise NotApplicable(missing(needs, self.model.card.name))
        if not errand.randomised:
            return opened
        if needs != "gradients":
            raise NotApplicable("only the layers of a network can be given random weights")
        key = (errand.randomised, errand.draw)
        if self._random is None or self._random[0] != key:
            self._random = None  # the last copy goes before the next one is made
            self._random = (key, opened.randomised(errand.randomised, errand.draw))
        return self._random[1]

    def _given(self, needs: str) -> Any:
        if needs == "gradients" and isinstance(self.model, Gradients):
            return self.model.differentiable()
        if needs == "trees" and isinstance(self.model, Trees):
            return self.model.trees()
        return None


def missing(needs: str, name: str) -> str:
    """Say why a model has no such explanation."""
    if needs == "gradients":
        return f"the inputs of {name} have no gradients: kernel-shap and occlusion need none"
    return f"{name} is no ensemble of trees that can be read: kernel-shap and occlusion need none"


def batches(rows: IntArray, size: int) -> Iterator[IntArray]:
    """Yield some rows at a time."""
    for at in range(0, len(rows), size):
        yield rows[at : at + size]


def tried(
    explainer: ByModel, opened: Any, job: Callable[[IntArray], Job], rows: IntArray
) -> Iterator[Outcome]:
    """Explain some inputs; halve them until the ones that fail stand alone."""
    try:
        made = explainer.explain(opened, job(rows))
        if len(made.attributions) != len(rows):
            raise ValueError(f"{len(made.attributions)} explanations of {len(rows)} inputs")
    except (NotApplicable, AuditError):
        raise
    except Exception as error:  # an explainer may be a guest, and one input is not all
        if len(rows) == 1:
            yield rows, None, reason_of(error)
            return
        for half in np.array_split(rows, 2):
            yield from tried(explainer, opened, job, half)
        return
    yield rows, made, ""
