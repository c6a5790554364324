"""The engine predicts every distinct input once, and keeps what was answered."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from audit.adapters import recorded
from audit.adapters.options import ModelOptions, SplitRoles
from audit.adapters.python_model import from_callable
from audit.adapters.rows import examples_from
from audit.engine.engine import Engine
from audit.engine.local import MOST_FAILURES
from audit.engine.rows import write_split
from audit.engine.store import Store
from audit.errors import DataError, ModelError
from audit.requests import Predict

OPTIONS = ModelOptions(labels=("no", "yes"), revision="v1")
TEST = Predict("test")


POISON = ValueError("poison")


class Caller:
    """A function that counts, and fails where it is told to."""

    def __init__(self, poison=(), error=POISON, shift=0.0, most=10**9):
        self.calls, self.seen = 0, []
        self.poison, self.error, self.shift, self.most = set(poison), error, shift, most

    def __call__(self, texts):
        self.calls += 1
        if self.poison & set(texts):
            raise self.error
        if len(texts) > self.most:
            raise MemoryError
        self.seen += texts
        p = np.array([(len(t) % 7) / 10 + self.shift for t in texts])
        return np.stack([1 - p, p], axis=1)


def split(texts, name="test"):
    return examples_from({"text": list(texts)}, name, SplitRoles(input=("text",)))


def engine(function, store=None, **options):
    settings = {"labels": ("no", "yes"), "revision": "v1"} | options
    return Engine(from_callable(function, ModelOptions(**settings), name="f"), store or Store())


def run(function, texts, store=None, **options):
    e = engine(function, store, **options)
    return e.run(e.plan([TEST], {"test": split(texts)}))


TEXTS = [f"text {'x' * (i % 50)} {i}" for i in range(1000)]


def test_equal_inputs_are_predicted_once_across_splits():
    function = Caller()
    e = engine(function)
    rows = {"test": split(["a", "b", "a"]), "other": split(["b", "c"], "other")}
    plan = e.plan([TEST, Predict("other"), TEST], rows)
    assert (plan.rows, plan.distinct, plan.cached, plan.calls) == (5, 3, 0, 1)
    answers = e.run(plan)
    assert sorted(function.seen) == ["a", "b", "c"]
    assert answers.answers[TEST].outputs.shape == (3, 2)
    assert (answers.predicted, answers.reused, answers.calls) == (3, 0, 1)


def test_answers_follow_the_rows_of_each_split():
    texts = ["xxx", "x", "xx", "x"]
    outputs = run(Caller(), texts).answers[TEST].outputs
    np.testing.assert_allclose(outputs[:, 1], [0.3, 0.1, 0.2, 0.1])


def test_a_second_run_calls_nothing():
    store, function = Store(), Caller()
    first = run(function, TEXTS, store).answers[TEST].outputs
    again = run(function, TEXTS[::-1], store)
    assert (again.calls, again.predicted, again.reused) == (0, 0, 1000)
    np.testing.assert_array_equal(again.answers[TEST].outputs[::-1], first)


def test_a_model_without_an_honest_fingerprint_keeps_nothing(tmp_path):
    store = Store(tmp_path)
    run(Caller(), TEXTS, store, revision="")
    assert run(Caller(), TEXTS, store, revision="").predicted == 1000


def test_one_failing_input_is_found_and_the_others_are_answered():
    texts = [*TEXTS[:499], "poison", *TEXTS[500:]]
    answers = run(Caller(poison=["poison"]), texts)
    seen = answers.answers[TEST]
    assert seen.failed.tolist() == [499]
    assert seen.reason == "ValueError: poison"
    assert np.isnan(seen.outputs[499]).all()
    assert np.isfinite(np.delete(seen.outputs, 499, axis=0)).all()
    assert answers.predicted == 999


def test_a_failed_input_is_tried_again_and_nothing_else():
    store = Store()
    run(Caller(poison=["a"]), ["a", "b", "c"], store)
    mended = Caller()
    answers = run(mended, ["a", "b", "c"], store)
    assert mended.seen == ["a"]
    assert not len(answers.answers[TEST].failed)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ([np.nan, 0.5], "not finite"),
        ([0.5, 0.6], "sum to 1.1"),
        ([-2.0, 3.0], "logits"),
    ],
)
def test_an_answer_that_is_none_fails_its_row_alone(row, words):
    def function(texts):
        return [row if t == "bad" else [0.5, 0.5] for t in texts]

    seen = run(function, ["a", "bad", "c"]).answers[TEST]
    assert seen.failed.tolist() == [1]
    assert words in seen.reason


def test_a_wrong_width_ends_the_audit():
    with pytest.raises(ModelError, match=r"got \(2, 3\), expected \(2, 2\)") as caught:
        run(lambda texts: np.ones((len(texts), 3)) / 3, ["a", "b"])
    assert caught.value.exit_code == 4


def test_a_model_that_always_fails_is_stopped():
    function = Caller(poison=TEXTS)
    seen = run(function, TEXTS).answers[TEST]
    assert len(seen.failed) == 1000
    assert function.calls < 3 * MOST_FAILURES
    assert "poison" in seen.reason


def test_rows_left_when_the_model_is_stopped_say_so():
    texts = [f"{i:04}" for i in range(1000)]
    seen = run(Caller(poison=texts[:200]), texts).answers[TEST]
    assert len(seen.failed) >= MOST_FAILURES
    e = engine(Caller(poison=texts))
    plan = e.plan([TEST], {"test": split(texts)})
    e.run(plan)
    stopped = [r for r in plan.ledger.reasons.values() if r.startswith("stopped after 32")]
    assert len(stopped) == 1000 - MOST_FAILURES


def test_a_batch_that_is_too_large_for_memory_is_halved_and_fails_nothing():
    answers = run(Caller(most=40), TEXTS)
    assert not len(answers.answers[TEST].failed)
    assert answers.predicted == 1000


def test_an_interrupt_keeps_the_batches_before_it():
    store = Store()
    stopping = Caller(error=KeyboardInterrupt(), poison=[TEXTS[700]])
    with pytest.raises(KeyboardInterrupt):
        run(stopping, TEXTS, store)
    answers = run(Caller(), TEXTS, store)
    assert answers.reused == len(stopping.seen)
    assert answers.reused + answers.predicted == 1000


def test_timing_keeps_what_it_predicts():
    function, store = Caller(), Store()
    e = engine(function, store)
    plan = e.time(e.plan([TEST], {"test": split(TEXTS)}), seconds=0.0)
    assert function.calls == 1
    assert plan.seconds > 0
    answers = e.run(plan)
    assert (answers.predicted, answers.calls, function.calls) == (1000, 4, 4)
    assert e.plan([TEST], {"test": split(["new"])}).seconds > 0


def test_another_plan_reuses_what_still_holds():
    store = Store()
    run(Caller(), TEXTS[:600], store)
    answers = run(Caller(), TEXTS, store)
    assert (answers.reused, answers.predicted, answers.warnings) == (600, 400, [])
    assert answers.calls == 3  # the canary, and 400 rows in two batches


def test_a_model_that_changed_under_its_name_loses_its_store():
    store = Store()
    run(Caller(), TEXTS[:600], store)
    answers = run(Caller(shift=0.01), TEXTS, store)
    assert answers.predicted == 1000
    assert "no longer gives its stored predictions" in answers.warnings[0]
    fresh = run(Caller(shift=0.01), TEXTS).answers[TEST].outputs
    np.testing.assert_array_equal(answers.answers[TEST].outputs, fresh)


def test_batches_hold_long_inputs_first_and_stay_within_the_limit():
    class Sizing(type(from_callable(len, OPTIONS))):
        def sizes(self, inputs):
            return np.array([len(t) for t in inputs])

    model = Sizing(from_callable(Caller(), OPTIONS).card, Caller(), ModelOptions(batch_tokens=300))
    e = Engine(model, Store())
    plan = e.plan([TEST], {"test": split(TEXTS)})
    costs = [plan.cost(b) for b in plan.batches]
    assert max(costs) <= 300
    longest = [int(plan.sizes[b].max()) for b in plan.batches]
    assert longest == sorted(longest, reverse=True)
    assert plan.units == sum(costs)
    shuffled = e.plan([TEST], {"test": split(TEXTS[::-1])})
    assert shuffled.digest == plan.digest


def test_tables_deduplicate_across_number_types():
    function = Caller()
    whole = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    roles = SplitRoles(input=("a", "b"))
    rows = {
        "test": examples_from(whole, "test", roles),
        "other": examples_from(whole.astype({"a": float}).head(1), "other", roles),
    }
    e = engine(lambda frame: function(frame["b"].tolist()))
    plan = e.plan([TEST, Predict("other")], rows)
    assert (plan.rows, plan.distinct) == (3, 2)
    assert e.run(plan).answers[Predict("other")].outputs.shape == (1, 2)


def test_frames_of_several_splits_come_back_in_order():
    roles = SplitRoles(input=("a", "b"))
    rows = {n: examples_from({"a": v, "b": v}, n, roles) for n, v in (("x", [3, 1]), ("y", [2, 4]))}
    settings = {"labels": (), "task": "regression"}
    e = engine(lambda frame: frame["a"].to_numpy() * 1.0, **settings)
    answers = e.run(e.plan([Predict("x"), Predict("y")], rows)).answers
    assert answers[Predict("x")].outputs.tolist() == [3.0, 1.0]
    assert answers[Predict("y")].outputs.tolist() == [2.0, 4.0]


def test_chosen_labels_are_no_scores():
    assert not run(lambda texts: ["yes" for _ in texts], ["a", "b"]).answers[TEST].scored
    assert run(Caller(), ["a", "b"]).answers[TEST].scored


def test_recorded_predictions_need_no_call_and_missing_ones_fail():
    rows = {"y": ["no", "yes"], "p": ["no", None], "s": [0.2, None]}
    examples = examples_from(rows, "test", SplitRoles(label="y", prediction="p", score="s"))
    options = ModelOptions(positive="yes")
    model = recorded.load("", options, base=None).bound_to({"test": examples})
    e = Engine(model, Store())
    seen = e.run(e.plan([TEST], {"test": examples})).answers[TEST]
    np.testing.assert_allclose(seen.outputs[0], [0.8, 0.2])
    assert (seen.failed.tolist(), seen.decisions.tolist()) == ([1], [0, -1])
    assert seen.reason == "no prediction is recorded"


def test_row_files_hold_ids_and_outputs_and_no_input(tmp_path):
    rows = {"t": ["secret one", "two"], "y": ["no", "yes"], "k": [7, 8]}
    examples = examples_from(rows, "a/b", SplitRoles(input=("t",), label="y", id="k"))
    e = engine(Caller())
    seen = e.run(e.plan([Predict("a/b")], {"a/b": examples})).answers[Predict("a/b")]
    digest = write_split(tmp_path, examples, seen, ("no", "yes"))
    table = pq.read_table(tmp_path / "a_b.parquet")
    assert table.column_names == ["id", "label", "p(no)", "p(yes)", "failed"]
    assert table["id"].to_pylist() == ["7", "8"]
    assert digest == write_split(tmp_path, examples, seen, ("no", "yes"))
    assert b"secret" not in (tmp_path / "a_b.parquet").read_bytes()


def test_progress_reaches_its_total_also_when_inputs_fail():
    class Counting:
        total = done = ended = 0

        def start(self, stage, total):
            self.total = total

        def advance(self, n):
            self.done += n

        def finish(self):
            self.ended += 1

    counting = Counting()
    e = Engine(from_callable(Caller(poison=TEXTS[:2]), OPTIONS), Store(), counting)
    e.run(e.plan([TEST], {"test": split(TEXTS)}))
    assert (counting.total, counting.done, counting.ended) == (1000, 1000, 1)


def test_data_errors_of_an_input_name_the_row():
    with pytest.raises(DataError, match="without a text"):
        split(["a", None])
