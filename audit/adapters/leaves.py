"""The numbers that a network is given for some inputs, so that gradients can reach them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from audit.adapters.randomised import randomised
from audit.errors import NotApplicable
from audit.examples import IntArray

Tensor = Any


@dataclass(frozen=True)
class Leaves:
    """Numbers that a network is given for n inputs, and those that stand for nothing.

    Attributes
    ----------
    points, starts : (n, ...) tensors
        Texts: ``(n, tokens, d)`` embeddings, 0 behind the tokens of a shorter text. Pictures:
        ``(n, channels, height, width)``. Tables: ``(n, columns)``.
    owners : (n or 1, ...) int64 tensor
        Which part each number belongs to, counted from 1; 0 for none. An axis of length 1 is
        summed over: all numbers of a token, all channels of a pixel.
    lengths : (n,) int array
        Places along the second axis that are an input's own, where `ragged`; what a row costs.
    run : callable
        ``run(z, rows)`` returns the ``(b, outputs)`` logits of points ``z``, ``(b, ...)``, each of
        the input ``rows[j]`` (int64 tensor).
    ragged : bool
        Whether inputs differ in length.
    mixed : bool
        Whether inputs of unlike length may be run together.
    """

    points: Tensor
    starts: Tensor
    owners: Tensor
    lengths: IntArray
    run: Callable[[Tensor, Tensor], Tensor]
    ragged: bool = False
    mixed: bool = True

    def __len__(self) -> int:
        return len(self.points)

    def taken(self, values: Tensor, rows: Tensor, width: int) -> Tensor:
        """Return some rows of the points, the starts or the owners, cut to a width if ragged."""
        own = values[:, :width] if self.ragged else values
        return own[rows] if len(own) > 1 else own.expand(len(rows), *own.shape[1:])

    def own(self, i: int) -> Tensor:
        """Return the point of one input, without what stands behind it."""
        return self.points[i, : int(self.lengths[i])] if self.ragged else self.points[i]


@dataclass
class Footprint:
    """What a row of a network keeps for its backward pass, as far as it was measured.

    Attributes
    ----------
    length : int
        Of the longest row that was measured.
    row : int
        Bytes of that row.
    """

    length: int = 0
    row: int = 0


@dataclass(frozen=True)
class Open(ABC):
    """A network of an adapter, open for gradients (`audit.model.Differentiable`).

    Attributes
    ----------
    model : object
        The adapter, which knows how inputs become numbers.
    network : torch.nn.Module
    footprint : Footprint
        Shared with copies that have random weights.
    """

    model: Any
    network: Any
    footprint: Footprint = field(default_factory=Footprint)

    @abstractmethod
    def leaves(self, inputs: Any, starts: Any) -> Leaves:
        """Return the numbers of some inputs, and of what stands for nothing."""

    @abstractmethod
    def most_numbers(self, inputs: Any) -> int:
        """Return how many numbers the largest of some inputs is for the network."""

    def randomised(self, share: float, seed: int) -> Open:
        """Return a copy whose last layers have random weights; the network itself stays."""
        return replace(self, network=randomised(self.network, share, seed))

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let gradients reach inputs alone, in evaluation mode; everything is put back after."""
        import torch

        network = self.network
        learning = [p for p in network.parameters() if p.requires_grad]
        training = [m for m in network.modules() if m.training]
        recurrent = any(isinstance(m, torch.nn.RNNBase) for m in network.modules())
        fast = torch.backends.cudnn.enabled
        network.eval()
        for weights in learning:
            weights.requires_grad_(False)
        # cuDNN has no backward pass of a recurrent layer in evaluation mode
        torch.backends.cudnn.enabled = fast and not recurrent
        try:
            with torch.enable_grad():
                yield
        finally:
            torch.backends.cudnn.enabled = fast
            for weights in learning:
                weights.requires_grad_(True)
            for module in training:
                module.training = True


def floats(values: Any, name: str) -> Tensor:
    """Return a tensor that has gradients.

    Raises
    ------
    NotApplicable
        If a network is given something else.
    """
    import torch

    if not isinstance(values, torch.Tensor) or not values.is_floating_point():
        raise NotApplicable(
            f"{name} is not given decimal numbers, so its inputs have no gradients: kernel-shap "
            "and occlusion need none"
        )
    return values.detach()


def ones(n: int) -> IntArray:
    """Return the lengths of inputs that all cost the same."""
    return np.ones(n, dtype=np.int64)


def grid(points: Tensor, name: str) -> Tensor:
    """Return the patch of each pixel, counted from 1, with axes of length 1 for channels.

    Parameters
    ----------
    points : (n, channels, height, width), (n, height, width, channels) or (n, height, width) tensor

    Raises
    ------
    NotApplicable
        If the network is given pictures in another shape.
    """
    import torch

    from audit.modalities.image import owners

    shape = tuple(points.shape[1:])
    channels = (1, 3, 4)
    laid: tuple[int, ...]
    if len(shape) == 2:
        height, width, laid = shape[0], shape[1], (1, *shape)
    elif len(shape) == 3 and shape[2] in channels and shape[0] not in channels:
        height, width, laid = shape[0], shape[1], (1, shape[0], shape[1], 1)
    elif len(shape) == 3:
        height, width, laid = shape[1], shape[2], (1, 1, *shape[1:])
    else:
        raise NotApplicable(
            f"{name} is given pictures as {' x '.join(map(str, shape))} numbers, in which no patch "
            "can be found: kernel-shap and occlusion need none"
        )
    patches = np.asarray(owners(height, width), dtype=np.int64) + 1
    return torch.as_tensor(patches, device=points.device).reshape(laid)
