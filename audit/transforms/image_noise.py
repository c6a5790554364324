"""Noise: what a sensor, a transmission or poor light adds to each pixel."""

from __future__ import annotations

import numpy as np

from audit.transform import TransformKind
from audit.transforms.image_pixels import Five, Pixels, kind, of_pixels

GAUSSIAN: Five = (0.03, 0.06, 0.10, 0.15, 0.22)
PHOTONS: Five = (120, 50, 22, 10, 5)
IMPULSE: Five = (0.01, 0.025, 0.05, 0.09, 0.15)
SPECKLE: Five = (0.08, 0.15, 0.25, 0.38, 0.55)


def gaussian(values: Pixels, severity: int, rng: np.random.Generator) -> Pixels:
    """Add normal noise to each channel of each pixel."""
    noise = rng.standard_normal(values.shape, dtype=np.float32)
    return values + np.float32(GAUSSIAN[severity - 1]) * noise


def shot(values: Pixels, severity: int, rng: np.random.Generator) -> Pixels:
    """Count photons instead of measuring light: Poisson noise."""
    photons = PHOTONS[severity - 1]
    return np.asarray(rng.poisson(values * photons) / photons, dtype=np.float32)


def impulse(values: Pixels, severity: int, rng: np.random.Generator) -> Pixels:
    """Turn some pixels black or white."""
    height, width = values.shape[:2]
    hit = rng.random((height, width), dtype=np.float32) < IMPULSE[severity - 1]
    light = rng.random((height, width), dtype=np.float32) < 0.5
    return np.where(hit[..., None], light[..., None].astype(np.float32), values)


def speckle(values: Pixels, severity: int, rng: np.random.Generator) -> Pixels:
    """Add normal noise in proportion to the light."""
    noise = rng.standard_normal(values.shape, dtype=np.float32)
    return values * (1 + np.float32(SPECKLE[severity - 1]) * noise)


def percent(values: Five) -> list[str]:
    """Write shares as percentages."""
    return [f"{100 * v:g}" for v in values]


KINDS: tuple[TransformKind, ...] = (
    kind(
        "gaussian-noise",
        "noise",
        "Adds normal noise to each channel of each pixel, as a sensor does in low light.",
        "standard deviation {} % of the range",
        percent(GAUSSIAN),
        of_pixels(gaussian),
    ),
    kind(
        "shot-noise",
        "noise",
        "Draws each channel of each pixel from a Poisson distribution, as light that is counted "
        "photon by photon.",
        "{} photons where the picture is white",
        [f"{v:g}" for v in PHOTONS],
        of_pixels(shot),
    ),
    kind(
        "impulse-noise",
        "noise",
        "Turns some pixels black or white (salt and pepper), as bit errors and dead cells do.",
        "{} % of the pixels",
        percent(IMPULSE),
        of_pixels(impulse),
    ),
    kind(
        "speckle-noise",
        "noise",
        "Adds normal noise in proportion to the light, as in radar and ultrasound.",
        "standard deviation {} % of the pixel's own value",
        percent(SPECKLE),
        of_pixels(speckle),
    ),
)
