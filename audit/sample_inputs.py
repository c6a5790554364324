"""Sample inputs of every modality, for contract checks of transforms."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from audit.engine.held import digests_of

WORDS = "the film was not as good as they said, and I can't wait for 3 more"
ROWS = 12


def sample_inputs(modality: str) -> tuple[Any, npt.NDArray[np.bytes_]]:
    """Return a few inputs, and a digest for each.

    Parameters
    ----------
    modality : str
        ``text``, ``image`` or ``tabular``.

    Raises
    ------
    ValueError
        For another modality.
    """
    rng = np.random.default_rng(0)
    digests = np.array([f"input {i}".encode().ljust(16) for i in range(ROWS)])
    if modality == "text":
        words = WORDS.split()
        return [" ".join(rng.permutation(words)) for _ in range(ROWS)], digests
    if modality == "image":
        from PIL import Image

        shades = rng.integers(0, 256, (ROWS, 24, 32, 3), dtype=np.uint8)
        return [Image.fromarray(picture) for picture in shades], digests
    if modality == "tabular":
        import pandas as pd

        columns = {
            "age": rng.integers(18, 90, ROWS),
            "income": rng.normal(50.0, 20.0, ROWS),
            "town": rng.choice(["north", "south"], ROWS),
        }
        return pd.DataFrame(columns), digests
    raise ValueError(f'there are no sample inputs of the modality "{modality}"')


def contents(inputs: Any) -> list[bytes]:
    """Return each input as bytes that differ where it does."""
    if isinstance(inputs, list) and inputs and hasattr(inputs[0], "tobytes"):
        return [repr(picture.size).encode() + picture.tobytes() for picture in inputs]
    found: list[bytes] = digests_of(inputs).tolist()
    return found
