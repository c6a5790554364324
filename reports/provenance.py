"""Who, what, when and on what machine; and how to run it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from audit.result import AuditResult
from reports.words import clip, duration, moment, one_line, plural, short

MACHINE = ("gpu", "device", "accelerator", "machine", "hardware", "system", "platform", "cpu")
IN_MEMORY = "made in memory: not rerunnable"


@dataclass(frozen=True)
class Fact:
    """A name, its value, and a smaller line beneath."""

    name: str
    value: str
    detail: str = ""
    code: bool = False


def facts(result: AuditResult) -> tuple[Fact, ...]:
    """Return the facts that stand beside the verdict; only what the result knows."""
    found = (_model(result), _data(result), _policy(result), _run(result), _machine(result))
    return tuple(fact for fact in found if fact.value)


def provenance(result: AuditResult) -> tuple[Fact, ...]:
    """Return the whole block, with digests uncut."""
    model, data = result.model, result.data
    found = [
        Fact(
            "Model",
            _named(model.name, model.revision, _weights(model.parameters)),
            model.fingerprint,
            True,
        ),
        Fact("Adapter and task", " · ".join(filter(None, (model.kind, model.task)))),
        Fact("Model settings", _pairs(model.settings)),
        Fact(
            "Test data", f"{one_line(data.name)} · {_splits(data.splits)}", data.fingerprint, True
        ),
        Fact("Columns", _roles(data.columns)),
        Fact(
            "Specification",
            plural(len(result.requirements), "requirement"),
            result.spec_digest,
            True,
        ),
        Fact("Software", _software(result.tool)),
        Fact("Environment", _pairs(result.environment)),
        Fact("Seed and confidence", f"{result.seed} · {result.confidence * 100:g}%"),
        Fact("Inputs", _inputs(result)),
        Fact("Run", moment(result.run.created), _spent(result)),
        Fact("Earlier looks", _looks(result)),
        Fact("Rows", _pairs(result.rows)),
    ]
    found.append(rerun(result))
    return tuple(fact for fact in found if fact.value)


def rerun(result: AuditResult) -> Fact:
    """Return the exact command, or that there is none."""
    if result.rerunnable and result.rerun:
        return Fact("Run again", one_line(result.rerun), code=True)
    return Fact("Run again", IN_MEMORY)


def _model(result: AuditResult) -> Fact:
    model = result.model
    detail = (_weights(model.parameters), short(model.fingerprint))
    return Fact(
        "Model", clip(_named(model.name, model.revision), 90), " · ".join(filter(None, detail))
    )


def _data(result: AuditResult) -> Fact:
    data = result.data
    detail = (_splits(data.splits), short(data.fingerprint))
    return Fact("Test data", clip(data.name, 90), " · ".join(filter(None, detail)))


def _policy(result: AuditResult) -> Fact:
    active = sum(w.active for w in result.waivers)
    value = plural(len(result.requirements), "requirement")
    if active:
        value += f", {plural(active, 'waiver')}"
    return Fact("Policy", value, short(result.spec_digest))


def _run(result: AuditResult) -> Fact:
    seconds = result.run.seconds
    detail = (f"seed {result.seed}", duration(seconds) if seconds else "")
    when = moment(result.run.created) or f"seed {result.seed}"
    return Fact("Run", when, " · ".join(filter(None, detail)))


def _machine(result: AuditResult) -> Fact:
    known = {k.casefold(): v for k, v in {**result.model.settings, **result.environment}.items()}
    parts = [clip(known[k], 60) for k in MACHINE if known.get(k)]
    if known.get("cpus", "").isdigit():
        parts.append(plural(int(known["cpus"]), "core"))
    machine = ", ".join(parts[:3])
    inputs = _inputs(result)
    return Fact("Machine", machine, inputs) if machine else Fact("Cost", inputs)


def _inputs(result: AuditResult) -> str:
    run = result.run
    if not (result.distinct_inputs or run.predicted or run.reused or run.trained):
        return ""
    parts = [f"{plural(result.distinct_inputs, 'distinct input')}"]
    parts.append(f"{result.run.predicted:,} predicted")
    if run.reused:
        parts.append(f"{run.reused:,} reused")
    if run.trained or run.trained_before:
        parts.append(f"{plural(run.trained + run.trained_before, 'training')}")
    if run.trained_before:
        parts.append(f"{run.trained_before:,} of them done before")
    if run.explained or run.explained_before:
        parts.append(f"{plural(run.explained + run.explained_before, 'explanation')}")
    if run.explained_before:
        parts.append(f"{run.explained_before:,} of them made before")
    return " · ".join(parts)


def _looks(result: AuditResult) -> str:
    if not result.requirements:
        return ""
    looks = result.run.looks
    if not looks.earlier:
        return "none remembered on these data"
    counts = f"{plural(looks.models, 'model')} and {looks.policies:,}"
    word = "policy" if looks.policies == 1 else "policies"
    return f"{plural(looks.earlier, 'run')} on these data before, with {counts} {word} in all"


def _spent(result: AuditResult) -> str:
    stages = ", ".join(f"{one_line(k)} {duration(v)}" for k, v in result.run.stages.items())
    whole = duration(result.run.seconds) if result.run.seconds else ""
    return " · ".join(filter(None, (whole, stages)))


def _named(name: str, revision: str, *more: str) -> str:
    known = (
        one_line(name)
        if not revision or revision in name
        else f"{one_line(name)} {short(one_line(revision))}"
    )
    return " · ".join(filter(None, (known, *more)))


def _weights(parameters: int | None) -> str:
    if parameters is None:
        return ""
    for floor, name in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if parameters >= floor:
            return f"{parameters / floor:.3g} {name} parameters"
    return plural(parameters, "parameter")


def _splits(splits: Mapping[str, int]) -> str:
    return ", ".join(f"{one_line(name)} {plural(n, 'row')}" for name, n in splits.items())


def _roles(columns: Mapping[str, str]) -> str:
    by_role: dict[str, list[str]] = {}
    for column, role in columns.items():
        by_role.setdefault(str(role), []).append(one_line(column))
    return " · ".join(f"{role}: {', '.join(names)}" for role, names in by_role.items())


def _software(tool: Mapping[str, str]) -> str:
    named = [tool[key] for key in ("name", "version") if key in tool]
    rest = {key: value for key, value in tool.items() if key not in ("name", "version")}
    return " · ".join(filter(None, (one_line(" ".join(named)), _pairs(rest))))


def _pairs(known: Mapping[str, str]) -> str:
    return " · ".join(f"{one_line(k)} {one_line(v)}" for k, v in known.items())
