"""LIME: a linear model of the margin near an input, in which parts are there or not."""

from __future__ import annotations

import numpy as np
from scipy.linalg import solve

from audit.examples import FloatArray
from audit.explainer import ByMasks, ExplainerSheet, Settings
from audit.explainers.shapley import EACH, MORE, budget
from audit.modality import BoolArray


def neighbours(parts: int, generator: np.random.Generator, settings: Settings) -> BoolArray:
    """Return versions without some parts: how many is drawn first, evenly, and then which."""
    count = budget(parts, settings)
    gone = generator.integers(1, parts + 1, size=count)
    ranks = generator.random((count, parts)).argsort(axis=1).argsort(axis=1)
    return np.asarray(ranks >= gone[:, None])


def nearness(kept: BoolArray, width: float) -> FloatArray:
    """Return the weight of each version: an exponential kernel on its cosine distance.

    The distance of a version from the whole input is 1 less the square root of the share of parts
    that stay.
    """
    distance = 1 - np.sqrt(kept.mean(axis=1))
    return np.asarray(np.sqrt(np.exp(-((distance / width) ** 2))))


def slopes(
    kept: BoolArray, margins: FloatArray, value: float, _start: float, settings: Settings
) -> FloatArray:
    """Return the slopes of a weighted ridge regression; the whole input is one of its rows."""
    z = np.vstack([np.ones((1, kept.shape[1])), kept])
    y = np.concatenate([[value], margins])
    w = nearness(z, settings["kernel_width"])
    w_sum = w.sum()
    z -= w @ z / w_sum
    y -= w @ y / w_sum
    inner = (z * w[:, None]).T @ z + settings["ridge"] * np.eye(z.shape[1])
    return np.asarray(solve(inner, (z * w[:, None]).T @ y, assume_a="pos"))


LIME = ByMasks(
    ExplainerSheet(
        name="lime",
        title="LIME",
        says="Fits a linear model to the margins of versions without some parts, near ones "
        "weighing more; a part is worth its slope.",
        needs="predictions",
        seeded=True,
        complete=False,
        settings={"kernel_width": 0.25, "ridge": 1.0, "samples": 0},
        meaning={
            "kernel_width": "cosine distance at which a version still counts, at exp(-1/2) of one "
            "that keeps all",
            "ridge": "penalty on the squared slopes",
            "samples": f"versions that are predicted for an input; 0 for {EACH} a part and {MORE} "
            "beside",
        },
        references=(
            'Ribeiro, Singh & Guestrin (2016), "Why Should I Trust You?": Explaining the '
            "Predictions of Any Classifier, KDD",
        ),
    ),
    kept=neighbours,
    solve=slopes,
)
