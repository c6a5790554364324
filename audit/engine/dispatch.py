"""Every request to the part of the engine that answers it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from audit.engine.engine import Engine
from audit.engine.fitplan import FitPlan, total_seconds
from audit.engine.fits import Fits
from audit.engine.local import reason_of
from audit.engine.plan import EnginePlan
from audit.engine.progress import Progress
from audit.engine.store import Store
from audit.errors import ModelError
from audit.examples import Examples
from audit.model import Model, Predicts, Ranks, Refits
from audit.observations import Observation
from audit.requests import Predict, Request, TokenRanks


@dataclass(frozen=True)
class Work:
    """What a set of requests needs: predictions, trainings, and words counted.

    Attributes
    ----------
    predictions : EnginePlan, optional
    fits : FitPlan, optional
    ranks : tuple of TokenRanks
    """

    predictions: EnginePlan | None = None
    fits: FitPlan | None = None
    ranks: tuple[TokenRanks, ...] = ()

    @property
    def distinct(self) -> int:
        """Distinct inputs of the audited model itself."""
        return self.predictions.distinct if self.predictions else 0

    @property
    def seconds(self) -> float | None:
        """Estimated time; None where a part was never measured."""
        return total_seconds([p.seconds for p in (self.predictions, self.fits) if p is not None])


@dataclass(frozen=True)
class Brought:
    """What a set of requests brought.

    Attributes
    ----------
    answers : mapping of Request to Observation
    predicted, reused : int
        Distinct inputs of the audited model.
    trained, trained_before : int
        Trainings that were done, and those whose outputs were stored.
    """

    answers: Mapping[Request, Observation]
    predicted: int = 0
    reused: int = 0
    trained: int = 0
    trained_before: int = 0
    warnings: list[str] = field(default_factory=list)


class Dispatcher:
    """Plans and runs requests of every kind on one model.

    Parameters
    ----------
    model : Model
    refits : Refits or None
        What trains it again.
    store : Store
    progress : Progress, optional
    """

    def __init__(
        self,
        model: Model,
        refits: Refits | None,
        store: Store,
        progress: Progress | None = None,
    ) -> None:
        self.model = model
        self.engine = Engine(model, store, progress)
        self.fits = Fits(refits, model.card, store, progress) if refits is not None else None

    def plan(self, requests: Sequence[Request], examples: Mapping[str, Examples]) -> Work:
        """Cut everything that is asked into batches and trainings; nothing is done yet.

        Raises
        ------
        ModelError
            If trainings are asked of a model that cannot be trained again.
        """
        asked = [r for r in requests if isinstance(r, Predict)]
        own = [r for r in asked if r.fit is None]
        again = [r for r in asked if r.fit is not None]
        if again and self.fits is None:
            raise ModelError(f"{self.model.card.name} cannot be trained again")
        return Work(
            predictions=self.engine.plan(own, examples) if own else None,
            fits=self.fits.plan(again, examples) if again and self.fits else None,
            ranks=tuple(r for r in requests if isinstance(r, TokenRanks)),
        )

    def time(self, work: Work, examples: Mapping[str, Examples]) -> Work:
        """Try what was never timed; what is predicted on the way is kept."""
        if work.predictions is not None and work.predictions.seconds is None:
            self.engine.time(work.predictions)
            again = self.engine.plan(work.predictions.requests, examples)
            work = replace(work, predictions=again)
        if work.fits is not None and self.fits is not None:
            work = replace(work, fits=self.fits.time(work.fits, examples))
        return work

    def run(self, work: Work, examples: Mapping[str, Examples]) -> Brought:
        """Answer every request.

        Raises
        ------
        AuditError
            If the model cannot be loaded or the store cannot be written. Rows and trainings that
            fail are recorded in the answers instead.
        """
        answers: dict[Request, Observation] = {}
        answers |= {r: ranked(self.model, examples[r.split]) for r in work.ranks}
        brought = Brought(answers)
        if work.predictions is not None:
            own = self.engine.run(work.predictions)
            answers.update(own.answers.items())
            brought = replace(
                brought, predicted=own.predicted, reused=own.reused, warnings=own.warnings
            )
        if work.fits is not None and self.fits is not None:
            fits = self.fits.run(work.fits)
            answers.update(fits.answers.items())
            brought = replace(brought, trained=fits.trained, trained_before=fits.reused)
        return brought


def ranked(model: Model, examples: Examples) -> Observation:
    """Ask a model's tokenizer how rare the words of every input are."""
    rows = np.arange(len(examples))
    blank = np.full(len(examples), np.nan)
    if not (isinstance(model, Ranks) and isinstance(model, Predicts)):
        return Observation(blank, rows, f"{model.card.name} has no tokenizer to ask")
    try:
        ranks = np.asarray(model.token_ranks(examples.inputs.take(rows)), dtype=np.float64)
    except Exception as error:
        return Observation(blank, rows, reason_of(error))
    return Observation(ranks, np.flatnonzero(np.isnan(ranks)), "it has no token")
