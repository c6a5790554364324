"""Changed inputs: planned, counted and predicted like any others."""

import numpy as np
import pandas as pd
import pytest

from audit import registry
from audit.adapters.options import ModelOptions, SplitRoles
from audit.adapters.python_model import from_callable
from audit.adapters.recorded import load as load_recorded
from audit.adapters.rows import examples_from
from audit.engine.altered import changed_inputs
from audit.engine.dispatch import Dispatcher
from audit.engine.store import Store
from audit.errors import ModelError
from audit.observations import Observations
from audit.requests import Predict, Transform, packed
from audit.transform import TransformKind, TransformSheet, each

STEPS = ("one", "two", "three", "four", "five")


def kind(name, apply, modality="text"):
    sheet = TransformSheet(
        name=name, modality=modality, family="made up", title=name, says=name, steps=STEPS
    )
    return TransformKind(sheet, apply)


def longer(text, severity, _rng):
    return text + "!" * severity


def drawn(text, _severity, rng):
    return f"{text} {rng.integers(10**9)}"


def noisy(frame, severity, chance):
    return frame.assign(x=frame["x"] + severity * chance.uniform(1), y=frame["y"])


def broken(_inputs, _severity, _chance):
    raise ZeroDivisionError("by nothing")


KINDS = {
    k.sheet.name: k
    for k in (
        kind("longer", each(longer)),
        kind("drawn", each(drawn)),
        kind("same", each(lambda text, _severity, _rng: text)),
        kind("noisy", noisy, "tabular"),
        kind("broken", broken),
        kind("short", lambda inputs, _severity, _chance: inputs[1:]),
    )
}
TEXTS = ["a", "bb", "a", "ccc"]


@pytest.fixture(autouse=True)
def kinds(monkeypatch):
    monkeypatch.setattr(registry, "transforms", lambda: KINDS)


class Counter:
    """A function that remembers what it was given."""

    def __init__(self):
        self.seen = []

    def __call__(self, inputs):
        values = inputs["x"] if isinstance(inputs, pd.DataFrame) else [len(t) for t in inputs]
        self.seen += inputs.to_dict("records") if isinstance(inputs, pd.DataFrame) else inputs
        p = np.array([(v % 7) / 10 for v in values])
        return np.stack([1 - p, p], axis=1)


def desk(function, store=None):
    options = ModelOptions(labels=("no", "yes"), revision="v1")
    return Dispatcher(from_callable(function, options, name="f"), None, store or Store())


def texts(values=TEXTS):
    return {"test": examples_from({"text": list(values)}, "test", SplitRoles(input=("text",)))}


def ask(function, requests, data=None, store=None):
    at = desk(function, store)
    work = at.plan(requests, data or texts())
    return work, at.run(work)


def to(name, severity=1, seed=0, rows=None):
    held = b"" if rows is None else packed(rows)
    return Predict("test", rows=held, transform=Transform(name, severity, seed))


def test_changed_inputs_are_answered_row_for_row():
    request = to("longer", 2)
    _, back = ask(Counter(), [request])
    np.testing.assert_allclose(back.answers[request].outputs[:, 1], [0.3, 0.4, 0.3, 0.5])


def test_each_distinct_outcome_is_predicted_once_and_the_plan_says_so():
    function = Counter()
    requests = [Predict("test"), to("longer", 1), to("longer", 0), to("same", 3), to("longer", 2)]
    work, back = ask(function, requests)
    assert len(function.seen) == len(set(function.seen)) == work.distinct == back.predicted
    assert set(function.seen) == {"a", "bb", "ccc", "a!", "bb!", "ccc!", "a!!", "bb!!", "ccc!!"}


def test_severity_0_is_the_identity():
    _, back = ask(Counter(), [Predict("test"), to("longer", 0)])
    first, second = back.answers.values()
    np.testing.assert_array_equal(first.outputs, second.outputs)


def test_some_rows_alone_are_changed_and_predicted():
    function = Counter()
    request = to("longer", 1, rows=[3, 1])
    work, back = ask(function, [request])
    assert sorted(function.seen) == ["bb!", "ccc!"]
    assert work.distinct == 2
    np.testing.assert_allclose(back.answers[request].outputs[:, 1], [0.4, 0.3])


def test_rows_that_are_not_asked_for_are_not_predicted():
    function = Counter()
    ask(function, [Predict("test", rows=packed([1]))])
    assert function.seen == ["bb"]


def test_what_happens_to_an_input_does_not_depend_on_its_neighbours():
    whole, part = Counter(), Counter()
    ask(whole, [to("drawn")])
    ask(part, [to("drawn")], texts(["ccc", "zz"]))
    assert set(whole.seen) & set(part.seen) == {t for t in whole.seen if t.startswith("ccc")}


def test_another_seed_is_another_change_and_the_same_seed_the_same():
    found = [Counter() for _ in range(3)]
    for function, seed in zip(found, (0, 0, 1), strict=True):
        ask(function, [to("drawn", seed=seed)])
    assert found[0].seen == found[1].seen
    assert not set(found[0].seen) & set(found[2].seen)


def test_tables_are_changed_by_row_and_known_by_content():
    table = {"x": [1.0, 2.0, 1.0], "y": ["u", "v", "u"]}
    data = {"test": examples_from(table, "test", SplitRoles(input=("x", "y")))}
    function = Counter()
    work, back = ask(function, [Predict("test"), to("noisy"), to("noisy", 0)], data)
    assert work.distinct == back.predicted == len(function.seen) == 4
    assert list(changed_inputs(data["test"], np.array([0, 2]), Transform("noisy", 1))["y"]) == [
        "u",
        "u",
    ]


def test_a_second_run_of_a_plan_calls_nothing():
    store, function = Store(), Counter()
    ask(function, [to("longer")], store=store)
    count = len(function.seen)
    _, back = ask(function, [to("longer")], store=store)
    assert (len(function.seen), back.predicted, back.reused) == (count, 0, 3)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("broken", "ZeroDivisionError: by nothing"),
        ("short", "returned 2 inputs for 3"),
        ("noisy", "changes tabular inputs"),
        ("missing", "unknown transform"),
    ],
)
def test_a_transform_that_fails_costs_its_own_answers_and_no_others(name, said):
    request = to(name)
    _, back = ask(Counter(), [Predict("test"), request])
    assert np.isfinite(back.answers[Predict("test")].outputs).all()
    seen = Observations(texts(), back.answers)
    with pytest.raises(ModelError, match=f"after {name} 1, failed on 4 of 4") as caught:
        seen.outputs(request)
    assert said in caught.value.where


def test_recorded_predictions_say_that_they_know_no_changed_input():
    table = {"text": ["a", "b"], "p": ["no", "yes"]}
    rows = {"test": examples_from(table, "test", SplitRoles(input=("text",), prediction="p"))}
    model = load_recorded("", ModelOptions(labels=("no", "yes")), base=None).bound_to(rows)
    at = Dispatcher(model, None, Store())
    back = at.run(at.plan([Predict("test"), to("longer"), Predict("test", rows=packed([1]))], rows))
    assert "recorded" in back.answers[to("longer")].reason
    assert back.answers[Predict("test", rows=packed([1]))].outputs.tolist() == [[0.0, 1.0]]
