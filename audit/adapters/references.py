"""What stands after the scheme of a loader string: a path, or ``module:function``."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

from audit.errors import AuditError, did_you_mean


def local_file(ref: str, base: Path, error: type[AuditError]) -> Path:
    """Resolve a file or folder relative to ``base``.

    Raises
    ------
    AuditError
        Of the class ``error``, if nothing is there.
    """
    path = (base / Path(ref).expanduser()).resolve()
    if path.exists():
        return path
    siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    if not path.parent.is_dir():
        hint = f"there is no folder {path.parent}"
    else:
        hint = did_you_mean(path.name, siblings) if siblings else "its folder is empty"
    raise error(f'"{ref}" does not exist', where=str(path), hint=hint)


def function_of(
    ref: str, base: Path, error: type[AuditError], *, scheme: str = "python"
) -> Callable[..., Any]:
    """Import ``module:function``; ``base`` is on the module path during the import only.

    Raises
    ------
    AuditError
        Of the class ``error``, if the module or the function cannot be had.
    """
    module_name, _, name = ref.partition(":")
    if not module_name or not name:
        raise error(f'"{scheme}:{ref}" is not of the form {scheme}:module:function')
    try:
        with on_path(base, module_name):
            module = importlib.import_module(module_name)
    except Exception as cause:
        raise error(
            f'module "{module_name}" cannot be imported',
            where=f"{type(cause).__name__}: {cause}",
            hint=f"modules are looked for in {base} and among the installed packages",
        ) from cause
    found = getattr(module, name, None)
    if not callable(found):
        public = [n for n, v in vars(module).items() if callable(v) and not n.startswith("_")]
        what = "has no function" if found is None else "has no callable"
        raise error(f'{module_name} {what} "{name}"', hint=did_you_mean(name, public))
    return found  # type: ignore[no-any-return]


@contextmanager
def on_path(base: Path, module_name: str) -> Iterator[None]:
    """Put ``base`` first on the module path; forget a module of that name from another place."""
    folder, top = str(base.resolve()), module_name.partition(".")[0]
    importlib.invalidate_caches()
    spec = PathFinder.find_spec(top, [folder])
    loaded = sys.modules.get(top)
    if spec and loaded and getattr(loaded, "__file__", None) != spec.origin:
        for name in [n for n in sys.modules if n == top or n.startswith(top + ".")]:
            del sys.modules[name]
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)
