"""Explanations through the engine against the passes that they need, in one process.

    python benchmarks/explanations_loop.py --texts 60

Both sides explain the same movie snippets by integrated gradients at the same Gauss-Legendre
points. One side is the engine with nothing stored: digests, chunks, batches in a budget of memory,
words, the store. The other is what a careful script would do by hand: tokenise once, sort the
points by length, cut the same token batches, run them forward and back, add up; nothing is checked
or kept. Rounds alternate, so that a change in the machine's load hits both; one thread is used.
Both must find the same attributions. Only the ratio carries over to another machine. Promise: the
engine takes at most 1.15 times the CPU seconds of the loop.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from engine_throughput import clock
from transformers.utils import logging

from audit.adapters.hf import load
from audit.adapters.hf_text import HfText
from audit.adapters.options import ModelOptions, SplitRoles
from audit.adapters.rows import examples_from
from audit.engine.dispatch import Dispatcher
from audit.engine.store import Store
from audit.examples import Examples
from audit.margins import rivals
from audit.observations import Explanations
from audit.requests import Explain, packed

WORK = Path(__file__).parents[1] / "examples" / "demo" / "work"
PROMISE = 1.15


def demo_model() -> HfText:
    """Return the classifier of the demo, loaded."""
    if not (WORK / "model").is_dir():
        raise SystemExit("the demo is not prepared; run: make prepare-demo")
    options = ModelOptions(task="text-classification", max_length=128)
    model = load("model", options, base=WORK)
    assert isinstance(model, HfText)
    model.warm()
    return model


def snippets(n: int) -> list[str]:
    """Return the first distinct movie snippets of the demo."""
    with (WORK / "test.csv").open(encoding="utf-8", newline="") as file:
        texts = [row["text"] for row in csv.DictReader(file) if row["source"] == "movie"]
    return list(dict.fromkeys(texts))[:n]


def rows_of(texts: Sequence[str]) -> Examples:
    """Return texts as a split."""
    return examples_from({"text": list(texts)}, "test", SplitRoles(input=("text",)))


def asked(examples: Examples, classes: np.ndarray, explainer: str, **settings: float) -> Explain:
    """Return a request to explain all rows."""
    return Explain(
        "test", explainer, packed(range(len(examples))), packed(classes.ravel()),
        settings=tuple(sorted(settings.items())),
    )  # fmt: skip


def explained(
    model: HfText, examples: Examples, request: Explain, folder: str | None
) -> Explanations:
    """Explain through the engine; nothing is stored before.

    Parameters
    ----------
    folder : str or None
        Where a new store is made; None keeps everything in memory.
    """
    if folder is None:
        return answered(model, examples, request, Store())
    with tempfile.TemporaryDirectory(dir=folder) as own:
        return answered(model, examples, request, Store(Path(own)))


def answered(model: HfText, examples: Examples, request: Explain, store: Store) -> Explanations:
    """Plan and run one request."""
    dispatcher = Dispatcher(model, None, store)
    work = dispatcher.plan([request], {"test": examples})
    seen = dispatcher.run(work).answers[request]
    if seen.explained is None or len(seen.failed):
        raise SystemExit(f"nothing was explained: {seen.reason}")
    return seen.explained


def plain_loop(
    model: HfText, texts: Sequence[str], classes: np.ndarray, steps: int
) -> tuple[np.ndarray, np.ndarray]:
    """Integrate gradients by hand.

    Returns
    -------
    totals, values : (n,) arrays
        Sum of each text's attributions, and its margin.
    """
    network, table = model.network, model.network.get_input_embeddings()
    tokenizer = model.tokenizer
    found = tokenizer(
        list(texts), truncation=True, max_length=model.max_length, return_special_tokens_mask=True
    )
    ids = [np.array(row) for row in found["input_ids"]]
    special = [np.array(row, dtype=bool) for row in found["special_tokens_mask"]]
    sizes = np.array([len(row) for row in ids])
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    nodes, weights = (1 + nodes) / 2, weights / 2
    chosen = torch.from_numpy(classes)
    parts = [np.zeros(size) for size in sizes]

    def point(batch: np.ndarray, alphas: np.ndarray) -> tuple[torch.Tensor, ...]:
        """Return points of a path, the way to the input, and the mask."""
        width = int(sizes[batch].max())
        padded = np.full((len(batch), width), tokenizer.pad_token_id)
        fixed = np.ones((len(batch), width), dtype=bool)
        for row, i in enumerate(batch):
            padded[row, : sizes[i]], fixed[row, : sizes[i]] = ids[i], special[i]
        mask = torch.from_numpy((np.arange(width) < sizes[batch][:, None]).astype(np.int64))
        with torch.no_grad():
            whole = table(torch.from_numpy(padded))
            nothing = table(torch.tensor([[tokenizer.pad_token_id]]))
            start = torch.where(torch.from_numpy(fixed)[:, :, None], whole, nothing)
            at = torch.from_numpy(alphas.astype(np.float32))[:, None, None]
            return torch.lerp(start, whole, at), whole - start, mask

    def margin(z: torch.Tensor, mask: torch.Tensor, batch: np.ndarray) -> torch.Tensor:
        logits = network(inputs_embeds=z, attention_mask=mask).logits.double()
        both = logits.gather(1, chosen[batch])
        return both[:, 0] - both[:, 1]

    def batches(rows: np.ndarray) -> list[np.ndarray]:
        order, out, at = np.argsort(-sizes[rows], kind="stable"), [], 0
        while at < len(order):
            size = max(1, model.batch_size_limit // int(sizes[rows[order[at]]]))
            out.append(order[at : at + size])
            at += size
        return out

    rows = np.repeat(np.arange(len(texts)), steps)
    for places in batches(rows):
        batch = rows[places]
        z, way, mask = point(batch, nodes[places % steps])
        z.requires_grad_(True)
        (slope,) = torch.autograd.grad(margin(z, mask, batch).sum(), z)
        shares = (slope * way).sum(-1).double().numpy()
        for row, (i, place) in enumerate(zip(batch, places, strict=True)):
            parts[i] += weights[place % steps] * shares[row, : sizes[i]]
    ends = []
    with torch.no_grad():
        for alpha in (0.0, 1.0):
            values = np.zeros(len(texts))
            for batch in batches(np.arange(len(texts))):
                z, _, mask = point(batch, np.full(len(batch), alpha))
                values[batch] = margin(z, mask, batch).numpy()
            ends.append(values)
    return np.array([own.sum() for own in parts]), ends[1]


def alternating(
    rounds: int, sides: Sequence[tuple[str, Callable[[], object]]]
) -> dict[str, list[float]]:
    """Return CPU seconds of each side, round by round, in turns."""
    found: dict[str, list[float]] = {name: [] for name, _ in sides}
    for i in range(rounds):
        for name, work in list(sides) if i % 2 == 0 else list(sides)[::-1]:
            found[name].append(clock(work)[1])
    return found


def report(found: dict[str, list[float]], ours: str, other: str, promise: float) -> None:
    """Print both sides, their ratio, and whether the promise is met."""
    for name, seconds in found.items():
        print(f"{name:<40} CPU {statistics.median(seconds):7.2f} s")
    ratios = [a / b for a, b in zip(found[ours], found[other], strict=True)]
    ratio = statistics.median(ratios)
    print(
        f"{ours} / {other}: {ratio:.3f}, promised at most {promise:g}: "
        + ("met" if ratio <= promise else "NOT MET")
        + "; by round " + ", ".join(f"{r:.3f}" for r in ratios)
    )  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=60)
    parser.add_argument("--steps", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.set_num_threads(1)
    model, texts = demo_model(), snippets(options.texts)
    for weights in model.network.parameters():
        weights.requires_grad_(False)  # as a careful script does; the engine does it by itself
    examples = rows_of(texts)
    classes = rivals(model.predict(texts))
    request = asked(examples, classes, "integrated-gradients", steps=options.steps, rule=1.0)
    began = time.perf_counter()
    totals, values = plain_loop(model, texts[:4], classes[:4], options.steps)
    tokens = int(model.sizes(texts).sum())
    print(f"{len(texts)} texts, {tokens:,} tokens, {options.steps} points each; one thread")
    with tempfile.TemporaryDirectory() as folder:
        check = explained(model, rows_of(texts[:4]), asked(
            rows_of(texts[:4]), classes[:4], "integrated-gradients", steps=options.steps, rule=1.0
        ), folder)  # fmt: skip
        assert np.allclose(check.total, totals, rtol=1e-3, atol=1e-4), (check.total, totals)
        assert np.allclose(check.value, values, rtol=1e-4, atol=1e-4), (check.value, values)
        print(f"both agree on four texts ({time.perf_counter() - began:.1f} s)")
        found = alternating(options.rounds, [
            ("engine", lambda: explained(model, examples, request, folder)),
            ("plain loop", lambda: plain_loop(model, texts, classes, options.steps)),
        ])  # fmt: skip
    report(found, "engine", "plain loop", PROMISE)


if __name__ == "__main__":
    main()
