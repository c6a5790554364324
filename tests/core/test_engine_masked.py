"""Versions without some parts: asked for like any other inputs."""

import numpy as np
import pandas as pd
import pytest

from audit.adapters.options import ModelOptions, SplitRoles
from audit.adapters.python_model import from_callable
from audit.adapters.rows import examples_from
from audit.engine.dispatch import Dispatcher
from audit.engine.store import Store
from audit.model import Recipe
from audit.requests import Masks, Predict, Refit, packed

TEXTS = ["a good film", "bad", "", "very very bad film", "a good film"]
OPTIONS = ModelOptions(labels=("no", "yes"), revision="v1")


class Lengths:
    """A model that goes by the length of a text, and remembers what it was given."""

    def __init__(self, bias=0.25):
        self.seen, self.bias = [], bias

    def __call__(self, texts):
        self.seen += texts
        p = 1 / (1 + np.exp(self.bias - np.array([len(t) for t in texts]) / 10))
        return np.stack([1 - p, p], axis=1)


def texts():
    rows = {"text": TEXTS, "label": ["yes", "no", "no", "yes", "no"]}
    return {"test": examples_from(rows, "test", SplitRoles(input=("text",), label="label"))}


def table():
    rng = np.random.default_rng(0)
    columns = {"x": rng.normal(size=30), "y": rng.integers(0, 9, 30), "z": list("ab" * 15)}
    return {"test": examples_from(columns, "test", SplitRoles(input=("x", "y", "z")))}


def linear(frame):
    return (2 * frame["x"] - frame["y"] + (frame["z"] == "a")).to_numpy()


def ask(function, requests, data=None, options=OPTIONS, refits=None):
    at = Dispatcher(from_callable(function, options, name="f"), refits, Store())
    return at.run(at.plan(requests, data or texts()))


CUT = [np.array([True, False, True]), np.zeros(3, bool), np.array([True]), np.ones(4, bool)]
CUT_ROWS, CUT_TEXTS = [0, 0, 1, 3], ["a film", "", "bad", "very very bad film"]


def test_predictions_of_masked_inputs_are_those_of_inputs_masked_by_hand():
    request = Predict("test", rows=packed(CUT_ROWS), masks=Masks.of(CUT, "removed"))
    function = Lengths()
    back = ask(function, [request, Predict("test")])
    np.testing.assert_array_equal(back.answers[request].outputs, Lengths()(CUT_TEXTS))
    assert len(function.seen) == len(set(function.seen)) == 5


def test_masked_rows_of_a_table_are_predicted_with_the_means():
    data, kept = table(), [np.array([False, True, True]), np.zeros(3, bool)]
    request = Predict("test", rows=packed([4, 5]), masks=Masks.of(kept, "mean"))
    back = ask(linear, [request], data, options=ModelOptions(task="regression"))
    frame = data["test"].inputs.take(np.arange(30))
    means = pd.DataFrame({"x": [frame["x"].mean()] * 2, "y": [frame["y"][4], frame["y"].mean()],
                          "z": [frame["z"][4], "a"]})  # fmt: skip
    np.testing.assert_allclose(back.answers[request].outputs, linear(means))


def test_a_resampled_version_is_the_same_in_every_request_with_its_seed():
    kept = [np.array([False, True, True])]
    requests = [
        Predict("test", rows=packed([0]), masks=Masks.of(kept, "resampled", 5)),
        Predict("test", rows=packed([4, 1]), masks=Masks.of([*kept, CUT[2]], "resampled", 5)),
    ]
    back = ask(Lengths(), requests)
    first, second = (back.answers[r].outputs[0] for r in requests)
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    ("kept", "baseline", "said"),
    [
        (CUT[:2], "removed", "2 masks were given for 4 rows"),
        (CUT, "mean", '"mean" is no baseline of text inputs'),
    ],
)
def test_masks_that_do_not_fit_cost_their_own_request(kept, baseline, said):
    request = Predict("test", rows=packed(CUT_ROWS), masks=Masks.of(kept, baseline))
    back = ask(Lengths(), [request, Predict("test")])
    assert said in back.answers[request].reason
    assert not len(back.answers[Predict("test")].failed)


class Trained:
    """Trains by taking the number of rows as the bias of `Lengths`."""

    recipes = (Recipe(name="head", says="", fingerprint="r"),)

    def embedder(self, _recipe):
        return None

    def fit(self, inputs, _targets, *, recipe, seed):
        return from_callable(Lengths(bias=len(inputs)), OPTIONS)


def test_a_training_is_asked_about_masked_inputs():
    fit = Refit.on("test", "head", 1, [0, 1, 3])
    masked = Predict("test", fit, packed(CUT_ROWS), masks=Masks.of(CUT, "removed"))
    plain = Predict("test", fit)
    back = ask(Lengths(), [masked, plain], refits=Trained())
    assert back.trained == 1
    np.testing.assert_array_equal(back.answers[masked].outputs, Lengths(bias=3)(CUT_TEXTS))
    np.testing.assert_array_equal(back.answers[plain].outputs, Lengths(bias=3)(TEXTS))
