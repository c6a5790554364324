"""What was paid for is on disk, whole, whatever happens."""

import os
import signal
import sqlite3
import subprocess
import sys
import time

import numpy as np
import pytest

from audit.adapters.digests import text_digests
from audit.adapters.options import ModelOptions
from audit.adapters.python_model import from_callable
from audit.engine.store import FILE, Store, open_store
from audit.errors import OutputError

DIGESTS = text_digests(["a", "b", "c"])
OUTPUTS = np.array([[0.1, 0.9], [1 / 3, 2 / 3], [0.5, 0.5]])


def filled(folder):
    store = Store(folder)
    store.commit("model", "plan", DIGESTS, OUTPUTS)
    store.commit("model", "plan", DIGESTS[:2], OUTPUTS[:2, 0])
    store.close()
    return folder / FILE


def test_what_is_committed_comes_back_bit_by_bit(tmp_path):
    filled(tmp_path)
    first, second = Store(tmp_path).batches("model")
    assert first.outputs.tobytes() == OUTPUTS.tobytes()
    assert first.digests.tobytes() == DIGESTS.tobytes()
    assert (second.outputs.shape, second.plan) == ((2,), "plan")
    assert not list(Store(tmp_path).batches("another model"))


@pytest.mark.parametrize(
    "content", [b"not a database at all" * 100, b"SQLite format 3\0" + b"x" * 9000]
)
def test_a_file_that_is_no_database_is_set_aside(tmp_path, content):
    for number in (1, 2):
        (tmp_path / FILE).write_bytes(content)
        store = Store(tmp_path)
        assert (tmp_path / f"{FILE}.corrupt-{number}").read_bytes() == content
        assert "set aside" in store.warnings[0]
        store.commit("model", "plan", DIGESTS, OUTPUTS)
        assert len(list(store.batches("model"))) == 1
        store.close()


def test_a_page_that_is_damaged_later_on_is_found_when_it_is_read(tmp_path):
    store = Store(tmp_path)
    wide = np.full((3, 2000), 1 / 2000)
    for _ in range(20):
        store.commit("model", "plan", DIGESTS, wide)
    store.close()
    path = tmp_path / FILE
    raw = bytearray(path.read_bytes())
    raw[3 * 4096 :] = os.urandom(len(raw) - 3 * 4096)
    path.write_bytes(raw)
    store = Store(tmp_path)
    list(store.batches("model"))
    store.commit("model", "plan", DIGESTS, OUTPUTS)
    assert store.warnings
    assert len(list(store.batches("model"))) == 1


def test_a_batch_whose_bytes_changed_is_dropped(tmp_path):
    path = filled(tmp_path)
    with sqlite3.connect(path) as database:
        database.execute("UPDATE batches SET outputs = zeroblob(48) WHERE id = 1")
    database.close()
    store = Store(tmp_path)
    assert [b.outputs.shape for b in store.batches("model")] == [(2,)]
    assert "1 stored batches" in store.warnings[0]
    store.close()
    assert [b.outputs.shape for b in Store(tmp_path).batches("model")] == [(2,)]


def test_a_folder_that_cannot_be_made_is_an_error_with_a_hint(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written") as caught:
        Store(tmp_path / "file" / "cache")
    assert "can be written" in caught.value.hint


def test_two_stores_may_write_to_one_folder(tmp_path):
    one, two = Store(tmp_path), Store(tmp_path)
    one.commit("model", "plan", DIGESTS, OUTPUTS)
    two.commit("model", "plan", DIGESTS, OUTPUTS)
    assert len(list(one.batches("model"))) == 2
    assert not one.warnings + two.warnings


def test_rates_are_remembered_for_each_model(tmp_path):
    Store(tmp_path).set_rate("model", 12.5)
    assert Store(tmp_path).rate("model") == 12.5
    assert Store(tmp_path).rate("other") is None


def test_a_function_without_a_revision_leaves_no_folder(tmp_path):
    card = from_callable(len, ModelOptions(task="regression")).card
    with open_store(tmp_path / "cache", card) as store:
        store.commit("model", "plan", DIGESTS, OUTPUTS)
    assert not (tmp_path / "cache").exists()


SCRIPT = """
import sys, time, pathlib
import numpy as np
from audit.adapters.options import ModelOptions, SplitRoles
from audit.adapters.python_model import from_callable
from audit.adapters.rows import examples_from
from audit.engine.engine import Engine
from audit.engine.store import Store
from audit.requests import Predict

folder, log, pause = pathlib.Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])

def function(texts):
    time.sleep(pause)
    # the last digits depend on the batch, as those of a network do
    noise = 1e-7 * np.sin(sum(len(t) for t in texts) + len(texts))
    p = np.array([hash_(t) for t in texts]) + noise
    with open(log, "a") as file:
        file.write("".join(t + "\\n" for t in texts))
    return np.stack([1 - p, p], axis=1)

def hash_(text):
    return 0.1 + (sum(map(ord, text)) % 71) / 100

texts = [f"text {i}" for i in range(2000)]
examples = examples_from({"t": texts}, "test", SplitRoles(input=("t",)))
options = ModelOptions(labels=("no", "yes"), revision="v1", batch_tokens=50)
engine = Engine(from_callable(function, options), Store(folder))
answers = engine.run(engine.plan([Predict("test")], {"test": examples}))
np.save(folder / "out.npy", answers.answers[Predict("test")].outputs)
print(answers.predicted, answers.reused)
"""


def start(tmp_path, name, pause=0.0):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    (tmp_path / name).mkdir(exist_ok=True)
    command = [sys.executable, str(script), str(tmp_path / name), str(tmp_path / f"{name}.log")]
    here = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return subprocess.Popen(
        [*command, str(pause)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": here, "HF_DATASETS_CACHE": str(tmp_path / "hf")},
    )


def lines(path):
    return path.read_text().splitlines() if path.exists() else []


def test_a_killed_run_resumes_without_repeating_and_with_the_same_bits(tmp_path):
    whole = start(tmp_path, "whole")
    killed = start(tmp_path, "killed", pause=0.03)
    log = tmp_path / "killed.log"
    while len(lines(log)) < 500 and killed.poll() is None:
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    before = lines(log)
    assert 500 <= len(before) < 2000
    resumed = start(tmp_path, "killed")
    predicted, reused = map(int, resumed.communicate()[0].split())
    whole.communicate()
    assert predicted + reused == 2000
    assert len(before) - reused in (0, 50)  # the batch in flight was answered and not yet written
    assert len(lines(log)) - len(before) == predicted
    assert len(lines(log)) <= 2050
    one, two = ((tmp_path / n / "out.npy").read_bytes() for n in ("whole", "killed"))
    assert one == two
