"""Trainings are done once, kept one by one, and a failing one is said."""

import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import dataclass, field

import numpy as np
import pytest

from audit.engine.dispatch import Dispatcher
from audit.engine.store import Store
from audit.errors import ModelError
from audit.examples import Examples, Factor
from audit.model import ModelCard, Recipe
from audit.observations import Observations
from audit.requests import Predict, Refit, TokenRanks, packed
from audit.samples import LABELS, Rows

CARD = ModelCard(name="m", kind="fake", task="text-classification", labels=LABELS, fingerprint="m")


def split(name, n, start=0):
    words = [f"w{i}" for i in range(start, start + n)]
    return Examples(
        split=name,
        inputs=Rows(words),
        digests=np.array([w.encode().ljust(16) for w in words]),
        ids=np.array(words, dtype=object),
        labels=Factor(np.arange(n) % 2, LABELS),
    )


DATA = {"test": split("test", 6, 100), "train": split("train", 8)}


@dataclass
class Share:
    """Answers with the share of positive targets that it was trained on, moved by the seed."""

    value: float

    def predict(self, inputs):
        return np.tile([1 - self.value, self.value], (len(inputs), 1))


@dataclass
class FakeRefits:
    recipes: tuple = (Recipe(name="head", says="", fingerprint="r"),)
    seen: list = field(default_factory=list)
    fail: tuple = ()
    embeds: object = None

    def embedder(self, recipe):
        return self.embeds

    def fit(self, inputs, targets, *, recipe, seed):
        self.seen.append((list(map(str, inputs)), targets.tolist(), seed))
        if len(inputs) in self.fail:
            raise RuntimeError("out of luck")
        return Share((targets.mean() + seed) / 10)


class FakeModel:
    card = CARD

    def predict(self, inputs):
        return np.tile([0.5, 0.5], (len(inputs), 1))


def run(refits, requests, store=None):
    desk = Dispatcher(FakeModel(), refits, store or Store())
    return desk.run(desk.plan(requests, DATA))


def on(rows, seed=1, labels=None, rows_asked=b"", where="test"):
    return Predict(where, Refit.on("train", "head", seed, rows, labels), rows_asked)


def test_a_training_gets_its_rows_in_order_with_their_labels_and_seed():
    refits = FakeRefits()
    run(refits, [on([3, 0, 5], seed=7)])
    assert refits.seen == [(["w3", "w0", "w5"], [1, 0, 1], 7)]


def test_altered_labels_replace_those_of_the_data():
    refits = FakeRefits()
    run(refits, [on([3, 0], labels=[0, 1])])
    assert refits.seen[0][1] == [0, 1]


def test_equal_trainings_of_two_requests_are_one():
    refits = FakeRefits()
    answers = run(refits, [on([1, 2]), on([1, 2], where="train")]).answers
    assert len(refits.seen) == 1
    assert [len(a.outputs) for a in answers.values()] == [6, 8]


def test_only_the_rows_that_are_asked_for_come_back():
    asked = on([0, 1], where="train", rows_asked=packed([4, 2]))
    assert len(run(FakeRefits(), [asked]).answers[asked].outputs) == 2


def test_a_training_that_is_stored_is_not_done_again(tmp_path):
    first, again = FakeRefits(), FakeRefits()
    requests = [on([1, 2]), on([1, 2, 3])]
    before = run(first, requests, Store(tmp_path))
    after = run(again, requests, Store(tmp_path))
    assert (before.trained, after.trained, after.trained_before) == (2, 0, 2)
    assert not again.seen
    for request in requests:
        np.testing.assert_array_equal(
            before.answers[request].outputs, after.answers[request].outputs
        )


@pytest.mark.parametrize(
    "other",
    [on([2, 1]), on([1, 3]), on([1, 2], seed=2), on([1, 2], labels=[1, 1])],
    ids=["order", "rows", "seed", "labels"],
)
def test_another_training_has_another_key(tmp_path, other):
    run(FakeRefits(), [on([1, 2])], Store(tmp_path))
    assert run(FakeRefits(), [other], Store(tmp_path)).trained == 1


def test_another_recipe_fingerprint_has_another_key(tmp_path):
    run(FakeRefits(), [on([1, 2])], Store(tmp_path))
    other = FakeRefits(recipes=(Recipe(name="head", says="", fingerprint="other"),))
    assert run(other, [on([1, 2])], Store(tmp_path)).trained == 1


def test_a_recipe_without_an_honest_fingerprint_leaves_nothing_behind(tmp_path):
    recipe = Recipe(name="head", says="", fingerprint="r", cacheable=False)
    run(FakeRefits(recipes=(recipe,)), [on([1, 2])], Store(tmp_path))
    assert run(FakeRefits(recipes=(recipe,)), [on([1, 2])], Store(tmp_path)).trained == 1


def test_a_training_that_fails_is_said_and_the_others_are_kept(tmp_path):
    bad, good = on([1, 2, 3]), on([1, 2])
    brought = run(FakeRefits(fail=(3,)), [bad, good], Store(tmp_path))
    seen = Observations(DATA, brought.answers)
    assert len(seen.outputs(good).outputs) == 6
    with pytest.raises(ModelError, match=r"training on 3 rows .* failed") as caught:
        seen.outputs(bad)
    assert "out of luck" in caught.value.where
    assert run(FakeRefits(), [bad, good], Store(tmp_path)).trained_before == 1


def test_a_recipe_that_fails_again_and_again_is_given_up():
    refits = FakeRefits(fail=(1, 2, 3, 4, 5, 6))
    run(refits, [on(range(n)) for n in range(1, 7)])
    assert len(refits.seen) == 3


def test_a_recipe_that_fails_does_not_stop_another():
    names = ("head", "other")
    refits = FakeRefits(
        recipes=tuple(Recipe(name=n, says="", fingerprint=n) for n in names), fail=(2, 3, 4)
    )
    other = Predict("test", Refit.on("train", "other", 1, [0]))
    answers = run(refits, [*(on(range(n)) for n in (2, 3, 4)), other]).answers
    assert not len(answers[other].failed)


def test_trainings_run_side_by_side_where_the_recipe_gains_from_it():
    refits = FakeRefits(recipes=(Recipe(name="head", says="", fingerprint="r", parallel=True),))
    requests = [on(range(n)) for n in range(1, 7)]
    answers = run(refits, requests).answers
    alone = run(FakeRefits(), requests).answers
    for request in requests:
        np.testing.assert_array_equal(answers[request].outputs, alone[request].outputs)


@dataclass
class Embedder:
    calls: list = field(default_factory=list)
    card = ModelCard(name="e", kind="fake", task="embedding", dim=3, fingerprint="e")

    def predict(self, inputs):
        self.calls += list(inputs)
        return np.array([[len(w), int(w[1:]), 1.0] for w in inputs])


def test_every_distinct_input_is_embedded_once_for_all_trainings(tmp_path):
    embedder = Embedder()
    requests = [on(range(n), seed=s) for n in (2, 4, 8) for s in (1, 2)]
    run(FakeRefits(embeds=embedder), requests, Store(tmp_path))
    assert len(embedder.calls) == len(set(embedder.calls)) == 14


def test_a_training_on_embeddings_gets_them_in_its_own_order():
    refits = FakeRefits(embeds=Embedder())
    run(refits, [on([3, 0])])
    assert refits.seen[0][0] == ["[2. 3. 1.]", "[2. 0. 1.]"]


def test_nothing_is_embedded_where_every_training_is_stored(tmp_path):
    run(FakeRefits(embeds=Embedder()), [on([1, 2])], Store(tmp_path))
    again = Embedder()
    run(FakeRefits(embeds=again), [on([1, 2])], Store(tmp_path))
    assert not again.calls


def test_timing_the_smallest_trainings_prices_the_others(tmp_path):
    store = Store(tmp_path)
    desk = Dispatcher(FakeModel(), FakeRefits(), store)
    requests = [on(range(n)) for n in (1, 2, 4, 8)]
    work = desk.plan(requests, DATA)
    assert work.seconds is None
    timed = desk.time(work)
    assert timed.seconds is not None
    assert len(timed.fits.known) == 2


def test_trainings_of_a_model_that_cannot_be_trained_again_are_refused():
    with pytest.raises(ModelError, match="cannot be trained again"):
        Dispatcher(FakeModel(), None, Store()).plan([on([1])], DATA)


def test_a_model_without_a_tokenizer_has_no_token_ranks():
    desk = Dispatcher(FakeModel(), None, Store())
    answer = desk.run(desk.plan([TokenRanks("test")], DATA)).answers[TokenRanks("test")]
    assert len(answer.failed) == 6
    assert "no tokenizer" in answer.reason


KILLED = """
import os, signal, sys
sys.path.insert(0, {tests!r})
from test_engine_fits import *
class Dying(FakeRefits):
    def fit(self, inputs, targets, **how):
        if len(self.seen) == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().fit(inputs, targets, **how)
run(Dying(), [on(range(n)) for n in range(1, 7)], Store(__import__("pathlib").Path({folder!r})))
"""


def test_a_killed_run_repeats_no_training(tmp_path):
    code = textwrap.dedent(KILLED).format(tests=os.path.dirname(__file__), folder=str(tmp_path))
    ended = subprocess.run([sys.executable, "-c", code], check=False)
    assert ended.returncode == -signal.SIGKILL
    brought = run(FakeRefits(), [on(range(n)) for n in range(1, 7)], Store(tmp_path))
    assert (brought.trained_before, brought.trained) == (3, 3)
