"""The files of a Hugging Face model: found, judged safe, and hashed, without importing torch."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from math import prod
from pathlib import Path
from typing import Any

from audit.adapters.digests import file_hash
from audit.adapters.options import ModelOptions
from audit.errors import ModelError

SAFE = "*.safetensors"
PICKLED = ("*.bin", "*.pt", "*.pth")
# What decides an output beside the weights: configuration, vocabulary, merges, remote code.
OTHERS = ("*.json", "*.txt", "*.model", "*.tiktoken", "*.py")
# Left behind by training; they decide nothing.
IRRELEVANT = {
    "trainer_state.json", "all_results.json", "train_results.json", "eval_results.json",
    "generation_config.json", "training_args.bin", "optimizer.pt", "scheduler.pt", "scaler.pt",
    "requirements.txt",
}  # fmt: skip
HEADS = {"SequenceClassification": "text", "ImageClassification": "image"}
HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")


@dataclass(frozen=True)
class ModelFiles:
    """A model folder on this machine.

    Attributes
    ----------
    folder : Path
    revision : str
        The resolved commit of a hub model; empty for a local folder.
    config : dict
        The parsed ``config.json``.
    """

    folder: Path
    revision: str
    config: dict[str, Any]

    @property
    def weights(self) -> list[Path]:
        """Weight files: safetensors where there are any, else pickled ones."""
        found = self.matching(SAFE)
        return found or [p for pattern in PICKLED for p in self.matching(pattern)]

    def matching(self, pattern: str) -> list[Path]:
        """Return the relevant files of the folder itself that match, by name."""
        return sorted(p for p in self.folder.glob(pattern) if p.name not in IRRELEVANT)

    @property
    def modality(self) -> str:
        """What the model classifies, by its architecture: ``text``, ``image``, or empty."""
        names = " ".join(self.config.get("architectures") or [])
        return next((kind for head, kind in HEADS.items() if head in names), "")

    def digest(self) -> str:
        """Hash names and bytes of everything that can change an output."""
        files = [*self.weights, *(p for pattern in OTHERS for p in self.matching(pattern))]
        out = blake2b(digest_size=16)
        for path in sorted(files, key=lambda p: p.name):
            out.update(f"{path.name}\0{file_hash(path)}\n".encode())
        return out.hexdigest()

    def parameters(self) -> int | None:
        """Count the weights from the safetensors headers; None for other formats."""
        shards = self.matching(SAFE)
        return sum(count_weights(path) for path in shards) if shards else None

    def labels(self) -> tuple[str, ...]:
        """Return the names of the outputs in their order, as transformers would default them."""
        named = self.config.get("id2label") or {0: "LABEL_0", 1: "LABEL_1"}
        return tuple(str(named[key]) for key in sorted(named, key=int))


def count_weights(path: Path) -> int:
    """Sum the sizes of the tensors that a safetensors header lists."""
    with path.open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    return sum(prod(t["shape"]) for name, t in header.items() if name != "__metadata__")


def find_files(ref: str, options: ModelOptions, base: Path, *, head: bool = True) -> ModelFiles:
    """Find a local folder or a hub id, and check that it can be loaded safely.

    Parameters
    ----------
    ref : str
    options : ModelOptions
    base : Path
        Folder that paths are relative to.
    head : bool
        Whether it must have been saved with a classification head.

    Raises
    ------
    ModelError
        If it cannot be found, has no usable weights, would run code that the options do not
        allow, or is not a classifier of texts or images.
    """
    folder, revision = locate(ref, options, base)
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(
            f'"{ref}" has no readable config.json',
            where=str(folder),
            hint="a transformers model folder is what save_pretrained() writes, model and "
            "tokenizer both",
        ) from error
    files = ModelFiles(folder, revision, config)
    check_weights(files, ref, options)
    check_code(files, ref, options)
    if head:
        check_head(files, ref)
    return files


def locate(ref: str, options: ModelOptions, base: Path) -> tuple[Path, str]:
    """Return the folder of a model and its resolved commit."""
    local = (base / Path(ref).expanduser()).resolve()
    if local.is_dir():
        return local, ""
    name, _, revision = ref.partition("@")
    if ref.startswith((".", "/", "~")) or not HUB_ID.fullmatch(name):
        raise ModelError(
            f'the model folder "{ref}" does not exist',
            where=str(local),
            hint="paths are relative to the folder of the specification",
        )
    folder = download(name, revision or options.revision, options, local)
    return folder, folder.name


def download(name: str, revision: str, options: ModelOptions, local: Path) -> Path:
    """Fetch a hub model, or find it in the hub's cache when offline."""
    from huggingface_hub import snapshot_download

    patterns = [*OTHERS[:-1], SAFE]
    patterns += [*PICKLED] if options.allow_pickle else []
    patterns += ["*.py"] if options.trust_remote_code else []
    fetch = partial(snapshot_download, name, allow_patterns=patterns, ignore_patterns=["*/*"])
    try:
        return Path(fetch(revision=revision or None))
    except Exception as error:
        reason = (str(error).strip().splitlines() or [""])[0]
        raise ModelError(
            f'the model "{name}"' + (f" at {revision}" if revision else "") + " cannot be loaded",
            where=f"no folder {local}; hub: {type(error).__name__}: {reason}",
            hint="check the name and the revision; offline, the model must lie in the hub's cache "
            "or in a local folder (hf:./folder)",
        ) from error


def check_weights(files: ModelFiles, ref: str, options: ModelOptions) -> None:
    """Refuse a model without weights, or with pickled ones only."""
    if not files.weights:
        raise ModelError(f'"{ref}" has no weights', where=f"{files.folder}: no *.safetensors")
    if files.weights[0].suffix != ".safetensors" and not options.allow_pickle:
        raise ModelError(
            f'"{ref}" has only pickled weights ({files.weights[0].name})',
            where=str(files.folder),
            hint="reading a pickle can run code: save the model again as safetensors,\n"
            "or set allow_pickle: true if you trust where the file comes from",
        )


def check_code(files: ModelFiles, ref: str, options: ModelOptions) -> None:
    """Refuse a model that brings its own Python, unless that is allowed."""
    if files.config.get("auto_map") and not options.trust_remote_code:
        raise ModelError(
            f'"{ref}" needs Python code that comes with the model',
            where=f"{files.folder / 'config.json'}: auto_map",
            hint="read that code, then set trust_remote_code: true",
        )


def check_head(files: ModelFiles, ref: str) -> None:
    """Refuse a model whose weights were not saved with a classification head."""
    names = files.config.get("architectures") or []
    if not files.modality and not (names and "auto_map" in files.config):
        raise ModelError(
            f'"{ref}" is not a text classifier, nor one of images',
            where=f"{files.folder / 'config.json'}: architectures: {', '.join(names) or 'none'}",
            hint="its classification head would be random; fine-tune it, save it, and audit that",
        )
    if files.config.get("problem_type") == "multi_label_classification":
        raise ModelError(
            f'"{ref}" gives several labels to one input', hint="multi-label is not supported yet"
        )
