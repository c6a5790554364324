"""What one request wants explained: its distinct inputs, and what decides their explanations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.engine.store import Digests
from audit.examples import Examples, IntArray
from audit.explainer import Explained, Explainer
from audit.modality import Modality
from audit.requests import Explain, unpacked

Outcome = tuple[IntArray, Explained | None, str]  # places, their explanations, or why there is none


@dataclass(frozen=True)
class Case:
    """What one request wants explained.

    Attributes
    ----------
    request : Explain
    explainer : Explainer
    modality : Modality
    settings : mapping of str to float
        All of them.
    before, after : Examples
        The rows as they stand in the data, and as they are explained.
    whole : Examples
        The split.
    digests : (d,) array of 16-byte strings
        Distinct inputs with the classes that are explained, sorted.
    first : (d,) int array
        A row of each.
    back : (n,) int array
        The distinct input of each row.
    key : str
        Names explainer, model, settings and seed in the store.
    """

    request: Explain
    explainer: Explainer
    modality: Modality
    settings: Mapping[str, float]
    before: Examples
    after: Examples
    whole: Examples
    digests: Digests
    first: IntArray
    back: IntArray
    key: str

    @property
    def classes(self) -> IntArray | None:
        """The two classes of each row."""
        packed = self.request.classes
        return unpacked(packed).reshape(-1, 2) if packed else None


@dataclass(frozen=True)
class Errand:
    """Inputs that an explainer is to explain.

    Attributes
    ----------
    explainer : Explainer
    randomised : float
        Share of a network's layers that are given random weights first.
    draw : int
        The request's seed, which decides these weights.
    modality : Modality
    settings : mapping of str to float
        All of them.
    examples : Examples
        Distinct inputs, all that the request asks for: they decide which are worked on together,
        so that a resumed run cuts the same chunks.
    wanted : (n,) bool array
        Those that are not explained yet.
    classes : (n, 2) int array, optional
    reference : list or data frame
        Other inputs of the split.
    seed : int
        Of the explainer's luck.
    """

    explainer: Explainer
    randomised: float
    draw: int
    modality: Modality
    settings: Mapping[str, float]
    examples: Examples
    wanted: npt.NDArray[np.bool_]
    classes: IntArray | None
    reference: Any
    seed: int


def told_apart(digests: Digests, classes: bytes) -> Digests:
    """Return a digest of each input with the classes that are explained."""
    if not classes:
        return digests
    pairs = np.frombuffer(classes, dtype="S8").tolist()
    keys = [
        blake2b(d.ljust(16, b"\0") + c.ljust(8, b"\0"), digest_size=16).digest()
        for d, c in zip(digests.tolist(), pairs, strict=True)
    ]
    return np.array(keys, dtype="S16")


def key_of(
    request: Explain,
    explainer: Explainer,
    settings: Mapping[str, float],
    model: str,
    whole: Examples,
) -> str:
    """Digest everything that decides an explanation, beside the input and its classes."""
    sheet = explainer.sheet
    luckless = not sheet.seeded and not request.randomised
    words = [
        model, "explained 1", sheet.name, str(sheet.version), str(sorted(settings.items())),
        f"{request.randomised:g}", "0" if luckless else str(request.seed), whole.fingerprint,
    ]  # fmt: skip
    return blake2b("\0".join(words).encode(), digest_size=16).hexdigest()
