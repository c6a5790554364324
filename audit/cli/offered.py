"""What packages offer of a kind, and which of them do not load."""

from __future__ import annotations

from typing import Any

from audit.errors import AuditError, ConfigError, did_you_mean


def offered(kind: str, types: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what is offered by name, and why the packages that are left out do not load.

    Parameters
    ----------
    kind : str
        ``transform`` or ``explainer``, as the registry has it.
    types : type or union of types
        What each of them must be.
    """
    from audit import registry

    kinds: dict[str, Any] = {}
    broken: dict[str, str] = {}
    for entry in registry.listed(kind):
        try:
            found = made(kind, entry, types)
        except AuditError as error:
            broken[entry] = f"{error.message} ({error.hint})" if error.hint else error.message
            continue
        names = [*kinds, *(k.sheet.name for k in found)]
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            broken[entry] = f'two {kind}s are called "{twice[0]}"'
        else:
            kinds |= {k.sheet.name: k for k in found}
    return kinds, broken


def made(kind: str, entry: str, types: Any) -> list[Any]:
    """Call one package's function and check what it returns.

    Raises
    ------
    AuditError
        If it does not import, fails, or returns something else.
    """
    from audit import registry

    function = registry.load(kind, entry)
    try:
        found = list(function())
    except Exception as error:
        raise AuditError(f"it fails: {type(error).__name__}: {error}") from error
    if not all(isinstance(k, types) for k in found):
        raise AuditError(f"it returns something else than {kind}s")
    return found


def unknown(kind: str, name: str, kinds: dict[str, Any], broken: dict[str, str]) -> ConfigError:
    """Say that there is none of that name, or why it does not load."""
    if name in broken:
        return ConfigError(f"the {kind}s {name} cannot be loaded", hint=broken[name])
    return ConfigError(f'unknown {kind} "{name}"', hint=did_you_mean(name, kinds))
