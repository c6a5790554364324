"""Pictures: parts are the patches of a grid that is laid over them in proportion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from audit.examples import FloatArray, IntArray
from audit.modalities.reference import once
from audit.modality import BoolArray
from audit.transform import Chance

if TYPE_CHECKING:
    from PIL.Image import Image

GRID = 8
PATCHES = GRID * GRID

Pixels = npt.NDArray[np.uint8]


@lru_cache(maxsize=256)
def owners(height: int, width: int) -> IntArray:
    """Return the ``(height, width)`` patch that each pixel is in, numbered row by row.

    A picture with fewer pixels than the grid has rows or columns leaves some patches without any.
    The array is shared: it cannot be written to.
    """
    rows = np.arange(height) * GRID // max(height, 1)
    columns = np.arange(width) * GRID // max(width, 1)
    found: IntArray = (rows[:, None] * GRID + columns[None, :]).astype(np.int64)
    found.setflags(write=False)
    return found


@dataclass(frozen=True)
class Pictures:
    """A picture is cut into an 8 x 8 grid of patches.

    ``mean`` fills a patch with the mean colour of the reference pictures. ``resampled`` puts the
    same patch of another reference picture in its place, resized to fit.
    """

    name: str = "image"
    noun: str = "patch"
    baselines: tuple[str, ...] = ("mean", "resampled")

    def parts(self, inputs: Any) -> IntArray:
        """Return 64 for each picture; 0 for one without pixels."""
        return np.array([PATCHES * bool(p.width and p.height) for p in inputs], dtype=np.int64)

    def masked(
        self, inputs: Any, kept: Sequence[BoolArray], baseline: str, chance: Chance
    ) -> list[Any]:
        """Return RGB pictures without some of their patches; one that keeps all is the same."""
        from PIL import Image

        out = []
        for i, (picture, stays) in enumerate(zip(inputs, kept, strict=True)):
            if stays.all():
                out.append(picture)
                continue
            pixels = np.array(picture.convert("RGB"))
            if baseline == self.baselines[0]:
                gone = ~stays[owners(*pixels.shape[:2])]
                pixels[gone] = colour(chance.reference or [picture])
            else:
                lay(pixels, np.flatnonzero(~stays), donors(picture, chance, i))
            out.append(Image.fromarray(pixels))
        return out

    def matched(self, before: Any, after: Any) -> list[IntArray]:  # noqa: ARG002  (places stay)
        """Return the same places: a change that moves pixels renumbers no patch."""
        return [np.arange(n) for n in self.parts(before)]

    def names(self, inputs: Any) -> list[tuple[str, ...]]:
        """Return the place of each patch, counted from 1 at the upper left."""
        every = tuple(f"row {p // GRID + 1}, column {p % GRID + 1}" for p in range(PATCHES))
        return [every[:n] for n in self.parts(inputs)]


def modality() -> Pictures:
    """Return how pictures are cut."""
    return Pictures()


@once
def colour(pictures: Sequence[Image]) -> FloatArray:
    """Return the mean colour of some pictures, each of them weighing the same, rounded."""
    means = [np.asarray(p.convert("RGB"), dtype=np.float64).mean(axis=(0, 1)) for p in pictures]
    return np.asarray(np.rint(np.mean(means, axis=0)))


def lay(pixels: Pixels, patches: IntArray, givers: Sequence[Image]) -> None:
    """Put the same patches of other pictures into a picture, in place."""
    height, width = pixels.shape[:2]
    for patch in patches.tolist():
        row, column = divmod(patch, GRID)
        top, bottom = edge(row, height), edge(row + 1, height)
        left, right = edge(column, width), edge(column + 1, width)
        if bottom == top or right == left:
            continue
        giver = givers[patch].convert("RGB")
        x, y = giver.width / GRID, giver.height / GRID
        box = (column * x, row * y, (column + 1) * x, (row + 1) * y)
        piece = giver.resize((right - left, bottom - top), box=box)
        pixels[top:bottom, left:right] = np.asarray(piece)


def edge(place: int, size: int) -> int:
    """Return the first pixel of a row or column of the grid, as `owners` has it."""
    return -(-place * size // GRID)


def donors(picture: Image, chance: Chance, i: int) -> list[Image]:
    """Return the picture that each patch is taken from, by the luck of one input."""
    others = list(chance.reference or [])
    if others:
        own = printed(picture)
        prints = fingerprints(chance.reference)
        others = [p for p, known in zip(others, prints, strict=True) if known != own] or others
    else:
        others = [picture]
    chosen = chance.generator(i).integers(len(others), size=PATCHES)
    return [others[int(k)] for k in chosen]


def printed(picture: Image) -> bytes:
    """Return a digest of the pixels of a picture."""
    word = f"{picture.mode} {picture.size}".encode()
    return blake2b(word + picture.tobytes(), digest_size=16).digest()


@once
def fingerprints(pictures: Sequence[Image]) -> list[bytes]:
    """Return a digest of each picture."""
    return [printed(p) for p in pictures]
