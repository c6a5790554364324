"""The summary on a terminal: one line a requirement, and the gate in the last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from audit.result import AuditResult
from audit.verdict import Outcome
from reports.aggregate import Report, build
from reports.headline import coverage
from reports.rows import Row
from reports.words import MARK, one_line, plural, word

if TYPE_CHECKING:
    from rich.console import Console

MOST_MET = 10
TITLE = 44
UNDEFINED = "Undefined for "  # begins the sentence that says why a figure has no value
STYLE = {
    Outcome.FAILED: "bold red",
    Outcome.ERROR: "bold magenta",
    Outcome.NOT_RUN: "magenta",
    Outcome.INCONCLUSIVE: "yellow",
    Outcome.NOT_APPLICABLE: "dim",
    Outcome.PASSED: "green",
}
_OPEN = (Outcome.INCONCLUSIVE, Outcome.NOT_APPLICABLE)
Piece = tuple[str, str]
Line = list[Piece]


class TerminalReporter:
    """Writes the summary as plain text, without colour codes."""

    file: ClassVar[str] = ""

    def render(self, result: AuditResult) -> str:
        """Return the summary."""
        return render(result)

    def print_to(self, result: AuditResult, console: Console, report_path: str = "") -> None:
        """Print the summary in colour."""
        print_result(result, console, report_path)


def render(result: AuditResult, report_path: str = "") -> str:
    """Return the summary as plain text, with the report's path where it is known."""
    lines = _lines(build(result), report_path)
    return "\n".join("".join(text for text, _ in line).rstrip() for line in lines) + "\n"


def print_result(result: AuditResult, console: Console, report_path: str = "") -> None:
    """Print the summary in colour. Names are text, never markup."""
    for line in _lines(build(result), report_path):
        text = Text()
        for words, style in line:
            text.append(words, style=style)
        text.rstrip()
        console.print(text, soft_wrap=True, highlight=False, emoji=False)


def _lines(report: Report, path: str) -> list[Line]:
    met = [row for row in report.rows if row.outcome is Outcome.PASSED]
    rows = [row for row in report.rows if row.outcome is not Outcome.PASSED]
    rows += met[:MOST_MET]
    lines: list[Line] = [_head(report), []]
    lines += _table(rows)
    if len(met) > MOST_MET:
        outcome = Outcome.PASSED
        lines.append([(_status(outcome), STYLE[outcome]), (f"{len(met) - MOST_MET} more", "dim")])
    if report.rows:
        lines.append([])
    lines += [[(f"  {reason}", "")] for reason in report.headline.reasons]
    lines.append(_last(report, path))
    return lines


def _head(report: Report) -> Line:
    result = report.result
    rows = sum(result.data.splits.values())
    model = " ".join(filter(None, (result.model.name, result.model.revision)))
    facts = (
        one_line(model),
        plural(rows, "row"),
        plural(len(report.rows), "requirement"),
        f"seed {result.seed}",
    )
    return [(one_line(report.tool), "bold"), ("  " + "  ".join(facts), "")]


def _table(rows: Sequence[Row]) -> list[Line]:
    cells = [
        (
            _fit(row.title),
            row.measured or "–",
            f"({row.interval})" if row.interval else "",
            row.required,
        )
        for row in rows
    ]
    widths = [max((cell_len(cell[i]) for cell in cells), default=0) for i in range(4)]
    lines: list[Line] = []
    for row, (title, measured, interval, required) in zip(rows, cells, strict=True):
        style = STYLE[row.outcome]
        lines.append(
            [
                (_status(row.outcome), style),
                (set_cell_size(title, widths[0]) + "  ", ""),
                (" " * (widths[1] - cell_len(measured)) + measured + "  ", style),
                (set_cell_size(interval, widths[2]) + "  ", "dim"),
                (set_cell_size(required, widths[3]) + "  ", ""),
                (_note(row), "dim"),
            ]
        )
    return lines


def _fit(title: str) -> str:
    return title if cell_len(title) <= TITLE else set_cell_size(title, TITLE - 1) + "…"


def _status(outcome: Outcome) -> str:
    return f"{MARK[outcome]} {word(outcome):<14}  "


def _note(row: Row) -> str:
    if row.tag:
        return row.tag
    if row.outcome is Outcome.INCONCLUSIVE:
        _, undefined, why = one_line(row.verdict.explanation).partition(UNDEFINED)
        return one_line(row.verdict.settle) or undefined + why or row.subject
    if row.outcome in (Outcome.FAILED, Outcome.PASSED):
        return row.subject
    return one_line(row.verdict.explanation)


def _last(report: Report, path: str) -> Line:
    tone = report.headline.tone
    words = f"{report.headline.gate}{_score(report)}."
    line: Line = [(words, STYLE[tone] if tone else "bold")]
    if path:
        line.append((f"  {one_line(path)}", ""))
        line.append((f"  exit {report.result.decision.exit_code}", "dim"))
    return line


def _score(report: Report) -> str:
    """Say how many requirements the state of the gate is about."""
    state, rows = report.result.decision.state, report.rows
    about = {
        "failed": [r for r in rows if r.outcome is Outcome.FAILED and not r.waiver],
        "inconclusive": [r for r in rows if r.outcome in _OPEN and not r.waiver],
        "incomplete": [r for r in rows if r.outcome in (Outcome.ERROR, Outcome.NOT_RUN)],
        "passed": [r for r in rows if r.outcome is Outcome.PASSED],
    }.get(state)
    if not about:
        return ""
    verb = " met" if state == "passed" else ""
    reach = coverage(report.index) if state == "passed" else ""
    whole = f"{len(about)} of {plural(len(rows), 'requirement')}{verb}"
    return f": {whole}{', ' + reach if reach else ''}"
