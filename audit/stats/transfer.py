"""What a pretrained starting point is worth: two learning curves on the same rows and seeds.

References
----------
Hernandez, Kaplan, Henighan & McCandlish (2021), Scaling Laws for Transfer, arXiv:2102.01293,
section 1: the effective data transferred is D_T = D_E - D_F, where a training from scratch needs
D_E rows to do as well as the pretrained model does after D_F.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from audit.stats.crossed import Crossed
from audit.stats.crossing import Crossing, t_table
from audit.stats.evidence import Mean

FloatArray = NDArray[np.float64]

# Between two anchors the scratch curve is read at so many steps in ln rows. The standard error of
# an interpolated error knows that two anchors vary apart; interpolating standard errors would not.
STEPS = 2


@dataclass(frozen=True)
class Pair:
    """The errors of both curves.

    Attributes
    ----------
    sizes : tuple of int
        Training sizes, ascending.
    at : int
        Index of the size D_F at which transfer is measured.
    pretrained, scratch : (J, k, n) float array
        Error of every test row after the training on a size under a seed.
    clusters : (n,) int array, optional
    """

    sizes: tuple[int, ...]
    at: int
    pretrained: FloatArray
    scratch: FloatArray
    clusters: NDArray[np.int64] | None = None

    @property
    def size(self) -> int:
        """D_F, in rows."""
        return self.sizes[self.at]

    @property
    def level(self) -> float:
        """The error of the pretrained model after D_F rows."""
        return float(self.pretrained[:, self.at].mean())

    @cached_property
    def crossed(self) -> Crossed:
        """Both curves, the pretrained one first, with what rows and trainings add to their error.

        Rows and seeds are paired: both trainings of a size see the same rows in the same order.
        """
        both = np.concatenate([self.pretrained, self.scratch], axis=1)
        return Crossed.of(both, self.clusters)

    def gain(self, k: int) -> Mean:
        """Return the error from scratch minus the error pretrained, at one size."""
        one = np.eye(len(self.sizes))[k]
        return self.crossed.mean(np.concatenate([-one, one]))

    def transferred(self) -> Crossing:
        """Return the evidence on D_T: where the scratch curve falls to the level, minus D_F."""
        sizes, reading = read(self.sizes)
        weights = np.hstack([np.zeros_like(reading), reading])
        weights[:, self.at] = -1.0
        gaps, errors, df = self.crossed.combined(weights)
        tables = [t_table(float(v)) for v in df]
        return Crossing(
            sizes=tuple(sizes.tolist()),
            gaps=tuple(gaps.tolist()),
            scales=tuple(errors.tolist()),
            probs=tables[0][0],
            quantiles=tuple(table for _, table in tables),
            offset=float(self.size),
            n=self.crossed.n,
        )


def read(anchors: Sequence[int]) -> tuple[FloatArray, FloatArray]:
    """Return sizes at and between anchors, and how a curve is read there, linearly in ln rows.

    Returns
    -------
    sizes : (m,) float array
    weights : (m, k) float array
        Of the anchors; each row adds up to 1.
    """
    places = np.arange((len(anchors) - 1) * STEPS + 1) / STEPS
    weights = np.maximum(1.0 - np.abs(places[:, None] - np.arange(len(anchors))), 0.0)
    sizes = np.exp(weights @ np.log(np.asarray(anchors, dtype=np.float64)))
    sizes[::STEPS] = anchors  # exactly: exp(ln 1000) is not 1000
    return sizes, weights
