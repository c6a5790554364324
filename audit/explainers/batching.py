"""Passes of a network forward and back, in batches that suit the device and a budget of memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from audit.adapters.leaves import Footprint, Leaves, Tensor
from audit.errors import NotApplicable
from audit.examples import FloatArray, IntArray
from audit.explainer import Job
from audit.explainers.footprint import measured

Point = Callable[[Tensor, IntArray, int], Tensor]
TRANSIENT = 2  # bytes at work for each that is kept: gradients, and what passes forward at once
SPARE = 3.5  # what is freed between batches of unlike length is not all given back
COPIES = 6  # of a point: itself, its start, their difference, its gradient, and two on the way
MOST_ROWS = 1_024  # of a network that does not say what is fast


class Passes:
    """Runs points of some inputs through a network, forward and back.

    Parameters
    ----------
    opened : audit.adapters.leaves.Open
        Its inputs' gradients are computed inside `audit.adapters.leaves.Open.frozen` alone.
    leaves : Leaves
    parts : (n,) int array
    classes : (n, 2) int array or None
    job : Job
        For its budget and its units.
    """

    def __init__(
        self, opened: Any, leaves: Leaves, parts: IntArray, classes: IntArray | None, job: Job
    ) -> None:
        import torch

        self.footprint: Footprint = opened.footprint
        self.leaves, self.units, self.budget = leaves, job.units, job.budget
        self.width = int(parts.max(initial=0)) + 1
        self.device = leaves.points.device
        self.network = opened.network
        # Apple's devices have no float64
        self.wide = torch.float32 if self.device.type == "mps" else torch.float64
        self.classes = None if classes is None else torch.as_tensor(classes, device=self.device)

    def gradients(self, rows: IntArray, point: Point) -> tuple[FloatArray, FloatArray]:
        """Return the margin at each point, and its gradient times the way from the start, by part.

        Parameters
        ----------
        rows : (m,) int array
            The input of each point.
        point : callable
            ``point(rows, places, width)`` returns ``(b, ...)`` points, given the inputs of some,
            their places in ``rows`` of this call and their length; those of one input are asked
            for in order.

        Returns
        -------
        values : (m,) array
        shares : (m, 1 + most parts) array
            The first column holds what belongs to no part.

        Raises
        ------
        NotApplicable
            If no gradient reaches the inputs.
        ValueError
            If one of them is not finite.
        """
        self._measure(rows)
        values, shares = np.zeros(len(rows)), np.zeros((len(rows), self.width))
        for batch in self.batches(rows):
            values[batch], shares[batch] = self._back(rows[batch], batch, point)
        if not (np.isfinite(values).all() and np.isfinite(shares).all()):
            raise ValueError("the network's margin or its gradient is not finite at this input")
        return values, shares

    def margins(self, rows: IntArray, point: Point) -> FloatArray:
        """Return the margin at each point; nothing is kept for a gradient."""
        import torch

        self._measure(rows)
        values = np.zeros(len(rows))
        with torch.no_grad():
            for batch in self.batches(rows):
                at, z = self._point(rows[batch], batch, point)
                values[batch] = self._margin(z, at).cpu().numpy()
        return values

    def batches(self, rows: IntArray) -> Iterator[IntArray]:
        """Yield places in ``rows`` that run together, the longest first."""
        lengths = self.leaves.lengths[rows]
        order = np.argsort(-lengths, kind="stable")
        at = 0
        while at < len(order):
            longest = int(lengths[order[at]])
            size = self._size(longest)
            if not self.leaves.mixed:
                size = min(size, int((lengths[order[at:]] == longest).sum()))
            yield order[at : at + size]
            at += size

    def _measure(self, rows: IntArray) -> None:
        """Learn what the longest row keeps in memory, if none so long was measured before.

        Its pass is made for that alone: batches are cut alike whatever was run before them.
        """
        import torch

        if not len(rows):
            return
        longest = int(rows[self.leaves.lengths[rows].argmax()])
        length = int(self.leaves.lengths[longest])
        if length <= self.footprint.length:
            return
        at = torch.as_tensor([longest], device=self.device)
        z = self.leaves.taken(self.leaves.points, at, length).clone().requires_grad_(True)
        _, self.footprint.row = measured(lambda: self._margin(z, at), self.network)
        self.footprint.length = length

    def _size(self, length: int) -> int:
        """Return how many rows of a length run together."""
        own = self.leaves.points[0].numel() * (
            length / self.leaves.points.shape[1] if self.leaves.ragged else 1
        )
        # a shorter row is taken to need less in proportion: attention, which grows faster, only
        # makes that too much
        kept = self.footprint.row * length / max(self.footprint.length, 1)
        room = int(self.budget / SPARE / max(COPIES * 4 * own + TRANSIENT * kept, 1))
        fast = self.units // max(length, 1) if self.units else MOST_ROWS
        return max(1, min(room, fast))

    def _point(self, rows: IntArray, batch: IntArray, point: Point) -> tuple[Tensor, Tensor]:
        import torch

        at = torch.as_tensor(rows, device=self.device)
        return at, point(at, batch, int(self.leaves.lengths[rows].max()))

    def _margin(self, z: Tensor, at: Tensor) -> Tensor:
        """Return the margin of each point."""
        answer = self.leaves.run(z, at).to(self.wide)
        if self.classes is None:
            return answer.reshape(len(z))
        chosen = answer.gather(1, self.classes[at])
        return chosen[:, 0] - chosen[:, 1]

    def _back(self, rows: IntArray, batch: IntArray, point: Point) -> tuple[FloatArray, FloatArray]:
        import torch

        at, z = self._point(rows, batch, point)
        z.requires_grad_(True)
        margin = self._margin(z, at)
        slope = None
        if margin.requires_grad:
            (slope,) = torch.autograd.grad(margin.sum(), z, allow_unused=True)
        if slope is None:
            raise NotApplicable(
                "no gradient reaches the inputs of the network: something on the way is rounded, "
                "looked up or detached; kernel-shap and occlusion need none"
            )
        values = margin.detach().cpu().numpy()
        return values, self._by_part(at, slope).cpu().double().numpy()

    def _by_part(self, at: Tensor, slope: Tensor) -> Tensor:
        """Return gradients times the way from the start, summed over each part."""
        import torch

        leaves, width = self.leaves, slope.shape[1] if slope.ndim > 1 else 1
        way = leaves.taken(leaves.points, at, width) - leaves.taken(leaves.starts, at, width)
        owners = leaves.taken(leaves.owners, at, width)
        whole = way.float().mul_(slope) if way.dtype != torch.float64 else way.mul_(slope)
        inner = [d for d in range(1, whole.ndim) if owners.shape[d] == 1 and whole.shape[d] > 1]
        if inner:
            whole = whole.sum(dim=inner, keepdim=True)
        found = torch.zeros((len(at), self.width), dtype=whole.dtype, device=whole.device)
        return found.scatter_add_(1, owners.reshape(len(at), -1), whole.reshape(len(at), -1))
