"""What one input's versions say of its explanation: areas under curves, and infidelity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.integrate import trapezoid

from audit.examples import FloatArray
from audit.faithful.versions import Versions

NOISE = 1e-6  # of a margin: batches of another make-up move the last digits as much


@dataclass(frozen=True)
class Curves:
    """The curves of one input under one baseline, by the share of parts that is taken away.

    Attributes
    ----------
    share : (c,) float array
        From 0 to 1.
    deletion, insertion : (c,) float arrays
        Outputs without the strongest parts, and with the strongest parts only.
    chance : (orders, c) float array
        Outputs without the first parts of each random order.
    """

    share: FloatArray
    deletion: FloatArray
    insertion: FloatArray
    chance: FloatArray

    @classmethod
    def read(cls, versions: Versions, outputs: FloatArray) -> Curves:
        """Read the curves off the ``(d,)`` outputs of an input's distinct versions."""
        return cls(
            versions.share,
            outputs[versions.deletion],
            outputs[versions.insertion],
            outputs[versions.chance],
        )

    def gains(self) -> tuple[float, float]:
        """Return by how much the order beats the mean of the random ones, both ways.

        Deletion should fall sooner and insertion rise sooner, so that more than 0 is better than
        chance in both (Petsiuk, Das & Saenko 2018, section 4; less that of random orders, as
        Samek et al. 2017, section IV, compare heat maps).
        """
        random = float(area(self.share, self.chance).mean())
        deleted, inserted = (float(area(self.share, y)) for y in (self.deletion, self.insertion))
        return random - deleted, inserted - random

    def on(self, grid: FloatArray) -> FloatArray:
        """Return deletion, insertion and the mean random curve at common shares, ``(3, g)``."""
        rows = (self.deletion, self.insertion, self.chance.mean(axis=0))
        return np.stack([np.interp(grid, self.share, y) for y in rows])


def area(x: FloatArray, y: FloatArray) -> FloatArray:
    """Return the area under each curve, by the trapezoidal rule.

    Parameters
    ----------
    x : (c,) float array
        Ascending.
    y : (..., c) float array
    """
    return np.asarray(trapezoid(y, x, axis=-1))


def infidelity(versions: Versions, attributions: FloatArray, margins: FloatArray) -> float:
    """Return the share of the changes of the margin that attributions do not explain.

    ``min over s >= 0 of sum (s * A - D)^2 / sum D^2``, with A the sum of the attributions of the
    parts that were taken away and D the fall of the margin: Yeh et al. (2019), definition 2.1, with
    the optimal scaling of their section 3 for each input, so that a constant factor on the
    attributions changes nothing. The factor may not turn their sign.

    Parameters
    ----------
    versions : Versions
    attributions : (parts,) float array
    margins : (d,) float array
        Of the distinct versions, the last of which is the whole input.

    Returns
    -------
    float
        0 to 1; NaN where no version moves the margin.
    """
    claimed = ~versions.kept[versions.subsets] @ attributions
    fall = margins[-1] - margins[versions.subsets]
    moved, square = float(fall @ fall), float(claimed @ claimed)
    if float(np.abs(fall).max(initial=0.0)) <= NOISE * float(np.abs(margins).max()):
        return float("nan")
    if square == 0:
        return 1.0
    scale = max(0.0, float(claimed @ fall) / square)
    left = scale * claimed - fall
    return min(1.0, float(left @ left) / moved)
