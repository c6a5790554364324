"""A network whose last layers have random weights, beside the network itself."""

from __future__ import annotations

from copy import deepcopy
from math import ceil
from typing import Any

import numpy as np

from audit.chance import mixed


def layers_of(network: Any) -> list[Any]:
    """Return the modules that have parameters of their own, in the order of definition."""
    return [m for m in network.modules() if any(True for _ in m.parameters(recurse=False))]


def randomised(network: Any, share: float, seed: int) -> Any:
    """Return a copy whose last layers have random weights.

    One step of the cascading randomisation of Adebayo et al. (2018), Sanity Checks for Saliency
    Maps, section 4.1. Weights are drawn as the architecture draws them before a training, on the
    processor, so that every device gets the same; the state of no global generator is changed.

    Parameters
    ----------
    network : torch.nn.Module
    share : float
        In (0, 1], of the layers with parameters of their own, counted from the last one that is
        defined; rounded up. 1 for all of them, embeddings too.
    seed : int

    Raises
    ------
    ValueError
        If the share is not in (0, 1].
    """
    import torch

    if not 0 < share <= 1:
        raise ValueError(f"a share of {share:g} of the layers: it lies in (0, 1]")
    copy = deepcopy(network)
    layers = layers_of(copy)
    # rounding keeps 0.1 * 30, which is a little more than 3, from being four layers
    chosen = layers[len(layers) - ceil(round(share * len(layers), 9)) :]
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.default_generator.manual_seed(scrambled(seed))
        for layer in chosen:
            redraw(layer, getattr(copy, "_init_weights", None))
    return copy


def scrambled(seed: int) -> int:
    """Return a seed under which nobody's network began: many begin under 0 or 42."""
    return int(mixed(np.array([seed], dtype=np.uint64))[0] >> np.uint64(1))


def redraw(layer: Any, own: Any | None) -> None:
    """Draw a layer's own parameters anew.

    The first of these that changes a weight: the way ``own`` of a Hugging Face model, the layer's
    ``reset_parameters``, a normal distribution with each old standard deviation.
    """
    import torch

    device = next(layer.parameters(recurse=False)).device
    layer.to("cpu")
    old = {n: p.detach().clone() for n, p in layer.named_parameters(recurse=False)}

    def changed() -> bool:
        now = dict(layer.named_parameters(recurse=False))
        # vectors (shifts, scales of a norm) may begin where they are already
        return all(p.ndim < 2 or not torch.equal(p, now[n]) for n, p in old.items())

    if own is not None:
        own(layer)
    if (own is None or not changed()) and hasattr(layer, "reset_parameters"):
        layer.reset_parameters()
    elif own is None or not changed():
        for name, weights in layer.named_parameters(recurse=False):
            scale = old[name].float().std(unbiased=False)
            weights.copy_(torch.randn(weights.shape) * scale)
    layer.to(device)
