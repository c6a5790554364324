"""Images as inputs: known by their encoded bytes, and decoded only when a model is given them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from datasets import Image

from audit.errors import DataError
from audit.examples import IntArray

DEEP = 65_535  # white in a picture of 16 bits
# Modes whose numbers are whole and go beyond 255: a 16-bit grey PNG or TIFF.
DEEP_MODES = ("I", "I;16", "I;16B", "I;16L", "I;16N")


@dataclass(frozen=True)
class ImageInputs:
    """One column of images.

    Attributes
    ----------
    column : arrow column of structs
        ``bytes`` (an encoded file) or ``path`` (where it lies), as `datasets.Image` stores them.
    """

    column: pa.ChunkedArray

    def __len__(self) -> int:
        return len(self.column)

    def take(self, rows: IntArray) -> list[Any]:
        """Return RGB `PIL.Image.Image` at ``rows``, decoded now.

        Raises
        ------
        Exception
            Whatever the decoder says of a broken image: the engine finds the row, and it counts as
            failed.
        """
        return [decoded(content_of(self.column[int(row)])) for row in rows]

    def contents(self, name: str) -> Iterator[Any]:
        """Yield the encoded bytes of every row, in order.

        Raises
        ------
        DataError
            Naming the first row that has neither bytes nor a readable file.
        """
        for row, cell in enumerate(self.column):
            try:
                yield content_of(cell)
            except (OSError, ValueError) as error:
                raise DataError(
                    f'column "{name}" (input) has a row without an image',
                    where=f"first at row {row} (the first is 0): {error}",
                    hint="remove the row, or mend its file; a path that is not absolute is looked "
                    "for where the audit is started",
                ) from error


def content_of(cell: Any) -> Any:
    """Return the encoded bytes of one cell, from memory, a file or an archive.

    Raises
    ------
    ValueError, OSError
        If there are none.
    """
    held = cell.as_py() if cell.is_valid else {}
    content, path = held.get("bytes"), held.get("path")
    if content is None and path:
        content = read(path)
    if not content:
        raise ValueError(f"{path} is empty" if path else "neither bytes nor a path")
    return content


def read(path: str) -> bytes:
    """Read a file; one inside an archive or on a server by the address that `datasets` gives it."""
    if "://" not in path:
        return Path(path).read_bytes()
    import fsspec  # type: ignore[import-untyped]

    with fsspec.open(path, "rb") as file:
        return bytes(file.read())


def decoded(content: Any) -> Any:
    """Decode an image to RGB with eight bits a channel, upright, its first frame.

    What is common in serving is done, so that the audited model sees what it is used on: the
    orientation that a camera noted is applied, transparency is dropped (not laid on a colour),
    palettes are looked up, CMYK and other colour spaces are converted without a colour profile.
    Grey of 16 bits is scaled, not cut at 255.

    Raises
    ------
    ValueError
        If numbers have no known white, as in a picture of floats.
    OSError
        If the bytes are no image, or are cut short.
    """
    from PIL import Image as Pillow
    from PIL import ImageOps

    with Pillow.open(BytesIO(content)) as image:
        image.load()
        upright = ImageOps.exif_transpose(image)
    if upright.mode in DEEP_MODES:
        upright = of_deep_grey(np.asarray(upright))
    if upright.mode == "F":
        raise ValueError("an image of floats has no known white: save it with 8 or 16 bits")
    return upright.convert("RGB")


def of_deep_grey(values: Any) -> Any:
    """Scale 16-bit grey to eight bits.

    Raises
    ------
    ValueError
        If a value is outside 16 bits.
    """
    from PIL import Image as Pillow

    if values.size and (values.min() < 0 or values.max() > DEEP):
        raise ValueError("an image of 32-bit numbers has no known white: save it with 8 or 16 bits")
    return Pillow.fromarray(np.rint(values / (DEEP / 255)).astype(np.uint8))


def is_image(feature: Any) -> bool:
    """Whether a feature of `datasets` holds images: its own kind, or a struct of bytes and path."""
    if isinstance(feature, Image):
        return True
    if not isinstance(feature, dict) or feature.keys() != {"bytes", "path"}:
        return False
    return getattr(feature["bytes"], "dtype", "") in ("binary", "large_binary")
