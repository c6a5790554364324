"""Gradients along the straight path from nothing to an input, and their integral."""

from __future__ import annotations

import numpy as np

from audit.adapters.leaves import Leaves, Tensor
from audit.examples import FloatArray, IntArray
from audit.explainer import Settings
from audit.explainers.batching import Passes, Point
from audit.explainers.pieces import Piece
from audit.explainers.quadrature import clenshaw_curtis, gauss_legendre

ROUNDING = 8  # units in the last place of the largest number, below which no error is told


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


def at_once(passes: Passes, leaves: Leaves) -> Piece:
    """Look at the inputs alone."""
    every = np.arange(len(leaves))
    piece = Piece(len(every), passes.width)
    piece.value, piece.shares = passes.gradients(every, along(leaves, np.ones(len(every))))
    piece.start = ends(passes, leaves, 0.0)
    piece.passes[:] = 2
    return piece


def even(steps: float) -> int:
    """Return a number of steps that the nested rule can take."""
    return max(2, 2 * int(np.ceil(steps / 2)))


def fixed(passes: Passes, leaves: Leaves, settings: Settings) -> Piece:
    """Integrate along Gauss-Legendre points, as many for each input."""
    nodes, weights = gauss_legendre(max(1, int(settings["steps"])))
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
