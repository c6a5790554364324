"""How the engine says how far it is; the command line draws it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told of each stage: ``start``, any number of ``advance``, ``finish``."""

    def start(self, stage: str, total: int) -> None:
        """Begin a stage of ``total`` rows."""
        ...

    def advance(self, n: int) -> None:
        """Add ``n`` rows that are done."""
        ...

    def finish(self) -> None:
        """End the stage, also after a failure."""
        ...


class Silent:
    """Draws nothing."""

    def start(self, stage: str, total: int) -> None:
        """Do nothing."""

    def advance(self, n: int) -> None:
        """Do nothing."""

    def finish(self) -> None:
        """Do nothing."""
