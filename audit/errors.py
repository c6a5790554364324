"""Errors that end a command: what is wrong, where, and how to mend it."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable


class AuditError(Exception):
    """A failure that a user can mend.

    Parameters
    ----------
    message : str
        What is wrong, in one line, without a full stop.
    where : str, optional
        The place, such as ``audit.yaml:19``.
    hint : str, optional
        What to do about it; may span lines.
    exit_code : int, optional
        Overrides the class's exit code.
    """

    kind: ClassVar[str] = "audit"
    exit_code: int = 4

    def __init__(
        self, message: str, *, where: str = "", hint: str = "", exit_code: int | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint
        if exit_code is not None:
            self.exit_code = exit_code

    def __str__(self) -> str:
        lines = [f"error[{self.kind}]: {self.message}"]
        if self.where:
            lines.append(f"  {self.where}")
        lines.extend(f"  {line}" for line in self.hint.splitlines())
        return "\n".join(lines)


class ConfigError(AuditError):
    """The specification cannot be used; nothing ran."""

    kind = "config"
    exit_code = 2


class DataError(AuditError):
    """The data cannot be loaded or do not fit the specification."""

    kind = "data"


class ModelError(AuditError):
    """The model cannot be loaded, or does not answer as its kind must."""

    kind = "model"


class OutputError(AuditError):
    """A result or report cannot be written or read."""

    kind = "output"


class NotApplicable(Exception):  # noqa: N818 - not a failure: the probe's own word for "does not apply"
    """Raised by a probe that has nothing to say about this model and data; the reason is shown."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint that names the nearest known words, or lists them all."""
    options = sorted(set(known))
    near = get_close_matches(word, options, n=3, cutoff=0.5)
    if not near:
        near = [o for o in options if o.endswith(word) or word in o][:3]
    if near:
        return "did you mean " + " or ".join(f'"{n}"' for n in near) + "?"
    return "known: " + ", ".join(options) if options else "none is known"
