"""Explanations stay within the memory they are given, however many inputs there are."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MIB = 2**20
PEAK = Path("/proc/self/status")
pytestmark = pytest.mark.skipif(not PEAK.exists(), reason="the peak is read from Linux")
pytest.importorskip("torch")

# What is compared is the peak of a process of its own, before and after: the first explanation of
# one input has loaded whatever code is loaded late.
COMMON = """
import gc, re, sys, tempfile
from pathlib import Path
import numpy as np
import torch
from audit.adapters.options import ModelOptions
from audit.adapters.objects import wrap
from audit.explainer import Job
from audit.explainers.gradients import explainers
from audit.transform import Chance

torch.set_num_threads(1)
KNOWN = {e.sheet.name: e for e in explainers()}
BUDGET = 64 * 2**20

def peak():
    return 1024 * int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

def bert():
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *(f"w{i}" for i in range(200))]
    path = Path(tempfile.mkdtemp()) / "vocab.txt"
    path.write_text("\\n".join(words) + "\\n")
    sizes = {"hidden_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = BertConfig(vocab_size=len(words), intermediate_size=128, num_labels=2, **sizes)
    options = ModelOptions(labels=("no", "yes"), device="cpu", max_length=64)
    return wrap((BertForSequenceClassification(config), BertTokenizerFast(str(path))), options)

def texts(n, length):
    rng = np.random.default_rng(0)
    return [" ".join(f"w{k}" for k in rng.integers(0, 200, length)) for _ in range(n)]

def explain(model, name, inputs, starts, parts, budget=BUDGET, units=0, **settings):
    explainer = KNOWN[name]
    n = len(inputs)
    chance = Chance(np.array([str(i).encode() for i in range(n)], dtype="S16"), 0)
    job = Job(inputs, starts, np.array(parts), np.tile([1, 0], (n, 1)), chance,
              explainer.sheet.settled(settings), budget, units)
    return explainer.explain(model.differentiable(), job)
"""

TEXT = """
model = bert()
explain(model, "integrated-gradients", texts(1, 6), [""], [6])
before = peak()
for n in map(int, sys.argv[1:]):
    inputs = texts(n, 6)
    found = explain(model, "integrated-gradients", inputs, inputs, [6] * n, steps=4, most=4)
    assert len(found.attributions) == n
    print(peak() - before)
"""

# nothing says how many rows are fast, so that the budget alone decides what runs at once: all of
# them together would keep more than 400 MiB
WIDE = """
from PIL import Image
wide = torch.nn.Sequential(
    torch.nn.Conv2d(3, 64, 3, padding=1), torch.nn.SiLU(), torch.nn.Conv2d(64, 64, 1),
    torch.nn.SiLU(), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(64, 2),
)
def pixels(images):
    made = [torch.tensor(np.asarray(i) / 255.0, dtype=torch.float32) for i in images]
    return torch.stack(made).permute(0, 3, 1, 2)
rng = np.random.default_rng(0)
made = [Image.fromarray(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)) for _ in range(12)]
black = [Image.new("RGB", i.size) for i in made]
model = wrap((wide, pixels), ModelOptions(labels=("no", "yes"), device="cpu"))
explain(model, "gradient-x-input", made[:1], black[:1], [64])
before = peak()
explain(model, "integrated-gradients", made, black, [64] * 12, most=16)
print(peak() - before)
"""

ENGINE = """
from audit.adapters.options import SplitRoles
from audit.adapters.rows import examples_from
from audit.engine.dispatch import Dispatcher
from audit.engine.store import Store
from audit.requests import Explain, packed
model, n = bert(), int(sys.argv[1])
data = {"test": examples_from({"text": texts(n, 6)}, "test", SplitRoles(input=("text",)))}
def ask(rows):
    request = Explain("test", "integrated-gradients", packed(rows), packed([1, 0] * len(rows)))
    at = Dispatcher(model, None, Store(), budget=BUDGET)
    found = at.run(at.plan([request], data)).answers[request]
    assert not len(found.failed), found.reason
ask(range(2))
before = peak()
ask(range(n))
print(peak() - before)
"""


def grown(code, *words):
    """Return the bytes by which the peak of a process of its own grew, as it printed them."""
    done = subprocess.run(
        [sys.executable, "-c", COMMON + code, *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    return [int(line) for line in done.stdout.split()]


def test_2_000_texts_take_no_more_memory_than_the_budget():
    few, many = grown(TEXT, 100, 2_000)
    assert few < 64 * MIB
    assert many < 64 * MIB


def test_a_network_that_keeps_much_for_each_picture_is_given_few_at_once():
    assert max(grown(WIDE)) < 64 * MIB


@pytest.mark.slow
def test_10_000_texts_take_no_more_memory_than_the_budget_of_the_engine():
    assert max(grown(ENGINE, 10_000)) < 64 * MIB
