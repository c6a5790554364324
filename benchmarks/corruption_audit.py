"""The corruption audit against the forward passes that it needs, in one process.

    python benchmarks/corruption_audit.py --texts 200

200 texts, ten transforms, five severities: about ten thousand inputs, of which many are equal. One
side is `run_audit` with nothing stored: load, change, plan, predict, measure, judge. The other is
the least that any such audit must pay: its distinct inputs, tokenised once, sorted by length, cut
into the same token batches, and run through the same model, with nothing checked and nothing kept.
Rounds alternate, so that a change in the machine's load hits both; one thread is used on a CPU.
Only the ratio carries over to another machine, and to a CPU: where a graphics card makes forward
passes nearly free, loading and judging are what is left. Target: at most 1.1.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch
import yaml
from engine_throughput import clock, median, plain_loop
from transformers.utils import logging

from audit import AuditSpec, registry, run_audit
from audit.adapters.hf_text import HfText
from audit.engine.altered import source
from audit.load import load
from audit.observations import Observations
from audit.prepare import prepare
from audit.result import AuditResult

WORK = Path(__file__).parents[1] / "examples" / "demo" / "work"
TARGET = 1.1
PROBE = "corruption-robustness"


def write_spec(folder: Path, texts: int) -> AuditSpec:
    """Write the first texts of the demo and a specification of one probe."""
    if not (WORK / "model").is_dir():
        raise SystemExit("the demo is not prepared; run: make prepare-demo")
    with (WORK / "test.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[:texts]
    with (folder / "rows.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["text", "label"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    kinds = registry.transforms().values()
    names = [k.sheet.name for k in kinds if k.sheet.modality == "text" and k.sheet.preserves]
    spec = {
        "audit": 1,
        "model": {"load": f"hf:{WORK / 'model'}", "task": "text-classification", "max_length": 128},
        "data": {
            "test": {
                "load": "csv:rows.csv", "input": "text", "label": "label", "positive": "positive",
            }
        },
        "probes": {PROBE: {"transforms": names[:10], "rows": 0}},
        "require": [
            {"id": "drop", "measure": f"{PROBE}.accuracy.drop", "max": 0.05, "material": 0.01}
        ],
    }  # fmt: skip
    (folder / "audit.yaml").write_text(yaml.safe_dump(spec, sort_keys=False))
    return AuditSpec.from_file(folder / "audit.yaml")


def inputs_of(spec: AuditSpec) -> tuple[list[str], int]:
    """Return the distinct inputs of the audit, and how many it asks about."""
    prepared = prepare(spec)
    examples = prepared.loaded.examples
    asked = prepared.probes[PROBE].plan(examples, prepared.loaded.card, Observations(examples))
    kinds, texts = registry.transforms(), []
    for request in asked:
        rows = source(request, examples, kinds, {})
        texts += rows.inputs.take(range(len(rows)))
    return sorted(set(texts)), len(texts)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1, help="of torch, on a CPU")
    options = parser.parse_args()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        spec = write_spec(folder, options.texts)
        texts, asked = inputs_of(spec)
        model = load(spec).model
        assert isinstance(model, HfText)
        model.warm()
        plain_loop(model, texts[:64])  # first calls set kernels up
        print(f"{asked:,} inputs, {len(texts):,} distinct, {model.sizes(texts).sum():,} tokens")
        print(f"{model.card.settings}, threads {torch.get_num_threads()}")
        bare, ours, results = [], [], []
        for i in range(options.rounds):
            sides = [
                (bare, lambda: plain_loop(model, texts)),
                (ours, lambda i=i: results.append(run_audit(spec, cache=folder / f"cache{i}"))),
            ]
            for rounds, work in sides if i % 2 == 0 else sides[::-1]:
                rounds.append(clock(work))
    assert all(r.distinct_inputs == len(texts) for r in results)
    report(bare, ours, results[-1])


def report(
    bare: Sequence[tuple[float, float]], ours: Sequence[tuple[float, float]], result: AuditResult
) -> None:
    """Print both sides, the stages of the audit, and the ratio."""
    print(
        f"forward passes  wall {median(list(bare), 0):7.2f} s  CPU {median(list(bare), 1):7.2f} s"
    )
    print(
        f"run_audit       wall {median(list(ours), 0):7.2f} s  CPU {median(list(ours), 1):7.2f} s"
    )
    print("stages: " + ", ".join(f"{k} {v:.2f} s" for k, v in result.run.stages.items()))
    for name, column in (("wall", 0), ("CPU", 1)):
        ratios = [o[column] / b[column] for b, o in zip(bare, ours, strict=True)]
        print(
            f"run_audit / forward passes, {name}: {statistics.median(ratios):.3f} "
            f"(target {TARGET}); by round " + ", ".join(f"{r:.3f}" for r in ratios)
        )


if __name__ == "__main__":
    main()
