"""Gradients around an input: at copies of it with noise."""

from __future__ import annotations

from itertools import groupby

import numpy as np

from audit.adapters.leaves import Leaves, Tensor
from audit.examples import IntArray
from audit.explainers.batching import Point


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
