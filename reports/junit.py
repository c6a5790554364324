"""JUnit XML: what every build server can show. Nothing but *met* is a passing case."""

from __future__ import annotations

from typing import ClassVar
from xml.etree import ElementTree

from audit.result import AuditResult, ProbeResult
from audit.verdict import Outcome
from reports.aggregate import Report, build
from reports.rows import Row
from reports.words import clean, one_line, word

Element = ElementTree.Element


class JUnitReporter:
    """Writes ``junit.xml``: a test case for each requirement, its class the probe."""

    file: ClassVar[str] = "junit.xml"

    def render(self, result: AuditResult) -> str:
        """Return the document."""
        report = build(result)
        suite = Element("testsuite", name="audit")
        for row in sorted(report.rows, key=lambda r: (r.probe, r.id)):
            suite.append(_case(row))
        for probe in _silent(report):
            suite.append(_crash(probe))
        _count(suite, result)
        suites = Element("testsuites", suite.attrib)
        suites.append(suite)
        ElementTree.indent(suites)
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            + ElementTree.tostring(suites, encoding="unicode")
            + "\n"
        )


def _case(row: Row) -> Element:
    case = Element("testcase", classname=clean(row.probe or "audit"), name=one_line(row.id))
    kind = _kind(row)
    if kind:
        parts = (row.spoken, one_line(row.verdict.explanation), one_line(row.verdict.settle))
        say = " ".join([f"{word(row.outcome)}: {parts[0]}.", *filter(None, parts[1:])])
        message = f"{row.tag}. {say}" if row.tag else say
        child = ElementTree.SubElement(case, kind, message=message)
        if kind != "skipped":
            child.set("type", row.outcome.value)
            child.text = message
    return case


def _kind(row: Row) -> str:
    """Return the element that an outcome maps to; empty for a met requirement."""
    if row.outcome is Outcome.PASSED:
        return ""
    if row.waiver:
        return "skipped"
    if row.outcome is Outcome.FAILED:
        return "failure"
    if row.outcome in (Outcome.ERROR, Outcome.NOT_RUN) or row.blocks:
        return "error"
    return "skipped"


def _silent(report: Report) -> list[ProbeResult]:
    """Return the probes without a requirement that did not answer."""
    told = {row.probe for row in report.rows}
    gone = (Outcome.ERROR, Outcome.NOT_RUN, Outcome.NOT_APPLICABLE)
    return [p for p in report.result.probes if p.outcome in gone and p.probe not in told]


def _crash(probe: ProbeResult) -> Element:
    case = Element("testcase", classname=clean(probe.probe), name="probe")
    message = one_line(probe.reason or probe.error) or "no reason was recorded"
    kind = "skipped" if probe.outcome is Outcome.NOT_APPLICABLE else "error"
    child = ElementTree.SubElement(case, kind, message=f"{word(probe.outcome)}: {message}")
    if kind == "error":
        child.set("type", probe.outcome.value)
        child.text = clean(probe.error or message)
    return case


def _count(suite: Element, result: AuditResult) -> None:
    suite.set("tests", str(len(suite)))
    for attribute, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(sum(case.find(kind) is not None for case in suite)))
    suite.set("time", f"{result.run.seconds:.3f}")
    if result.run.created:
        suite.set("timestamp", clean(result.run.created))
