"""Remembering how often a test set was judged: error rates hold for one look, not for the best."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from audit.result import AuditResult, Looks
from audit.spec import AuditSpec

FILE = "looks.jsonl"


class Look(msgspec.Struct, frozen=True):
    """One judged run: digests of the data, the model and the requirements."""

    data: str
    model: str
    policy: str


def policy_of(spec: AuditSpec) -> str:
    """Return the digest of the requirements alone."""
    text = msgspec.json.encode(spec.config.require, order="deterministic")
    return hashlib.blake2b(text, digest_size=8).hexdigest()


def looked(spec: AuditSpec, result: AuditResult, folder: Path) -> Looks:
    """Remember that the data of a result were judged; without a requirement nothing is."""
    if not result.requirements:
        return Looks()
    look = Look(result.data.fingerprint, result.model.fingerprint, policy_of(spec))
    return remember(folder, look)


def remember(folder: Path, look: Look) -> Looks:
    """Count the earlier looks at the same data, and add this one.

    Parameters
    ----------
    folder : Path
        Where the memory is kept, one line a run; a line that cannot be read is passed over, and a
        folder that cannot be written forgets.
    look : Look

    Returns
    -------
    Looks
        `models` and `policies` count this one too.
    """
    path = folder / FILE
    seen: list[Look] = []
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        lines = []
    for line in lines:
        try:
            seen.append(msgspec.json.decode(line, type=Look))
        except msgspec.DecodeError:
            continue
    same = [s for s in seen if s.data == look.data]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(msgspec.json.encode(look) + b"\n")
    except OSError:
        pass
    return Looks(
        earlier=len(same),
        models=len({s.model for s in [*same, look]}),
        policies=len({s.policy for s in [*same, look]}),
    )
