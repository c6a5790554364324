"""Explainers that look at a network's gradients."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import Any

import numpy as np

from audit.adapters.leaves import Leaves, Tensor
from audit.examples import FloatArray, IntArray
from audit.explainer import ByModel, Explained, ExplainerSheet, Job, Settings
from audit.explainers.batching import Passes, Point, pieces
from audit.explainers.paths import clenshaw_curtis, gauss_legendre


class Piece:
    """Explanations of some of the inputs, while they are made.

    Attributes
    ----------
    shares : (n, 1 + most parts) array
        The first column holds what belongs to no part.
    value, start, passes : (n,) arrays
    """

    def __init__(self, n: int, width: int) -> None:
        self.shares = np.zeros((n, width))
        self.value, self.start, self.passes = np.zeros(n), np.zeros(n), np.zeros(n)


Explain = Callable[[Passes, Leaves, int], Piece]
ROUNDING = 8  # units in the last place of the largest number, below which no error is told


def explained(opened: Any, job: Job, held: int, explain: Explain) -> Explained:
    """Explain the inputs piece by piece.

    Parameters
    ----------
    opened : audit.adapters.leaves.Open
    job : Job
    held : int
        Bytes that are held for each input.
    explain : callable
        ``explain(passes, leaves, first)`` returns a `Piece`, given the place of its first input.
    """
    found: list[Piece] = []
    with opened.frozen():
        for span, leaves in pieces(opened, job, held):
            classes = None if job.classes is None else job.classes[span]
            passes = Passes(opened, leaves, job.parts[span], classes, job)
            found.append(explain(passes, leaves, span.start))
    shares = [row for piece in found for row in piece.shares]
    value, start, count = (
        np.concatenate([np.zeros(0), *(getattr(piece, name) for piece in found)])
        for name in ("value", "start", "passes")
    )
    own = tuple(row[1 : 1 + k] for row, k in zip(shares, job.parts.tolist(), strict=True))
    return Explained(own, value, start, count)


def along(leaves: Leaves, alphas: FloatArray) -> Point:
    """Return points of the straight path from the start, 0, to the input, 1."""
    import torch

    def point(rows: Tensor, places: IntArray, width: int) -> Tensor:
        start = leaves.taken(leaves.starts, rows, width)
        shape = (-1, *[1] * (start.ndim - 1))
        weight = torch.as_tensor(alphas[places], dtype=start.dtype, device=start.device)
        return torch.lerp(start, leaves.taken(leaves.points, rows, width), weight.reshape(shape))

    return point


def ends(passes: Passes, leaves: Leaves, alpha: float) -> FloatArray:
    """Return the margin at one end of every path."""
    every = np.arange(len(leaves))
    return passes.margins(every, along(leaves, np.full(len(every), alpha)))


def gradient_x_input(opened: Any, job: Job) -> Explained:
    """Explain by the gradient at the input times the way from the baseline to it."""
    return explained(opened, job, 0, lambda passes, leaves, _: at_once(passes, leaves))


def at_once(passes: Passes, leaves: Leaves) -> Piece:
    """Look at the inputs alone."""
    every = np.arange(len(leaves))
    piece = Piece(len(every), passes.width)
    piece.value, piece.shares = passes.gradients(every, along(leaves, np.ones(len(every))))
    piece.start = ends(passes, leaves, 0.0)
    piece.passes[:] = 2
    return piece


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


def even(steps: float) -> int:
    """Return a number of steps that the nested rule can take."""
    return max(2, 2 * int(np.ceil(steps / 2)))


def fixed(passes: Passes, leaves: Leaves, settings: Settings) -> Piece:
    """Integrate along Gauss-Legendre points, as many for each input."""
    nodes, weights = gauss_legendre(int(settings["steps"]))
    n = len(leaves)
    rows = np.repeat(np.arange(n), len(nodes))
    _, shares = passes.gradients(rows, along(leaves, np.tile(nodes, n)))
    piece = Piece(n, passes.width)
    piece.shares = np.einsum("j,njk->nk", weights, shares.reshape(n, len(nodes), -1))
    piece.value, piece.start = (ends(passes, leaves, alpha) for alpha in (1.0, 0.0))
    piece.passes[:] = len(nodes) + 2
    return piece


def nested(passes: Passes, leaves: Leaves, settings: Settings) -> Piece:
    """Integrate along Clenshaw-Curtis points, twice the steps where the error is too large."""
    import torch

    piece = Piece(len(leaves), passes.width)
    rounding = ROUNDING * torch.finfo(leaves.points.dtype).eps
    steps, left = even(settings["steps"]), np.arange(len(leaves))
    nodes, _ = clenshaw_curtis(steps)
    values, shares = looked_at(passes, leaves, left, nodes)
    while True:
        _, weights = clenshaw_curtis(steps)
        whole = np.einsum("j,njk->nk", weights, shares)
        piece.shares[left], piece.passes[left] = whole, steps + 1
        piece.start[left], piece.value[left] = values[:, 0], values[:, -1]
        gap = values[:, -1] - values[:, 0]
        scale = np.maximum(np.abs(values).max(axis=1), np.abs(whole).sum(axis=1))
        close = np.maximum(settings["error"] * np.abs(gap), rounding * scale)
        open_ = np.abs(whole.sum(axis=1) - gap) > close
        steps *= 2
        if not open_.any() or steps > settings["most"]:
            return piece
        left = left[open_]
        new, more = looked_at(passes, leaves, left, clenshaw_curtis(steps)[0][1::2])
        values, shares = woven(values[open_], new), woven(shares[open_], more)


def looked_at(
    passes: Passes, leaves: Leaves, items: IntArray, nodes: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return ``(n, nodes)`` margins and ``(n, nodes, parts)`` products of some inputs."""
    rows = np.repeat(items, len(nodes))
    values, shares = passes.gradients(rows, along(leaves, np.tile(nodes, len(items))))
    shape = (len(items), len(nodes))
    return values.reshape(shape), shares.reshape(*shape, -1)


def woven(old: FloatArray, new: FloatArray) -> FloatArray:
    """Return what was found at every second place, and what is new between, along axis 1."""
    out = np.empty((len(old), old.shape[1] + new.shape[1], *old.shape[2:]))
    out[:, ::2], out[:, 1::2] = old, new
    return out


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


def around(leaves: Leaves, lucks: list[np.random.Generator], noise: float) -> Point:
    """Return copies of the inputs with normal noise, as wide as a share of their range.

    Each input has luck of its own, from which its copies are drawn one after the other: they do
    not depend on what runs together.
    """
    import torch

    spread = [
        noise * float(own.max() - own.min()) if own.numel() else 0.0
        for own in map(leaves.own, range(len(leaves)))
    ]

    def point(rows: Tensor, _: IntArray, width: int) -> Tensor:
        z = leaves.taken(leaves.points, rows, width).clone()
        at = 0
        for item, copies in groupby(rows.tolist()):
            shape = (len(list(copies)), *leaves.own(item).shape)
            drawn = torch.from_numpy(lucks[item].standard_normal(shape, dtype=np.float32))
            z[at : at + shape[0], : shape[1]] += (drawn * spread[item]).to(z)
            at += shape[0]
        return z

    return point


GRADIENT_X_INPUT = ExplainerSheet(
    name="gradient-x-input",
    title="Gradient x input",
    says="the gradient of the margin at the input, times the input minus its baseline: exact for a "
    "linear network",
    needs="gradients",
    seeded=False,
    complete=False,
    references=("Shrikumar, Greenside, Shcherbina & Kundaje (2016), arXiv:1605.01713",),
)
INTEGRATED_GRADIENTS = ExplainerSheet(
    name="integrated-gradients",
    title="Integrated gradients",
    says="the gradient of the margin, integrated along the straight path from the baseline to the "
    "input, times their difference",
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
    says="the mean gradient of the margin at noisy copies of the input, times the input minus its "
    "baseline",
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
