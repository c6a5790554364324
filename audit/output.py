"""Writing the folder of an audit: the result, and what every reporter makes of it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from audit import registry
from audit.errors import OutputError
from audit.result import AuditResult


def check_writable(folder: Path) -> None:
    """Make the output folder before anything is paid for.

    Raises
    ------
    OutputError
        If it cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OutputError(
            f"the output folder cannot be written: {error.strerror or error}",
            where=str(folder),
            hint="name another one with --out, or report: {out: ...}",
            exit_code=2,
        ) from error


def write_text(path: Path, text: str | bytes) -> None:
    """Write a file whole or not at all.

    Raises
    ------
    OutputError
        If the disk refuses.
    """
    data = text.encode("utf-8", "backslashreplace") if isinstance(text, str) else text
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(data)
        os.replace(part, path)
    except OSError as error:
        raise OutputError(
            f"cannot write {path.name}: {error.strerror or error}", where=str(path.parent)
        ) from error


def write_result(result: AuditResult, folder: Path) -> Path:
    """Write ``result.json``; return its path."""
    path = folder / "result.json"
    write_text(path, result.to_json())
    return path


def write_reports(result: AuditResult, folder: Path, names: Sequence[str] = ()) -> list[Path]:
    """Let every reporter that makes a file make it; return the paths."""
    made = []
    for name in names or list(registry.listed("reporter")):
        reporter = registry.reporter(name)
        if reporter.file:
            path = folder / reporter.file
            write_text(path, reporter.render(result))
            made.append(path)
    return made
