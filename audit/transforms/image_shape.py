"""Shape: how a picture is framed, turned or bent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audit.transform import TransformKind
from audit.transforms.image_noise import percent
from audit.transforms.image_pixels import (
    CORRUPTIONS,
    Five,
    Pixels,
    enlarged,
    grid_of,
    kind,
    of_pictures,
    of_pixels,
    shorter,
    warped,
)

if TYPE_CHECKING:
    from PIL.Image import Image

DEGREES: Five = (5, 10, 16, 23, 30)
KEPT: Five = (0.95, 0.89, 0.82, 0.74, 0.65)
BEND: Five = (0.008, 0.014, 0.022, 0.032, 0.045)
WAVES = 7.0
TURNS = (
    "Engstrom et al. (2019), Exploring the Landscape of Spatial Robustness, ICML (turns and shifts "
    "of the frame fool classifiers)",
)
ELASTIC = (
    CORRUPTIONS,
    "Simard, Steinkraus & Platt (2003), Best Practices for Convolutional Neural Networks Applied "
    "to Visual Document Analysis, ICDAR (elastic distortions)",
)


def rotation(values: Pixels, severity: int, rng: np.random.Generator) -> Pixels:
    """Turn the picture about its middle, to the left or the right."""
    height, width = values.shape[:2]
    angle = np.deg2rad(DEGREES[severity - 1]) * (1 if rng.random() < 0.5 else -1)
    y = np.arange(height, dtype=np.float32)[:, None] - (height - 1) / 2
    x = np.arange(width, dtype=np.float32)[None, :] - (width - 1) / 2
    down = np.cos(angle) * y + np.sin(angle) * x + (height - 1) / 2
    across = np.cos(angle) * x - np.sin(angle) * y + (width - 1) / 2
    return warped(values, down, across)


def crop(image: Image, severity: int, rng: np.random.Generator) -> Image:
    """Cut a frame away, more on one side than on the other, and enlarge what is left."""
    from PIL import Image

    width, height = image.size
    spare = 1 - KEPT[severity - 1]
    left, top = spare * width * rng.uniform(0.25, 0.75), spare * height * rng.uniform(0.25, 0.75)
    box = (left, top, left + (1 - spare) * width, top + (1 - spare) * height)
    return image.resize(image.size, Image.Resampling.BILINEAR, box=box)


def elastic(values: Pixels, severity: int, rng: np.random.Generator) -> Pixels:
    """Bend the picture smoothly."""
    height, width = values.shape[:2]
    reach = np.float32(BEND[severity - 1] * shorter(values))
    down, across = (
        reach * enlarged(2 * rng.random(grid, dtype=np.float32) - 1, height, width)
        for grid in [grid_of(values, WAVES)] * 2
    )
    y = np.arange(height, dtype=np.float32)[:, None] + down
    x = np.arange(width, dtype=np.float32)[None, :] + across
    return warped(values, y, x)


KINDS: tuple[TransformKind, ...] = (
    kind(
        "rotation",
        "shape",
        "Turns the picture about its middle, to the left or the right. Corners are filled with "
        "the picture's mirror image. Keeps the label only where upright is not what it says.",
        "{} degrees",
        [f"{v:g}" for v in DEGREES],
        of_pixels(rotation),
        TURNS,
    ),
    kind(
        "crop",
        "shape",
        "Cuts a frame away, unevenly, and enlarges what is left to the old size. Keeps the label "
        "only where what it names is not at the border.",
        "{} % of each side left",
        percent(KEPT),
        of_pictures(crop),
        TURNS,
    ),
    kind(
        "elastic",
        "shape",
        "Bends the picture smoothly, with some seven waves along the shorter side.",
        "points move by at most {} % of the shorter side",
        percent(BEND),
        of_pixels(elastic),
        ELASTIC,
    ),
)
