"""Text classifiers and regressors of Hugging Face transformers."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np

from audit.adapters.answers import named
from audit.adapters.hf_device import batch_tokens, choose_device, device_class, installed
from audit.adapters.hf_files import ModelFiles
from audit.adapters.hf_ranks import log_ranks, mean_ranks
from audit.adapters.hf_weights import read_network, refuse_missing, unloadable
from audit.adapters.inside import NetworkInside, inside_of
from audit.adapters.options import ModelOptions
from audit.adapters.texts import check_texts
from audit.errors import ModelError, did_you_mean
from audit.examples import FloatArray, IntArray
from audit.model import ModelCard

if TYPE_CHECKING:
    from audit.adapters.leaves_text import OpenText

DTYPES = ("float32", "bfloat16", "float16", "float64")
NO_LIMIT = 1_000_000  # tokenizers without a limit carry a huge number
OFFSET_POSITIONS = {"roberta", "xlm-roberta", "camembert", "xlm-roberta-xl", "mpnet", "longformer"}


def from_files(ref: str, files: ModelFiles, options: ModelOptions) -> HfText:
    """Audit the text classifier of a folder.

    Weights are hashed now and read into memory at the first `HfText.predict`.

    Raises
    ------
    ModelError
        If the options do not fit it.
    """
    check_dtype(options)
    device = choose_device(options.device)
    labels = output_labels(files.config, files.labels(), options)
    card = ModelCard(
        name=f"hf:{ref}",
        kind="hf",
        task="text-classification" if labels else "regression",
        labels=labels,
        revision=files.revision or options.revision,
        parameters=files.parameters(),
        fingerprint=fingerprint(files.digest(), options, device),
        settings=settings(options, device),
        opens=("gradients",),
    )
    return HfText(card, files, options, device)


def check_dtype(options: ModelOptions) -> None:
    """Refuse a floating type that is not known."""
    if options.dtype not in DTYPES:
        raise ModelError(
            f'dtype "{options.dtype}" is not known', hint=did_you_mean(options.dtype, DTYPES)
        )


def output_labels(
    config: Mapping[str, Any], found: tuple[str, ...], options: ModelOptions
) -> tuple[str, ...]:
    """Return the names of the outputs; empty for a model with a single output (regression)."""
    regression = config.get("problem_type") == "regression" or options.task == "regression"
    if regression and len(found) > 1:
        raise ModelError(f"the model has {len(found)} outputs; regression has one")
    if len(found) == 1:
        return ()
    return named(found, options.labels)


def settings(options: ModelOptions, device: str) -> dict[str, str]:
    """Say what was chosen for this device."""
    return {
        "device": device_class(device),
        "threads": threads(),
        "dtype": options.dtype,
        "batch tokens": str(options.batch_tokens or batch_tokens(device)),
        "max length": str(options.max_length or "the model's own"),
        "torch": installed("torch"),
        "transformers": installed("transformers"),
    }


def threads() -> str:
    """Say how many threads torch may use."""
    return os.environ.get("OMP_NUM_THREADS") or f"default of {os.cpu_count()} cores"


def fingerprint(content: str, options: ModelOptions, device: str) -> str:
    """Hash everything that can change an output."""
    parts = [
        content,
        options.dtype,
        str(options.max_length),
        device_class(device),
        installed("torch"),
        installed("transformers"),
    ]
    return blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()


@dataclass
class HfText:
    """A sequence classifier; tokenizer and weights are read when they are first needed."""

    card: ModelCard
    files: ModelFiles | None
    options: ModelOptions
    device: str

    @cached_property
    def config(self) -> Mapping[str, Any]:
        """The configuration of the folder."""
        return self.on_disk.config

    @property
    def on_disk(self) -> ModelFiles:
        """The files it is read from; there are none for a model in memory."""
        if self.files is None:
            raise ModelError(f"{self.card.name} was given in memory and has no files")
        return self.files

    @cached_property
    def tokenizer(self) -> Any:
        """The tokenizer of the folder."""
        from transformers import AutoTokenizer

        try:
            return AutoTokenizer.from_pretrained(
                self.on_disk.folder, trust_remote_code=self.options.trust_remote_code
            )
        except Exception as error:
            raise unloadable(self.card.name, "tokenizer", error) from error

    @cached_property
    def network(self) -> Any:
        """The torch module, in evaluation mode on its device."""
        network, missing = read_network(
            "AutoModelForSequenceClassification", self.on_disk, self.options, self.card.name
        )
        refuse_missing(
            missing, self.card.name, "they would be random: save the fine-tuned model again"
        )
        return network.eval().to(self.device)

    @cached_property
    def max_length(self) -> int | None:
        """Tokens after which a text is cut."""
        if self.options.max_length is not None:
            return self.options.max_length
        if self.tokenizer.model_max_length < NO_LIMIT:
            return int(self.tokenizer.model_max_length)
        positions = self.config.get("max_position_embeddings")
        if positions is None:
            return None
        # these count positions from behind the padding index
        offset = self.config.get("model_type") in OFFSET_POSITIONS
        return int(positions) - (int(self.config.get("pad_token_id", 1)) + 1 if offset else 0)

    @property
    def batch_size_limit(self) -> int:
        """Tokens that a padded batch may hold."""
        return self.options.batch_tokens or batch_tokens(self.device)

    def warm(self) -> None:
        """Read tokenizer and weights, so that the first batch is no slower than the others."""
        _ = self.tokenizer, self.network

    def sizes(self, inputs: Sequence[str]) -> IntArray:
        """Return the number of tokens of each text after it is cut."""
        rows = self.encode(inputs)
        return np.fromiter((len(ids) for ids in rows), dtype=np.int64, count=len(rows))

    def encode(self, inputs: Sequence[str]) -> list[list[int]]:
        """Turn texts into token ids, cut to the limit and not padded."""
        check_texts(inputs)
        found = self.tokenizer(
            list(inputs),
            truncation=self.max_length is not None,
            max_length=self.max_length,
            return_attention_mask=False,
            return_token_type_ids=False,
        )
        return list(found["input_ids"])

    def predict(self, inputs: Sequence[str]) -> FloatArray:
        """Return ``(n, labels)`` probabilities, or ``(n,)`` values for regression.

        Raises
        ------
        ModelError
            If the weights cannot be loaded, or an input is not a text.
        """
        import torch

        with torch.inference_mode():
            logits = self.run(inputs).double()
            outputs = logits.softmax(-1) if self.card.labels else logits[:, 0]
        return np.asarray(outputs.cpu().numpy())

    def run(self, inputs: Sequence[str]) -> Any:
        """Return the network's logits, ``(n, outputs)`` on its device, as one pass gives them."""
        batch, network = self.batch(inputs), self.network
        return network(**batch).logits

    def inside(self) -> NetworkInside | None:
        """Return the network from inside; its weights are read to find the last layer."""
        return inside_of(self)

    def differentiable(self) -> OpenText | None:
        """Return the network as gradients need it; the weights are read.

        None without a fast tokenizer: that alone says where each token stands in the text.
        """
        from audit.adapters.leaves_text import OpenText

        if not self.tokenizer.is_fast:
            return None
        return OpenText(self, self.network)

    def batch(self, inputs: Sequence[str]) -> Any:
        """Return what a network is given for some texts: padded tensors on the device."""
        check_texts(inputs)
        found = self.tokenizer(
            list(inputs),
            padding="longest",
            truncation=self.max_length is not None,
            max_length=self.max_length,
            return_tensors="pt",
        )
        return found.to(self.device)

    @cached_property
    def ranks(self) -> FloatArray:
        """ln(1 + rank) of every token of the vocabulary (`log_ranks`)."""
        return log_ranks(self.tokenizer)

    def token_ranks(self, inputs: Sequence[str]) -> FloatArray:
        """Return the ``(n,)`` mean of ln(1 + rank) of each text's tokens; NaN without a token.

        Ranks are those of `log_ranks`, which says what they assume of the vocabulary.
        """
        return mean_ranks(self.encode(inputs), self.ranks)
