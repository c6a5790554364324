"""A network from inside: its logits, and what its last layer is given, in one pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any, Protocol

import msgspec
import numpy as np

from audit.errors import ModelError
from audit.examples import FloatArray, IntArray
from audit.model import ModelCard

AGREE = 1e-2  # relative; half-precision networks round their own logits


class Runs(Protocol):
    """A classifier whose logits can be asked for."""

    @property
    def card(self) -> ModelCard:
        """Identify the model."""
        ...

    @property
    def network(self) -> Any:
        """The torch module."""
        ...

    @property
    def batch_size_limit(self) -> int:
        """What a batch may cost."""
        ...

    def sizes(self, inputs: Any) -> IntArray:
        """Return the cost of each input."""
        ...

    def run(self, inputs: Any) -> Any:
        """Return the ``(n, classes)`` tensor of logits."""
        ...


def last_layer(module: Any, classes: int) -> Any | None:
    """Return the last linear layer with one output a class, in the order of definition."""
    import torch

    found = [
        m for m in module.modules() if isinstance(m, torch.nn.Linear) and m.out_features == classes
    ]
    return found[-1] if found else None


def inside_of(model: Runs) -> NetworkInside | None:
    """Return a classifier from inside; None if no linear layer has one output a class."""
    layer = last_layer(model.network, len(model.card.labels)) if model.card.labels else None
    return None if layer is None else NetworkInside(model, layer)


@dataclass(frozen=True)
class NetworkInside:
    """Runs a classifier and keeps what its last layer was given."""

    model: Runs
    layer: Any

    @cached_property
    def card(self) -> ModelCard:
        """The model's card, with another fingerprint and the width of logits and features."""
        card = self.model.card
        key = blake2b(f"{card.fingerprint}\0inside 1".encode(), digest_size=16).hexdigest()
        return msgspec.structs.replace(
            card,
            name=f"{card.name}, from inside",
            labels=(),
            dim=len(card.labels) + int(self.layer.in_features),
            fingerprint=key,
        )

    @property
    def batch_size_limit(self) -> int:
        """What a batch may cost."""
        return self.model.batch_size_limit

    def sizes(self, inputs: Any) -> IntArray:
        """Return the cost of each input."""
        return self.model.sizes(inputs)

    def predict(self, inputs: Any) -> FloatArray:
        """Return ``(n, classes + d)``: logits, then features.

        Raises
        ------
        ModelError
            If the last layer is not what gives the logits.
        """
        import torch

        caught: list[Any] = []
        hook: Callable[..., None] = lambda _, given: caught.append(given[0])  # noqa: E731
        handle = self.layer.register_forward_pre_hook(hook)
        try:
            with torch.inference_mode():
                logits = self.model.run(inputs).double()
        finally:
            handle.remove()
        features = self._of_rows(caught[-1].double(), logits) if caught else None
        if features is None:
            raise ModelError(
                f"the last layer of {self.model.card.name} is not what gives its logits",
                hint="figures that need features cannot be had from this network: leave those "
                "probes out, or give a module that ends in a linear layer",
            )
        return np.asarray(torch.cat([logits, features], dim=1).cpu().numpy())

    def _of_rows(self, given: Any, logits: Any) -> Any | None:
        """Return ``(n, d)`` features; of a layer that scores every token, those that were used."""
        import torch

        if len(given) != len(logits):
            return None
        weight, bias = (torch.as_tensor(part, device=given.device) for part in self.head())
        rows = given.reshape(len(given), -1, given.shape[-1])
        gaps = ((rows @ weight.T + bias) - logits[:, None, :]).abs().amax(dim=2)
        nearest = gaps.argmin(dim=1)
        each = torch.arange(len(rows), device=given.device)
        if bool((gaps[each, nearest] > AGREE * (1 + logits.abs().amax(dim=1))).any()):
            return None
        return rows[each, nearest]

    def head(self) -> tuple[FloatArray, FloatArray]:
        """Return weights ``(classes, d)`` and bias ``(classes,)`` of the last layer."""
        weight = self.layer.weight.detach().double().cpu().numpy()
        bias = self.layer.bias
        zero = np.zeros(len(weight))
        return weight, zero if bias is None else bias.detach().double().cpu().numpy()

    def warm(self) -> None:
        """Nothing is left to load: finding the last layer has loaded the network."""
