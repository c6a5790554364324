"""A summary in Markdown, of the size of a pull-request comment."""

from __future__ import annotations

import re
from typing import ClassVar

from audit.result import AuditResult
from reports.aggregate import Report, build
from reports.rows import Row, Step
from reports.words import MARK, one_line, plural, word

MOST_BYTES = 60_000
TEXT = 160
LONG = 600
_SPECIAL = re.compile(r"([\\`*_\[\]#|~$]|^[-+])")
_ENTITIES = {"<": "&lt;", ">": "&gt;", "@": "&#64;", "://": "&#58;//", "www.": "www&#46;"}


class MarkdownReporter:
    """Writes ``summary.md``."""

    file: ClassVar[str] = "summary.md"

    def render(self, result: AuditResult) -> str:
        """Return the summary; rows are left out, and counted, until it is below 60 KB."""
        report = build(result)
        shown = len(report.rows)
        while True:
            text = _page(report, shown)
            if len(text.encode()) < MOST_BYTES or shown == 0:
                return text
            shown //= 2


def escape(text: str, most: int = TEXT) -> str:
    """Return untrusted text that Markdown shows as it is: no markup, link, mention or cell end."""
    line = one_line(text)
    line = line if len(line) <= most else line[:most] + "…"
    marked = _SPECIAL.sub(r"\\\1", line.replace("&", "&amp;"))
    for mark, entity in _ENTITIES.items():
        marked = marked.replace(mark, entity)
    return marked


def _page(report: Report, shown: int) -> str:
    head = report.headline
    mark = f"{MARK[head.tone]} " if head.tone else ""
    facts = " · ".join(f"{f.name}: {escape(f.value)}" for f in report.facts)
    parts = [
        f"## {mark}{head.gate}",
        f"**{escape(head.title, LONG)}**",
        escape(head.why, LONG),
        "\n".join(f"- {escape(reason)}" for reason in head.reasons),
        _table(report, shown),
        _steps("What would mend it", report.mend, shown),
        _steps("What would settle the rest", report.settle, shown),
        escape(report.note, LONG),
        f"{plural(report.limits.size, 'limit')} of this audit listed in the report. {facts}",
        f"<sub>{escape(report.tool)}</sub>",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(report: Report, shown: int) -> str:
    if not report.rows:
        return ""
    lines = ["| | Requirement | Measured | Decision interval | Required |", "|---|---|--:|--:|--:|"]
    lines += [_line(row) for row in report.rows[:shown]]
    left = len(report.rows) - shown
    if left > 0:
        lines.append(f"\n{plural(left, 'more requirement')} in the report.")
    return "\n".join(lines)


def _line(row: Row) -> str:
    title = escape(row.title)
    if row.subject:
        title += f", {escape(row.subject)}"
    if row.tag:
        title += f" ({escape(row.tag)})"
    cells = (
        f"{MARK[row.outcome]} {word(row.outcome)}",
        title,
        row.measured or "–",
        row.interval or "–",
        row.required,
    )
    return "| " + " | ".join(cells) + " |"


def _steps(title: str, steps: tuple[Step, ...], shown: int) -> str:
    if not steps:
        return ""
    most = min(20, shown)
    lines = [f"- **{escape(step.title)}**: {escape(step.text, LONG)}" for step in steps[:most]]
    if len(steps) > most:
        lines.append(f"- and {len(steps) - most} more, in the report")
    return f"### {title}\n\n" + "\n".join(lines)
