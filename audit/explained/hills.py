"""Densities of similarities, on the range that a similarity has."""

from __future__ import annotations

import numpy as np
from scipy.stats import gaussian_kde, norm

from audit.examples import FloatArray
from audit.exhibits import Hill

RANGES = {"spearman": (-1.0, 1.0), "top": (0.0, 1.0), "cosine": (0.0, 1.0)}
STEPS = 101
NARROWEST = 0.01  # of the range: values that hardly differ are drawn as a peak, and not as a needle
DIGITS = 4


def hill(name: str, values: FloatArray, rule: str, second: bool = False) -> Hill:
    """Return the density of some similarities.

    What a kernel puts beyond an end of the range is folded back (Silverman 1986, Density
    Estimation, section 2.10).

    Parameters
    ----------
    name : str
    values : (n,) float array
        One at least.
    rule : str
        Of similarity: it decides the range.
    second : bool
        Whether it is what the first is compared with.
    """
    low, high = RANGES[rule]
    x = np.linspace(low, high, STEPS)
    least = NARROWEST * (high - low)
    spread = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    if spread > least:
        kernel = gaussian_kde(values)
        wide = max(float(kernel.factor), least / spread)
        kernel.set_bandwidth(wide)
        y = kernel(x) + kernel(2 * low - x) + kernel(2 * high - x)
    else:
        middle = float(values.mean())
        places = np.stack([x, 2 * low - x, 2 * high - x])
        y = norm.pdf(places, middle, least).sum(axis=0)
    return Hill(
        name=name,
        x=tuple(round(float(v), DIGITS) for v in x),
        y=tuple(round(float(v), DIGITS) for v in y),
        n=len(values),
        middle=float(np.median(values)),
        second=second,
    )
