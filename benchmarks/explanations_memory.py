"""How much memory explanations take on top of the loaded model, each case in a process of its own.

    python benchmarks/explanations_memory.py

The most memory that a process held while it explained, less what it held before, for integrated
gradients of 100 texts by the demo's classifier, of 10,000 texts by a small network (a hundred times
as many inputs must not take more), and for KernelSHAP of 100 texts, whose versions wait in memory.
The store is on disk, as in an audit. Promise: never more than the budget, which is what
`defaults: memory:` says unless `--memory` is given. Linux only: it reads /proc.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from audit.config import Defaults

MIB = 2**20
CASES = {
    "integrated-gradients, 100 texts, demo": ("integrated-gradients", 100, "demo"),
    "integrated-gradients, 100 texts, small": ("integrated-gradients", 100, "small"),
    "integrated-gradients, 10,000 texts, small": ("integrated-gradients", 10_000, "small"),
    "kernel-shap, 100 texts, small": ("kernel-shap", 100, "small"),
}


def held(word: str) -> int:
    """Return one figure of this process in bytes: ``VmRSS`` now, ``VmHWM`` at most so far."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(word + ":"):
            return int(line.split()[1]) * 1024
    raise SystemExit("this system does not say how much memory a process holds")


def forget_peak() -> None:
    """Let the peak begin anew at what is held now."""
    Path("/proc/self/clear_refs").write_text("5")


def small_model(folder: Path) -> None:
    """Save a network of two narrow layers with the demo's tokenizer."""
    import torch
    from explanations_loop import demo_model
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(0)
    tokenizer = demo_model().tokenizer
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=64, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=128, num_labels=2, pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def child(explainer: str, texts: int, model_name: str, budget: int, base: Path) -> None:
    """Explain in this process, and print what it took as JSON."""
    import torch
    from engine_throughput import sample
    from explanations_loop import asked, demo_model, rows_of
    from transformers.utils import logging

    from audit.adapters.hf import load
    from audit.adapters.options import ModelOptions
    from audit.engine.dispatch import Dispatcher
    from audit.engine.store import Store
    from audit.margins import rivals

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.set_num_threads(1)
    if model_name == "demo":
        model = demo_model()
    else:
        options = ModelOptions(task="text-classification", max_length=128)
        model = load("small", options, base=base)
        model.warm()
    rows, _ = sample(texts)
    examples = rows_of(rows)
    classes = rivals(model.predict(rows[:8]))[[0] * texts]
    request = asked(examples, classes, explainer)
    gc.collect()
    forget_peak()
    before, began = held("VmRSS"), time.process_time()
    dispatcher = Dispatcher(model, None, Store(base / "store"), budget=budget)
    brought = dispatcher.run(dispatcher.plan([request], {"test": examples}))
    seen = brought.answers[request]
    if seen.explained is None or len(seen.failed):
        raise SystemExit(f"nothing was explained: {seen.reason}")
    print(json.dumps({
        "before": before, "grown": held("VmHWM") - before,
        "seconds": time.process_time() - began, "passes": float(seen.explained.passes.mean()),
    }))  # fmt: skip


def main() -> None:
    """Measure every case in a process of its own, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--memory", type=int, default=Defaults().memory, help="MiB")
    parser.add_argument("--case", choices=sorted(CASES), help="in this process; prints JSON")
    parser.add_argument("--folder", type=Path, help="of the small network, with --case")
    parser.add_argument("--many", type=int, default=10_000, help="texts of the largest case")
    options = parser.parse_args()
    budget = options.memory * MIB
    if options.case:
        explainer, texts, model = CASES[options.case]
        child(explainer, min(texts, options.many), model, budget, options.folder)
        return
    kept = True
    with tempfile.TemporaryDirectory() as folder:
        small_model(Path(folder) / "small")
        for case in CASES:
            own = Path(folder) / case.replace(", ", "-").replace(" ", "-")
            own.mkdir()
            (own / "small").symlink_to(Path(folder) / "small")
            command = [sys.executable, __file__, "--case", case, "--folder", str(own)]
            command += ["--memory", str(options.memory), "--many", str(options.many)]
            threads = os.environ | {"OMP_NUM_THREADS": "1"}
            done = subprocess.run(command, check=True, text=True, capture_output=True, env=threads)
            found = json.loads(done.stdout.splitlines()[-1])
            kept = kept and found["grown"] <= budget
            print(
                f"{case:<44} {found['grown'] / MIB:7.0f} MiB of {options.memory:,} "
                f"(before: {found['before'] / MIB:,.0f} MiB; CPU {found['seconds']:.1f} s, "
                f"{found['passes']:.0f} passes a text)",
                flush=True,
            )
    print("promised: never more than the budget: " + ("met" if kept else "NOT MET"))


if __name__ == "__main__":
    main()
