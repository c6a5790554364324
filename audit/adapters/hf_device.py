"""Devices: which one, what it is called in a fingerprint, and how much it is given at once."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from audit.errors import ModelError

# Tokens in one padded batch. CPU: measured best between 800 and 2,000 (beyond, the activations of a
# small encoder leave the cache). CUDA: enough to fill a large device's units, while the activations
# of a base-size model (about 0.1 MB a token in float32) stay within 8 GB. MPS shares the memory.
BATCH_TOKENS = {"cpu": 1_024, "cuda": 65_536, "mps": 8_192}

# Images in one batch. CPU: a base-size network on 224 pixels keeps about 10 MB an image. CUDA: 256
# fill a large device's units within 8 GB.
BATCH_IMAGES = {"cpu": 32, "cuda": 256, "mps": 64}


def installed(package: str) -> str:
    """Return the installed version of a package without importing it.

    Raises
    ------
    ModelError
        If it is not installed.
    """
    try:
        return version(package)
    except PackageNotFoundError as error:
        raise ModelError(
            f"this model needs {package}, which is not installed",
            hint='pip install "defect-audit[transformers]"',
        ) from error


def choose_device(wanted: str) -> str:
    """Resolve ``auto`` to ``cuda``, ``mps`` or ``cpu``; a CPU build of torch is not imported.

    Raises
    ------
    ModelError
        If the wanted device is not there.
    """
    if wanted == "cpu" or (wanted == "auto" and "+cpu" in installed("torch")):
        return "cpu"
    import torch

    usable = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wanted == "auto":
        return next((name for name, there in usable.items() if there), "cpu")
    if not usable.get(wanted.partition(":")[0], False):
        raise ModelError(f'device "{wanted}" is not available', hint="device: auto picks one")
    return wanted


def device_class(device: str) -> str:
    """Name what the last digits of an output depend on: the kind of processor."""
    if not device.startswith("cuda"):
        return device
    import torch

    return f"cuda {torch.cuda.get_device_name(device)}"


def batch_tokens(device: str) -> int:
    """Return the default token budget of a batch."""
    return BATCH_TOKENS[device.partition(":")[0]]


def batch_images(device: str) -> int:
    """Return how many images go together."""
    return BATCH_IMAGES[device.partition(":")[0]]
