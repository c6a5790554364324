"""Classifiers of Hugging Face transformers: of texts or of images, as the architecture says."""

from __future__ import annotations

from pathlib import Path

from audit.adapters import hf_image, hf_text
from audit.adapters.hf_files import find_files
from audit.adapters.hf_image import HfImage
from audit.adapters.hf_text import HfText
from audit.adapters.options import ModelOptions


def load(ref: str, options: ModelOptions, *, base: Path) -> HfText | HfImage:
    """Load a classifier from a folder or a hub id (``org/name@revision``).

    Weights are hashed now and read into memory at the first prediction.

    Raises
    ------
    ModelError
        If it cannot be found, is not safe to load as the options stand, or is no classifier of
        texts or images.
    """
    files = find_files(ref, options, base)
    if files.modality == "image":
        return hf_image.from_files(ref, files, options)
    return hf_text.from_files(ref, files, options)
