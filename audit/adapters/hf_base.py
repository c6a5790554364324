"""What the trainings of a transformer start from: pretrained weights, or the audited ones."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from audit.adapters.hf_device import choose_device
from audit.adapters.hf_files import find_files
from audit.adapters.hf_text import HfText, fingerprint, settings
from audit.adapters.hf_weights import quiet, read_network, refuse_missing, unloadable
from audit.adapters.options import ModelOptions
from audit.errors import ConfigError
from audit.model import ModelCard

SELF = "self"
SCRATCH_SEED = 0
# Widths of the last hidden state, by the names that architectures give them.
WIDTHS = ("hidden_size", "dim", "n_embd", "d_model")


@dataclass
class Base:
    """A starting point; weights are read when they are first needed.

    Attributes
    ----------
    name : str
        As a report says it.
    text : HfText
        Its tokenizer, lengths and batches; its network too, where the audited weights are meant.
    audited : bool
        Whether it is the audited model itself, head included.
    """

    name: str
    text: HfText
    audited: bool

    @property
    def fingerprint(self) -> str:
        """Digest of weights, tokenizer, configuration, lengths, device class and libraries."""
        return self.text.card.fingerprint

    @cached_property
    def config(self) -> Any:
        """The configuration, as transformers reads it."""
        if self.audited:
            return self.text.network.config
        from transformers import AutoConfig

        options, files = self.text.options, self.text.on_disk
        try:
            return AutoConfig.from_pretrained(
                files.folder, trust_remote_code=options.trust_remote_code
            )
        except Exception as error:
            raise unloadable(self.name, "configuration", error) from error

    @property
    def width(self) -> int:
        """Length of a hidden state; from the plain file, so that nothing heavy is imported."""
        found = self.text.config
        return next((int(found[key]) for key in WIDTHS if key in found), 0) or int(
            self.config.hidden_size
        )

    @cached_property
    def read(self) -> tuple[Any, set[str]]:
        """The network without a head, and those of its weights that the files lack: a pooler."""
        if self.audited:
            return self.text.network.base_model, set()
        network, missing = read_network(
            "AutoModel", self.text.on_disk, self.text.options, self.name
        )
        lacking = {key for key in missing if "pooler" not in key}
        refuse_missing(lacking, self.name, "they would be random: name complete weights")
        return network.eval().to(self.text.device), missing

    def encoder(self, scratch: bool) -> Any:
        """Return what turns tokens into hidden states, frozen; random but fixed for scratch."""
        body = self.random_body() if scratch else self.read[0]
        return body.get_encoder() if self.config.is_encoder_decoder else body

    def random_body(self) -> Any:
        """Return the architecture with the random weights of `SCRATCH_SEED`."""
        import torch
        from transformers import AutoModel

        options = self.text.options
        with torch.random.fork_rng(devices=[]), quiet():
            torch.manual_seed(SCRATCH_SEED)
            network = AutoModel.from_config(
                copy.deepcopy(self.config),
                dtype=getattr(torch, options.dtype),
                trust_remote_code=options.trust_remote_code,
            )
        return network.eval().to(self.text.device)

    def classifier(self, labels: tuple[str, ...], scratch: bool) -> Any:
        """Return a new network with a head, in float32; random weights follow torch's generator.

        Parameters
        ----------
        labels : tuple of str
            Empty for a single number.
        scratch : bool
            Whether all weights are random, and not those of a new head only.
        """
        import torch
        from transformers import AutoModelForSequenceClassification

        with quiet():
            network = AutoModelForSequenceClassification.from_config(
                headed(self.config, labels),
                dtype=torch.float32,
                trust_remote_code=self.text.options.trust_remote_code,
            )
        if not scratch:
            self.fill(network)
        return network.to(self.text.device)

    def fill(self, network: Any) -> None:
        """Copy the weights of the starting point into a new network."""
        if self.audited:
            network.load_state_dict(self.text.network.state_dict())
            return
        body, lacking = self.read
        found = {k: v for k, v in body.state_dict().items() if k not in lacking}
        missed = network.base_model.load_state_dict(found, strict=False).missing_keys
        other = {key for key in missed if "pooler" not in key}
        refuse_missing(other, self.name, "its classifier has parts that the base has not")


def headed(config: Any, labels: tuple[str, ...]) -> Any:
    """Return a copy of a configuration for these labels; a single output without any."""
    changed = copy.deepcopy(config)
    names = labels or ("value",)
    changed.id2label = dict(enumerate(names))  # sets the number of labels too
    changed.label2id = {name: i for i, name in enumerate(names)}
    changed.problem_type = "single_label_classification" if labels else "regression"
    return changed


def find_base(ref: str, model: HfText, options: ModelOptions, base: Path) -> Base:
    """Return the starting point that ``model.refit.base`` names.

    Raises
    ------
    ConfigError
        If it is neither ``hf:...`` nor ``self``, or is the audited model under another name.
    ModelError
        If it cannot be found, or is not safe to load as the options stand.
    """
    where = "model.refit.base"
    if ref == SELF:
        return Base("the audited weights, said never to have seen these rows", model, audited=True)
    if not ref.startswith("hf:"):
        raise ConfigError(
            f'"{ref}" does not say where the pretrained weights are',
            where=where,
            hint="base: hf:<folder or hub id>, or base: self",
        )
    files = find_files(ref.removeprefix("hf:"), options, base, head=False)
    if model.files is not None and files.digest() == model.files.digest():
        raise ConfigError(
            f'"{ref}" is the audited model itself',
            where=where,
            hint="name the weights that it was fine-tuned from; or base: self, if it never saw the "
            "training rows",
        )
    device = choose_device(options.device)
    card = ModelCard(
        name=ref,
        kind="hf",
        task="embedding",
        revision=files.revision,
        parameters=files.parameters(),
        fingerprint=fingerprint(files.digest(), options, device),
        settings=settings(options, device),
    )
    return Base(ref, HfText(card, files, options, device), audited=False)
