"""From pictures to numbers and back, and the fields that several image transforms draw from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from audit.transform import TransformKind, TransformSheet, each

if TYPE_CHECKING:
    from PIL.Image import Image

Pixels = npt.NDArray[np.float32]
Five = tuple[float, float, float, float, float]

CORRUPTIONS = (
    "Hendrycks & Dietterich (2019), Benchmarking Neural Network Robustness to Common Corruptions "
    "and Perturbations, ICLR (the families; the parameters here are our own)"
)


def pixels(image: Image) -> Pixels:
    """Return a picture as ``(height, width, 3)`` numbers in [0, 1]."""
    return np.asarray(image.convert("RGB"), dtype=np.float32) * np.float32(1 / 255)


def picture(values: Pixels) -> Image:
    """Return numbers as an RGB picture; what lies outside [0, 1] is cut."""
    from PIL import Image

    return Image.fromarray((np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8))


def of_pixels(
    change: Callable[[Pixels, int, np.random.Generator], Pixels],
) -> Callable[[Sequence[Any], int, Any], list[Any]]:
    """Turn a change of one picture's numbers into a change of a list of pictures."""

    def one(image: Image, severity: int, rng: np.random.Generator) -> Image:
        return picture(change(pixels(image), severity, rng))

    return each(one)


def of_pictures(
    change: Callable[[Any, int, np.random.Generator], Any],
) -> Callable[[Sequence[Any], int, Any], list[Any]]:
    """Turn a change of one RGB picture into a change of a list of pictures."""

    def one(image: Image, severity: int, rng: np.random.Generator) -> Any:
        return change(image.convert("RGB"), severity, rng)

    return each(one)


def kind(
    name: str,
    family: str,
    says: str,
    words: str,
    values: Sequence[Any],
    apply: Callable[[Sequence[Any], int, Any], list[Any]],
    references: tuple[str, ...] = (CORRUPTIONS,),
) -> TransformKind:
    """Name an image transform; ``words`` says each step, with a value at ``{}``."""
    first, second, third, fourth, fifth = (words.format(v) for v in values)
    sheet = TransformSheet(
        name=name,
        modality="image",
        family=family,
        title=name.replace("-", " ").capitalize().replace("Jpeg", "JPEG"),
        says=says,
        steps=(first, second, third, fourth, fifth),
        references=references,
    )
    return TransformKind(sheet, apply)


def shorter(values: Pixels) -> int:
    """Return the shorter side: a picture's measure of length."""
    return int(min(values.shape[:2]))


def enlarged(field: Pixels, height: int, width: int) -> Pixels:
    """Return a ``(rows, columns)`` field as a smooth one of ``(height, width)``."""
    from PIL import Image

    grown = Image.fromarray(field).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(grown, dtype=np.float32)


def grid_of(values: Pixels, cells: float) -> tuple[int, int]:
    """Return rows and columns of square cells, so many along the shorter side; none below 1 px."""
    height, width = values.shape[:2]
    cell = max(shorter(values) / cells, 1.0)
    return max(2, round(height / cell)), max(2, round(width / cell))


def clouds(values: Pixels, rng: np.random.Generator, octaves: int = 4) -> Pixels:
    """Return a ``(height, width)`` field in [0, 1], large shapes first, finer ones half as strong.

    It is value noise: random numbers on grids of 2, 4, 8, ... cells along the shorter side, each
    enlarged smoothly and added (fractional Brownian motion; Mandelbrot & Van Ness 1968).
    """
    height, width = values.shape[:2]
    field = np.zeros((height, width), dtype=np.float32)
    for octave in range(octaves):
        grid = rng.random(grid_of(values, 2.0 ** (octave + 1)), dtype=np.float32)
        field += enlarged(grid, height, width) * np.float32(0.5**octave)
    low, high = field.min(), field.max()
    return np.asarray((field - low) / max(float(high - low), 1e-6), dtype=np.float32)


def convolved(values: Pixels, kernel: Pixels) -> Pixels:
    """Return a picture or a field spread by an odd-sided kernel; edges are mirrored."""
    from scipy import fft

    rows, columns = kernel.shape[0] // 2, kernel.shape[1] // 2
    height, width = values.shape[:2]
    rest = [(0, 0)] * (values.ndim - 2)
    padded = np.pad(values, [(rows, rows), (columns, columns), *rest], mode="symmetric")
    size = [fft.next_fast_len(n, real=True) for n in padded.shape[:2]]
    moved = np.zeros(size, dtype=np.float32)
    moved[: kernel.shape[0], : kernel.shape[1]] = kernel
    moved = np.roll(moved, (-rows, -columns), axis=(0, 1))
    spectrum = fft.rfft2(moved).reshape(size[0], -1, *[1] * len(rest))
    spread = fft.irfft2(fft.rfft2(padded, size, axes=(0, 1)) * spectrum, size, axes=(0, 1))
    return np.asarray(spread[rows : rows + height, columns : columns + width], dtype=np.float32)


def line(length: float, angle: float) -> Pixels:
    """Return a kernel that smears along a line of some pixels, at an angle in radians."""
    half = int(np.ceil(length / 2)) + 1
    kernel = np.zeros((2 * half + 1, 2 * half + 1))
    along = np.linspace(-length / 2, length / 2, 8 * half + 1)
    y, x = along * np.sin(angle) + half, along * np.cos(angle) + half
    top, left = np.floor(y).astype(int), np.floor(x).astype(int)
    for down in (0, 1):
        for right in (0, 1):
            share = np.abs(1 - down - (y - top)) * np.abs(1 - right - (x - left))
            inside = (top + down < kernel.shape[0]) & (left + right < kernel.shape[1])
            at = (top + down)[inside], (left + right)[inside]
            np.add.at(kernel, at, share[inside])
    return np.asarray(kernel / kernel.sum(), dtype=np.float32)


def warped(values: Pixels, y: Pixels, x: Pixels) -> Pixels:
    """Return the picture read at other places: ``(height, width)`` rows and columns, mirrored."""
    from scipy.ndimage import map_coordinates

    places = np.stack([y, x])
    out = np.empty_like(values)
    for channel in range(values.shape[2]):
        map_coordinates(
            values[..., channel], places, output=out[..., channel], order=1, mode="reflect"
        )
    return out
