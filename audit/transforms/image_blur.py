"""Blur: lenses out of focus, and cameras or subjects that move. Lengths follow the shorter side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audit.transform import TransformKind
from audit.transforms.image_noise import percent
from audit.transforms.image_pixels import (
    Five,
    Pixels,
    convolved,
    kind,
    line,
    of_pictures,
    of_pixels,
    shorter,
)

if TYPE_CHECKING:
    from PIL.Image import Image

GAUSSIAN: Five = (0.006, 0.011, 0.017, 0.025, 0.036)
DEFOCUS: Five = (0.010, 0.017, 0.025, 0.035, 0.048)
MOTION: Five = (0.04, 0.07, 0.105, 0.15, 0.21)
ZOOM: Five = (1.05, 1.10, 1.16, 1.23, 1.32)
GLASS: Five = (0.008, 0.014, 0.021, 0.030, 0.042)
LAYERS = 8


def gaussian(image: Image, severity: int, rng: np.random.Generator) -> Image:  # noqa: ARG001
    """Spread each pixel by a bell curve."""
    from PIL import ImageFilter

    return image.filter(ImageFilter.GaussianBlur(GAUSSIAN[severity - 1] * min(image.size)))


def defocus(values: Pixels, severity: int, rng: np.random.Generator) -> Pixels:  # noqa: ARG001
    """Spread each pixel over a disc, as a lens out of focus does."""
    radius = DEFOCUS[severity - 1] * shorter(values)
    half = int(np.ceil(radius + 0.5))
    y, x = np.ogrid[-half : half + 1, -half : half + 1]
    disc = np.clip(radius + 0.5 - np.hypot(y, x), 0, 1)
    return convolved(values, np.asarray(disc / disc.sum(), dtype=np.float32))


def motion(values: Pixels, severity: int, rng: np.random.Generator) -> Pixels:
    """Smear the picture along a line."""
    return convolved(values, line(MOTION[severity - 1] * shorter(values), rng.uniform(0, np.pi)))


def zoom(image: Image, severity: int, rng: np.random.Generator) -> Image:  # noqa: ARG001
    """Average the picture with larger copies of itself, as when a camera nears its subject."""
    from PIL import Image

    width, height = image.size
    total = np.asarray(image, dtype=np.float32)
    for factor in np.linspace(1, ZOOM[severity - 1], LAYERS)[1:]:
        across, down = (1 - 1 / factor) * width / 2, (1 - 1 / factor) * height / 2
        box = (across, down, width - across, height - down)
        layer = image.resize(image.size, Image.Resampling.BILINEAR, box=box)
        total = total + np.asarray(layer)
    return Image.fromarray((total / LAYERS + 0.5).astype(np.uint8))


def glass(values: Pixels, severity: int, rng: np.random.Generator) -> Pixels:
    """Take each pixel from a random place nearby, then soften."""
    height, width = values.shape[:2]
    reach = GLASS[severity - 1] * shorter(values)
    shift = (2 * rng.random((2, height, width), dtype=np.float32) - 1) * np.float32(reach)
    y = np.clip(np.rint(np.arange(height)[:, None] + shift[0]), 0, height - 1).astype(int)
    x = np.clip(np.rint(np.arange(width)[None, :] + shift[1]), 0, width - 1).astype(int)
    soft = np.outer([1, 2, 1], [1, 2, 1]) / 16
    return convolved(np.asarray(values[y, x]), np.asarray(soft, dtype=np.float32))


KINDS: tuple[TransformKind, ...] = (
    kind(
        "gaussian-blur",
        "blur",
        "Spreads each pixel by a bell curve.",
        "standard deviation {} % of the shorter side",
        percent(GAUSSIAN),
        of_pictures(gaussian),
    ),
    kind(
        "defocus-blur",
        "blur",
        "Spreads each pixel over a disc, as a lens out of focus does.",
        "radius {} % of the shorter side",
        percent(DEFOCUS),
        of_pixels(defocus),
    ),
    kind(
        "motion-blur",
        "blur",
        "Smears the picture along a line; each picture has its own direction.",
        "length {} % of the shorter side",
        percent(MOTION),
        of_pixels(motion),
    ),
    kind(
        "zoom-blur",
        "blur",
        "Averages the picture with larger copies of itself, as when a camera nears its subject.",
        "copies up to {} times as large",
        [f"{v:g}" for v in ZOOM],
        of_pictures(zoom),
    ),
    kind(
        "glass-blur",
        "blur",
        "Takes each pixel from a random place nearby and softens, as ribbed glass does.",
        "places at most {} % of the shorter side away",
        percent(GLASS),
        of_pixels(glass),
    ),
)
