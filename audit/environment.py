"""The software and machine an audit ran on, for the provenance block."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = (
    "numpy",
    "scipy",
    "pandas",
    "datasets",
    "scikit-learn",
    "torch",
    "transformers",
    "safetensors",
)


def environment(base: Path) -> dict[str, str]:
    """Return names and versions; a package that is not installed is left out."""
    out = {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cpus": str(os.cpu_count() or 1),
    }
    for package in PACKAGES:
        try:
            out[package] = version(package)
        except PackageNotFoundError:
            continue
    commit = git(base, "rev-parse", "--short=12", "HEAD")
    if commit:
        changed = git(base, "status", "--porcelain", "--untracked-files=no")
        out["git"] = commit + (" with uncommitted changes" if changed else "")
    return out


def git(base: Path, *words: str) -> str:
    """Return what git says of a folder, or nothing where there is no git or no repository."""
    try:
        done = subprocess.run(
            ["git", "-C", str(base), *words],  # noqa: S607 - the user's own git
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
