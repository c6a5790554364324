"""The versions of one input: some of its parts taken away, by the explanation's order and by luck.

References
----------
Petsiuk, Das & Saenko (2018), RISE, BMVC, arXiv:1806.07421, section 4 (deletion, insertion);
Yeh et al. (2019), On the (In)fidelity and Sensitivity of Explanations, NeurIPS, definition 2.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.chance import uniforms
from audit.examples import FloatArray, IntArray
from audit.modality import BoolArray

STREAM = 47  # of the luck that orders parts
SEEDS = 2.0**53


@dataclass(frozen=True)
class Sizes:
    """How many versions are asked for of each input and baseline.

    Attributes
    ----------
    orders : int
        Random orders; 0 leaves out the curves.
    fractions : int
        Steps of a curve, from the whole input to the empty one.
    masks : int
        Random subsets of parts; 0 leaves out infidelity.
    """

    orders: int
    fractions: int
    masks: int


@dataclass(frozen=True)
class Versions:
    """The distinct versions of one input, and which of them each curve passes through.

    All curves go by the number of parts that are taken away. That of a random order serves as
    deletion and as insertion: put back in the reverse order, the same versions come along.

    Attributes
    ----------
    kept : (d, parts) bool array
        Distinct, in a fixed order, the whole input last: True where a part stays.
    removed : (c,) int array
        Parts that are taken away at each place of a curve: 0 first, all of them last.
    deletion : (c,) int array
        Versions without the strongest parts.
    insertion : (c,) int array
        Versions with the strongest parts only.
    chance : (orders, c) int array
        Versions without the first parts of a random order.
    subsets : (masks,) int array
        Versions without a random subset of parts, of a size drawn evenly.
    """

    kept: BoolArray
    removed: IntArray
    deletion: IntArray
    insertion: IntArray
    chance: IntArray
    subsets: IntArray

    @property
    def share(self) -> FloatArray:
        """The share of the parts that is taken away at each place of a curve."""
        return np.asarray(self.removed / self.kept.shape[1])


def steps(parts: int, fractions: int) -> IntArray:
    """Return how many parts are taken away at each place of a curve; each number once.

    Parameters
    ----------
    parts : int
        At least one.
    fractions : int
        Steps, at least one. Inputs with fewer parts have a step for each part.
    """
    even = (2 * np.arange(fractions + 1) * parts + fractions) // (2 * fractions)
    return np.unique(even)


def without_first(order: npt.NDArray[np.int64], removed: IntArray) -> BoolArray:
    """Return versions that lack the first parts of an order.

    Parameters
    ----------
    order : (..., parts) int array
        Parts from first to last.
    removed : (c,) int array

    Returns
    -------
    (..., c, parts) bool array
        True where a part stays.
    """
    place = np.argsort(order, axis=-1)
    return np.asarray(place[..., None, :] >= removed[:, None])


def versions_of(attributions: FloatArray, sizes: Sizes, seed: int) -> Versions:
    """Return the versions of one input.

    Parameters
    ----------
    attributions : (parts,) float array
        At least one part. Equal ones are put in a random order: that of the parts would favour
        inputs whose first parts matter.
    sizes : Sizes
    seed : int
        Of this input alone (`seeds_of`).
    """
    parts = len(attributions)
    rng = np.random.default_rng(seed)
    tie, luck = rng.random(parts), rng.random((sizes.orders, parts))
    order = np.lexsort((tie, -attributions))
    removed = steps(parts, sizes.fractions)
    drawn = np.random.default_rng([seed, 1])
    size = drawn.integers(1, parts + 1, sizes.masks)
    place = np.argsort(np.argsort(drawn.random((sizes.masks, parts)), axis=1), axis=1)
    # without curves nothing but the whole input is asked for them
    asked = removed if sizes.orders else np.zeros(0, dtype=np.int64)
    blocks = [
        np.ones((1, parts), dtype=bool),
        without_first(order, asked),
        ~without_first(order, parts - asked),
        without_first(np.argsort(luck, axis=1), asked).reshape(-1, parts),
        place >= size[:, None],
    ]
    kept, back = distinct(np.concatenate(blocks))
    ends = np.cumsum([len(b) for b in blocks])
    _, deletion, insertion, chance, subsets, _ = np.split(back, ends)
    by_order = chance.reshape(sizes.orders, len(asked))
    return Versions(kept, asked, deletion, insertion, by_order, subsets)


def distinct(kept: BoolArray) -> tuple[BoolArray, IntArray]:
    """Return the distinct versions, the whole input last, and which of them each version is."""
    bits = np.packbits(kept, axis=1)
    words = bits.view(f"S{bits.shape[1]}")[:, 0]
    _, first, back = np.unique(words, return_index=True, return_inverse=True)
    return kept[first], back


def seeds_of(digests: npt.NDArray[np.bytes_], seed: int) -> list[int]:
    """Return a seed for each input, by its content."""
    return [int(u * SEEDS) for u in uniforms(digests, seed, STREAM)]


def flat(versions: Sequence[Versions]) -> list[BoolArray]:
    """Return the parts that stay in every version of every input, in order."""
    return [row for v in versions for row in v.kept]
