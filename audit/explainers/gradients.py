"""Explainers that look at a network's gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from audit.adapters.leaves import Leaves
from audit.explainer import ByModel, Explained, ExplainerSheet, Job
from audit.explainers.batching import Passes
from audit.explainers.noise import around
from audit.explainers.paths import at_once, ends, even, fixed, nested
from audit.explainers.pieces import Piece, explained


def gradient_x_input(opened: Any, job: Job) -> Explained:
    """Explain by the gradient at the input times the way from the baseline to it."""
    return explained(opened, job, 0, lambda passes, leaves, _: at_once(passes, leaves))


def integrated_gradients(opened: Any, job: Job) -> Explained:
    """Explain by the gradient along the way from the baseline, Sundararajan et al. (2017), eq. 1.

    Along a nested rule each input gets twice the steps until its attributions sum to the change of
    the margin, as proposition 1 says they do.
    """
    settings = job.settings
    if settings["rule"]:
        return explained(opened, job, 0, lambda p, leaves, _: fixed(p, leaves, settings))
    longest = int(job.parts.max(initial=0)) + 2
    held = 8 * longest * 2 * (even(settings["most"]) + 1)
    return explained(opened, job, held, lambda p, leaves, _: nested(p, leaves, settings))


def smooth_grad(opened: Any, job: Job) -> Explained:
    """Explain by the mean gradient around the input times the way from the baseline to it."""
    samples = max(1, int(job.settings["samples"]))

    def explain(passes: Passes, leaves: Leaves, first: int) -> Piece:
        n = len(leaves)
        rows = np.repeat(np.arange(n), samples)
        lucks = [job.chance.generator(i) for i in range(first, first + n)]
        _, shares = passes.gradients(rows, around(leaves, lucks, job.settings["noise"]))
        piece = Piece(n, passes.width)
        piece.shares = shares.reshape(n, samples, -1).mean(axis=1)
        piece.value, piece.start = (ends(passes, leaves, alpha) for alpha in (1.0, 0.0))
        piece.passes[:] = samples + 2
        return piece

    held = 8 * (int(job.parts.max(initial=0)) + 2) * samples
    return explained(opened, job, held, explain)


GRADIENT_X_INPUT = ExplainerSheet(
    name="gradient-x-input",
    title="Gradient x input",
    says="The gradient of the margin at the input, times the input minus its baseline: exact for a "
    "linear network.",
    needs="gradients",
    seeded=False,
    complete=False,
    references=("Shrikumar, Greenside, Shcherbina & Kundaje (2016), arXiv:1605.01713",),
)
INTEGRATED_GRADIENTS = ExplainerSheet(
    name="integrated-gradients",
    title="Integrated gradients",
    says="The gradient of the margin, integrated along the straight path from the baseline to the "
    "input, times their difference.",
    needs="gradients",
    seeded=False,
    complete=True,
    settings={"steps": 16.0, "error": 0.01, "most": 256.0, "rule": 0.0},
    meaning={
        "steps": "steps along the path, at first",
        "error": "largest distance of the attributions' sum from the margin's change, as a share "
        "of it, above which the steps are doubled",
        "most": "steps that are not exceeded",
        "rule": "0 for nested Clenshaw-Curtis points, 1 for exactly as many Gauss-Legendre points "
        "as steps",
    },
    references=("Sundararajan, Taly & Yan (2017), Axiomatic Attribution for Deep Networks",),
)
SMOOTH_GRAD = ExplainerSheet(
    name="smooth-grad",
    title="SmoothGrad",
    says="The mean gradient of the margin at noisy copies of the input, times the input minus its "
    "baseline.",
    needs="gradients",
    seeded=True,
    complete=False,
    settings={"samples": 32.0, "noise": 0.1},
    meaning={
        "samples": "noisy copies",
        "noise": "standard deviation of the noise, as a share of the range of the input's numbers",
    },
    references=("Smilkov, Thorat, Kim, Viegas & Wattenberg (2017), arXiv:1706.03825",),
)


def explainers() -> tuple[ByModel, ...]:
    """Return every explainer by gradients, the cheapest first."""
    return (
        ByModel(GRADIENT_X_INPUT, gradient_x_input),
        ByModel(INTEGRATED_GRADIENTS, integrated_gradients),
        ByModel(SMOOTH_GRAD, smooth_grad),
    )
