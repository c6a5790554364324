"""The price of an audit and what it will see, from the plan alone."""

from __future__ import annotations

import msgspec

from audit.engine.engine import Engine
from audit.engine.progress import Progress
from audit.engine.store import open_store
from audit.model import Recorded
from audit.observations import Observations
from audit.prepare import design, prepare
from audit.preview import Sight, sights
from audit.run import requests
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
        Estimate for them, where the model's rate is known.
    gate_size : int
        One-sided comparisons that the gate's fails are corrected for.
    """

    recorded: bool
    rows: int
    distinct: int
    cached: int
    calls: int
    seconds: float | None
    gate_size: int
    sights: tuple[Sight, ...]

    def cost(self) -> str:
        """Say the cost in words."""
        time = "time unknown until the model has been tried"
        if self.seconds is not None:
            time = f"about {duration(self.seconds)}"
        if not self.calls:
            time = "nothing left to predict"
        gate = f"{self.gate_size} one-sided comparisons in the gate (fails are corrected for all)"
        if self.recorded:
            return f"{self.rows:,} recorded predictions, no model to call\n{gate}"
        kept = f", {self.cached:,} predicted before" if self.cached else ""
        return (
            f"{self.rows:,} rows, {self.distinct:,} distinct inputs{kept}\n"
            f"{self.calls:,} model calls, {time}\n"
            f"{gate}"
        )


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
    with open_store(spec.base / ".audit" / "cache", prepared.loaded.card) as store:
        engine = Engine(prepared.loaded.model, store, progress)
        wanted, _ = requests(prepared, Observations(examples), {})
        plan = engine.plan(wanted, examples)
        if timed and plan.seconds is None and plan.calls:
            engine.time(plan)
            plan = engine.plan(wanted, examples)
    return Price(
        recorded=isinstance(prepared.loaded.model, Recorded),
        rows=plan.rows,
        distinct=plan.distinct,
        cached=plan.cached,
        calls=plan.calls,
        seconds=plan.seconds,
        gate_size=sum(s.comparisons for s in seen),
        sights=tuple(seen),
    )
