"""A torch module of the user's own is a model."""

import numpy as np
import pandas as pd
import pytest

from audit.adapters.objects import wrap
from audit.adapters.options import ModelOptions
from audit.errors import ModelError
from audit.model import Predicts, Sized

torch = pytest.importorskip("torch")
LABELS = ModelOptions(labels=("no", "yes"))
NUMBER = ModelOptions(task="regression")
X = pd.DataFrame({"a": [0.0, 1.0, 2.0], "b": [1, 0, 1]})


class Lengths(torch.nn.Module):
    """Answer with the lengths of texts."""

    def forward(self, texts):
        return torch.tensor([[0.0, float(len(t))] for t in texts])


def linear(outputs):
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Dropout(0.9), torch.nn.Linear(2, outputs))


def test_logits_of_numbers_become_probabilities():
    module = linear(2)
    model = wrap(module, LABELS)
    assert isinstance(model, Predicts)
    assert isinstance(model, Sized)
    logits = module[1](torch.tensor(X.to_numpy(dtype=np.float32))).double()
    np.testing.assert_array_equal(model.predict(X), logits.softmax(-1).detach().numpy())
    assert model.card.parameters == 6
    assert "softmax" in model.card.settings["outputs"]


def test_values_may_stand_in_a_column():
    assert wrap(linear(1), NUMBER).predict(X).shape == (3,)


def test_an_array_and_a_list_of_numbers_are_tensors():
    same = wrap(linear(2), LABELS)
    np.testing.assert_array_equal(same.predict(X.to_numpy()), same.predict(X))
    assert wrap(torch.nn.Linear(1, 1), NUMBER).predict([1.0, 2.0]).shape == (2,)


def test_texts_are_given_as_they_are():
    found = wrap(Lengths(), LABELS).predict(["", "a long text"])
    assert found[0].tolist() == [0.5, 0.5]
    assert found[1, 1] > 0.99


def test_the_fingerprint_follows_weights_and_holds_beyond_the_run_only_with_a_revision():
    one, same, other = wrap(linear(2), LABELS), wrap(linear(2), LABELS), linear(2)
    with torch.no_grad():
        other[1].bias += 1
    assert one.card.fingerprint == same.card.fingerprint
    assert wrap(other, LABELS).card.fingerprint != one.card.fingerprint
    assert not one.card.cacheable
    assert wrap(linear(2), ModelOptions(labels=("a", "b"), revision="1")).card.cacheable


def test_weights_of_every_type_are_hashed():
    for kind in (torch.bfloat16, torch.float16, torch.float64):
        assert wrap(linear(2).to(kind), LABELS).card.fingerprint


def test_a_module_without_labels_is_refused():
    with pytest.raises(ModelError, match="does not say what its answers are"):
        wrap(linear(2), ModelOptions())


@pytest.mark.parametrize(("module", "options"), [(linear(3), LABELS), (linear(2), NUMBER)])
def test_another_shape_is_refused(module, options):
    with pytest.raises(ModelError, match="a tensor of shape"):
        wrap(module, options).predict(X)


def test_columns_that_are_no_numbers_are_named():
    with pytest.raises(ModelError, match="hold none") as caught:
        wrap(linear(2), LABELS).predict(X.assign(b="x"))
    assert caught.value.where == "b"


def test_a_transformers_model_needs_its_tokenizer():
    transformers = pytest.importorskip("transformers")
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "vocab_size": 8}
    network = transformers.BertForSequenceClassification(transformers.BertConfig(**sizes))
    with pytest.raises(ModelError, match="without its tokenizer"):
        wrap(network, LABELS)
