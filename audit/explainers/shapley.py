"""KernelSHAP: Shapley values as the solution of a weighted regression on coalitions of parts."""

from __future__ import annotations

import numpy as np
from scipy.linalg import lstsq
from scipy.special import comb

from audit.examples import FloatArray
from audit.explainer import ByMasks, ExplainerSheet, Settings
from audit.modality import BoolArray

EACH, MORE = 4, 256  # versions for each part and beside, where no number is set
MOST_COUNTED = 30  # parts whose coalitions can be counted: beyond, there are more than any setting


def budget(parts: int, settings: Settings) -> int:
    """Return how many versions are made of an input at most."""
    return int(settings["samples"]) or EACH * parts + MORE


def exhaustive(parts: int, settings: Settings) -> bool:
    """Whether every coalition is looked at, so that the values are exact."""
    return parts <= MOST_COUNTED and 2**parts - 2 <= budget(parts, settings)


def coalitions(parts: int, generator: np.random.Generator, settings: Settings) -> BoolArray:
    """Return the coalitions to be predicted: all of them, or pairs of one and the rest.

    Sizes are drawn by the weight that the Shapley kernel gives them (Lundberg & Lee 2017, theorem
    2), in equal steps of its distribution; each coalition goes with its complement (Covert & Lee
    2021, section 4.2). Every part is in one of the two, so that no part is missed.
    """
    if exhaustive(parts, settings):
        numbers = np.arange(1, 2**parts - 1)
        return (numbers[:, None] >> np.arange(parts) & 1).astype(bool)
    pairs = max(1, budget(parts, settings) // 2)
    sizes = np.arange(1, parts)
    share = np.cumsum(1 / (sizes * (parts - sizes)))
    steps = (np.arange(pairs) + generator.random()) / pairs
    size = sizes[np.searchsorted(share / share[-1], steps, side="right")]
    ranks = generator.random((pairs, parts)).argsort(axis=1).argsort(axis=1)
    first = ranks < size[:, None]
    return np.stack([first, ~first], axis=1).reshape(-1, parts)


def values(
    kept: BoolArray, margins: FloatArray, value: float, start: float, settings: Settings
) -> FloatArray:
    """Return the attributions that sum to ``value - start`` and fit the margins best.

    The constraint is met by writing each attribution as its equal share and a deviation. Deviations
    sum to 0, so the row of a coalition counts only up to a constant and can be centred. Where
    coalitions are too few to tell parts apart, the smallest deviations are taken.
    """
    parts = kept.shape[1]
    share = (value - start) / parts
    if not len(kept):
        return np.full(parts, share)
    sizes = kept.sum(axis=1)
    weights = kernel(parts, sizes) if exhaustive(parts, settings) else np.ones(len(kept))
    centred = kept - (sizes / parts)[:, None]
    weighted = centred * weights[:, None]
    found = lstsq(
        weighted.T @ centred,
        weighted.T @ (margins - start - share * sizes),
        cond=1e-10,
        lapack_driver="gelsy",
    )[0]
    return np.asarray(share + found - found.mean())


def kernel(parts: int, sizes: np.ndarray) -> FloatArray:
    """Return the Shapley kernel of coalitions of some sizes (Lundberg & Lee 2017, theorem 2)."""
    return np.asarray((parts - 1) / (comb(parts, sizes) * sizes * (parts - sizes)))


KERNEL_SHAP = ByMasks(
    ExplainerSheet(
        name="kernel-shap",
        title="KernelSHAP",
        says="Shapley values: what a part adds to the margin, on average over all orders in which "
        "parts could be put in; from a sample of combinations of parts.",
        needs="predictions",
        seeded=True,
        complete=True,
        settings={"samples": 0},
        meaning={
            "samples": "combinations of parts that are predicted for an input, all of them where "
            f"there are no more; 0 for {EACH} a part and {MORE} beside",
        },
        references=(
            "Lundberg & Lee (2017), A Unified Approach to Interpreting Model Predictions, NeurIPS",
            "Covert & Lee (2021), Improving KernelSHAP: Practical Shapley Value Estimation Using "
            "Linear Regression, AISTATS",
        ),
    ),
    kept=coalitions,
    solve=values,
)
