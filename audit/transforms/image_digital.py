"""Digital changes: compression, resolution, light and colour."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from audit.transform import TransformKind
from audit.transforms.image_noise import percent
from audit.transforms.image_pixels import Five, Pixels, kind, of_pictures, of_pixels

if TYPE_CHECKING:
    from PIL.Image import Image

JPEG: Five = (50, 30, 18, 11, 6)
PIXELS: Five = (0.60, 0.45, 0.33, 0.24, 0.16)
BRIGHTER: Five = (0.08, 0.15, 0.23, 0.32, 0.42)
DARKER: Five = (0.80, 0.62, 0.46, 0.32, 0.20)
CONTRAST: Five = (0.75, 0.58, 0.42, 0.28, 0.16)
COLOUR: Five = (0.75, 0.55, 0.35, 0.15, 0.0)
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601


def jpeg(image: Image, severity: int, rng: np.random.Generator) -> Image:  # noqa: ARG001
    """Compress and read again."""
    from PIL import Image

    kept = BytesIO()
    image.save(kept, "JPEG", quality=int(JPEG[severity - 1]))
    return Image.open(kept).convert("RGB")


def pixelation(image: Image, severity: int, rng: np.random.Generator) -> Image:  # noqa: ARG001
    """Shrink by averaging, and enlarge in blocks."""
    from PIL import Image

    width, height = (max(1, round(n * PIXELS[severity - 1])) for n in image.size)
    small = image.resize((width, height), Image.Resampling.BOX)
    return small.resize(image.size, Image.Resampling.NEAREST)


def brightness(values: Pixels, severity: int, rng: np.random.Generator) -> Pixels:  # noqa: ARG001
    """Add light everywhere."""
    return values + np.float32(BRIGHTER[severity - 1])


def darkness(values: Pixels, severity: int, rng: np.random.Generator) -> Pixels:  # noqa: ARG001
    """Take light away in proportion."""
    return values * np.float32(DARKER[severity - 1])


def contrast(values: Pixels, severity: int, rng: np.random.Generator) -> Pixels:  # noqa: ARG001
    """Draw each channel towards its mean over the picture."""
    middle = values.mean(axis=(0, 1), dtype=np.float64).astype(np.float32)
    return np.asarray(middle + CONTRAST[severity - 1] * (values - middle), dtype=np.float32)


def saturation(values: Pixels, severity: int, rng: np.random.Generator) -> Pixels:  # noqa: ARG001
    """Draw each pixel towards the grey of the same lightness."""
    grey = (values @ LUMA)[..., None]
    return np.asarray(grey + COLOUR[severity - 1] * (values - grey), dtype=np.float32)


KINDS: tuple[TransformKind, ...] = (
    kind(
        "jpeg",
        "digital",
        "Compresses the picture as a JPEG and reads it again.",
        "quality {} of 100",
        [f"{v:g}" for v in JPEG],
        of_pictures(jpeg),
    ),
    kind(
        "pixelation",
        "digital",
        "Lowers the resolution and enlarges in blocks.",
        "{} % of the pixels along each side",
        percent(PIXELS),
        of_pictures(pixelation),
    ),
    kind(
        "brightness",
        "digital",
        "Adds light everywhere; what is bright already turns white.",
        "{} % of the range added",
        percent(BRIGHTER),
        of_pixels(brightness),
    ),
    kind(
        "darkness",
        "digital",
        "Takes light away in proportion, as an exposure that is too short.",
        "{} % of the light left",
        percent(DARKER),
        of_pixels(darkness),
    ),
    kind(
        "contrast",
        "digital",
        "Draws each channel towards its mean over the picture.",
        "{} % of the contrast left",
        percent(CONTRAST),
        of_pixels(contrast),
    ),
    kind(
        "saturation",
        "digital",
        "Takes colour away. Keeps the label only where colour is not what the label says.",
        "{} % of the colour left",
        percent(COLOUR),
        of_pixels(saturation),
    ),
)
