"""Audit any model for defects, and never say more than was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audit.result import AuditResult
    from audit.run import run_audit
    from audit.spec import AuditSpec

__version__ = "0.1.0"
__all__ = ["AuditResult", "AuditSpec", "__version__", "run_audit"]

_HOMES = {
    "AuditResult": "audit.result",
    "AuditSpec": "audit.spec",
    "run_audit": "audit.run",
}


def __getattr__(name: str) -> Any:
    """Import the public names when they are asked for: the command line must start light."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
