"""Judging stored evidence against another policy: the same judge, no model."""

from __future__ import annotations

from pathlib import Path

import msgspec

from audit import gate, policy
from audit.errors import ConfigError
from audit.judge import judge
from audit.registry import catalogue
from audit.result import AuditResult
from audit.spec import AuditSpec


def rejudge(result: AuditResult, path: Path) -> AuditResult:
    """Return the result with the requirements, waivers and verdicts of another specification.

    Parameters
    ----------
    result : AuditResult
    path : Path
        A specification whose ``require:`` and ``waivers:`` are used.

    Raises
    ------
    ConfigError
        If a requirement names a measure that the stored result did not take.
    """
    spec = AuditSpec.from_file(path)
    required = policy.requirements(spec, catalogue().probes)
    families = {f.ask.key: f for p in result.probes for f in p.families}
    for r in required:
        if r.ask.key not in families:
            near = [f.ask.key for f in families.values() if f.ask.measure == r.ask.measure]
            raise ConfigError(
                f"the stored result did not measure {r.ask.key}",
                where=r.where,
                hint=("it has: " + "\n        ".join(near) + "\n" if near else "")
                + "run the audit with this requirement",
            )
    verdicts = judge(required, families, 1 - spec.config.defaults.confidence)
    ordered = tuple(verdicts[r.id] for r in required)
    return msgspec.structs.replace(
        result,
        requirements=required,
        verdicts=ordered,
        waivers=policy.waivers(spec),
        decision=gate.decide(required, ordered, result.probes, {}),
        warnings=(*result.warnings, f"judged again by the policy {path.name} ({spec.digest[:12]})"),
    )
