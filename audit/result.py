"""The result of an audit: the only door out. Everything a reporter or a gate knows is in here."""

from __future__ import annotations

import html
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import msgspec

from audit.data import DataCard, Slice
from audit.errors import OutputError
from audit.exhibits import Exhibit
from audit.measurement import Family
from audit.model import ModelCard
from audit.verdict import Outcome, Requirement, Verdict

SCHEMA_VERSION = "1.3"


class ProbeSheet(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader should know of a probe before believing it.

    Attributes
    ----------
    id : str
        Kebab-case noun.
    area : str
        Heading of its card in the report.
    title, failure_title : str
        How it is said when all is well, and when it is not.
    question : str
        The question it answers.
    mechanism : str
        How it measures, in a few sentences.
    measures : mapping of str to str
        Every ``metric.statistic`` it offers, with one line each.
    needs : tuple of str
        Capabilities of the model that it asks for.
    limitations, references : tuple of str
    """

    id: str
    area: str
    title: str
    failure_title: str
    question: str
    mechanism: str
    measures: Mapping[str, str]
    needs: tuple[str, ...] = ("Predicts",)
    limitations: tuple[str, ...] = ()
    references: tuple[str, ...] = ()


class ProbeResult(msgspec.Struct, frozen=True, kw_only=True):
    """What one probe found, or why it found nothing."""

    probe: str
    sheet: ProbeSheet
    outcome: Outcome
    options: Mapping[str, Any] = {}
    reason: str = ""
    families: tuple[Family, ...] = ()
    exhibits: tuple[Exhibit, ...] = ()
    warnings: tuple[str, ...] = ()
    error: str = ""


class Waiver(msgspec.Struct, frozen=True, kw_only=True):
    """Permission to ship with a known failure, for a while.

    Attributes
    ----------
    id : str
        The requirement that is waived.
    until : str
        ISO date; the last day it holds.
    by, reason : str
    active : bool
        Whether it still held when the gate was decided.
    """

    id: str
    until: str
    by: str
    reason: str
    active: bool = True


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A requirement that is not met, worded for a reader. `id` is stable between audits."""

    id: str
    title: str
    severity: str
    outcome: Outcome
    requirement: str
    area: str = ""
    remedy: str = ""
    waiver: Waiver | None = None


class Screen(msgspec.Struct, frozen=True, kw_only=True):
    """A difference that nobody set a limit for. It is shown, and never turns the gate red.

    `q_value` is Benjamini-Hochberg adjusted over all screens; `flagged` means q <= 0.10.
    """

    measurement: str
    measure: str
    slice: Slice
    value: float
    p_value: float
    q_value: float
    flagged: bool


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What the gate says. `state` is passed, failed, inconclusive, incomplete or not gated."""

    state: str
    exit_code: int
    blocking: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    waived: tuple[str, ...] = ()


class Looks(msgspec.Struct, frozen=True, kw_only=True):
    """How often these data were judged before, and with how many models and policies in all."""

    earlier: int = 0
    models: int = 1
    policies: int = 1


class RunFacts(msgspec.Struct, frozen=True, kw_only=True):
    """All that may differ between two runs of the same audit: times, and what was reused.

    Attributes
    ----------
    predicted, reused : int
        Distinct inputs that were predicted in this run, and those that were stored.
    trained, trained_before : int
        Trainings that were done in this run, and those whose outputs were stored.
    explained, explained_before : int
        Explanations of distinct inputs, likewise.
    """

    created: str = ""
    seconds: float = 0.0
    predicted: int = 0
    reused: int = 0
    trained: int = 0
    trained_before: int = 0
    explained: int = 0
    explained_before: int = 0
    stages: Mapping[str, float] = {}
    looks: Looks = Looks()


class AuditResult(msgspec.Struct, frozen=True, kw_only=True):
    """One audit, whole."""

    schema_version: str = SCHEMA_VERSION
    tool: Mapping[str, str] = {}
    spec: Mapping[str, Any] = {}
    spec_digest: str = ""
    rerun: str = ""
    rerunnable: bool = True
    seed: int = 0
    confidence: float = 0.95
    model: ModelCard
    data: DataCard
    environment: Mapping[str, str] = {}
    distinct_inputs: int = 0
    probes: tuple[ProbeResult, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    screens: tuple[Screen, ...] = ()
    findings: tuple[Finding, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    decision: Decision
    rows: Mapping[str, str] = {}
    warnings: tuple[str, ...] = ()
    run: RunFacts = RunFacts()

    def to_json(self) -> bytes:
        """Return the canonical JSON: two-space indent, the fields in declared order."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"

    @classmethod
    def from_json(cls, text: bytes, where: str = "result.json") -> AuditResult:
        """Read a result; unknown fields of a later minor version are ignored.

        Raises
        ------
        OutputError
            If it is not a result, or of another major version.
        """
        try:
            head = msgspec.json.decode(text)
            version = str(head["schema_version"])
        except (msgspec.DecodeError, KeyError, TypeError) as error:
            raise OutputError(
                "this is not an audit result",
                where=where,
                hint=f"{error}\nwrite one with: audit run",
                exit_code=2,
            ) from error
        if version.split(".")[0] != SCHEMA_VERSION.split(".")[0]:
            raise OutputError(
                f"result schema {version} cannot be read (this version reads {SCHEMA_VERSION})",
                where=where,
                hint="run the audit again, or use the version that wrote it",
                exit_code=2,
            )
        try:
            return msgspec.json.decode(text, type=cls)
        except msgspec.ValidationError as error:
            raise OutputError(
                f"the result does not fit its schema: {error}", where=where, exit_code=2
            ) from error

    @classmethod
    def from_file(cls, path: str | Path) -> AuditResult:
        """Read a result from ``result.json`` or the folder that holds it."""
        file = Path(path)
        if file.is_dir():
            file = file / "result.json"
        try:
            text = file.read_bytes()
        except OSError as error:
            raise OutputError(
                f"no result at {file}", hint="write one with: audit run", exit_code=2
            ) from error
        return cls.from_json(text, str(file))

    def verdict(self, requirement: str) -> Verdict:
        """Return the verdict on a requirement, by id."""
        for verdict in self.verdicts:
            if verdict.requirement == requirement:
                return verdict
        raise KeyError(requirement)

    def _repr_html_(self) -> str:
        """Show the report in a notebook, where the HTML reporter is installed."""
        (reporter,) = entry_points(group="audit.reporters", name="html")
        page = html.escape(reporter.load()().render(self), quote=True)
        return (
            '<iframe title="Model audit" width="100%" height="900" sandbox="allow-scripts" '
            f'srcdoc="{page}"></iframe>'
        )
