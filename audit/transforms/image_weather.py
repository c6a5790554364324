"""Weather: fog, snow and frost, drawn by procedure and from no photograph."""

from __future__ import annotations

import numpy as np

from audit.transform import TransformKind
from audit.transforms.image_noise import percent
from audit.transforms.image_pixels import (
    Five,
    Pixels,
    clouds,
    convolved,
    enlarged,
    grid_of,
    kind,
    line,
    of_pixels,
    shorter,
)

FOG: Five = (0.25, 0.38, 0.50, 0.62, 0.74)
FLAKES: Five = (0.006, 0.012, 0.021, 0.033, 0.05)
WHITENING: Five = (0.04, 0.08, 0.13, 0.18, 0.24)
FROST: Five = (0.18, 0.30, 0.44, 0.60, 0.78)
ICE = np.array([0.80, 0.88, 0.95], dtype=np.float32)


def fog(values: Pixels, severity: int, rng: np.random.Generator) -> Pixels:
    """Veil the picture in light grey, thicker in some places."""
    veil = FOG[severity - 1] * (0.6 + 0.4 * clouds(values, rng))[..., None]
    return np.asarray(values * (1 - veil) + 0.92 * veil, dtype=np.float32)


def snow(values: Pixels, severity: int, rng: np.random.Generator) -> Pixels:
    """Let flakes fall slantwise, and whiten what lies behind them."""
    height, width = values.shape[:2]
    grid = grid_of(values, 80)
    size = rng.uniform(0.5, 1.0, grid)
    flakes = np.where(rng.random(grid) < FLAKES[severity - 1], size, 0).astype(np.float32)
    slant = rng.uniform(np.pi / 4, 3 * np.pi / 4)
    fall = convolved(enlarged(flakes, height, width), line(0.035 * shorter(values), slant))
    white = 1 - (1 - np.clip(2.2 * fall, 0, 1)) * (1 - WHITENING[severity - 1])
    return np.asarray(values + (1 - values) * white[..., None], dtype=np.float32)


def frost(values: Pixels, severity: int, rng: np.random.Generator) -> Pixels:
    """Let veins of ice grow inwards from the edges."""
    height, width = values.shape[:2]
    veins = 1 - np.abs(2 * clouds(values, rng, octaves=6) - 1)
    y = np.abs(np.linspace(-1, 1, height))[:, None]
    x = np.abs(np.linspace(-1, 1, width))[None, :]
    edge = np.maximum(y, x) ** 2
    grown = FROST[severity - 1] * (0.25 + 1.1 * edge) - 0.55 * (1 - veins)
    ice = np.clip(4 * grown, 0, 0.9) * (0.5 + 0.5 * veins**2)
    cover = np.asarray(ice, dtype=np.float32)[..., None]
    return values * (1 - cover) + ICE * cover


KINDS: tuple[TransformKind, ...] = (
    kind(
        "fog",
        "weather",
        "Veils the picture in light grey, thicker in some places (a drawn field, no depth).",
        "a veil that hides up to {} %",
        percent(FOG),
        of_pixels(fog),
    ),
    kind(
        "snow",
        "weather",
        "Lets flakes fall slantwise and whitens what lies behind them. Flakes start at places of "
        "a grid with 80 cells along the shorter side.",
        "flakes at {}",
        [
            f"{100 * f:g} % of the places, whitened by {100 * w:g} %"
            for f, w in zip(FLAKES, WHITENING, strict=True)
        ],
        of_pixels(snow),
    ),
    kind(
        "frost",
        "weather",
        "Lets veins of ice grow inwards from the edges (drawn by procedure, from no photograph).",
        "growth {} %",
        percent(FROST),
        of_pixels(frost),
    ),
)
