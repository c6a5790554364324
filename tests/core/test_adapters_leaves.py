"""What a network is given for an input, and which part of the input each number belongs to."""

import json

import numpy as np
import pandas as pd
import pytest

from audit.adapters.leaves_text import owners_of
from audit.adapters.objects import wrap
from audit.adapters.options import ModelOptions
from audit.adapters.randomised import layers_of, randomised
from audit.errors import NotApplicable
from audit.explainer import Job
from audit.explainers.gradients import explainers
from audit.modalities.text import modality, spans
from audit.model import Gradients
from audit.transform import Chance

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
KNOWN = {e.sheet.name: e for e in explainers()}
WORDS = ["good", "bad", "film", "a", "the", "very", "##s", "##ly", "!", "'", "t", "don"]
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
SIZES = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
TEXT = ModelOptions(labels=("no", "yes"), device="cpu", max_length=12)
PICTURE = ModelOptions(labels=("no", "yes"), device="cpu")
NUMBER = ModelOptions(task="regression", device="cpu")
HARD = [
    "",
    " ",
    "bad",
    "\u00e9t\u00e9 \U0001f600 good",
    "!!! 'good'",
    "a very " * 20,
    "\u6620\u753b good",
    "[SEP] bad",
]


def bert(folder, **config):
    (folder / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n")
    torch.manual_seed(0)
    settings = SIZES | {"intermediate_size": 32, "initializer_range": 0.2} | config
    network = transformers.BertForSequenceClassification(
        transformers.BertConfig(vocab_size=len(VOCABULARY), **settings)
    )
    return network, transformers.BertTokenizerFast(str(folder / "vocab.txt"))


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    return wrap(bert(tmp_path_factory.mktemp("bert")), TEXT)


def explain(name, model, inputs, starts, parts, classes=(1, 0), **settings):
    explainer = KNOWN[name]
    n = len(inputs)
    digests = np.array([f"{i}".encode() for i in range(n)], dtype="S16")
    pair = None if classes is None else np.tile(classes, (n, 1))
    whole = explainer.sheet.settled(settings)
    job = Job(inputs, starts, np.array(parts), pair, Chance(digests, 0), whole, 2**30, 256)
    return explainer.explain(model.differentiable(), job)


def owned(words, tokens):
    """Return the owners of tokens that are cut at some characters of a text."""
    text = " ".join(words)
    return owners_of(text, np.array(tokens).reshape(-1, 2), np.zeros(len(tokens), dtype=bool))


def test_a_token_belongs_to_the_word_it_stands_in(text):
    _, offsets, special = text.differentiable().encoded(["the films, badly!"])
    found = owners_of("the films, badly!", np.array(offsets[0]), np.array(special[0], dtype=bool))
    #             [CLS] the film ##s , bad ##ly ! [SEP]
    assert found.tolist() == [0, 1, 2, 2, 3, 4, 4, 5, 0]


@pytest.mark.parametrize(
    ("token", "owner"),
    [((0, 4), 1), ((3, 7), 2), ((2, 5), 1), ((3, 4), 2), ((7, 8), 2), ((0, 0), 1), ((1, 7), 2)],
)
def test_a_token_of_two_words_belongs_to_the_one_it_has_most_of(token, owner):
    # "abc defg": words at (0, 3) and (4, 8)
    assert owned(["abc", "defg"], [token]).tolist() == [owner]


def test_a_text_without_words_has_tokens_of_none():
    assert owners_of("  ", np.array([[0, 1], [1, 2]]), np.zeros(2, dtype=bool)).tolist() == [0, 0]


@pytest.mark.parametrize("name", list(KNOWN))
def test_odd_texts_are_explained_on_all_of_their_words(text, name):
    parts = modality().parts(HARD)
    found = explain(name, text, HARD, HARD, parts)
    assert [len(a) for a in found.attributions] == [len(spans(t)) for t in HARD]
    assert all(np.isfinite(a).all() for a in found.attributions)
    logs = np.log(text.predict(HARD))
    np.testing.assert_allclose(found.value, logs[:, 1] - logs[:, 0], atol=1e-5)
    np.testing.assert_allclose((found.value - found.start)[:2], 0, atol=1e-6)


def test_words_beyond_the_limit_of_tokens_get_nothing(text):
    found = explain("integrated-gradients", text, HARD, HARD, modality().parts(HARD))
    long = found.attributions[5]
    assert (long[:10] != 0).all()  # 12 tokens, two of them special
    assert (long[10:] == 0).all()
    assert long.sum() == pytest.approx(found.value[5] - found.start[5], rel=0.01)


def test_the_start_of_a_text_is_padding_between_its_special_tokens(text):
    leaves = text.differentiable().leaves(["good film", "bad"], None)
    table = text.network.get_input_embeddings().weight
    torch.testing.assert_close(leaves.starts[0, 1:3], table[[0, 0]])
    torch.testing.assert_close(leaves.starts[0, [0, 3]], table[[2, 3]])
    torch.testing.assert_close(leaves.points[1, :3], table[[2, 6, 3]])
    assert leaves.lengths.tolist() == [4, 3]


def test_running_leaves_is_running_the_network(text):
    texts = ["good film", "bad", "a very good film !"]
    opened = text.differentiable()
    leaves = opened.leaves(texts, None)
    with torch.no_grad():
        found = leaves.run(leaves.points, torch.arange(3))
        torch.testing.assert_close(found, text.run(texts))


def test_a_padding_side_that_moves_positions_keeps_lengths_apart(tmp_path):
    network, tokenizer = bert(tmp_path)
    tokenizer.padding_side = "left"
    texts = ["good film", "bad", "a very good film !"]
    parts = modality().parts(texts)
    model = wrap((network, tokenizer), TEXT)
    found = explain("integrated-gradients", model, texts, texts, parts)
    for i, one in enumerate(texts):
        alone = explain("integrated-gradients", model, [one], [one], parts[[i]])
        np.testing.assert_allclose(found.attributions[i], alone.attributions[0], atol=1e-5)


def test_a_network_that_reads_the_end_of_a_text_from_its_tokens_is_explained(tmp_path):
    _, tokenizer = bert(tmp_path)
    tokenizer.model_input_names = ["input_ids", "attention_mask"]
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        vocab_size=len(VOCABULARY), n_positions=16, n_embd=16, n_layer=1, n_head=2,
        pad_token_id=0, bos_token_id=2, eos_token_id=3, initializer_range=0.3, num_labels=2,
    )  # fmt: skip
    model = wrap((transformers.GPT2ForSequenceClassification(config), tokenizer), TEXT)
    texts = ["good film", "bad", "a very good film !"]
    found = explain("integrated-gradients", model, texts, texts, modality().parts(texts))
    logs = np.log(model.predict(texts))
    np.testing.assert_allclose(found.value, logs[:, 1] - logs[:, 0], atol=1e-5)
    total = [a.sum() for a in found.attributions]
    np.testing.assert_allclose(total, found.value - found.start, rtol=0.011)


def test_a_network_that_reads_each_token_twice_is_not_explained(tmp_path):
    _, tokenizer = bert(tmp_path)
    tokenizer.model_input_names = ["input_ids", "attention_mask"]
    config = transformers.T5Config(
        vocab_size=len(VOCABULARY), d_model=16, num_layers=1, d_ff=32, num_heads=2, d_kv=8,
        pad_token_id=0, eos_token_id=3, decoder_start_token_id=0, num_labels=2,
    )  # fmt: skip
    model = wrap((transformers.T5ForSequenceClassification(config), tokenizer), TEXT)
    with pytest.raises(NotApplicable, match="each token once"):
        explain("gradient-x-input", model, ["good film"], [""], [2])


def test_a_text_model_with_one_output_is_explained(tmp_path):
    model = wrap(bert(tmp_path, num_labels=1), NUMBER)
    texts = ["good film", "bad"]
    found = explain("integrated-gradients", model, texts, texts, modality().parts(texts), None)
    np.testing.assert_allclose(found.value, model.predict(texts), atol=1e-6)
    total = [a.sum() for a in found.attributions]
    np.testing.assert_allclose(total, found.value - found.start, rtol=0.011)


def test_a_slow_tokenizer_gives_no_gradients(text):
    from copy import copy
    from types import SimpleNamespace

    slow = copy(text)
    slow.__dict__["tokenizer"] = SimpleNamespace(is_fast=False)
    assert isinstance(slow, Gradients)
    assert slow.differentiable() is None


def test_opening_a_model_does_not_change_its_fingerprint(tmp_path):
    from audit.adapters.hf import load

    network, tokenizer = bert(tmp_path)
    network.save_pretrained(tmp_path / "model")
    tokenizer.save_pretrained(tmp_path / "model")
    model = load("model", ModelOptions(device="cpu"), base=tmp_path)
    assert model.card.opens == ("gradients",)
    before = model.card.fingerprint
    assert len(model.predict(["bad"])) == 1
    explain("gradient-x-input", model, ["bad"], [""], [1])
    assert load("model", ModelOptions(device="cpu"), base=tmp_path).card.fingerprint == before


def vit(tmp_path):
    config = transformers.ViTConfig(
        image_size=32, patch_size=8, num_labels=2, intermediate_size=32, initializer_range=0.2,
        **SIZES,
    )  # fmt: skip
    torch.manual_seed(0)
    size = {"height": 32, "width": 32}
    (tmp_path / "preprocessor_config.json").write_text(
        json.dumps({"image_processor_type": "ViTImageProcessor", "size": size})
    )
    processor = transformers.AutoImageProcessor.from_pretrained(tmp_path, use_fast=False)
    return wrap((transformers.ViTForImageClassification(config), processor), PICTURE)


def pictures(n):
    from PIL import Image

    rng = np.random.default_rng(3)
    return [Image.fromarray(rng.integers(0, 256, (40, 30, 3), dtype=np.uint8)) for _ in range(n)]


@pytest.mark.parametrize("name", list(KNOWN))
def test_a_transformer_of_pictures_is_explained_by_patch(tmp_path, name):
    from PIL import Image

    model, images = vit(tmp_path), pictures(3)
    grey = [Image.new("RGB", i.size, (128, 128, 128)) for i in images]
    found = explain(name, model, images, grey, [64] * 3)
    assert [len(a) for a in found.attributions] == [64] * 3
    logs = np.log(model.predict(images))
    np.testing.assert_allclose(found.value, logs[:, 1] - logs[:, 0], atol=1e-5)
    if KNOWN[name].sheet.complete:
        total = np.array([a.sum() for a in found.attributions])
        np.testing.assert_allclose(total, found.value - found.start, rtol=0.011)


@pytest.mark.parametrize("channels", ["first", "last", "none"])
def test_channels_may_stand_anywhere(channels):
    from PIL import Image

    def given(images):
        made = torch.stack([torch.tensor(np.asarray(i), dtype=torch.float32) for i in images])
        return {"first": made.permute(0, 3, 1, 2), "last": made, "none": made[..., 0]}[channels]

    class Corner(torch.nn.Module):
        def forward(self, x):
            return {"first": lambda: x[:, :, 0, 0].sum(1), "last": lambda: x[:, 0, 0].sum(1),
                    "none": lambda: x[:, 0, 0]}[channels]()  # fmt: skip

    images = pictures(1)
    black = [Image.new("RGB", images[0].size)]
    model = wrap((Corner(), given), NUMBER)
    found = explain("gradient-x-input", model, images, black, [64], None)
    assert np.flatnonzero(found.attributions[0]).tolist() == [0]


def encoded(frame):
    """Encode a column of words, and pass on one of numbers."""
    hot = [(frame["kind"] == k).to_numpy(dtype=np.float32) for k in ("a", "b", "c")]
    return torch.tensor(np.column_stack([frame["size"].to_numpy(dtype=np.float32), *hot]))


MIXED = pd.DataFrame({"kind": list("abca"), "size": [1.0, 2.0, 3.0, 4.0]})
PLAIN = pd.DataFrame({"kind": list("aaaa"), "size": [2.0] * 4})


def test_numbers_of_a_column_of_words_are_found_by_what_changes_them():
    torch.manual_seed(0)
    module = torch.nn.Linear(4, 1)
    found = explain("integrated-gradients", wrap((module, encoded), NUMBER), MIXED, PLAIN,
                    [2] * 4, None)  # fmt: skip
    weights = module.weight.detach().numpy()[0]
    kinds = weights[1:][[0, 1, 2, 0]] - weights[1]
    expected = np.column_stack([kinds, weights[0] * (MIXED["size"] - 2)])
    np.testing.assert_allclose(np.array(found.attributions), expected, atol=1e-6)


def test_a_number_made_of_two_columns_cannot_be_shared():
    model = wrap((torch.nn.Linear(1, 1), lambda f: encoded(f)[:, :2].sum(1, keepdim=True)), NUMBER)
    with pytest.raises(NotApplicable, match="one number of the columns kind and size"):
        explain("gradient-x-input", model, MIXED, PLAIN, [2] * 4, None)


class Lengths(torch.nn.Module):
    def forward(self, texts):
        return torch.tensor([float(len(t)) for t in texts])


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (Lengths(), "not given decimal numbers"),
        ((torch.nn.Linear(1, 1), lambda t: torch.ones(len(t), 1)), "which word"),
        ((torch.nn.Embedding(2, 1), lambda t: torch.ones(len(t), 1).long()), "decimal numbers"),
    ],
)
def test_a_module_whose_numbers_are_no_parts_of_a_text_is_not_explained(model, reason):
    with pytest.raises(NotApplicable, match=reason):
        explain("gradient-x-input", wrap(model, NUMBER), ["a", "b"], ["", ""], [1, 1], None)


def changed(before, after):
    """Return which layers with weights have others."""
    pairs = zip(layers_of(before), layers_of(after), strict=True)
    return [
        any(
            not torch.equal(p, q)
            for p, q in zip(a.parameters(False), b.parameters(False), strict=True)
        )
        for a, b in pairs
    ]


def shaken(network):
    """Move every weight, so that shifts and scales are not what they begin as."""
    with torch.no_grad():
        for weights in network.parameters():
            weights += 0.01
    return network


@pytest.mark.parametrize("share", [0.01, 0.25, 0.5, 1.0])
def test_random_weights_reach_the_last_layers_alone(tmp_path, share):
    network = shaken(bert(tmp_path)[0])
    state = {k: v.clone() for k, v in network.state_dict().items()}
    found = changed(network, randomised(network, share, 0))
    count = int(np.ceil(share * len(found)))
    assert found == [False] * (len(found) - count) + [True] * count
    assert all(torch.equal(v, network.state_dict()[k]) for k, v in state.items())


def test_random_weights_follow_from_the_seed_and_move_no_other_luck(tmp_path):
    network = bert(tmp_path)[0]
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    one, same, other = (randomised(network, 1, s).state_dict() for s in (1, 1, 2))
    assert torch.equal(torch.rand(3), expected)
    key = "classifier.weight"
    assert all(torch.equal(v, same[k]) for k, v in one.items())
    assert not torch.equal(one[key], other[key])
    assert one[key].std() == pytest.approx(0.2, rel=0.5)  # as the configuration draws it


class Own(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weights = torch.nn.Parameter(3 * torch.randn(40, 50))


def test_weights_that_no_one_knows_how_to_draw_keep_their_spread():
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(3, 4), Own())
    found = randomised(network, 1, 0)
    assert changed(network, found) == [True, True]
    assert float(found[1].weights.detach().std()) == pytest.approx(3, rel=0.1)


def test_a_share_of_no_layer_is_refused():
    with pytest.raises(ValueError, match="0, 1"):
        randomised(torch.nn.Linear(1, 1), 0.0, 0)


def test_an_open_network_is_randomised_beside_itself(text):
    opened = text.differentiable()
    assert changed(opened.network, opened.randomised(1.0, 4).network).count(True) > 10
    assert opened.network is text.network


def test_the_table_of_columns_may_have_names_that_are_numbers():
    frame = pd.DataFrame({0: [1.0, 2.0], 1: [3.0, 4.0]})
    torch.manual_seed(0)
    module = torch.nn.Linear(2, 1)
    turned = wrap((module, lambda f: torch.tensor(f.to_numpy()[:, ::-1].astype("f4"))), NUMBER)
    found = explain("gradient-x-input", turned, frame, 0 * frame, [2, 2], None)
    weights = module.weight.detach().numpy()[0, ::-1]
    np.testing.assert_allclose(np.array(found.attributions), frame * weights, atol=1e-6)
