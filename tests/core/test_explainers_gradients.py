"""Explainers by gradients: exact where the answer is known, complete elsewhere, as Captum's."""

import numpy as np
import pandas as pd
import pytest

from audit.adapters.objects import wrap
from audit.adapters.options import ModelOptions, SplitRoles
from audit.adapters.rows import examples_from
from audit.engine.dispatch import Dispatcher
from audit.engine.store import Store
from audit.errors import NotApplicable
from audit.explainer import Job
from audit.explainers.gradients import explainers
from audit.explainers.quadrature import clenshaw_curtis, gauss_legendre
from audit.modalities.text import modality
from audit.requests import Explain, packed
from audit.transform import Chance

torch = pytest.importorskip("torch")
KNOWN = {e.sheet.name: e for e in explainers()}
NAMES = list(KNOWN)
TWO = ModelOptions(labels=("no", "yes"), device="cpu")
NUMBER = ModelOptions(task="regression", device="cpu")
RNG = np.random.default_rng(7)
COLUMNS = [f"c{i}" for i in range(5)]
ROWS = pd.DataFrame(RNG.normal(size=(30, 5)), columns=COLUMNS)
MEANS = pd.DataFrame(np.tile(RNG.normal(size=5), (30, 1)), columns=COLUMNS)
WORDS = ["good", "bad", "film", "a", "the", "very", "not", "##s", "##ly", "!", ",", "don", "'", "t"]
TEXTS = ["a very good film", "the films, not bad!", "bad", "goodly goods!", "don't film a film"]
GAUSS = {"rule": 1.0}


def explain(name, model, inputs, starts, classes=None, **settings):
    """Explain inputs as the engine would ask for it."""
    tables = isinstance(inputs, pd.DataFrame)
    parts = np.full(len(inputs), inputs.shape[1]) if tables else modality().parts(inputs)
    return asked(name, model, inputs, starts, parts, classes, **settings)


def asked(name, model, inputs, starts, parts, classes=None, *, budget=2**30, units=64, **settings):
    explainer = KNOWN[name]
    digests = np.array([repr(v).encode()[-16:] for v in listed(inputs)], dtype="S16")
    whole = explainer.sheet.settled(settings)
    job = Job(inputs, starts, parts, classes, Chance(digests, 3), whole, budget, units)
    opened = model.differentiable() if hasattr(model, "differentiable") else model
    return explainer.explain(opened, job)


def listed(inputs):
    return inputs.to_numpy().tolist() if isinstance(inputs, pd.DataFrame) else inputs


def network(*layers, seed=0):
    torch.manual_seed(seed)
    for layer in layers:
        if hasattr(layer, "reset_parameters"):
            layer.reset_parameters()
    return torch.nn.Sequential(*layers)


def mlp(outputs=1):
    return network(torch.nn.Linear(5, 16), torch.nn.GELU(), torch.nn.Linear(16, outputs))


def given(frame):
    return torch.tensor(frame.to_numpy(dtype=np.float32))


class Formula(torch.nn.Module):
    """A formula of columns."""

    def __init__(self, formula):
        super().__init__()
        self.formula = formula

    def forward(self, x):
        return self.formula(x)


def of(formula, options=NUMBER):
    return wrap(Formula(formula), options)


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    path = tmp_path_factory.mktemp("bert") / "vocab.txt"
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    path.write_text("\n".join(vocabulary) + "\n")
    torch.manual_seed(1)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = BertConfig(
        vocab_size=len(vocabulary), intermediate_size=64, num_labels=3, initializer_range=0.2,
        max_position_embeddings=16, **sizes,
    )  # fmt: skip
    return wrap((BertForSequenceClassification(config), BertTokenizerFast(str(path))), TEXT)


TEXT = ModelOptions(labels=("a", "b", "c"), device="cpu", max_length=16)


def pairs(n):
    return np.tile([2, 0], (n, 1))


@pytest.mark.parametrize("name", NAMES)
def test_a_linear_network_is_explained_exactly(name):
    model = wrap(network(torch.nn.Linear(5, 1)), NUMBER)
    found = explain(name, model, ROWS, MEANS)
    weights = model.module[0].weight.detach().numpy()[0]
    expected = weights * (ROWS.to_numpy() - MEANS.to_numpy())
    np.testing.assert_allclose(np.array(found.attributions), expected, atol=2e-6)
    np.testing.assert_allclose(found.value, model.predict(ROWS), atol=1e-6)
    np.testing.assert_allclose(found.start, model.predict(MEANS), atol=1e-6)


def test_what_is_explained_is_the_logit_of_one_class_minus_that_of_another():
    model = wrap(mlp(3), ModelOptions(labels=("a", "b", "c"), device="cpu"))
    found = explain("integrated-gradients", model, ROWS, MEANS, pairs(30))
    logs = np.log(model.predict(ROWS))
    np.testing.assert_allclose(found.value, logs[:, 2] - logs[:, 0], atol=1e-5)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (lambda x: x[:, 0] * x[:, 1], [0.5, 0.5, 0.0]),  # AND of ones and zeros
        (lambda x: x[:, 0] + x[:, 1] - 2 * x[:, 0] * x[:, 1], [0.0, 0.0, 0.0]),  # XOR
        (lambda x: x[:, 0] * x[:, 1] * x[:, 2], [1 / 3, 1 / 3, 1 / 3]),
    ],
)
def test_products_are_shared_evenly(formula, expected):
    rows = pd.DataFrame([[1.0, 1.0, 1.0]], columns=list("abc"))
    found = explain("integrated-gradients", of(formula), rows, 0 * rows)
    np.testing.assert_allclose(found.attributions[0], expected, atol=1e-6)


def test_a_dummy_column_gets_nothing_and_equal_columns_get_the_same():
    model = of(lambda x: torch.tanh(x[:, 0] + x[:, 1]) + torch.exp(x[:, 2]) + 0 * x[:, 4])
    rows = ROWS.assign(c1=ROWS["c0"])
    for name in ("integrated-gradients", "gradient-x-input"):
        found = np.array(explain(name, model, rows, 0 * rows).attributions)
        assert (found[:, 3:] == 0).all()
        np.testing.assert_allclose(found[:, 0], found[:, 1], atol=1e-6)


@pytest.mark.parametrize(("bend", "share"), [(torch.nn.GELU, 1.0), (torch.nn.ReLU, 0.8)])
def test_integrated_gradients_sum_to_the_change_of_the_margin(bend, share):
    layers = torch.nn.Linear(5, 32), bend(), torch.nn.Linear(32, 1)
    found = explain("integrated-gradients", wrap(network(*layers), NUMBER), ROWS, MEANS)
    total = np.array([a.sum() for a in found.attributions])
    change = found.value - found.start
    done = np.abs(total - change) <= 0.01 * np.abs(change) + 1e-6
    assert (done | (found.passes == 257)).all()  # a kink is never integrated exactly
    assert done.mean() >= share


def test_steps_are_doubled_only_where_the_error_is_too_large():
    model = of(lambda x: torch.sigmoid(40 * x[:, 0]) + x[:, 1])
    rows = pd.DataFrame({"a": [0.0, 1.0], "b": [1.0, 1.0]})
    starts = pd.DataFrame({"a": [0.0, -1.2], "b": [0.0, 0.0]})
    found = explain("integrated-gradients", model, rows, starts, error=1e-4)
    assert found.passes[0] == 17
    assert found.passes[1] > 33
    assert abs(found.attributions[1].sum() - 2) < 2e-4


def test_no_more_steps_are_taken_than_the_setting_says():
    model = of(lambda x: torch.sigmoid(400 * (x[:, 0] + 0.1)))
    rows = pd.DataFrame({"a": [1.0]})
    found = explain("integrated-gradients", model, rows, rows - 2, error=1e-9, most=50)
    assert found.passes.tolist() == [33]


@pytest.mark.parametrize("steps", [2, 8, 32])
def test_a_rule_is_exact_for_polynomials_and_its_nodes_nest(steps):
    nodes, weights = clenshaw_curtis(steps)
    for power in range(steps + 1):
        assert weights @ nodes**power == pytest.approx(1 / (power + 1), abs=1e-12)
    np.testing.assert_allclose(clenshaw_curtis(2 * steps)[0][::2], nodes, atol=1e-15)
    nodes, weights = gauss_legendre(steps)
    assert weights @ nodes ** (2 * steps - 1) == pytest.approx(1 / (2 * steps), abs=1e-12)


def cnn():
    return network(
        torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(2),
        torch.nn.Flatten(), torch.nn.Linear(16, 2),
    )  # fmt: skip


def pictures(n, size=24):
    from PIL import Image

    rng = np.random.default_rng(5)
    return [Image.fromarray(rng.integers(0, 256, (size, size, 3), dtype=np.uint8))
            for _ in range(n)]  # fmt: skip


def pixels(images):
    return torch.stack([torch.tensor(np.asarray(i) / 255.0, dtype=torch.float32).permute(2, 0, 1)
                        for i in images])  # fmt: skip


def captums(forward, points, starts, kind, **options):
    from captum.attr import InputXGradient, IntegratedGradients

    points = points.detach()
    if kind == "integrated-gradients":
        method = IntegratedGradients(forward)
        return method.attribute(points, starts, method="gausslegendre", n_steps=16, **options)
    # Captum multiplies by the input itself: its start is 0
    return InputXGradient(forward).attribute(points.requires_grad_(), **options)


def ours(kind):
    return GAUSS if kind == "integrated-gradients" else {}


@pytest.mark.parametrize("kind", ["integrated-gradients", "gradient-x-input"])
def test_a_table_is_explained_as_captum_does(kind):
    model = wrap(mlp(), NUMBER)
    nothing = 0 * ROWS if kind == "gradient-x-input" else MEANS
    found = explain(kind, model, ROWS, nothing, **ours(kind))
    theirs = captums(lambda x: model.module(x)[:, 0], given(ROWS), given(nothing), kind)
    np.testing.assert_allclose(np.array(found.attributions), theirs.detach().numpy(), atol=1e-5)


@pytest.mark.parametrize("kind", ["integrated-gradients", "gradient-x-input"])
def test_a_picture_is_explained_as_captum_does(kind):
    from PIL import Image

    model, images = wrap((cnn(), pixels), TWO), pictures(3)
    black = [Image.new("RGB", i.size) for i in images]
    parts = np.full(3, 64)
    found = asked(kind, model, images, black, parts, np.tile([1, 0], (3, 1)), **ours(kind))
    margin = lambda x: model.module(x)[:, 1] - model.module(x)[:, 0]  # noqa: E731
    theirs = captums(margin, pixels(images), pixels(black), kind).detach().numpy()
    patches = theirs.sum(1).reshape(3, 8, 3, 8, 3).sum((2, 4)).reshape(3, 64)
    np.testing.assert_allclose(np.array(found.attributions), patches, atol=1e-5)


@pytest.mark.parametrize("kind", ["integrated-gradients", "gradient-x-input"])
def test_a_text_is_explained_as_captum_does(bert, kind):
    text = TEXTS[1]  # the film ##s , not bad !
    found = explain(kind, bert, [text], [""], pairs(1), **ours(kind))
    network, given = bert.network, bert.batch([text])
    look_up = network.get_input_embeddings()
    points = look_up(given["input_ids"]).detach()
    pad = look_up(torch.tensor([[0]])).detach()
    starts = pad.expand_as(points).clone()
    starts[:, [0, -1]] = points[:, [0, -1]]

    def margin(z):
        logits = network(inputs_embeds=z).logits
        return logits[:, 2] - logits[:, 0]

    if kind == "integrated-gradients":
        theirs = captums(margin, points, starts, kind)
    else:
        z = points.clone().requires_grad_()
        theirs = torch.autograd.grad(margin(z).sum(), z)[0] * (points - starts)
    tokens = theirs.detach().sum(-1)[0].numpy()
    assert tokens[0] == tokens[-1] == 0
    expected = [tokens[1], tokens[2] + tokens[3], *tokens[4:-1]]
    np.testing.assert_allclose(found.attributions[0], expected, atol=1e-5)


def test_explanations_of_texts_are_complete(bert):
    found = explain("integrated-gradients", bert, TEXTS, TEXTS, pairs(5))
    change = found.value - found.start
    total = np.array([a.sum() for a in found.attributions])
    assert (np.abs(total - change) < 0.01 * np.abs(change)).all()
    logs = np.log(bert.predict(TEXTS))
    np.testing.assert_allclose(found.value, logs[:, 2] - logs[:, 0], atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_company_and_order_change_no_explanation(bert, name):
    together = explain(name, bert, TEXTS, TEXTS, pairs(5))
    turned = explain(name, bert, TEXTS[::-1], TEXTS[::-1], pairs(5), units=7)
    for i, text in enumerate(TEXTS):
        alone = explain(name, bert, [text], [""], pairs(1), units=1000)
        for other in (together.attributions[i], turned.attributions[-1 - i]):
            np.testing.assert_allclose(other, alone.attributions[0], atol=1e-5)


def test_noise_follows_from_content_and_seed():
    model = wrap(mlp(), NUMBER)
    one, same = (explain("smooth-grad", model, ROWS, MEANS) for _ in range(2))
    np.testing.assert_array_equal(one.attributions, same.attributions)
    more = explain("smooth-grad", model, ROWS, MEANS, noise=0.3)
    assert not np.allclose(one.attributions, more.attributions)


def test_the_mean_of_noisy_gradients_is_what_is_known_of_a_square():
    model = of(lambda x: (x**3).sum(1))  # E 3 (x + e)^2 = 3 (x^2 + s^2)
    rows = pd.DataFrame([[1.0, 2.0]], columns=list("ab"))
    found = explain("smooth-grad", model, rows, 0 * rows, samples=4000, noise=0.5)
    expected = 3 * (rows.to_numpy()[0] ** 2 + 0.25) * rows.to_numpy()[0]
    np.testing.assert_allclose(found.attributions[0], expected, rtol=0.05)


@pytest.mark.parametrize(
    "formula", [lambda x: x.detach().sum(1), lambda x: torch.zeros(len(x)) + x.argmax(1)]
)
def test_a_network_that_lets_no_gradient_through_is_not_explained(formula):
    with pytest.raises(NotApplicable, match="no gradient reaches"):
        explain("gradient-x-input", of(formula), ROWS, MEANS)


def test_a_gradient_that_is_not_finite_fails_its_input():
    model = of(lambda x: x[:, 0].sqrt())
    rows = pd.DataFrame({"a": [0.0, 1.0]})
    with pytest.raises(ValueError, match="not finite"):
        explain("gradient-x-input", model, rows, rows + 1)


def test_weights_learn_again_after_they_were_frozen():
    model = wrap(mlp(), NUMBER)
    model.module[0].bias.requires_grad_(False)
    model.module[1].train()
    explain("gradient-x-input", model, ROWS, MEANS)
    assert [p.requires_grad for p in model.module.parameters()] == [True, False, True, True]
    assert [m.training for m in model.module] == [False, True, False]
    assert all(p.grad is None for p in model.module.parameters())


def test_half_precision_is_explained_within_its_own(bert):
    from copy import copy, deepcopy

    half = copy(bert)
    half.__dict__["network"] = deepcopy(bert.network).bfloat16()
    found = explain("integrated-gradients", half, TEXTS, TEXTS, pairs(5))
    exact = explain("integrated-gradients", bert, TEXTS, TEXTS, pairs(5))
    whole = np.concatenate(exact.attributions)
    np.testing.assert_allclose(np.concatenate(found.attributions), whole, atol=0.1 * np.ptp(whole))


@pytest.mark.parametrize("name", NAMES)
def test_a_small_budget_changes_no_explanation(bert, name):
    wide = explain(name, bert, TEXTS, TEXTS, pairs(5))
    tight = explain(name, bert, TEXTS, TEXTS, pairs(5), budget=50_000)
    for a, b in zip(wide.attributions, tight.attributions, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def through_the_engine(model, columns, request):
    data = {"test": examples_from(columns, "test", SplitRoles(input=tuple(columns)))}
    at = Dispatcher(model, None, Store())
    return at.run(at.plan([request], data)).answers[request]


def test_the_engine_asks_for_gradients_as_for_any_explanation(bert):
    rows = packed(range(5)), packed([2, 0] * 5)
    plain, other = (
        through_the_engine(bert, {"text": TEXTS}, Explain("test", NAMES[1], *rows, randomised=r))
        for r in (0.0, 0.2)
    )
    direct = explain(NAMES[1], bert, TEXTS, TEXTS, pairs(5))
    for row, own in zip(plain.outputs, direct.attributions, strict=True):
        np.testing.assert_allclose(row[: len(own)], own, atol=1e-5)
    assert not np.allclose(plain.outputs, other.outputs, equal_nan=True)


def test_an_input_whose_gradient_is_not_finite_fails_alone():
    model = of(lambda x: x[:, 0].sqrt() + x[:, 1])
    columns = {"a": [4.0, 0.0, 1.0, 9.0], "b": [0.0, 1.0, 2.0, 3.0]}
    found = through_the_engine(model, columns, Explain("test", NAMES[0], packed(range(4))))
    assert found.failed.tolist() == [1]
    assert "not finite" in found.reason
