"""A transformer is trained again: a head, all weights or low-rank updates, from a named start."""

import importlib.metadata
import json

import numpy as np
import pytest

from audit.adapters.hf import load
from audit.adapters.hf_refits import of_transformer
from audit.adapters.options import ModelOptions, RefitOptions
from audit.errors import ConfigError, ModelError
from audit.model import Predicts, Ranks, Refits, Sized

pytest.importorskip("transformers")
OPTIONS = ModelOptions(device="cpu")
WORDS = ["good", "bad", "film", "a", "the", "very", "not", "##s", "##ly"]
SPECIAL = ["[PAD]", "[unused0]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
SIZES = {
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "initializer_range": 0.2,
}
TEXTS = [f"{w} {o} film" for w in ("good", "bad") for o in ("a", "the", "very", "a very")] * 6
CODES = np.array(["bad" in t for t in TEXTS]).astype(np.int64)
TEST = ["good the film", "bad very film", "good a very film", "bad a film"]


def write(folder, kind, labels=("fine", "poor"), seed=0):
    import torch
    import transformers
    from transformers import BertConfig, BertTokenizerFast

    folder.mkdir()
    (folder / "vocab.txt").write_text("\n".join([*SPECIAL, *WORDS]) + "\n")
    BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=16).save_pretrained(folder)
    torch.manual_seed(seed)
    settings = SIZES | {"intermediate_size": 16, "max_position_embeddings": 16}
    names = dict(enumerate(labels))
    config = BertConfig(vocab_size=len(SPECIAL + WORDS), id2label=names, **settings)
    getattr(transformers, kind)(config).save_pretrained(folder)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Networks this small only wait for a second thread."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    base = tmp_path_factory.mktemp("hf")
    write(base / "base", "BertModel", seed=1)
    write(base / "model", "BertForSequenceClassification")
    write(base / "number", "BertForSequenceClassification", labels=("value",))
    return base


def refits(folder, name="model", **asked):
    words = {"base": "hf:base", "epochs": 1, "learning_rate": 0.01} | asked
    model = load(name, OPTIONS, base=folder)
    return of_transformer(model, OPTIONS, RefitOptions(**words), base=folder)


def trained(made, recipe, seed=0, texts=TEXTS, targets=CODES):
    """Return the answers of a training to the test texts."""
    embedder = made.embedder(recipe)
    learned, asked = (t if embedder is None else embedder.predict(t) for t in (texts, TEST))
    return made.fit(learned, targets, recipe=recipe, seed=seed).predict(asked)


@pytest.mark.parametrize("recipe", ["head", "head-scratch", "full", "full-scratch", "lora"])
def test_every_recipe_learns_and_is_repeatable(folder, recipe):
    made = refits(folder)
    assert isinstance(made, Refits)
    one = trained(made, recipe)
    np.testing.assert_array_equal(one, trained(made, recipe))
    assert one.argmax(1).tolist() == [0, 1, 0, 1]
    np.testing.assert_allclose(one.sum(1), 1)


@pytest.mark.parametrize("recipe", ["full", "full-scratch", "lora"])
def test_seeds_differ_where_something_is_random(folder, recipe):
    made = refits(folder)
    assert not np.array_equal(*(trained(made, recipe, seed=s) for s in (0, 1)))


def test_torch_s_own_generator_is_left_as_it_was(folder):
    import torch

    made = refits(folder)
    before = torch.random.get_rng_state()
    trained(made, "full")
    trained(made, "head-scratch")
    assert torch.equal(torch.random.get_rng_state(), before)


def test_full_starts_from_the_pretrained_body_and_a_new_head(folder):
    made = refits(folder)
    body = made.start.read[0].state_dict()
    fresh = made.start.classifier(("a", "b", "c"), scratch=False)
    assert fresh.config.num_labels == 3
    for name, value in fresh.base_model.state_dict().items():
        assert (value == body[name]).all(), name


@pytest.mark.parametrize("base", ["hf:base", "self"])
@pytest.mark.parametrize("recipe", ["full", "lora"])
def test_a_training_changes_neither_the_model_nor_another_training(folder, recipe, base):
    model = load("model", OPTIONS, base=folder)
    asked = RefitOptions(base=base, epochs=1, learning_rate=0.01)
    made = of_transformer(model, OPTIONS, asked, base=folder)
    before = model.predict(TEST)
    first = made.fit(TEXTS, CODES, recipe=recipe, seed=0)
    answers = first.predict(TEST)
    made.fit(TEXTS, 1 - CODES, recipe=recipe, seed=1)
    np.testing.assert_array_equal(model.predict(TEST), before)
    np.testing.assert_array_equal(first.predict(TEST), answers)
    assert isinstance(first, Sized)


def test_self_starts_from_the_audited_weights_head_included(folder):
    made = refits(folder, base="self")
    own, fresh = made.start.text.network, made.start.classifier(("fine", "poor"), scratch=False)
    for name, value in own.state_dict().items():
        assert (value == fresh.state_dict()[name]).all(), name
    assert trained(made, "head").shape == (4, 2)


def test_embeddings_are_means_over_tokens_whatever_the_batch(folder):
    embedder = refits(folder).embedder("head")
    assert isinstance(embedder, Predicts)
    assert isinstance(embedder, Sized)
    assert embedder.card.dim == 16
    together = embedder.predict(TEST)
    alone = np.concatenate([embedder.predict([t]) for t in TEST])
    np.testing.assert_allclose(together, alone, atol=1e-6)
    states = embedder.network(**embedder.base.text.batch(TEST[:1])).last_hidden_state
    np.testing.assert_allclose(alone[0], states[0].mean(0).detach(), atol=1e-6)


def test_embedders_are_told_apart_by_their_fingerprints(folder):
    head, scratch = (refits(folder).embedder(r) for r in ("head", "head-scratch"))
    assert head.card.fingerprint != scratch.card.fingerprint
    assert head.card.fingerprint == refits(folder).embedder("head").card.fingerprint
    assert not np.allclose(head.predict(TEST), scratch.predict(TEST))


def test_a_label_that_the_rows_lack_has_probability_0(folder, tmp_path):
    write(tmp_path / "three", "BertForSequenceClassification", labels=("fine", "so so", "poor"))
    made = refits(tmp_path, "three", base=f"hf:{folder / 'base'}")
    found = trained(made, "head", targets=CODES * 2)
    assert found.argmax(1).tolist() == [0, 2, 0, 2]
    assert (found[:, 1] == 0).all()
    assert trained(made, "head", targets=CODES * 0)[:, 0].tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize("recipe", ["head", "full", "lora"])
def test_values_are_learned_in_their_own_scale(folder, recipe):
    made = refits(folder, "number")
    found = trained(made, recipe, targets=1000.0 + 50.0 * CODES)
    assert found.shape == (4,)
    np.testing.assert_allclose(found, [1000, 1050, 1000, 1050], atol=20)


def test_without_a_base_the_reason_is_returned(folder):
    assert "would look flat" in refits(folder, base="")


def test_the_audited_model_is_no_base_under_another_name(folder):
    with pytest.raises(ConfigError, match="is the audited model itself") as caught:
        refits(folder, base="hf:model")
    assert "base: self" in caught.value.hint


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"recipe": "clone"}, 'the recipe "clone" does not fit a transformer'),
        ({"base": "base"}, "does not say where"),
        ({"epochs": 0}, "epochs must be at least 1"),
        ({"learning_rate": -1.0}, "learning_rate must be above 0"),
    ],
)
def test_what_cannot_be_trained_is_refused(folder, asked, words):
    with pytest.raises(ConfigError, match=words):
        refits(folder, **asked)


def test_a_missing_package_is_named_with_its_extra(folder, monkeypatch):
    from audit.adapters import hf_refits

    found = importlib.metadata.version

    def version(name):
        if name == "peft":
            raise importlib.metadata.PackageNotFoundError(name)
        return found(name)

    monkeypatch.setattr(hf_refits, "version", version)
    assert "lora" not in [r.name for r in refits(folder).recipes]
    with pytest.raises(ModelError, match="needs the package peft") as caught:
        refits(folder, recipe="lora")
    assert "defect-audit[lora]" in caught.value.hint


def test_the_recipe_that_is_meant_comes_first_and_has_a_twin(folder):
    assert next(r.name for r in refits(folder).recipes) == "head"
    names = {r.name: r for r in refits(folder, recipe="lora").recipes}
    assert next(iter(names)) == "lora"
    for recipe in names.values():
        assert recipe.scratch or names[recipe.twin].scratch
    assert names["head"].cheap
    assert not names["full"].cheap


def test_a_fingerprint_follows_settings_and_start(folder, tmp_path):
    def prints(**asked):
        return {r.name: r.fingerprint for r in refits(folder, **asked).recipes}

    usual, longer, own = prints(), prints(epochs=2), prints(base="self")
    assert usual == prints()
    assert usual["head"] == longer["head"] != own["head"]
    assert usual["full"] != longer["full"] != own["full"]


def test_a_learning_rate_is_that_of_the_recipe_that_was_asked_for(folder):
    made = refits(folder, recipe="lora", learning_rate=0.5)
    rates = [made.tuning(r).rate for r in ("lora", "full", "full-scratch")]
    assert rates == [0.5, 0.04 / 16, 0.04 / 16]


def test_few_rows_are_gone_through_until_there_are_enough_updates(folder, monkeypatch):
    import torch

    made, steps = refits(folder), []
    step = torch.optim.AdamW.step
    monkeypatch.setattr(torch.optim.AdamW, "step", lambda *a, **k: (steps.append(1), step(*a)))
    made.fit(TEXTS[:16], CODES[:16], recipe="full", seed=0)
    assert len(steps) == 100


def test_a_base_that_lacks_weights_is_refused_and_not_made_up(folder, tmp_path):
    from safetensors.torch import load_file, save_file

    write(tmp_path / "base", "BertModel")
    write(tmp_path / "model", "BertForSequenceClassification")
    weights = load_file(tmp_path / "base" / "model.safetensors")
    kept = {k: v for k, v in weights.items() if "attention.self.query" not in k}
    save_file(kept, tmp_path / "base" / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match="lacks 2 of its own weights"):
        refits(tmp_path).embedder("head").predict(TEST)


def test_a_base_without_a_pooler_is_given_a_new_one(folder, tmp_path):
    from safetensors.torch import load_file, save_file

    write(tmp_path / "base", "BertModel")
    write(tmp_path / "model", "BertForSequenceClassification")
    weights = load_file(tmp_path / "base" / "model.safetensors")
    kept = {k: v for k, v in weights.items() if "pooler" not in k}
    save_file(kept, tmp_path / "base" / "model.safetensors", metadata={"format": "pt"})
    for recipe in ("full", "lora"):
        np.testing.assert_array_equal(*(trained(refits(tmp_path, epochs=1), recipe) for _ in "ab"))


def test_batches_hold_every_row_once_and_texts_of_like_length():
    from audit.adapters.hf_training import batches

    lengths = np.random.default_rng(0).integers(3, 60, 500)
    cut = list(batches(lengths, 16, np.random.default_rng(1)))
    assert sorted(np.concatenate(cut)) == list(range(500))
    padded = sum(len(rows) * lengths[rows].max() for rows in cut)
    assert padded < 1.15 * lengths.sum()


def test_rare_words_have_high_ranks(folder):
    model = load("model", OPTIONS, base=folder)
    assert isinstance(model, Ranks)
    found = model.token_ranks(["good", "bad film", "", "[UNK]"])
    np.testing.assert_allclose(found[:2], [np.log(1), np.log([2, 3]).mean()])
    assert np.isnan(found[2:]).all()


def test_nothing_heavy_is_read_before_it_is_needed(folder):
    made = refits(folder)
    assert made.embedder("head").card.dim == 16
    assert not {"read", "config"} & set(vars(made.start))
    assert json.dumps([r.says for r in made.recipes])
