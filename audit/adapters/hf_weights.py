"""Reading the networks of a Hugging Face model folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from audit.adapters.hf_files import ModelFiles
from audit.adapters.options import ModelOptions
from audit.errors import ModelError


def read_network(
    auto: str, files: ModelFiles, options: ModelOptions, name: str
) -> tuple[Any, set[str]]:
    """Read a torch module on the CPU, and name those of its weights that the files lack.

    Parameters
    ----------
    auto : str
        A class of transformers, such as ``AutoModel``.
    files : ModelFiles
    options : ModelOptions
    name : str
        Of the model, for messages.

    Raises
    ------
    ModelError
        If the files cannot be read.
    """
    import torch
    import transformers

    try:
        with quiet():
            network, report = getattr(transformers, auto).from_pretrained(
                files.folder,
                dtype=getattr(torch, options.dtype),
                use_safetensors=files.weights[0].suffix == ".safetensors",
                trust_remote_code=options.trust_remote_code,
                output_loading_info=True,
            )
    except Exception as error:
        raise unloadable(name, "weights", error) from error
    return network, set(report["missing_keys"])


def refuse_missing(missing: set[str], name: str, hint: str) -> None:
    """Refuse a model some of whose weights would be random.

    Raises
    ------
    ModelError
        If any are missing.
    """
    if missing:
        raise ModelError(
            f"{name} lacks {len(missing)} of its own weights",
            where=", ".join(sorted(missing)[:4]),
            hint=hint,
        )


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the bars and warnings of loading: what matters of them is raised."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def unloadable(name: str, part: str, error: Exception) -> ModelError:
    """Say that a part of the model cannot be read."""
    reason = (str(error).strip().splitlines() or [""])[0]
    return ModelError(
        f"the {part} of {name} cannot be loaded",
        where=f"{type(error).__name__}: {reason}",
        hint="the folder must hold what save_pretrained() writes, for model and tokenizer both",
    )
