"""One pass over a network gives logits and features, and its answers with them."""

import numpy as np
import pandas as pd
import pytest

from audit.adapters.inside import NetworkInside, inside_of
from audit.adapters.objects import wrap
from audit.adapters.options import ModelOptions, SplitRoles
from audit.adapters.rows import examples_from
from audit.engine.dispatch import Dispatcher
from audit.engine.store import Store
from audit.errors import ModelError
from audit.requests import Embed, Predict, packed

torch = pytest.importorskip("torch")
OPTIONS = ModelOptions(labels=("no", "maybe", "yes"), revision="1", device="cpu")


class Net(torch.nn.Module):
    """Three inputs, five features, three logits; counts its rows."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.body, self.last = torch.nn.Linear(3, 5), torch.nn.Linear(5, 3)
        self.rows = 0

    def forward(self, x):
        self.rows += len(x)
        return self.last(torch.tanh(self.body(x)))


class Scaled(Net):
    """Its logits are not what its last layer gives."""

    def forward(self, x):
        return 3 * super().forward(x)


def rows(n=40, seed=0, name="test"):
    x = np.random.default_rng(seed).normal(size=(n, 3)).round(1)
    return examples_from(
        pd.DataFrame(x, columns=["a", "b", "c"]), name, SplitRoles(input=("a", "b", "c"))
    )


DATA = {"test": rows(), "other": rows(30, 1, "other")}


def desk(net, store=None):
    return Dispatcher(wrap(net, OPTIONS), None, store or Store())


def run(at, requests):
    work = at.plan(requests, DATA)
    return work, at.run(work)


def test_logits_are_the_last_layer_of_the_features():
    _, back = run(desk(Net()), [Embed("test")])
    seen = back.answers[Embed("test")]
    weight, bias = seen.head
    assert seen.outputs.shape == (40, 5)
    np.testing.assert_allclose(seen.outputs @ weight.T + bias, seen.logits, atol=1e-5)


def test_an_input_passes_the_network_once_for_both_questions():
    net = Net()
    requests = [Predict("test"), Embed("test"), Embed("other", rows=packed([0, 1]))]
    work, back = run(desk(net), requests)
    assert net.rows == work.distinct == back.predicted
    alone = run(desk(Net()), [Predict("test")])[1].answers[Predict("test")]
    np.testing.assert_allclose(back.answers[Predict("test")].outputs, alone.outputs, atol=1e-6)


def test_what_only_one_question_needs_is_predicted_too():
    net = Net()
    work, back = run(desk(net), [Predict("test"), Predict("other"), Embed("other")])
    assert net.rows == work.distinct == back.predicted
    assert np.isfinite(back.answers[Predict("test")].outputs).all()


def test_a_second_run_passes_nothing_and_gives_the_same_bytes():
    store = Store()
    requests = [Predict("test"), Embed("test"), Predict("other")]
    first = run(desk(Net(), store), requests)[1]
    net = Net()
    work, again = run(desk(net, store), requests)
    assert (net.rows, again.predicted, again.reused) == (0, 0, work.distinct)
    for request in requests:
        np.testing.assert_array_equal(
            again.answers[request].outputs, first.answers[request].outputs
        )


def test_a_layer_that_scores_every_token_gives_the_features_that_were_used():
    class Tokens(Net):
        def forward(self, x):
            states = torch.tanh(self.body(x))[:, None, :] * torch.tensor([0.5, 1.0])[:, None]
            return self.last(states)[:, 1]

    _, back = run(desk(Tokens()), [Embed("test")])
    plain = run(desk(Net()), [Embed("test")])[1]
    np.testing.assert_allclose(
        back.answers[Embed("test")].outputs, plain.answers[Embed("test")].outputs, atol=1e-6
    )


def test_a_network_whose_logits_come_from_elsewhere_is_refused():
    with pytest.raises(ModelError, match="not what gives its logits"):
        inside_of(wrap(Scaled(), OPTIONS)).predict(DATA["test"].inputs.take(np.arange(3)))


def test_a_network_without_a_linear_end_cannot_be_looked_into():
    assert inside_of(wrap(torch.nn.Sequential(torch.nn.Linear(3, 4)), OPTIONS)) is None


def test_the_inside_has_a_fingerprint_of_its_own():
    model = wrap(Net(), OPTIONS)
    seen = inside_of(model)
    assert isinstance(seen, NetworkInside)
    assert seen.card.fingerprint != model.card.fingerprint
    assert seen.card.dim == 8


def test_a_transformers_classifier_shows_what_its_classifier_is_given(tmp_path):
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad", "film"]
    (tmp_path / "vocab.txt").write_text("\n".join(words))
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = BertConfig(vocab_size=8, intermediate_size=16, num_labels=2, **sizes)
    network = BertForSequenceClassification(config).eval()
    tokenizer = BertTokenizerFast(str(tmp_path / "vocab.txt"))
    model = wrap((network, tokenizer), ModelOptions(device="cpu"))
    texts = ["good film", "bad", "film film good"]
    given = tokenizer(texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        pooled = network.bert(**given).pooler_output
        logits = network(**given).logits
    seen = model.inside().predict(texts)
    np.testing.assert_allclose(seen[:, 2:], pooled.numpy(), atol=1e-5)
    np.testing.assert_allclose(seen[:, :2], logits.numpy(), atol=1e-5)
