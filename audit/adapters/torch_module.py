"""A torch module of the user's own: called as it is, answering with logits or values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
import pandas as pd

from audit.adapters.inside import NetworkInside, inside_of
from audit.adapters.options import ModelOptions
from audit.errors import ModelError
from audit.examples import FloatArray, IntArray
from audit.model import ModelCard

BATCH_ROWS = 1_024  # a table's batch is small in memory; images or texts should set batch_tokens


def from_module(module: Any, options: ModelOptions, *, name: str = "") -> TorchModule:
    """Wrap a `torch.nn.Module`.

    Its weights are hashed, but not the code that it runs: its answers are kept beyond this run only
    where ``options.revision`` names the version of that code. The module stays on its device and is
    put into evaluation mode.

    Raises
    ------
    ModelError
        If it classifies and no labels are named.
    """
    name = name or type(module).__qualname__
    if options.task != "regression" and len(options.labels) < 2:
        raise ModelError(
            f"the torch module {name} does not say what its answers are",
            hint="set labels: to the names of its logits, in the order of its columns; or "
            "task: regression",
        )
    labels = () if options.task == "regression" else options.labels
    words = [name, weights_hash(module), options.revision, *versions(), *labels]
    card = ModelCard(
        name=name,
        kind="torch",
        task=options.task or "classification",
        labels=labels,
        revision=options.revision,
        parameters=sum(p.numel() for p in module.parameters()),
        fingerprint=blake2b("\n".join(words).encode(), digest_size=16).hexdigest(),
        cacheable=bool(options.revision),
        settings={"outputs": "softmax of logits" if labels else "values"},
    )
    return TorchModule(card, module.eval(), options)


def versions() -> list[str]:
    """Return what the last digits depend on beside weights and code."""
    import torch

    return [f"torch {torch.__version__}", f"numpy {np.__version__}"]


def weights_hash(module: Any) -> str:
    """Hash names and bytes of parameters and buffers."""
    import torch

    out = blake2b(digest_size=16)
    for name, tensor in sorted(module.state_dict().items()):
        out.update(f"{name}\0{tuple(tensor.shape)}\0{tensor.dtype}\n".encode())
        # as bytes, because numpy lacks some types, such as bfloat16
        out.update(tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy())
    return out.hexdigest()


@dataclass(frozen=True)
class TorchModule:
    """Calls a module in evaluation mode with a batch of inputs."""

    card: ModelCard
    module: Any
    options: ModelOptions

    @property
    def batch_size_limit(self) -> int:
        """Rows in one call."""
        return self.options.batch_tokens or BATCH_ROWS

    def sizes(self, inputs: Any) -> IntArray:
        """Return 1 for each row: nothing is known of their cost."""
        return np.ones(len(inputs), dtype=np.int64)

    def predict(self, inputs: Any) -> FloatArray:
        """Return ``(n, labels)`` probabilities, or ``(n,)`` values for regression.

        The module is given a float32 tensor ``(n, columns)`` for numbers, on its own device, and
        the list of inputs for anything else; it answers ``(n, labels)`` logits, of which the
        softmax is taken here, or ``(n,)`` or ``(n, 1)`` values.

        Raises
        ------
        ModelError
            If it answers in another shape.
        """
        import torch

        with torch.inference_mode():
            values = self.run(inputs).double()
            outputs = values.softmax(-1) if self.card.labels else values.reshape(len(inputs))
        return np.asarray(outputs.cpu().numpy())

    @property
    def network(self) -> Any:
        """The module, under the name that every network of ours has."""
        return self.module

    def run(self, inputs: Any) -> Any:
        """Return the module's answer as one pass gives it: logits ``(n, labels)``, or values.

        Raises
        ------
        ModelError
            If it answers in another shape.
        """
        answer = self.module(self.given(inputs))
        self.check(answer, len(inputs))
        return answer

    def inside(self) -> NetworkInside | None:
        """Return the module from inside; None where it does not end in a linear layer."""
        return inside_of(self)

    def given(self, inputs: Any) -> Any:
        """Return what the module is called with."""
        numbers = as_numbers(inputs)
        if numbers is None:
            return list(inputs)
        import torch

        first = next(self.module.parameters(), None)
        return torch.tensor(numbers, device="cpu" if first is None else first.device)

    def check(self, answer: Any, rows: int) -> None:
        """Refuse an answer of another shape."""
        import torch

        labels = self.card.labels
        shape = tuple(answer.shape) if isinstance(answer, torch.Tensor) else None
        wanted = {(rows, len(labels))} if labels else {(rows,), (rows, 1)}
        if shape in wanted:
            return
        got = f"a {type(answer).__name__}" if shape is None else f"a tensor of shape {shape}"
        raise ModelError(
            f"the torch module {self.card.name} answered with {got}",
            hint="wanted: logits of shape " + str((rows, len(labels)))
            if labels
            else f"wanted: values of shape ({rows},)",
        )


def as_numbers(inputs: Any) -> FloatArray | None:
    """Return a ``(n, columns)`` float32 array of numeric inputs; None for other kinds.

    Raises
    ------
    ModelError
        If a data frame has columns that are no numbers.
    """
    if isinstance(inputs, pd.DataFrame):
        odd = [str(c) for c in inputs if not pd.api.types.is_numeric_dtype(inputs[c])]
        if odd:
            raise ModelError(
                "a torch module is given numbers, and some input columns hold none",
                where=", ".join(odd[:8]),
                hint="encode them in the data, or give a function that does it and calls the "
                "module",
            )
        return np.asarray(inputs.to_numpy(dtype=np.float32))
    array = None if holds_texts(inputs) else np.asarray(inputs)
    if array is None or array.dtype.kind not in "biuf":
        return None
    return (array if array.ndim > 1 else array[:, None]).astype(np.float32)


def holds_texts(inputs: Sequence[Any]) -> bool:
    """Tell whether the first input is a text: then none of them need be turned into an array."""
    return len(inputs) > 0 and isinstance(inputs[0], str)
