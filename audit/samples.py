"""Sample data and a sample model, for contract checks and for tests of probes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from audit.chance import uniforms
from audit.config import TRAIN, SplitSpec
from audit.domains import DomainRules
from audit.examples import Examples, Factor, FloatArray, IntArray
from audit.model import ModelCard, Recipe
from audit.observations import Observation
from audit.requests import Embed, Explain, Refit, Request, TokenRanks, Transform, unpacked
from audit.sample_explanations import sample_explanations, sample_masked

LABELS = ("negative", "positive")
SPLIT = SplitSpec(label="label", positive="positive", groups=("group",), domain="source")
RULES = DomainRules(in_distribution=("home",))
SCRATCH = 8.0  # a sample training from random weights needs so many times the rows
CARD = ModelCard(
    name="sample",
    kind="sample",
    task="text-classification",
    labels=LABELS,
    features="sample features",
    logits=True,
    revisions=("earlier", "smaller"),
    opens=("gradients",),
    recipes=(
        Recipe(name="head", says="a sample training", cheap=True, twin="head-scratch"),
        Recipe(name="head-scratch", says="a sample from scratch", cheap=True, scratch=True),
    ),
)


class Rows:
    """Inputs held in a list."""

    def __init__(self, values: Sequence[Any]) -> None:
        self.values = list(values)

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: IntArray) -> list[Any]:
        """Return the inputs at some positions."""
        return [self.values[int(i)] for i in rows]


def sample_examples(
    n: int = 600, seed: int = 0, clusters: bool = False, split: str = "test"
) -> Examples:
    """Return a labelled split with three groups of unequal size, and rows from three sources.

    Parameters
    ----------
    n : int
        Rows.
    seed : int
    clusters : bool
        Whether rows come in clusters of four.
    split : str
    """
    rng = np.random.default_rng(seed)
    groups = np.sort(rng.choice(3, n, p=(0.6, 0.3, 0.1)))
    labels = rng.integers(0, 2, n)
    words = [f"{split if split != 'test' else 'text'} {i}" for i in range(n)]
    return Examples(
        split=split,
        inputs=Rows(words),
        digests=np.array([w.encode().ljust(16)[:16] for w in words]),
        ids=np.array(words, dtype=object),
        labels=Factor(labels.astype(np.int64), LABELS),
        groups={
            "group": Factor(groups.astype(np.int64), ("a", "b", "c")),
            "source": Factor(sources(n), ("away", "far", "home")),
        },
        domain="source",
        modality="text",
        clusters=np.arange(n, dtype=np.int64) // 4 if clusters else None,
    )


def sources(n: int) -> IntArray:
    """Return which of away, far and home each row comes from: one, one and three fifths."""
    return np.minimum(np.arange(n, dtype=np.int64) % 5, 2)


def sample_data(test: Examples | None = None) -> dict[str, Examples]:
    """Return a test split, and rows to train on."""
    test = test or sample_examples()
    return {test.split: test, TRAIN: sample_examples(1000, seed=1, split=TRAIN)}


def sample_outputs(examples: Examples, seed: int = 0, accuracy: float = 0.8) -> FloatArray:
    """Return probabilities of a model that is right at a rate, with graded confidence."""
    rng = np.random.default_rng(seed)
    right = rng.random(len(examples)) < accuracy
    return graded(examples, right, rng.uniform(0.5, 1.0, len(examples)))


def learned_outputs(examples: Examples, accuracy: float = 0.8) -> FloatArray:
    """Return what the sample model answers on the rows that it learned from, in any order."""
    right = chance(examples, 31) < accuracy
    return graded(examples, right, 0.5 + 0.5 * chance(examples, 32))


def graded(examples: Examples, right: np.ndarray, sure: FloatArray) -> FloatArray:
    """Return probabilities that choose the label where `right`, as sure as `sure`."""
    if examples.labels is None:
        raise ValueError("the split has no labels")
    chosen = np.where(right, examples.labels.codes, 1 - examples.labels.codes)
    positive = np.where(chosen == 1, sure, 1 - sure)
    return np.column_stack([1 - positive, positive])


def sample_answer(
    request: Request, data: Mapping[str, Examples], outputs: FloatArray
) -> Observation:
    """Answer a request as a sample model would.

    Its trainings get better with the rows, are spoilt by altered labels, and need `SCRATCH` times
    the rows from random weights. Nothing depends on the order of rows.

    Parameters
    ----------
    request : Request
    data : mapping of split name to Examples
    outputs : (n, classes) float array
        What the model itself answers on every split but the training rows.
    """
    examples = data[request.split]
    rows = np.arange(len(examples))
    if isinstance(request, TokenRanks):
        return Observation(2.0 + 6.0 * chance(examples, 7))
    if request.rows:
        rows = unpacked(request.rows)
    if isinstance(request, Explain):
        return sample_explanations(request, examples, outputs)
    if isinstance(request, Embed):
        own = outputs if request.split != TRAIN else learned_outputs(examples)
        return inside(examples, own, rows)
    if request.masks is not None:
        return Observation(sample_masked(examples, outputs, rows, request.masks))
    if request.transform is not None and request.transform.severity:
        return Observation(changed(examples, outputs, request.transform)[rows])
    if request.revision:
        right = chance(examples, 1 + CARD.revisions.index(request.revision)) < 0.75
        return Observation(graded(examples, right, 0.5 + 0.5 * chance(examples, 11))[rows])
    if request.fit is None:
        own = outputs if request.split != TRAIN else learned_outputs(examples)
        return Observation(own[rows])
    right = chance(examples, request.fit.seed) < sample_accuracy(request.fit, data)
    sure = 0.5 + 0.5 * chance(examples, request.fit.seed + 1)
    return Observation(graded(examples, right, sure)[rows])


def changed(examples: Examples, outputs: FloatArray, transform: Transform) -> FloatArray:
    """Return outputs under a transform: each severity turns a further 3 % of the answers around."""
    turned = chance(examples, len(transform.name)) < 0.03 * transform.severity
    return np.where(turned[:, None], outputs[:, ::-1], outputs)


def inside(examples: Examples, outputs: FloatArray, rows: IntArray) -> Observation:
    """Return features whose last layer gives the outputs; other sources lie elsewhere."""
    score = np.log(np.maximum(outputs[:, 1], 1e-9)) - np.log(np.maximum(outputs[:, 0], 1e-9))
    others = np.column_stack([chance(examples, 20 + j) - 0.5 for j in range(3)])
    if examples.domain:
        factor = examples.groups[examples.domain]
        others[:, 0] += np.array([0.4, 0.8, 0.0])[factor.codes]
    features = np.column_stack([score, others])
    weights = np.array([[-0.5, 0.0, 0.0, 0.0], [0.5, 0.0, 0.0, 0.0]])
    logits = features @ weights.T
    return Observation(features[rows], logits=logits[rows], head=(weights, np.zeros(2)))


def sample_accuracy(fit: Refit, data: Mapping[str, Examples]) -> float:
    """Return how often a sample training is right: 0.92 minus a power law of its rows."""
    size = fit.size / (SCRATCH if fit.recipe.endswith("scratch") else 1.0)
    noise = 0.0
    labels = data[fit.split].labels
    if fit.labels and labels is not None:
        noise = float((labels.codes[unpacked(fit.rows)] != unpacked(fit.labels)).mean())
    return float(0.92 - 0.8 * (size + 4.0) ** -0.4 - 0.5 * noise)


def chance(examples: Examples, seed: int) -> FloatArray:
    """Return numbers between 0 and 1 that follow from each row's content and a seed."""
    return uniforms(examples.digests, seed)


def reorder(examples: Examples, order: IntArray) -> Examples:
    """Return the split with its rows in another order."""
    if examples.labels is None:
        raise ValueError("the split has no labels")
    inputs: Any = examples.inputs
    return dataclasses.replace(
        examples,
        inputs=Rows(inputs.take(order)),
        digests=examples.digests[order],
        ids=examples.ids[order],
        labels=Factor(examples.labels.codes[order], examples.labels.names),
        groups={k: Factor(f.codes[order], f.names) for k, f in examples.groups.items()},
        clusters=None if examples.clusters is None else examples.clusters[order],
    )
