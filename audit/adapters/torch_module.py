"""A torch module of the user's own: given tensors or inputs as they are, answering with logits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from audit.adapters.answers import named
from audit.adapters.hf_device import batch_images, choose_device, device_class
from audit.adapters.inside import NetworkInside, inside_of
from audit.adapters.options import ModelOptions
from audit.adapters.references import function_of
from audit.adapters.tensors import as_numbers
from audit.errors import ModelError
from audit.examples import FloatArray, IntArray
from audit.model import ModelCard

if TYPE_CHECKING:
    from audit.adapters.leaves_tensor import OpenModule

BATCH_ROWS = 1_024  # a table's batch is small in memory; texts should set batch_tokens
Preprocess = Callable[[Any], Any]


def load(ref: str, options: ModelOptions, *, base: Path) -> TorchModule:
    """Call ``module:function`` and audit what it returns.

    That is a module, ``(module, preprocess)`` or ``(module, preprocess, labels)``. A module with a
    ``preprocess`` is moved to the chosen device.

    Raises
    ------
    ModelError
        If it cannot be imported, fails, returns something else, or its labels are not known.
    """
    function = function_of(ref, base, ModelError, scheme="torch")
    try:
        made = function()
    except Exception as error:
        raise ModelError(f"{ref} failed", where=f"{type(error).__name__}: {error}") from error
    module, preprocess, options = parts(made, options, ref)
    if preprocess is not None or options.device != "auto":
        module = module.to(choose_device(options.device))
    return from_module(module, options, preprocess=preprocess, name=f"torch:{ref}")


def from_parts(made: Any, options: ModelOptions) -> TorchModule:
    """Wrap a module in memory, alone or with what `load` takes beside it.

    Raises
    ------
    ModelError
        As `from_module`, or if they are something else.
    """
    module, preprocess, options = parts(made, options, "the model in memory")
    return from_module(module, options, preprocess=preprocess)


def parts(
    made: Any, options: ModelOptions, name: str
) -> tuple[Any, Preprocess | None, ModelOptions]:
    """Tell module, preprocessing and labels apart; labels of the options rename the module's."""
    import torch

    module, preprocess, labels = (
        (*made, None, ())[:3] if isinstance(made, tuple) else (made, None, ())
    )
    fits = isinstance(module, torch.nn.Module) and (preprocess is None or callable(preprocess))
    if not fits or (isinstance(made, tuple) and len(made) > 3):
        raise ModelError(
            f"{name} is not a torch module with what belongs to it",
            where=f"it is a {type(made).__name__}",
            hint="wanted: a torch.nn.Module, (module, preprocess) or (module, preprocess, labels)",
        )
    if labels:
        own = tuple(str(label) for label in labels)
        options = msgspec.structs.replace(options, labels=named(own, options.labels))
    return module, preprocess, options


def from_module(
    module: Any, options: ModelOptions, *, preprocess: Preprocess | None = None, name: str = ""
) -> TorchModule:
    """Wrap a `torch.nn.Module`.

    Its weights are hashed, but not the code that it and ``preprocess`` run: its answers are kept
    beyond this run only where ``options.revision`` names the version of that code. The module stays
    on its device and is put into evaluation mode.

    Parameters
    ----------
    module : torch.nn.Module
    options : ModelOptions
    preprocess : callable, optional
        Turns a batch of inputs (a list, or a data frame) into a tensor with one row an input.
    name : str

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
    device = str(device_of(module))
    words = [name, weights_hash(module), options.revision, *versions(), *labels]
    words += [device_class(device), f"preprocess {preprocess is not None}"]
    card = ModelCard(
        name=name,
        kind="torch",
        task=options.task or "classification",
        labels=labels,
        revision=options.revision,
        parameters=sum(p.numel() for p in module.parameters()),
        fingerprint=blake2b("\n".join(words).encode(), digest_size=16).hexdigest(),
        cacheable=bool(options.revision),
        settings={
            "outputs": "softmax of logits" if labels else "values",
            "device": device_class(device),
        },
        opens=("gradients",),
    )
    return TorchModule(card, module.eval(), options, preprocess)


def device_of(module: Any) -> Any:
    """Return where a module's weights lie; the CPU where it has none."""
    import torch

    first = next(module.parameters(), None)
    return torch.device("cpu") if first is None else first.device


def versions() -> list[str]:
    """Return what the last digits depend on beside weights and code."""
    import torch

    found = [f"torch {torch.__version__}", f"numpy {np.__version__}"]
    try:
        import PIL
    except ImportError:  # there are no images then
        return found
    return [*found, f"pillow {PIL.__version__}"]


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
    preprocess: Preprocess | None = None

    @property
    def batch_size_limit(self) -> int:
        """Rows in one call; what is preprocessed is taken to be as large as images."""
        rows = BATCH_ROWS if self.preprocess is None else batch_images(device_of(self.module).type)
        return self.options.batch_tokens or rows

    def sizes(self, inputs: Any) -> IntArray:
        """Return 1 for each row: nothing is known of their cost."""
        return np.ones(len(inputs), dtype=np.int64)

    def predict(self, inputs: Any) -> FloatArray:
        """Return ``(n, labels)`` probabilities, or ``(n,)`` values for regression.

        The module is given what ``preprocess`` makes of the inputs, on its own device; without one
        a float32 tensor ``(n, columns)`` for numbers, and the list of inputs for anything else. It
        answers ``(n, labels)`` logits, of which the softmax is taken here, or ``(n,)`` or
        ``(n, 1)`` values.

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

    def differentiable(self) -> OpenModule:
        """Return the network as gradients need it.

        Whether it is given decimal numbers shows with the first inputs.
        """
        from audit.adapters.leaves_tensor import OpenModule

        return OpenModule(self, self.network)

    def given(self, inputs: Any) -> Any:
        """Return what the module is called with.

        Raises
        ------
        ModelError
            If ``preprocess`` does not return a tensor with one row an input.
        """
        import torch

        if self.preprocess is not None:
            tensor = self.preprocess(inputs)
            if not isinstance(tensor, torch.Tensor) or len(tensor) != len(inputs):
                raise ModelError(
                    f"the preprocessing of {self.card.name} returned a {type(tensor).__name__}",
                    hint=f"wanted: a tensor with {len(inputs)} rows, one an input",
                )
            return tensor.to(device_of(self.module))
        numbers = as_numbers(inputs)
        if numbers is None:
            return list(inputs)
        return torch.tensor(numbers, device=device_of(self.module))

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
