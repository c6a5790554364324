"""The network of the third example: EfficientNet-Lite0 on photos of 128 pixels, with a head of two.

The class of the network comes from the package efficientnet_lite_pytorch, imported out of the
archive that ``prepare.py`` has fetched and checked; it is not installed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file

WORK = Path(__file__).resolve().parent / "work"
CODE = "efficientnet_lite_pytorch-0.1.0-py3-none-any.whl"
WEIGHTS = "network.safetensors"
NAME = "efficientnet-lite0"
LABELS = ("functional", "defective")
SIDE = 128


def load() -> tuple[torch.nn.Module, Any, tuple[str, ...]]:
    """Return the network, what makes tensors of photos, and the names of its logits."""
    network = empty(len(LABELS))
    network.load_state_dict(load_file(WORK / WEIGHTS))
    return network, tensors, LABELS


def empty(classes: int) -> torch.nn.Module:
    """Return the network with random weights."""
    code = str(WORK / CODE)
    if code not in sys.path:
        sys.path.append(code)
    from efficientnet_lite_pytorch import EfficientNet

    return EfficientNet.from_name(NAME, num_classes=classes)


def tensors(photos: list[Any]) -> torch.Tensor:
    """Return ``(n, 3, 128, 128)`` numbers about 0, as the network was trained on."""
    rows = [np.asarray(photo.resize((SIDE, SIDE)), dtype=np.float32) for photo in photos]
    return torch.from_numpy((np.stack(rows) - 127.0) / 128.0).permute(0, 3, 1, 2)
