"""Robustness as Quantus measures it on Captum's attributions, and as it follows from ours."""

import numpy as np
import pandas as pd
import pytest

from audit.adapters.objects import wrap
from audit.adapters.options import ModelOptions
from audit.explained.similarity import spearman
from audit.explainer import Job
from audit.explainers.gradients import explainers
from audit.transform import Chance

torch = pytest.importorskip("torch")
captum = pytest.importorskip("captum.attr")
quantus = pytest.importorskip("quantus")

RNG = np.random.default_rng(11)
INPUTS = RNG.normal(size=(6, 5)).astype(np.float32)
CHANGED = INPUTS + 0.2 * RNG.normal(size=(4, 6, 5)).astype(np.float32)
CLASSES = np.array([[0, 1], [1, 0]] * 3)
STEPS = 16


class Margins(torch.nn.Module):
    """A small network that answers with the margin of either class."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(3)
        self.logits = torch.nn.Sequential(
            torch.nn.Linear(5, 12), torch.nn.Tanh(), torch.nn.Linear(12, 2)
        )

    def forward(self, x):
        logits = self.logits(x.reshape(len(x), 5))
        return logits - logits.flip(1)


NETWORK = Margins().eval()


def ours(inputs):
    """Return our attributions of some rows."""
    frame = pd.DataFrame(inputs, columns=list("abcde"))
    kind = next(e for e in explainers() if e.sheet.name == "integrated-gradients")
    digests = np.array([f"row {i}".encode() for i in range(len(frame))], dtype="S16")
    settings = kind.sheet.settled({"rule": 1.0, "steps": float(STEPS)})
    parts = np.full(len(frame), 5)
    model = wrap(NETWORK.logits, ModelOptions(labels=("no", "yes"), device="cpu"))
    job = Job(frame, 0 * frame, parts, CLASSES, Chance(digests, 0), settings, 2**30)
    return np.stack(kind.explain(model.differentiable(), job).attributions)


def captums(inputs, targets, **_):
    """Return Captum's attributions of some arrays, as Quantus asks for them."""
    found = captum.IntegratedGradients(NETWORK).attribute(
        torch.as_tensor(np.asarray(inputs)), target=torch.as_tensor(targets), n_steps=STEPS,
        method="gausslegendre",
    )  # fmt: skip
    return found.detach().numpy()


def measured(metric):
    """Return what a metric of Quantus says of the same inputs and changes."""
    changed = iter(CHANGED)
    made = metric(
        nr_samples=len(CHANGED), perturb_func=lambda arr, **_: next(changed).reshape(arr.shape),
        normalise=False, abs=False, disable_warnings=True,
    )  # fmt: skip
    return np.asarray(made(
        model=NETWORK, x_batch=INPUTS[:, None], y_batch=CLASSES[:, 0], channel_first=True,
        explain_func=lambda model, **words: captums(**words), softmax=False,
    ))  # fmt: skip


def moved():
    """Return how far our attributions move with each change, and the original ones."""
    own = ours(INPUTS)
    return np.stack([np.linalg.norm(ours(c) - own, axis=1) for c in CHANGED]), own


def test_the_local_lipschitz_estimate_follows_from_our_attributions():
    far, _ = moved()
    ways = np.linalg.norm(CHANGED - INPUTS, axis=2)
    expected = (far / ways).max(axis=0)
    assert measured(quantus.LocalLipschitzEstimate) == pytest.approx(expected, rel=1e-4)


def test_the_largest_sensitivity_follows_from_our_attributions():
    far, own = moved()
    expected = far.max(axis=0) / np.linalg.norm(own, axis=1)
    assert measured(quantus.MaxSensitivity) == pytest.approx(expected, rel=1e-4)


def test_rank_similarity_is_that_of_quantus():
    own, other = np.abs(ours(INPUTS)), np.abs(ours(CHANGED[0]))
    alike = quantus.similarity_func.correlation_spearman
    known = [alike(a, b) for a, b in zip(own, other, strict=True)]
    assert spearman(own, -other) == pytest.approx(np.array(known))
