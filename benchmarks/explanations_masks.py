"""KernelSHAP through the engine against shap's Partition explainer, in one process.

    python benchmarks/explanations_masks.py --texts 10

Both sides explain the same movie snippets from predictions of the same model alone, on at least as
many distinct masked texts on the engine's side as on shap's. One side is the engine with nothing
stored. The other is `shap.Explainer(f, shap.maskers.Text(tokenizer))` as its documentation shows
it, where f tokenises what it is given and runs it as one batch. A word that is taken away leaves a
shorter text in the engine and a mask token in shap: about half of the difference is that. Rounds
alternate; one thread is used. Only the ratio carries over to another machine. Promise: the engine
takes at most 0.43 of the CPU seconds of shap.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import shap
import torch
from explanations_loop import alternating, asked, demo_model, report, rows_of, snippets
from transformers.utils import logging

from audit.adapters.hf_text import HfText
from audit.engine.dispatch import Dispatcher
from audit.engine.store import Store
from audit.margins import margins, rivals

PROMISE = 0.43
FEWEST_WORDS = 12  # a shorter text has too few combinations of words for as many distinct masks


class Counted:
    """The margin of a text's two classes, with a count of what was asked.

    Attributes
    ----------
    texts : int
        Versions that were asked about.
    distinct : set of str
    """

    def __init__(self, model: HfText) -> None:
        self.model = model
        self.texts = 0
        self.distinct: set[str] = set()

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        """Return the margin of the second class over the first."""
        own = [str(t) for t in texts]
        self.texts += len(own)
        self.distinct |= set(own)
        outputs = self.model.predict(own)
        return margins(outputs, np.tile([1, 0], (len(own), 1)))


def theirs(model: HfText, texts: Sequence[str], evaluations: int) -> Counted:
    """Explain with shap; return what was asked."""
    f = Counted(model)
    explainer = shap.Explainer(f, shap.maskers.Text(model.tokenizer))
    explainer(list(texts), max_evals=evaluations, silent=True)
    return f


def ours(
    model: HfText, texts: Sequence[str], classes: np.ndarray, samples: int, folder: str
) -> int:
    """Explain through the engine; return the distinct texts that were predicted."""
    examples = rows_of(texts)
    request = asked(examples, classes, "kernel-shap", samples=float(samples))
    with tempfile.TemporaryDirectory(dir=folder) as own:
        dispatcher = Dispatcher(model, None, Store(Path(own)))
        brought = dispatcher.run(dispatcher.plan([request], {"test": examples}))
    seen = brought.answers[request]
    if seen.explained is None or len(seen.failed):
        raise SystemExit(f"nothing was explained: {seen.reason}")
    return brought.predicted


def as_many(
    model: HfText, texts: Sequence[str], classes: np.ndarray, wanted: int, folder: str
) -> int:
    """Return how many combinations a text give at least so many distinct texts."""
    samples = 2 * (wanted // (2 * len(texts)))  # they come in pairs
    while (found := ours(model, texts, classes, samples, folder)) < wanted:
        samples += 2 * math.ceil((wanted - found) / (2 * len(texts)))
    return samples


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=10)
    parser.add_argument("--evaluations", type=int, default=200, help="of shap, for each text")
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.set_num_threads(1)
    model = demo_model()
    texts = [t for t in snippets(1_000) if len(t.split()) >= FEWEST_WORDS][: options.texts]
    classes = rivals(model.predict(texts))
    f = theirs(model, texts, options.evaluations)
    with tempfile.TemporaryDirectory() as folder:
        samples = as_many(model, texts, classes, len(f.distinct), folder)
        print(
            f"{len(texts)} texts; shap asks about {f.texts:,} versions, {len(f.distinct):,} "
            f"distinct; the engine about {ours(model, texts, classes, samples, folder):,}; "
            "one thread"
        )
        found = alternating(options.rounds, [
            ("engine, kernel-shap", lambda: ours(model, texts, classes, samples, folder)),
            ("shap, Partition", lambda: theirs(model, texts, options.evaluations)),
        ])  # fmt: skip
    report(found, "engine, kernel-shap", "shap, Partition", PROMISE)


if __name__ == "__main__":
    main()
