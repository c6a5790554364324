"""Showing a result on the terminal: words and colour for people, one object for machines."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from audit.result import AuditResult


def show(
    result: AuditResult, report: Path, code: int, *, as_json: bool = False, no_color: bool = False
) -> None:
    """Print the outcome of an audit to standard output."""
    if as_json:
        import msgspec

        decision = msgspec.to_builtins(result.decision)
        verdicts = {v.requirement: v.outcome.value for v in result.verdicts}
        line = {"decision": decision, "verdicts": verdicts, "exit_code": code}
        click.echo(msgspec.json.encode(line | {"report": str(report)}).decode())
        return
    from audit.registry import reporter

    terminal = reporter("terminal")
    plain = no_color or bool(os.environ.get("NO_COLOR"))
    printer = getattr(terminal, "print_to", None)
    if printer is not None and not plain:
        from rich.console import Console

        printer(result, Console(highlight=False))
    else:
        click.echo(terminal.render(result), nl=False)
    run = result.run
    if result.model.kind != "recorded":
        again = ""
        if run.trained or run.trained_before:
            again = f"{run.trained:,} trainings done, {run.trained_before:,} reused, "
        if run.explained or run.explained_before:
            again += f"{run.explained:,} explanations made, {run.explained_before:,} reused, "
        click.echo(
            f"{run.predicted:,} predictions made, {run.reused:,} reused, {again}{run.seconds:.1f} s"
        )
    click.echo(f"{report}   exit {code}")
