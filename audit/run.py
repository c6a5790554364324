"""One audit from start to end: load, plan, ask, measure, judge, decide."""

from __future__ import annotations

import dataclasses
import datetime
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from audit import __version__, gate, screens
from audit.asking import Asked, ask
from audit.disclose import disclose, withhold
from audit.engine.progress import Progress, Silent
from audit.engine.rows import write_rows
from audit.environment import environment
from audit.errors import AuditError, ConfigError, NotApplicable
from audit.judge import judge
from audit.load import identity
from audit.looks import looked
from audit.measurement import Family, Unit
from audit.prepare import Prepared, design, prepare
from audit.result import AuditResult, ProbeResult, ProbeSheet, RunFacts
from audit.spec import AuditSpec
from audit.verdict import Outcome, Verdict


def run_audit(
    spec: AuditSpec,
    *,
    only: Sequence[str] = (),
    cache: Path | None = None,
    progress: Progress | None = None,
    rows: Path | None = None,
    expect: str = "",
) -> AuditResult:
    """Run an audit.

    Parameters
    ----------
    spec : AuditSpec
    only : sequence of str
        Probes to run; empty runs all that are configured or required.
    cache : Path, optional
        Folder of the prediction store; ``.audit/cache`` beside the specification if None.
    progress : Progress, optional
        Told of every stage and batch.
    rows : Path, optional
        Folder for per-row ids and outputs (never inputs).
    expect : str
        Digest of specification, model and data that must be met again.

    Returns
    -------
    AuditResult
        Also where probes crashed: their outcome is ERROR, and the decision fails closed.

    Raises
    ------
    AuditError
        If nothing could be run.
    """
    clock = Clock()
    created = datetime.datetime.now(datetime.UTC)
    prepared = prepare(spec, only)
    digest = identity(spec, prepared.loaded)
    if expect and expect != digest:
        raise ConfigError(
            f"specification, model or data differ from those of {expect} (now {digest})",
            hint="leave out --expect-digest to audit what is here",
        )
    frozen, thrown = design(prepared)
    clock.lap("prepare")
    folder = cache or spec.base / ".audit" / "cache"
    asked = ask(prepared, folder, progress or Silent(), thrown)
    clock.lap("predict")
    measured = [measure(prepared, name, asked, frozen) for name in prepared.probes]
    results = (*measured, *absent(prepared))
    clock.lap("measure")
    verdicts = verdicts_of(prepared, results, 1 - spec.config.defaults.confidence)
    result = AuditResult(
        tool={"name": "defect-audit", "version": __version__},
        spec=msgspec.to_builtins(spec.config),
        spec_digest=spec.digest,
        rerun=f"audit run -c {spec.file} --expect-digest {digest}" if spec.rerunnable else "",
        rerunnable=spec.rerunnable,
        seed=spec.config.defaults.seed,
        confidence=spec.config.defaults.confidence,
        model=prepared.loaded.card,
        data=prepared.loaded.data,
        environment=environment(spec.base),
        distinct_inputs=asked.distinct,
        probes=results,
        requirements=prepared.requirements,
        verdicts=verdicts,
        screens=screens.screen(results, prepared.requirements),
        waivers=prepared.waivers,
        decision=gate.decide(prepared.requirements, verdicts, results, {}),
        rows=write_rows(rows, asked.seen, prepared.loaded.card.labels),
        warnings=tuple(asked.warnings),
    )
    result = gate.gated(result, created.date().isoformat())
    clock.lap("judge")
    facts = RunFacts(
        created=created.isoformat(timespec="seconds"),
        seconds=round(sum(clock.laps.values()), 3),
        stages=clock.laps,
        looks=looked(spec, result, cache or spec.base / ".audit"),
        predicted=asked.predicted,
        reused=asked.reused,
        trained=asked.trained,
        trained_before=asked.trained_before,
        explained=asked.explained,
        explained_before=asked.explained_before,
    )
    return msgspec.structs.replace(result, run=facts)


@dataclass
class Clock:
    """Wall seconds of each stage."""

    laps: dict[str, float] = dataclasses.field(default_factory=dict)
    last: float = dataclasses.field(default_factory=time.perf_counter)

    def lap(self, stage: str) -> None:
        """End a stage."""
        now = time.perf_counter()
        self.laps[stage], self.last = round(now - self.last, 3), now


def measure(
    prepared: Prepared, name: str, asked: Asked, frozen: Mapping[str, Sequence[Family]]
) -> ProbeResult:
    """Let one probe measure; whatever it throws is recorded and the audit goes on."""
    probe = prepared.probes[name]
    options = dict(prepared.spec.config.probes.get(name) or {})
    blank = ProbeResult(probe=name, sheet=probe.sheet, outcome=Outcome.PASSED, options=options)
    if name in asked.silent:
        return msgspec.structs.replace(
            blank, outcome=Outcome.NOT_APPLICABLE, reason=asked.silent[name]
        )
    try:
        if name in asked.thrown:
            raise asked.thrown[name]
        evidence = probe.measure(asked.seen)
        check_frozen(frozen[name], evidence.families)
    except NotApplicable as reason:
        return msgspec.structs.replace(blank, outcome=Outcome.NOT_APPLICABLE, reason=str(reason))
    except AuditError as error:
        text = f"{error.message} ({error.where})" if error.where else error.message
        return msgspec.structs.replace(blank, outcome=Outcome.ERROR, reason=text, error=str(error))
    except Exception as error:  # a probe may be a guest: nothing it throws may stop the others
        return msgspec.structs.replace(
            blank,
            outcome=Outcome.ERROR,
            reason=f"{type(error).__name__}: {error}",
            error="".join(traceback.format_exception(error, limit=-3)),
        )
    exhibits = tuple(evidence.exhibits)
    shown = disclose if prepared.spec.config.report.examples == "full" else withhold
    exhibits = shown(exhibits, prepared.loaded.examples)
    return msgspec.structs.replace(
        blank,
        families=tuple(evidence.families),
        exhibits=exhibits,
        warnings=tuple(evidence.warnings),
    )


def check_frozen(frozen: Sequence[Family], families: Sequence[Family]) -> None:
    """Refuse a probe whose comparisons changed after outcomes were seen: Holm counts them."""
    planned = {f.ask.key: f.ids for f in frozen}
    for family in families:
        if planned.get(family.ask.key) != family.ids:
            raise AuditError(
                f"the comparisons of {family.ask.key} differ from those that were planned",
                hint="a probe's design() and measure() must expand an ask alike",
            )


def absent(prepared: Prepared) -> tuple[ProbeResult, ...]:
    """Return the probes that were left out or could not be loaded: neither is a pass."""
    known = prepared.known.probes
    left = [
        ProbeResult(probe=n, sheet=known[n].sheet, outcome=Outcome.NOT_RUN, reason=why)
        for n, why in prepared.skipped.items()
        if n in known
    ]
    return tuple(left) + tuple(
        ProbeResult(probe=n, sheet=blank_sheet(n), outcome=Outcome.ERROR, reason=why)
        for n, why in prepared.broken.items()
    )


def blank_sheet(name: str) -> ProbeSheet:
    """Return the sheet of a probe that could not be loaded."""
    return ProbeSheet(
        id=name, area="Not loaded", title=name, failure_title=name, question="", mechanism="",
        measures={},
    )  # fmt: skip


def verdicts_of(
    prepared: Prepared, results: Sequence[ProbeResult], alpha: float
) -> tuple[Verdict, ...]:
    """Judge all requirements at once; those without a measurement get their probe's outcome."""
    families = {f.ask.key: f for p in results for f in p.families}
    outcomes = {p.probe: p for p in results}
    judged = judge(prepared.requirements, families, alpha)
    out = []
    for r in prepared.requirements:
        if r.id in judged:
            out.append(judged[r.id])
            continue
        probe = outcomes.get(r.ask.probe)
        outcome = probe.outcome if probe else Outcome.NOT_RUN
        if outcome is Outcome.PASSED:  # it ran, and did not measure what it was asked
            outcome = Outcome.ERROR
        reason = probe.reason if probe else "its probe did not run"
        out.append(
            Verdict(
                requirement=r.id,
                title=r.title,
                outcome=outcome,
                explanation=f"Nothing was measured: {reason or 'the probe left it out'}.",
                unit=Unit.NUMBER,
                limit=r.limit,
            )
        )
    return tuple(out)
