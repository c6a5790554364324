"""Markdown, JUnit and terminal: the same words, safely, and never green by accident."""

import io
import re
from xml.etree import ElementTree

import msgspec
import pytest
from rich.console import Console

from audit.reporter import Reporter
from audit.result import AuditResult
from audit.verdict import Outcome
from reports.html import HtmlReporter
from reports.junit import JUnitReporter
from reports.markdown import MarkdownReporter, escape
from reports.terminal import TerminalReporter, print_result, render

replace = msgspec.structs.replace


@pytest.mark.parametrize(
    ("reporter", "file"),
    [
        (HtmlReporter, "report.html"),
        (MarkdownReporter, "summary.md"),
        (JUnitReporter, "junit.xml"),
        (TerminalReporter, ""),
    ],
)
def test_each_is_a_reporter_and_repeats_itself(
    reporter: type[Reporter], file: str, realistic: AuditResult
) -> None:
    made = reporter()
    assert isinstance(made, Reporter)
    assert made.file == file
    assert made.render(realistic) == made.render(realistic)


def test_markdown_holds_verdict_table_and_next_steps(realistic: AuditResult) -> None:
    text = MarkdownReporter().render(realistic)
    assert text.startswith("## ■ Gate failed\n")
    assert "| ■ failed | True-positive gap, worst group, women × 65 and over | 9.1 pp |" in text
    assert "| ● met | Accuracy | 92.4% | 92.0 to 92.9 | ≥ 90.0% |" in text
    assert "### What would settle the rest" in text


def test_markdown_stays_below_its_limit(giant: AuditResult, hostile: AuditResult) -> None:
    many = replace(hostile, verdicts=hostile.verdicts * 60)
    for result in (giant, many):
        assert len(MarkdownReporter().render(result).encode()) < 60_000


def test_markdown_has_no_markup_of_others(hostile: AuditResult) -> None:
    text = MarkdownReporter().render(hostile)
    assert set(re.findall(r"<[^>]*>", text)) == {"<sub>", "</sub>"}
    assert "@all" not in text
    for line in text.splitlines():
        if line.startswith("| ") and "Requirement" not in line:
            assert len(re.findall(r"(?<!\\)\|", line)) == 6


def test_markdown_does_not_link() -> None:
    assert escape("[a](http://x.y) www.x.y #12") == (r"\[a\](http&#58;//x.y) www&#46;x.y \#12")


def cases(result: AuditResult) -> dict[str | None, ElementTree.Element]:
    suites = ElementTree.fromstring(JUnitReporter().render(result).encode())
    return {case.get("name"): case for case in suites.iter("testcase")}


def test_junit_maps_each_outcome(realistic: AuditResult) -> None:
    found = {
        name: [(c.tag, c.get("type")) for c in case] for name, case in cases(realistic).items()
    }
    assert found == {
        "accuracy": [],
        "fpr-gap": [],
        "tpr-gap": [("failure", "failed")],
        "selection-gap": [("skipped", None)],
        "impact-ratio": [("error", "inconclusive")],
        "macro-f1": [("skipped", None)],
        "log-loss": [("error", "error")],
        "worst-recall": [("error", "not run")],
        "site-gap": [("error", "not applicable")],
    }


def test_junit_counts_what_it_holds(realistic: AuditResult) -> None:
    suite = ElementTree.fromstring(JUnitReporter().render(realistic).encode()).find("testsuite")
    assert suite is not None
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "9", "failures": "1", "errors": "4", "skipped": "2"}


def test_junit_is_well_formed_whatever_the_names(hostile: AuditResult) -> None:
    assert len(cases(hostile)) == 9


def test_junit_shows_a_crashed_probe_without_a_requirement(realistic: AuditResult) -> None:
    crashed = replace(
        realistic.probes[0], probe="calibration", outcome=Outcome.ERROR, error="Traceback\nboom"
    )
    case = cases(replace(realistic, probes=(*realistic.probes, crashed)))["probe"]
    assert case.get("classname") == "calibration"
    assert case[0].tag == "error"
    assert "boom" in str(case[0].text)


def test_the_terminal_has_a_line_for_each_requirement(realistic: AuditResult) -> None:
    lines = TerminalReporter().render(realistic).splitlines()
    assert lines[2].startswith("■ failed          True-positive gap, worst group    9.1 pp  (6.0")
    assert lines[2].endswith("≤ 5.0 pp  women × 65 and over")
    assert len(lines) == 2 + 9 + 2


def test_the_terminal_ends_with_the_gate(realistic: AuditResult) -> None:
    text = render(realistic, "audit-report/report.html")
    last = "Gate failed: 1 of 9 requirements.  audit-report/report.html  exit 1\n"
    assert text.endswith("\n\n" + last)


def test_the_terminal_folds_many_met_ones(giant: AuditResult) -> None:
    assert re.search(r"● met +2 more", TerminalReporter().render(giant))


def test_colour_adds_no_word_and_runs_no_markup(hostile: AuditResult) -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, color_system="truecolor", width=80)
    print_result(hostile, console)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue())
    assert plain == TerminalReporter().render(hostile)
    assert "[bold]x[/bold]" in plain
