"""Every request to the part of the engine that answers it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from audit import registry
from audit.engine.altered import narrowed, place, source
from audit.engine.engine import Answers, Engine, refused
from audit.engine.explaining import DEFAULT_BUDGET, Explaining, ExplainPlan
from audit.engine.fitplan import FitPlan, total_seconds
from audit.engine.fits import Fits
from audit.engine.ledger import PREDICTED, REUSED
from audit.engine.local import reason_of
from audit.engine.plan import EnginePlan
from audit.engine.progress import Progress
from audit.engine.seen import Look, Looker
from audit.engine.store import Store
from audit.errors import AuditError, ModelError
from audit.examples import Examples
from audit.model import Model, Predicts, Ranks, Refits
from audit.observations import Observation
from audit.requests import Embed, Explain, Predict, Request, TokenRanks


@dataclass(frozen=True)
class Work:
    """What a set of requests needs: predictions, embeddings, trainings, and words counted.

    Attributes
    ----------
    predictions : EnginePlan, optional
        Of the audited model.
    look : Look
        Embeddings; they bring the outputs of the same inputs with them.
    others : mapping of str to EnginePlan
        Predictions of other revisions, by name.
    fits : FitPlan, optional
    ranks : tuple of TokenRanks
    explained : ExplainPlan
    places : mapping of str to Examples
        What the requests look at, by `place`.
    refused : mapping of Request to Observation
        Requests that cannot be met, with the reason: their probes end in an error.
    """

    predictions: EnginePlan | None = None
    look: Look = field(default_factory=Look)
    others: Mapping[str, EnginePlan] = field(default_factory=dict)
    fits: FitPlan | None = None
    ranks: tuple[TokenRanks, ...] = ()
    explained: ExplainPlan = field(default_factory=ExplainPlan)
    places: Mapping[str, Examples] = field(default_factory=dict)
    refused: Mapping[Request, Observation] = field(default_factory=dict)

    @property
    def plans(self) -> list[EnginePlan]:
        """Every plan of batches."""
        found = (self.predictions, self.look.plan, *self.others.values())
        return [plan for plan in found if plan is not None]

    @property
    def distinct(self) -> int:
        """Distinct inputs, for each of the models; a pass that answers twice counts once."""
        twice = len(self.predictions.covered) if self.predictions else 0
        return sum(plan.distinct for plan in self.plans) - twice

    @property
    def seconds(self) -> float | None:
        """Estimated time; None where a part was never measured."""
        fits = [self.fits.seconds] if self.fits is not None else []
        return total_seconds([*(plan.seconds for plan in self.plans), *fits])


@dataclass(frozen=True)
class Brought:
    """What a set of requests brought.

    Attributes
    ----------
    answers : mapping of Request to Observation
    predicted, reused : int
        Distinct inputs, for each of the models.
    trained, trained_before : int
        Trainings that were done, and those whose outputs were stored.
    explained, explained_before : int
        Explanations, likewise.
    """

    answers: Mapping[Request, Observation]
    predicted: int = 0
    reused: int = 0
    trained: int = 0
    trained_before: int = 0
    explained: int = 0
    explained_before: int = 0
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
    revisions : mapping of str to Model, optional
        Other revisions, by name.
    budget : int
        Bytes that explanations may use on top of what the model takes.
    """

    def __init__(
        self,
        model: Model,
        refits: Refits | None,
        store: Store,
        progress: Progress | None = None,
        revisions: Mapping[str, Model] | None = None,
        budget: int = DEFAULT_BUDGET,
    ) -> None:
        self.model = model
        self.engine = Engine(model, store, progress)
        self.looker = Looker(model, store, progress)
        self.others = {n: Engine(m, store, progress) for n, m in (revisions or {}).items()}
        self.explaining = Explaining(model, self.engine, store, progress, budget)
        self.fits = Fits(refits, model.card, store, progress) if refits is not None else None

    def plan(self, requests: Sequence[Request], examples: Mapping[str, Examples]) -> Work:
        """Cut everything that is asked into batches and trainings; nothing is done yet.

        Raises
        ------
        ModelError
            If trainings are asked of a model that cannot be trained again, or a revision that
            there is none of.
        """
        places, lost = located(requests, examples)
        asked = [r for r in requests if isinstance(r, Predict) and r not in lost]
        again = [r for r in asked if r.fit is not None]
        if again and self.fits is None:
            raise ModelError(f"{self.model.card.name} cannot be trained again")
        embeds = [r for r in requests if isinstance(r, Embed) and r not in lost]
        look = self.looker.plan(embeds, places)
        own = [r for r in asked if r.fit is None and not r.revision]
        return Work(
            predictions=self.engine.plan(own, places, look.digests) if own else None,
            look=look,
            others=self._others([r for r in asked if r.revision], places),
            fits=self.fits.plan(again, places) if again and self.fits else None,
            ranks=tuple(r for r in requests if isinstance(r, TokenRanks)),
            explained=self.explaining.plan(
                [r for r in requests if isinstance(r, Explain) and r not in lost], places
            ),
            places=places,
            refused=lost,
        )

    def _others(
        self, requests: Sequence[Predict], places: Mapping[str, Examples]
    ) -> dict[str, EnginePlan]:
        """Plan what other revisions are asked."""
        out = {}
        for name in dict.fromkeys(r.revision for r in requests):
            if name not in self.others:
                raise ModelError(f'there is no revision "{name}"')
            mine = [r for r in requests if r.revision == name]
            out[name] = self.others[name].plan(mine, places)
        return out

    def time(self, work: Work) -> Work:
        """Try what was never timed; what is predicted on the way is kept."""
        work = replace(work, look=self.looker.time(work.look, work.places))
        if work.predictions is not None and work.predictions.seconds is None:
            self.engine.time(work.predictions)
            again = self.engine.plan(work.predictions.requests, work.places, work.look.digests)
            work = replace(work, predictions=again)
        others = {}
        for name, plan in work.others.items():
            self.others[name].time(plan)
            others[name] = self.others[name].plan(plan.requests, work.places)
        work = replace(work, others=others)
        if work.fits is not None and self.fits is not None:
            work = replace(work, fits=self.fits.time(work.fits, work.places))
        return work

    def run(self, work: Work) -> Brought:
        """Answer every request.

        Raises
        ------
        AuditError
            If the model cannot be loaded or the store cannot be written. Rows and trainings that
            fail are recorded in the answers instead.
        """
        answers: dict[Request, Observation] = dict(work.refused)
        answers |= {r: ranked(self.model, work.places[r.split]) for r in work.ranks}
        seen, pass_ = self.looker.run(work.look)
        answers.update(seen.items())
        backs = [pass_]
        if work.predictions is not None:
            self.looker.share(work.look, self.engine, work.predictions)
            backs.append(uncovered(self.engine.run(work.predictions), work.predictions))
        backs += [self.others[name].run(plan) for name, plan in work.others.items()]
        for back in backs:
            answers.update(back.answers.items())
        answers = {r: noted(r, seen, work.places) for r, seen in answers.items()}
        made = self.explaining.run(work.explained)
        answers.update(made.answers.items())
        brought = Brought(
            answers,
            predicted=sum(back.predicted for back in backs) + made.predicted,
            reused=sum(back.reused for back in backs) + made.predicted_before,
            explained=made.explained,
            explained_before=made.reused,
            warnings=[*(text for back in backs for text in back.warnings), *made.warnings],
        )
        if work.fits is not None and self.fits is not None:
            fits = self.fits.run(work.fits)
            answers.update(fits.answers.items())
            brought = replace(brought, trained=fits.trained, trained_before=fits.reused)
        return brought


def noted(request: Request, seen: Observation, places: Mapping[str, Examples]) -> Observation:
    """Return an answer about changed inputs with a note of which the change left as they were."""
    if not isinstance(request, Predict) or request.transform is None:
        return seen
    before = narrowed(places[request.split], request.rows).digests
    after = places[place(request)].digests if place(request) in places else before
    return replace(seen, altered=np.asarray(before != after))


def uncovered(back: Answers, plan: EnginePlan) -> Answers:
    """Return an answer that does not count again what another pass has counted."""
    states = plan.ledger.state[plan.covered]
    return replace(
        back,
        predicted=back.predicted - int((states == PREDICTED).sum()),
        reused=back.reused - int((states == REUSED).sum()),
    )


def located(
    requests: Sequence[Request], examples: Mapping[str, Examples]
) -> tuple[dict[str, Examples], dict[Request, Observation]]:
    """Find what every request looks at, and the requests for which that fails."""
    places = dict(examples)
    lost: dict[Request, Observation] = {}
    kinds = None
    references: dict[str, Any] = {}
    for request in requests:
        if isinstance(request, TokenRanks) or place(request) in places:
            continue
        try:
            changed = not isinstance(request, Embed) and request.transform is not None
            if kinds is None and changed:
                kinds = registry.transforms()
            if isinstance(request, Predict) and request.fit is not None:
                if changed:
                    raise ModelError("trainings are not asked about changed inputs")
                if request.masks is None:
                    continue
            places[place(request)] = source(request, examples, kinds or {}, references)
        except AuditError as error:
            where = f": {error.where}" if error.where else ""
            lost[request] = refused(examples[request.split], f"{error.message}{where}")
    return places, lost


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
