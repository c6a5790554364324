"""Luck that follows from content: numbers for each row from its digest and a seed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

WORD = 2**64 - 1


def mixed(value: np.ndarray) -> np.ndarray:
    """Scramble 64-bit words (the finaliser of SplitMix64: Steele, Lea & Flood 2014)."""
    z = value + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)))


def uniforms(
    digests: npt.NDArray[np.bytes_], seed: int, stream: int = 0
) -> npt.NDArray[np.float64]:
    """Return a number in [0, 1) for each digest.

    Parameters
    ----------
    digests : (n,) array of 16-byte strings
        Equal digests get equal numbers.
    seed, stream : int
        Other seeds, and other streams of one seed, give independent numbers.
    """
    halves = np.frombuffer(digests.astype("S16").tobytes(), dtype="<u8").reshape(-1, 2)
    start = np.array([seed & WORD], dtype=np.uint64)
    if stream:
        start = mixed(start ^ mixed(np.array([stream & WORD], dtype=np.uint64)))
    key = mixed(mixed(halves[:, 0] + start) ^ halves[:, 1])
    return np.asarray((key >> np.uint64(11)).astype(np.float64) * 2.0**-53)
