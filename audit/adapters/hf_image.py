"""Image classifiers of Hugging Face transformers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np

from audit.adapters.answers import named
from audit.adapters.hf_device import batch_images, choose_device, device_class, installed
from audit.adapters.hf_files import ModelFiles
from audit.adapters.hf_text import check_dtype, fingerprint, threads
from audit.adapters.hf_weights import quiet, read_network, refuse_missing, unloadable
from audit.adapters.inside import NetworkInside, inside_of
from audit.adapters.options import ModelOptions
from audit.adapters.torch_module import weights_hash
from audit.errors import ModelError
from audit.examples import FloatArray, IntArray
from audit.model import ModelCard

if TYPE_CHECKING:
    from audit.adapters.leaves_tensor import OpenImage


def from_files(ref: str, files: ModelFiles, options: ModelOptions) -> HfImage:
    """Audit the image classifier of a folder.

    Weights are hashed now and read into memory at the first `HfImage.predict`.

    Raises
    ------
    ModelError
        If the options do not fit it.
    """
    check_dtype(options)
    device = choose_device(options.device)
    card = ModelCard(
        name=f"hf:{ref}",
        kind="hf-image",
        task="image-classification",
        labels=labels_of(files.labels(), options),
        revision=files.revision or options.revision,
        parameters=files.parameters(),
        fingerprint=of_images(files.digest(), options, device),
        settings=settings(options, device),
        opens=("gradients",),
    )
    return HfImage(card, files, options, device)


def from_objects(network: Any, processor: Any, options: ModelOptions) -> HfImage:
    """Audit an image classifier and its image processor as they lie in memory.

    Weights and the processor's configuration are hashed, so that answers can be cached as if they
    came from a file. The model stays on its device and is put into evaluation mode.

    Raises
    ------
    ModelError
        If the labels do not fit the outputs.
    """
    names = network.config.id2label
    device = str(network.device)
    content = blake2b(weights_hash(network).encode(), digest_size=16)
    content.update(type(processor).__name__.encode())
    content.update(processor.to_json_string().encode())
    card = ModelCard(
        name=type(network).__name__,
        kind="hf-image",
        task="image-classification",
        labels=labels_of(tuple(names[i] for i in range(len(names))), options),
        revision=options.revision,
        parameters=sum(p.numel() for p in network.parameters()),
        fingerprint=of_images(content.hexdigest(), options, device),
        settings=settings(options, device) | {"images": type(processor).__name__},
        opens=("gradients",),
    )
    made = HfImage(card, None, options, device)
    made.__dict__ |= {"network": network.eval(), "processor": processor}
    return made


def labels_of(found: tuple[str, ...], options: ModelOptions) -> tuple[str, ...]:
    """Return the names of the outputs."""
    if len(found) < 2:
        raise ModelError("an image model with a single output is not supported")
    return named(found, options.labels)


def of_images(content: str, options: ModelOptions, device: str) -> str:
    """Hash everything that can change an output: what decodes and resizes images too."""
    return fingerprint(f"{content}\npillow {installed('pillow')}", options, device)


def settings(options: ModelOptions, device: str) -> dict[str, str]:
    """Say what was chosen for this device."""
    return {
        "device": device_class(device),
        "threads": threads(),
        "dtype": options.dtype,
        "batch images": str(options.batch_tokens or batch_images(device)),
        "images": "resized by Pillow",
        "pillow": installed("pillow"),
        "torch": installed("torch"),
        "transformers": installed("transformers"),
    }


@dataclass
class HfImage:
    """An image classifier; processor and weights are read when they are first needed."""

    card: ModelCard
    files: ModelFiles | None
    options: ModelOptions
    device: str

    @property
    def on_disk(self) -> ModelFiles:
        """The files it is read from; there are none for a model in memory."""
        if self.files is None:
            raise ModelError(f"{self.card.name} was given in memory and has no files")
        return self.files

    @cached_property
    def processor(self) -> Any:
        """What resizes and scales images, with Pillow on every machine.

        Where torchvision is installed transformers would resize with it, and answers would differ
        from those of a machine without it.
        """
        from transformers import AutoImageProcessor

        try:
            with quiet():
                return AutoImageProcessor.from_pretrained(
                    self.on_disk.folder,
                    backend="pil",  # transformers 5
                    use_fast=False,  # the same before
                    trust_remote_code=self.options.trust_remote_code,
                )
        except Exception as error:
            raise unloadable(self.card.name, "image processor", error) from error

    @cached_property
    def network(self) -> Any:
        """The torch module, in evaluation mode on its device."""
        network, missing = read_network(
            "AutoModelForImageClassification", self.on_disk, self.options, self.card.name
        )
        refuse_missing(
            missing, self.card.name, "they would be random: save the fine-tuned model again"
        )
        return network.eval().to(self.device)

    @property
    def batch_size_limit(self) -> int:
        """Images in one call."""
        return self.options.batch_tokens or batch_images(self.device)

    def warm(self) -> None:
        """Read processor and weights, so that the first batch is no slower than the others."""
        _ = self.processor, self.network

    def sizes(self, inputs: Sequence[Any]) -> IntArray:
        """Return 1 for each image: all are resized alike."""
        return np.ones(len(inputs), dtype=np.int64)

    def predict(self, inputs: Sequence[Any]) -> FloatArray:
        """Return ``(n, labels)`` probabilities.

        Raises
        ------
        ModelError
            If the weights cannot be loaded, or an input is not an image.
        """
        import torch

        with torch.inference_mode():
            outputs = self.run(inputs).double().softmax(-1)
        return np.asarray(outputs.cpu().numpy())

    def run(self, inputs: Sequence[Any]) -> Any:
        """Return the network's logits, ``(n, labels)`` on its device, as one pass gives them."""
        batch, network = self.batch(inputs), self.network
        return network(**batch).logits

    def inside(self) -> NetworkInside | None:
        """Return the network from inside; its weights are read to find the last layer."""
        return inside_of(self)

    def differentiable(self) -> OpenImage:
        """Return the network as gradients need it; the weights are read."""
        from audit.adapters.leaves_tensor import OpenImage

        return OpenImage(self, self.network)

    def batch(self, inputs: Sequence[Any]) -> Any:
        """Return what a network is given for some images: tensors on its device, of its type."""
        check_images(inputs)
        found = self.processor(images=list(inputs), return_tensors="pt")
        return found.to(self.device).to(self.network.dtype)


def check_images(inputs: Sequence[object]) -> None:
    """Refuse inputs that are not images."""
    from PIL.Image import Image

    for row, value in enumerate(inputs):
        if not isinstance(value, Image):
            raise ModelError(
                f"an image model was given a {type(value).__name__}",
                where=f"input {row} of the batch: {value!r:.80}",
                hint="input: must name one column of images, as `datasets` stores them",
            )
