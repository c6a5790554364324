"""Asking the model, stage by stage, until no probe asks anything new."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from audit.engine.dispatch import Dispatcher
from audit.engine.explaining import MIB
from audit.engine.progress import Progress
from audit.engine.store import Store, open_store
from audit.errors import NotApplicable
from audit.observations import Observation, Observations
from audit.prepare import Prepared
from audit.requests import Request


def requests(
    prepared: Prepared, seen: Observations, thrown: dict[str, Exception]
) -> tuple[list[Request], dict[str, str]]:
    """Return what is still to be asked, and the probes that have nothing to ask.

    A probe that is in `thrown` is asked no more; what one throws here is added to it.
    """
    wanted: dict[Request, None] = {}
    silent: dict[str, str] = {}
    for name, probe in prepared.probes.items():
        if name in thrown:
            continue
        try:
            asked = tuple(probe.plan(seen.examples, prepared.loaded.card, seen))
        except NotApplicable as reason:
            silent[name] = str(reason)
            continue
        except Exception as error:  # a probe may be a guest
            thrown[name] = error
            continue
        wanted |= dict.fromkeys(asked)
    return [r for r in wanted if r not in seen.answers], silent


@dataclass
class Asked:
    """What the engine brought back."""

    seen: Observations
    silent: dict[str, str]
    thrown: dict[str, Exception]
    distinct: int = 0
    predicted: int = 0
    reused: int = 0
    trained: int = 0
    trained_before: int = 0
    explained: int = 0
    explained_before: int = 0
    warnings: list[str] = dataclasses.field(default_factory=list)


def ask(prepared: Prepared, cache: Path, progress: Progress, thrown: dict[str, Exception]) -> Asked:
    """Ask the model, stage by stage, until no probe asks anything new."""
    examples = prepared.loaded.examples
    loaded = prepared.loaded
    asked = Asked(Observations(examples, card=loaded.card), {}, thrown)
    with open_store(cache, loaded.card) as store:
        engine = dispatcher(prepared, store, progress)
        while True:
            wanted, asked.silent = requests(prepared, asked.seen, asked.thrown)
            if not wanted:
                break
            work = engine.plan(wanted, examples)
            back = engine.run(work)
            answers: dict[Request, Observation] = {**asked.seen.answers, **back.answers}
            asked.seen = Observations(examples, answers, loaded.card)
            asked.distinct += work.distinct
            asked.predicted += back.predicted
            asked.reused += back.reused
            asked.trained += back.trained
            asked.trained_before += back.trained_before
            asked.explained += back.explained
            asked.explained_before += back.explained_before
            asked.warnings += back.warnings
        asked.warnings = [*store.warnings, *asked.warnings]
    return asked


def dispatcher(prepared: Prepared, store: Store, progress: Progress) -> Dispatcher:
    """Return what answers the requests of an audit."""
    loaded = prepared.loaded
    budget = prepared.spec.config.defaults.memory * MIB
    return Dispatcher(loaded.model, loaded.refits, store, progress, loaded.revisions, budget)
