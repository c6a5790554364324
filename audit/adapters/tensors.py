"""Inputs as the numbers of a tensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from audit.errors import ModelError
from audit.examples import FloatArray


def as_numbers(inputs: Any) -> FloatArray | None:
    """Return a ``(n, columns)`` float32 array of numeric inputs; None for other kinds.

    Raises
    ------
    ModelError
        If a data frame has columns that are no numbers.
    """
    if isinstance(inputs, pd.DataFrame):
        odd = [str(c) for c in inputs if not pd.api.types.is_numeric_dtype(inputs[c])]
        if odd:
            raise ModelError(
                "a torch module is given numbers, and some input columns hold none",
                where=", ".join(odd[:8]),
                hint="encode them in the data, or give a function that does it and calls the "
                "module",
            )
        return np.asarray(inputs.to_numpy(dtype=np.float32))
    array = None if is_plain(inputs) else np.asarray(inputs)
    if array is None or array.dtype.kind not in "biuf":
        return None
    return (array if array.ndim > 1 else array[:, None]).astype(np.float32)


def is_plain(inputs: Sequence[Any]) -> bool:
    """Tell whether the first input is a text or a picture, which stay as they are."""
    return len(inputs) > 0 and (isinstance(inputs[0], str) or hasattr(inputs[0], "convert"))
