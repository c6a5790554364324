"""A Hugging Face sequence classifier that is already in memory."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import Any

from audit.adapters.hf_text import HfText, fingerprint, output_labels, settings
from audit.adapters.options import ModelOptions
from audit.adapters.torch_module import weights_hash
from audit.model import ModelCard


def from_objects(network: Any, tokenizer: Any, options: ModelOptions) -> HfText:
    """Audit a sequence classifier and its tokenizer as they lie in memory.

    The weights are hashed, so that answers can be cached as if they came from a file. The model
    stays on its device and is put into evaluation mode.

    Raises
    ------
    ModelError
        If the labels do not fit the outputs.
    """
    config = network.config.to_dict()
    names = network.config.id2label
    labels = output_labels(config, tuple(names[i] for i in range(len(names))), options)
    device = str(network.device)
    weights = blake2b(weights_hash(network).encode(), digest_size=16)
    weights.update(tokens_of(tokenizer))
    card = ModelCard(
        name=type(network).__name__,
        kind="hf",
        task="text-classification" if labels else "regression",
        labels=labels,
        revision=options.revision,
        parameters=sum(p.numel() for p in network.parameters()),
        fingerprint=fingerprint(weights.hexdigest(), options, device),
        settings=settings(options, device),
        opens=("gradients",),
    )
    made = HfText(card, None, options, device)
    made.__dict__ |= {"network": network.eval(), "tokenizer": tokenizer, "config": config}
    return made


def tokens_of(tokenizer: Any) -> bytes:
    """Return a tokenizer's own content; padding and truncation change with every call of it."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        return repr(sorted(tokenizer.get_vocab().items())).encode()
    content = json.loads(backend.to_str())
    return json.dumps({**content, "padding": None, "truncation": None}).encode()
