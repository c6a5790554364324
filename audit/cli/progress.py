"""Progress: bars on a terminal, one plain line a stage elsewhere, with a heartbeat for CI."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from audit.engine.progress import Progress

HEARTBEAT = 60.0


class Bars:
    """Rich bars with rate and time left, on standard error."""

    def __init__(self, live: Any) -> None:
        self.live = live
        self.task: Any = None
        self.done, self.started = 0, 0.0

    def start(self, stage: str, total: int) -> None:
        """Open a bar."""
        self.task = self.live.add_task(stage, total=total, rate="")
        self.done, self.started = 0, time.monotonic()

    def advance(self, n: int) -> None:
        """Move the bar by ``n`` inputs."""
        self.done += n
        rate = self.done / max(time.monotonic() - self.started, 1e-9)
        self.live.update(self.task, advance=n, rate=f"{rate:,.0f}/s")

    def finish(self) -> None:
        """Leave the bar as it stands."""
        self.live.stop_task(self.task)


class Lines:
    """One line when a stage ends, and one a minute while it lasts."""

    def __init__(self) -> None:
        self.stage, self.total, self.done = "", 0, 0
        self.started = self.spoken = 0.0

    def start(self, stage: str, total: int) -> None:
        """Begin a stage."""
        self.stage, self.total, self.done = stage, total, 0
        self.started = self.spoken = time.monotonic()

    def advance(self, n: int) -> None:
        """Count, and speak once a minute so that a CI job is not taken for dead."""
        self.done += n
        now = time.monotonic()
        if now - self.spoken >= HEARTBEAT:
            self.spoken = now
            rate = self.done / max(now - self.started, 1e-9)
            left = (self.total - self.done) / max(rate, 1e-9)
            click.echo(
                f"{self.stage}: {self.done:,} of {self.total:,}, {rate:.0f}/s, {left:.0f} s left",
                err=True,
            )

    def finish(self) -> None:
        """Say what the stage did."""
        spent = time.monotonic() - self.started
        rate = f", {self.done / spent:.0f}/s" if spent > 0 and self.done else ""
        click.echo(
            f"{self.stage}: {self.done:,} of {self.total:,} in {spent:.1f} s{rate}", err=True
        )


@contextmanager
def progress_for(quiet: bool, no_color: bool) -> Iterator[Progress]:
    """Choose how progress is shown."""
    from audit.engine.progress import Silent

    if quiet:
        yield Silent()
        return
    from rich.console import Console

    console = Console(stderr=True, no_color=no_color or None, highlight=False)
    if not console.is_terminal:
        yield Lines()
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("  {task.description:<24}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}", justify="right"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as live:
        yield Bars(live)
