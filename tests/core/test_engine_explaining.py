"""Explanations through the engine: each made once, kept, and laid on the parts that were asked."""

import re

import numpy as np
import pandas as pd
import pytest

from audit import registry
from audit.adapters.options import ModelOptions, SplitRoles
from audit.adapters.python_model import from_callable
from audit.adapters.recorded import load as load_recorded
from audit.adapters.rows import examples_from
from audit.engine.dispatch import Dispatcher
from audit.engine.solved import VERSION_BYTES
from audit.engine.store import Store
from audit.errors import ConfigError, ModelError, NotApplicable
from audit.explainer import ByMasks, ExplainerSheet
from audit.observations import Observations
from audit.requests import Explain, Predict, Transform, packed
from audit.transform import TransformKind, TransformSheet, each

WORTH = {"good": 2.0, "bad": -3.0, "very": 0.5, "film": 0.25}
TEXTS = ["a good film", "bad", "", "very very bad film", "a good film", "no!"]
OPTIONS = ModelOptions(labels=("no", "yes"), revision="v1")


class Words:
    """A model that adds up what words are worth, and remembers what it was given."""

    def __init__(self, bias=0.25, refuses="\0"):
        self.seen, self.bias, self.refuses = [], bias, refuses

    def __call__(self, texts):
        if any(self.refuses in t for t in texts):
            raise ValueError(f"no {self.refuses} here")
        self.seen += texts
        margin = [self.bias + sum(WORTH.get(w.lower(), 0) for w in t.split()) for t in texts]
        p = 1 / (1 + np.exp(-np.array(margin)))
        return np.stack([1 - p, p], axis=1)


def texts(values=TEXTS):
    return {"test": examples_from({"text": list(values)}, "test", SplitRoles(input=("text",)))}


def table():
    rng = np.random.default_rng(0)
    columns = {"x": rng.normal(size=30), "y": rng.integers(0, 9, 30), "z": list("ab" * 15)}
    return {"test": examples_from(columns, "test", SplitRoles(input=("x", "y", "z")))}


def linear(frame):
    return (2 * frame["x"] - frame["y"] + (frame["z"] == "a")).to_numpy()


def ask(function, requests, data=None, store=None, options=OPTIONS, **more):
    at = Dispatcher(from_callable(function, options, name="f"), None, store or Store(), **more)
    data = data or texts()
    return at.run(at.plan(requests, data))


def explain(name="kernel-shap", rows=range(6), seed=0, transform=None, classes=(1, 0), **given):
    return Explain(
        "test", name, packed(list(rows)), packed(list(classes) * len(rows)), transform, seed,
        tuple(sorted(given.items())),
    )  # fmt: skip


def got(back, request):
    return Observations({}, back.answers).explanations(request)


def test_attributions_of_an_additive_model_are_what_its_words_are_worth():
    request = explain()
    found = got(ask(Words(), [request]), request)
    wanted = [[0, 2, 0.25], [-3], [], [0.5, 0.5, -3, 0.25], [0, 2, 0.25], [0, 0]]
    assert found.parts.tolist() == list(map(len, wanted))
    for row, own in zip(found.attributions, wanted, strict=True):
        np.testing.assert_allclose(row[: len(own)], own, atol=1e-9)
        assert np.isnan(row[len(own) :]).all()
    np.testing.assert_allclose(found.start, 0.25)
    np.testing.assert_allclose(found.value, [0.25 + sum(w) for w in wanted])
    np.testing.assert_allclose(found.total, found.value - found.start, atol=1e-9)
    assert found.passes.tolist() == [2 + 6, 2, 2, 2 + 14, 2 + 6, 2 + 2]


def test_the_other_class_is_explained_by_the_opposite():
    one, other = explain(classes=(1, 0)), explain(classes=(0, 1))
    back = ask(Words(), [one, other])
    np.testing.assert_allclose(got(back, one).attributions, -got(back, other).attributions)


def test_every_distinct_version_is_predicted_once_and_counted():
    function = Words()
    back = ask(function, [explain("kernel-shap"), explain("occlusion"), explain("kernel-shap")])
    assert len(function.seen) == len(set(function.seen)) == back.predicted
    assert back.explained == 2 * 5


def test_what_is_explained_is_kept(tmp_path):
    requests = [explain("lime", seed=4), explain("occlusion")]
    first, again = Words(), Words()
    before = ask(first, requests, store=Store(tmp_path))
    after = ask(again, requests, store=Store(tmp_path))
    assert not again.seen
    assert (after.predicted, after.explained, after.explained_before) == (0, 0, 10)
    for request in requests:
        np.testing.assert_array_equal(*(got(b, request).attributions for b in (before, after)))


def test_an_explanation_is_made_from_versions_that_were_predicted_before():
    store, function = Store(), Words()
    ask(function, [explain("kernel-shap")], store=store)
    count = len(function.seen)
    ask(function, [explain("occlusion")], store=store)
    assert len(function.seen) == count


LONG = [" ".join(f"{w}{i}" for i in range(12) for w in "ab") + " good film"]


def test_another_seed_or_setting_is_another_explanation():
    requests = [explain("lime", [0], **given) for given in ({}, {"seed": 1}, {"samples": 40.0})]
    back = ask(Words(), requests, texts(LONG))
    rows = [tuple(got(back, r).attributions[0]) for r in requests]
    assert len(set(rows)) == back.explained == 3


def test_the_seed_of_an_explainer_without_luck_changes_nothing():
    store = Store()
    requests = [explain("occlusion", [0], seed=s) for s in (0, 1)]
    assert [ask(Words(), [r], texts(LONG), store).explained for r in requests] == [1, 0]


@pytest.mark.parametrize("name", ["kernel-shap", "lime", "occlusion"])
def test_chunks_and_the_order_of_rows_change_nothing(name):
    values = [f"good film {i} was bad and very {w} very" for i in range(4) for w in "xyz"]
    order = np.random.default_rng(1).permutation(12)
    there, mixed = explain(name, range(12)), explain(name, order)
    whole = got(ask(Words(), [there], texts(values)), there)
    small = got(ask(Words(), [there], texts(values), budget=10 * VERSION_BYTES), there)
    turned = got(ask(Words(), [mixed], texts(values)), mixed)
    np.testing.assert_array_equal(small.attributions, whole.attributions)
    np.testing.assert_array_equal(turned.attributions, whole.attributions[order])
    alone = explain(name, [7])
    found = got(ask(Words(), [alone], texts(values)), alone)
    np.testing.assert_array_equal(found.attributions[0], whole.attributions[7])


def test_a_version_that_fails_costs_its_own_input_and_no_other():
    request = explain("occlusion", range(6))
    back = ask(Words(refuses="very bad"), [request])
    seen = back.answers[request]
    assert seen.failed.tolist() == [3]
    assert "no very bad here" in seen.reason
    assert np.isfinite(seen.explained.total[[0, 1, 2, 4, 5]]).all()
    with pytest.raises(ModelError, match="the explainer occlusion failed on 1 of 6"):
        Observations({}, back.answers).outputs(request)


def test_an_empty_version_that_fails_costs_the_input():
    def strict(values):
        if "" in values:
            raise ValueError("nothing to read")
        return Words()(values)

    request = explain("occlusion", [0, 1])
    seen = ask(strict, [request]).answers[request]
    assert seen.failed.tolist() == [0, 1]
    assert "nothing to read" in seen.reason


def change(monkeypatch, apply):
    sheet = TransformSheet(
        name="change", modality="text", family="made up", title="c", says="c", steps=("",) * 5
    )
    kind = TransformKind(sheet, each(lambda text, _severity, _rng: apply(text)))
    monkeypatch.setattr(registry, "transforms", lambda: {"change": kind})


def test_what_is_explained_after_a_change_is_laid_on_the_words_before(monkeypatch):
    change(monkeypatch, lambda text: text.replace("very ", "", 1) + " good")
    request = explain(rows=[3, 1], transform=Transform("change", 1))
    found = got(ask(Words(), [request]), request)
    assert found.parts.tolist() == [4, 1]
    np.testing.assert_allclose(found.attributions[0, 2:], [-3, 0.25], atol=1e-9)
    assert np.isnan(found.attributions[0, :2]).sum() == 1
    np.testing.assert_allclose(found.attributions[1, 0], -3, atol=1e-9)
    np.testing.assert_allclose(found.total, [0.5 - 3 + 0.25 + 2, -3 + 2], atol=1e-9)


def test_a_change_that_changes_nothing_is_not_explained_again(monkeypatch):
    change(monkeypatch, lambda text: text)
    requests = [explain(), explain(transform=Transform("change", 1))]
    store = Store()
    ask(Words(), requests[:1], store=store)
    back = ask(Words(), requests[1:], store=store)
    assert (back.explained, back.explained_before) == (0, 5)


def test_a_regression_is_explained_by_its_value():
    request = Explain("test", "kernel-shap", packed(range(30)))
    data = table()
    found = got(ask(linear, [request], data, options=ModelOptions(task="regression")), request)
    frame = pd.DataFrame(data["test"].inputs.take(np.arange(30)))
    np.testing.assert_allclose(
        found.attributions,
        np.column_stack(
            [2 * (frame["x"] - frame["x"].mean()), frame["y"].mean() - frame["y"],
             (frame["z"] == "a") * 1.0 - 1]
        ),
        atol=1e-9,
    )  # fmt: skip


def test_a_picture_is_explained_by_its_patches(tmp_path):
    from PIL import Image

    rng = np.random.default_rng(2)
    for i in range(3):
        shades = rng.integers(0, 256, (16, 24, 3), dtype=np.uint8)
        Image.fromarray(shades).save(tmp_path / f"{i}.png")
    paths = sorted(map(str, tmp_path.glob("*.png")))
    from datasets import Dataset
    from datasets import Image as Picture

    held = Dataset.from_dict({"image": paths}).cast_column("image", Picture())
    data = {"test": examples_from(held, "test", SplitRoles(input=("image",)))}

    def corner(pictures):
        return np.array([np.asarray(p, float)[:2, :3].sum() for p in pictures])

    request = Explain("test", "occlusion", packed([2, 0]))
    found = got(ask(corner, [request], data, options=ModelOptions(task="regression")), request)
    assert found.attributions.shape == (2, 64)
    np.testing.assert_array_equal(found.attributions[:, 1:], 0)
    np.testing.assert_allclose(found.attributions[:, 0], found.value - found.start)


def test_a_model_of_labels_alone_has_no_margin():
    request = explain()
    back = ask(lambda values: ["yes" if "good" in t else "no" for t in values], [request])
    assert back.answers[request].unable
    with pytest.raises(NotApplicable, match="labels alone"):
        got(back, request)


def test_layers_of_a_model_that_is_asked_for_answers_cannot_be_made_random():
    request = Explain("test", "lime", packed([0]), packed([1, 0]), randomised=0.5)
    with pytest.raises(NotApplicable, match="no layer can be made random"):
        got(ask(Words(), [request]), request)


def test_recorded_predictions_cannot_be_explained():
    rows = {"text": ["a b", "b"], "p": ["no", "yes"], "s": [0.2, 0.7]}
    roles = SplitRoles(input=("text",), prediction="p", score="s")
    data = {"test": examples_from(rows, "test", roles)}
    options = ModelOptions(labels=("no", "yes"), positive="yes")
    model = load_recorded("", options, base=None).bound_to(data)
    at, request = Dispatcher(model, None, Store()), explain(rows=[0, 1])
    with pytest.raises(NotApplicable, match="recorded predictions say nothing"):
        got(at.run(at.plan([request], data)), request)


def test_an_unknown_explainer_is_said_with_the_nearest_one():
    request = explain("kernel-shop")
    with pytest.raises(ModelError) as caught:
        got(ask(Words(), [request]), request)
    assert 'unknown explainer "kernel-shop"' in caught.value.where


def test_an_unknown_setting_ends_the_plan():
    with pytest.raises(ConfigError, match='kernel-shap has no setting "sample"'):
        ask(Words(), [explain(sample=3.0)])


def raising(*_):
    raise ZeroDivisionError("by nothing")


def one_away(parts, _generator, _settings):
    return ~np.eye(parts, dtype=bool)


@pytest.mark.parametrize(
    ("kept", "solve", "said"),
    [
        (raising, raising, "ZeroDivisionError: by nothing"),
        (one_away, raising, "ZeroDivisionError: by nothing"),
        (lambda k, _g, _s: np.ones((2, k + 1), bool), raising, r"shape \(2, 4\), not \(2, 3\)"),
        (one_away, lambda *_: np.zeros(7), r"shape \(7,\), not \(3,\)"),
    ],
)
def test_a_guest_that_breaks_costs_its_own_explanations(monkeypatch, kept, solve, said):
    sheet = ExplainerSheet(
        name="guest", title="Guest", says="", needs="predictions", seeded=False, complete=False
    )
    known = registry.explainers() | {"guest": ByMasks(sheet, kept, solve)}
    monkeypatch.setattr(registry, "explainers", lambda: known)
    requests = [explain("guest", [0]), explain("occlusion", [0])]
    back = ask(Words(), requests)
    with pytest.raises(ModelError) as caught:
        got(back, requests[0])
    assert re.search(said, caught.value.where)
    assert not len(back.answers[requests[1]].failed)


def test_stored_predictions_of_another_model_are_noticed_on_the_way():
    store, request = Store(), explain("occlusion")
    ask(Words(), [Predict("test")], store=store)
    at = Dispatcher(from_callable(Words(bias=-2.0), OPTIONS, name="f"), None, store)
    made = at.explaining.run(at.plan([request], texts()).explained)
    assert "no longer gives its stored predictions" in made.warnings[0]
    np.testing.assert_allclose(made.answers[request].explained.start, -2.0)


class Killed(Store):
    """A store that is gone after some commits, as a process that is killed would leave it."""

    left = 1

    def commit(self, model, plan, digests, outputs):
        if not self.left:
            raise KeyboardInterrupt
        self.left -= plan == "explanation"
        super().commit(model, plan, digests, outputs)


def test_a_run_that_was_killed_goes_on_to_the_same_bytes(tmp_path):
    torch = pytest.importorskip("torch")
    from audit.adapters.torch_module import from_module

    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(7, 32), torch.nn.Tanh(), torch.nn.Linear(32, 2))
    rng = np.random.default_rng(1)
    names = [f"c{j}" for j in range(7)]
    columns = {name: rng.normal(size=300) for name in names}
    data = {"test": examples_from(columns, "test", SplitRoles(input=tuple(names)))}
    request = explain("integrated-gradients", rows=range(300))

    def made(store):
        at = Dispatcher(from_module(network, OPTIONS, name="net"), None, store)
        return at.run(at.plan([request], data))

    with pytest.raises(KeyboardInterrupt):
        made(Killed(tmp_path))
    resumed, whole = made(Store(tmp_path)), made(Store())
    assert (resumed.explained, resumed.explained_before) == (300 - 256, 256)
    again, once = got(resumed, request), got(whole, request)
    assert again.attributions.tobytes() == once.attributions.tobytes()
