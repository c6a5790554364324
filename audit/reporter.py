"""What a reporter is: it reads a result and writes one text. It knows no probe."""

from __future__ import annotations

from typing import ClassVar, Protocol, runtime_checkable

from audit.result import AuditResult


@runtime_checkable
class Reporter(Protocol):
    """Turns a result into one file.

    Attributes
    ----------
    file : str
        Name of the file in the output folder, such as ``report.html``; empty for standard output.
    """

    file: ClassVar[str]

    def render(self, result: AuditResult) -> str:
        """Return the whole text. The same result gives the same text."""
        ...
