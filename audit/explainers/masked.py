"""Explainers that need predictions alone: occlusion, KernelSHAP and LIME."""

from __future__ import annotations

import numpy as np

from audit.examples import FloatArray
from audit.explainer import ByMasks, ExplainerSheet, Settings
from audit.explainers.shapley import KERNEL_SHAP
from audit.explainers.surrogate import LIME
from audit.modality import BoolArray


def one_away(parts: int, _generator: np.random.Generator, _settings: Settings) -> BoolArray:
    """Return a version without each part."""
    return ~np.eye(parts, dtype=bool)


def losses(
    _kept: BoolArray, margins: FloatArray, value: float, _start: float, _settings: Settings
) -> FloatArray:
    """Return what the margin loses without each part."""
    return value - margins


OCCLUSION = ByMasks(
    ExplainerSheet(
        name="occlusion",
        title="Occlusion",
        says="Takes one part away at a time; a part is worth what the margin loses without it.",
        needs="predictions",
        seeded=False,
        complete=False,
        references=(
            "Zeiler & Fergus (2014), Visualizing and Understanding Convolutional Networks, ECCV",
        ),
    ),
    kept=one_away,
    solve=losses,
)


def explainers() -> tuple[ByMasks, ...]:
    """Return the explainers of this family."""
    return (OCCLUSION, KERNEL_SHAP, LIME)
