"""Text classifiers load from a folder, safely, and only when they are needed."""

import json
import subprocess
import sys

import numpy as np
import pytest

from audit.adapters.hf import load
from audit.adapters.options import ModelOptions, SplitRoles
from audit.adapters.rows import examples_from
from audit.engine.engine import Engine
from audit.engine.store import Store
from audit.errors import ModelError
from audit.model import Predicts, Sized
from audit.requests import Predict

pytest.importorskip("transformers")
OPTIONS = ModelOptions(device="cpu")
WORDS = ["good", "bad", "film", "a", "the", "very", "not", "##s", "##ly"]


def write_model(folder, **config):
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
    BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=16).save_pretrained(folder)
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    settings = sizes | {"intermediate_size": 16, "max_position_embeddings": 16} | config
    network = BertForSequenceClassification(BertConfig(vocab_size=len(vocabulary), **settings))
    network.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    names = {0: "negative", 1: "positive"}
    return write_model(tmp_path_factory.mktemp("hf") / "model", id2label=names)


def copy(folder, target):
    target.mkdir()
    for path in folder.iterdir():
        (target / path.name).write_bytes(path.read_bytes())
    return target


def test_a_folder_answers_with_the_softmax_of_its_logits(folder):
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    texts = ["a very good film", "bad"]
    model = load("model", OPTIONS, base=folder.parent)
    assert isinstance(model, Predicts)
    assert isinstance(model, Sized)
    assert model.card.labels == ("negative", "positive")
    network = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    batch = AutoTokenizer.from_pretrained(folder)(texts, padding=True, return_tensors="pt")
    expected = network(**batch).logits.double().softmax(-1).detach().numpy()
    np.testing.assert_array_equal(model.predict(texts), expected)
    assert model.card.parameters == sum(p.numel() for p in network.parameters())


def test_sizes_are_tokens_after_the_text_is_cut(folder):
    model = load("model", OPTIONS, base=folder.parent)
    assert model.sizes(["a good film", "good " * 100]).tolist() == [5, 16]
    short = load("model", ModelOptions(device="cpu", max_length=4), base=folder.parent)
    assert short.sizes(["a good film"]).tolist() == [4]
    assert short.card.fingerprint != model.card.fingerprint


def test_loading_imports_neither_torch_nor_transformers(folder):
    code = (
        "import sys, pathlib\n"
        "from audit.adapters.hf import load\n"
        "from audit.adapters.options import ModelOptions\n"
        f"load('model', ModelOptions(device='cpu'), base=pathlib.Path({str(folder.parent)!r}))\n"
        "assert not {'torch', 'transformers'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_wholly_cached_run_reads_no_weights(folder, tmp_path):
    texts = ["good", "bad film", "not very good", "good"]
    rows = {"test": examples_from({"t": texts}, "test", SplitRoles(input=("t",)))}
    store = Store(tmp_path)
    first, again = (
        Engine(load("model", OPTIONS, base=folder.parent), store) for _ in range(2)
    )  # fmt: skip
    outputs = first.run(first.plan([Predict("test")], rows)).answers[Predict("test")].outputs
    answers = again.run(again.plan([Predict("test")], rows))
    assert not {"network", "tokenizer"} & set(vars(again.model))
    assert (answers.calls, answers.reused) == (0, 3)
    np.testing.assert_array_equal(answers.answers[Predict("test")].outputs, outputs)


def test_the_fingerprint_follows_weights_tokenizer_and_config(folder, tmp_path):
    one = load(str(folder), OPTIONS, base=tmp_path).card.fingerprint
    other = copy(folder, tmp_path / "copy")
    assert load("copy", OPTIONS, base=tmp_path).card.fingerprint == one
    (other / "README.md").write_text("words")
    assert load("copy", OPTIONS, base=tmp_path).card.fingerprint == one
    for name in ("model.safetensors", "tokenizer.json", "config.json"):
        was = (other / name).read_bytes()
        (other / name).write_bytes(was + b" ")
        assert load("copy", OPTIONS, base=tmp_path).card.fingerprint != one
        (other / name).write_bytes(was)


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(ModelError, match="does not exist") as caught:
        load("./none", OPTIONS, base=tmp_path)
    assert caught.value.exit_code == 4


def test_a_hub_id_that_is_not_in_the_cache_is_said_when_offline(tmp_path, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelError, match='"nobody/nothing" at v2 cannot be loaded') as caught:
        load("nobody/nothing@v2", OPTIONS, base=tmp_path)
    assert "cache" in caught.value.hint


def test_pickled_weights_are_refused_unless_allowed(folder, tmp_path):
    import torch
    from safetensors.torch import load_file

    other = copy(folder, tmp_path / "pickled")
    torch.save(load_file(other / "model.safetensors"), other / "pytorch_model.bin")
    (other / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="only pickled weights") as caught:
        load("pickled", OPTIONS, base=tmp_path)
    assert "allow_pickle: true" in caught.value.hint
    allowed = load("pickled", ModelOptions(device="cpu", allow_pickle=True), base=tmp_path)
    assert allowed.predict(["good"]).shape == (1, 2)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"architectures": ["BertModel"]}, "not a text classifier"),
        ({"auto_map": {"AutoModel": "x.Y"}}, "needs Python code"),
        ({"problem_type": "multi_label_classification"}, "multi-label is not supported"),
    ],
)
def test_models_that_cannot_be_audited_are_said(folder, tmp_path, change, words):
    other = copy(folder, tmp_path / "other")
    config = json.loads((other / "config.json").read_text()) | change
    (other / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError) as caught:
        load("other", OPTIONS, base=tmp_path)
    assert words in str(caught.value)


def test_weights_that_were_not_saved_are_an_error_and_not_random(folder, tmp_path):
    from safetensors.torch import load_file, save_file

    other = copy(folder, tmp_path / "headless")
    weights = load_file(other / "model.safetensors")
    kept = {k: v for k, v in weights.items() if not k.startswith("classifier")}
    save_file(kept, other / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match="lacks 2 of its own weights"):
        load("headless", OPTIONS, base=tmp_path).predict(["good"])


def test_weights_that_cannot_be_read_are_said(folder, tmp_path):
    other = copy(folder, tmp_path / "broken")
    (other / "config.json").write_text("{")
    with pytest.raises(ModelError, match=r"config\.json"):
        load("broken", OPTIONS, base=tmp_path)


def test_a_single_output_is_regression(tmp_path):
    write_model(tmp_path / "one", num_labels=1)
    model = load("one", OPTIONS, base=tmp_path)
    assert (model.card.task, model.card.labels) == ("regression", ())
    assert model.predict(["good", "bad"]).shape == (2,)


def test_a_value_that_is_no_text_is_said(folder):
    with pytest.raises(ModelError, match="given a int"):
        load("model", OPTIONS, base=folder.parent).predict(["a", 3])


def test_labels_can_be_renamed_but_not_miscounted(folder):
    renamed = ModelOptions(device="cpu", labels=("neg", "pos"))
    assert load("model", renamed, base=folder.parent).card.labels == ("neg", "pos")
    with pytest.raises(ModelError, match="names 1 labels, the model has 2"):
        load("model", ModelOptions(device="cpu", labels=("a",)), base=folder.parent)


def test_a_model_in_memory_answers_like_its_folder(folder):
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    from audit.adapters.objects import wrap

    pair = (
        AutoModelForSequenceClassification.from_pretrained(folder),
        AutoTokenizer.from_pretrained(folder),
    )
    here, there = wrap(pair, OPTIONS), load("model", OPTIONS, base=folder.parent)
    texts = ["a very good film", "bad"]
    assert here.card.labels == there.card.labels
    np.testing.assert_array_equal(here.predict(texts), there.predict(texts))
    assert wrap(pair, OPTIONS).card.fingerprint == here.card.fingerprint
