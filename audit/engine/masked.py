"""Versions of inputs in which some parts are taken away, as the engine predicts them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import numpy as np

from audit.chance import uniforms
from audit.engine.held import Held, digests_of
from audit.errors import AuditError, ModelError
from audit.examples import Examples, IntArray
from audit.modality import BoolArray, Modality
from audit.requests import Masks
from audit.transform import Chance

OTHERS = {"image": 64}  # inputs of a split that stand for all of them; pictures are large
MOST_OTHERS = 2_000
OTHERS_STREAM = 43


@dataclass(frozen=True)
class Versions:
    """Pictures that are masked each time they are taken."""

    examples: Examples
    kept: Sequence[BoolArray]
    modality: Modality
    masks: Masks
    reference: Any

    def __len__(self) -> int:
        return len(self.kept)

    def take(self, rows: IntArray) -> Any:
        """Return the versions at some places."""
        inputs = self.examples.inputs.take(rows)
        chance = Chance(self.examples.digests[rows], self.masks.seed, self.reference)
        kept = [self.kept[int(i)] for i in rows]
        return self.modality.masked(inputs, kept, self.masks.baseline, chance)


def modality_of(examples: Examples) -> Modality:
    """Return how the inputs of a split are cut into parts.

    Raises
    ------
    ModelError
        If nothing knows inputs of that kind.
    """
    try:
        return known_modality(examples.modality)
    except AuditError as error:
        raise ModelError(
            f'nothing says how the inputs of split "{examples.split}" are cut into parts',
            where=error.message,
        ) from error


@lru_cache
def known_modality(name: str) -> Modality:
    """Return an installed modality by name."""
    from audit import registry

    return registry.modality(name)


def others_of(examples: Examples) -> Any:
    """Return some inputs of a split that stand for all of them, chosen by content."""
    most = OTHERS.get(examples.modality, MOST_OTHERS)
    _, first = np.unique(examples.digests, return_index=True)
    order = np.argsort(uniforms(examples.digests[first], 0, OTHERS_STREAM), kind="stable")
    return examples.inputs.take(first[order[:most]])


def versions(examples: Examples, masks: Masks, reference: Any) -> Examples:
    """Return the rows with some of their parts taken away, row for row with the masks.

    Parameters
    ----------
    examples : Examples
        One row for each version.
    masks : Masks
    reference : list or data frame
        Other inputs of the split (`others_of`).

    Raises
    ------
    ModelError
        If the masks do not fit the parts of the inputs.
    """
    modality = modality_of(examples)
    kept = masks.each()
    if len(kept) != len(examples.digests):
        raise ModelError(f"{len(kept)} masks were given for {len(examples.digests)} rows")
    if masks.baseline not in modality.baselines:
        raise ModelError(
            f'"{masks.baseline}" is no baseline of {modality.name} inputs',
            hint="known: " + ", ".join(modality.baselines),
        )
    held = Versions(examples, kept, modality, masks, reference)
    if examples.modality == "image":
        return replace(examples, inputs=held, digests=told(examples, kept, masks))
    changed = held.take(np.arange(len(kept)))
    if len(changed) != len(kept):
        raise ModelError(f"masking returned {len(changed)} inputs for {len(kept)}")
    return replace(examples, inputs=Held(changed), digests=digests_of(changed))


def told(examples: Examples, kept: Sequence[BoolArray], masks: Masks) -> Any:
    """Digest versions by what they are made of; one that keeps everything is the input itself."""
    word = f"{masks.baseline}\0{masks.seed}\0".encode()
    out = [
        digest
        if stays.all()
        else blake2b(
            digest.ljust(16, b"\0") + word + np.packbits(stays).tobytes(), digest_size=16
        ).digest()
        for digest, stays in zip(examples.digests.tolist(), kept, strict=True)
    ]
    return np.array(out, dtype="S16")
