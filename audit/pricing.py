"""The price of an audit and what it will see, from the plan alone."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import msgspec

from audit.asking import dispatcher, requests
from audit.engine.dispatch import Work
from audit.engine.progress import Progress
from audit.engine.store import open_store
from audit.errors import NotApplicable
from audit.model import Recorded
from audit.observations import Observations
from audit.prepare import Prepared, design, prepare
from audit.preview import Sight, sights
from audit.spec import AuditSpec


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """What an audit costs.

    Attributes
    ----------
    recorded : bool
        Whether the predictions were made elsewhere, so that no model is called.
    rows, distinct, cached : int
        Rows asked for, distinct inputs among them, and those already predicted.
    calls : int
        Batches that are still to be run.
    seconds : float or None
        Estimate for all that is still to be done, where every part of it was timed.
    trainings, trained : int
        Trainings that are asked for, and those that were done before.
    embeddings : int
        Inputs that must be embedded for them.
    later : int
        Trainings that may be asked for once the first answers are back, at most; not in `seconds`.
    explanations : int
        Inputs that may be explained after that, at most; not in `seconds`.
    versions : int
        Versions of inputs without some parts that may be predicted for them, likewise.
    gate_size : int
        One-sided comparisons that the gate's fails are corrected for.
    """

    recorded: bool
    rows: int
    distinct: int
    cached: int
    calls: int
    seconds: float | None
    trainings: int = 0
    trained: int = 0
    embeddings: int = 0
    later: int = 0
    explanations: int = 0
    versions: int = 0
    gate_size: int = 0
    sights: tuple[Sight, ...] = ()

    def cost(self) -> str:
        """Say the cost in words."""
        time = "time unknown until the model has been tried"
        if self.seconds is not None:
            time = f"about {duration(self.seconds)}"
        left = self.trainings - self.trained
        if not self.calls and not left:
            time = "nothing left to predict" + (" before these" if self.explanations else "")
        gate = f"{self.gate_size} one-sided comparisons in the gate (fails are corrected for all)"
        lines = [f"{self.rows:,} recorded predictions, no model to call"]
        if not self.recorded:
            kept = f", {self.cached:,} predicted before" if self.cached else ""
            lines = [
                f"{self.rows:,} rows, {self.distinct:,} distinct inputs{kept}",
                f"{self.calls:,} model calls",
            ]
        if self.trainings:
            kept = f", {self.trained:,} done before" if self.trained else ""
            more = f", {self.embeddings:,} inputs to embed for them" if self.embeddings else ""
            lines.append(f"{self.trainings:,} trainings{kept}{more}")
        later = {
            "trainings": self.later,
            "explanations": self.explanations,
            "inputs without some parts": self.versions,
        }
        for what, number in later.items():
            if number:
                lines.append(f"at most {number:,} {what} after the first answers, not timed")
        return "\n".join([*lines, time, gate])


def duration(seconds: float) -> str:
    """Write a time as people say it."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def price(spec: AuditSpec, progress: Progress, *, timed: bool = True) -> Price:
    """Plan an audit without running it.

    Parameters
    ----------
    spec : AuditSpec
    progress : Progress
    timed : bool
        Whether the model may be tried on its first batches to learn its rate; these are kept.

    Raises
    ------
    AuditError
        As `audit.run.run_audit`.
    """
    prepared = prepare(spec)
    designed, thrown = design(prepared)
    if thrown:
        raise next(iter(thrown.values()))
    families = {f.ask.key: f for fs in designed.values() for f in fs}
    alpha = 1 - spec.config.defaults.confidence
    examples = prepared.loaded.examples
    clustered = [name for name, rows in examples.items() if rows.clusters is not None]
    seen = sights(prepared.requirements, families, alpha, clustered)
    loaded = prepared.loaded
    with open_store(spec.base / ".audit" / "cache", loaded.card) as store:
        engine = dispatcher(prepared, store, progress)
        wanted, _ = requests(prepared, Observations(examples, card=loaded.card), {})
        work = engine.plan(wanted, examples)
        if timed and work.seconds is None:
            work = engine.time(work)
    found = priced(work, seen, recorded=isinstance(loaded.model, Recorded))
    return msgspec.structs.replace(found, **later_of(prepared))


def later_of(prepared: Prepared) -> dict[str, int]:
    """Return what probes may still ask for, at most; nothing of those that do not apply."""
    trainings = explanations = versions = 0
    examples, card = prepared.loaded.examples, prepared.loaded.card
    for probe in prepared.probes.values():
        with suppress(NotApplicable):
            trainings += probe.later(examples, card)
            explanations += probe.explanations(examples, card)
            versions += probe.versions(examples, card)
    return {"later": trainings, "explanations": explanations, "versions": versions}


def priced(work: Work, seen: Sequence[Sight], *, recorded: bool) -> Price:
    """Add up what the parts of some work cost."""
    plans, fits = work.plans, work.fits
    twice = len(work.predictions.covered) if work.predictions else 0
    embedded = list(fits.embeddings.values()) if fits else []
    return Price(
        recorded=recorded,
        rows=sum(plan.rows for plan in plans),
        distinct=work.distinct,
        cached=sum(plan.cached for plan in plans) - twice,
        calls=sum(plan.calls for plan in plans),
        seconds=work.seconds,
        trainings=len(fits.trainings) if fits else 0,
        trained=len(fits.known) if fits else 0,
        embeddings=sum(p.distinct - p.cached for p in embedded),
        gate_size=sum(s.comparisons for s in seen),
        sights=tuple(seen),
    )
