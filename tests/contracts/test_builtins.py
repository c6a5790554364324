"""Every built-in keeps the contract that guests are held to."""

import dataclasses
from pathlib import Path

import datasets
import msgspec
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.dummy import DummyClassifier

from audit import registry
from audit.adapters.objects import wrap
from audit.adapters.options import ModelOptions, SplitRoles, TableOptions
from audit.testing import (
    check_dataset,
    check_explainer,
    check_modality,
    check_model,
    check_probe,
    check_reporter,
    check_transform,
    sample_result,
)

PROBES = registry.catalogue().probes
TRANSFORMS = registry.transforms()
EXPLAINERS = registry.explainers()
MODALITIES = list(registry.listed("modality"))
REPORTERS = list(registry.listed("reporter"))


@pytest.mark.parametrize("name", list(PROBES))
def test_a_probe_keeps_its_contract(name):
    check_probe(PROBES[name])


@pytest.mark.parametrize("reporter", REPORTERS)
@pytest.mark.parametrize("probe", list(PROBES))
def test_a_reporter_keeps_its_contract_for_every_probe(reporter, probe):
    check_reporter(registry.reporter(reporter), sample_result(PROBES[probe]))


@pytest.mark.parametrize("name", list(TRANSFORMS))
def test_a_transform_keeps_its_contract(name):
    check_transform(TRANSFORMS[name])


def test_a_transform_that_looks_at_the_place_of_an_input_breaks_its_contract():
    good = TRANSFORMS["casing"]
    placed = dataclasses.replace(
        good, apply=lambda texts, severity, chance: [f"{t} {i}" for i, t in enumerate(texts)]
    )
    with pytest.raises(AssertionError, match="place"):
        check_transform(placed)


@pytest.mark.parametrize("name", list(EXPLAINERS))
def test_an_explainer_keeps_its_contract(name):
    check_explainer(EXPLAINERS[name])


def test_every_family_of_explainers_offers_some():
    for entry in registry.listed("explainer"):
        assert list(registry.load("explainer", entry)()), entry


@pytest.mark.parametrize("name", MODALITIES)
def test_a_modality_keeps_its_contract(name):
    modality = registry.modality(name)
    assert modality.name == name
    check_modality(modality)


BREAKS = {
    "kept": (lambda parts, generator, settings: np.random.rand(9, parts) < 0.5, "same luck"),
    "solve": (lambda kept, *_: np.full(kept.shape[1], np.nan), "finite"),
}


@pytest.mark.parametrize("part", BREAKS)
def test_an_explainer_that_breaks_a_promise_is_found_out(part):
    function, promise = BREAKS[part]
    with pytest.raises(AssertionError, match=promise):
        check_explainer(dataclasses.replace(EXPLAINERS["kernel-shap"], **{part: function}))


def test_an_explainer_that_looks_at_the_place_of_an_input_breaks_its_contract():
    good = EXPLAINERS["tree-shap"]

    def placed(opened, job):
        made = good.explain(opened, job)
        moved = tuple(a + i for i, a in enumerate(made.attributions))
        return dataclasses.replace(made, attributions=moved)

    incomplete = msgspec.structs.replace(good.sheet, complete=False)
    with pytest.raises(AssertionError, match="place"):
        check_explainer(dataclasses.replace(good, sheet=incomplete, explain=placed))


def test_a_modality_that_masks_by_place_breaks_its_contract():
    class Placed(type(registry.modality("text"))):
        def masked(self, inputs, kept, baseline, chance):
            made = super().masked(inputs, kept, baseline, chance)
            return [
                t if k.all() else f"{t} {i}"
                for i, (t, k) in enumerate(zip(made, kept, strict=True))
            ]

    with pytest.raises(AssertionError, match="place"):
        check_modality(Placed())


def test_no_built_in_is_broken():
    assert registry.catalogue().broken == {}


@pytest.mark.parametrize("kind", list(registry.GROUPS))
def test_every_entry_point_imports(kind):
    for name in registry.listed(kind):
        assert callable(registry.load(kind, name))


def test_models_in_memory_keep_their_contract():
    texts = [f"text {i}" for i in range(5)]
    function = wrap(lambda x: [[0.3, 0.7]] * len(x), ModelOptions(labels=("no", "yes")))
    check_model(function, texts)
    fitted = DummyClassifier(strategy="prior").fit(np.zeros((4, 1)), ["a", "b", "a", "b"])
    check_model(wrap(fitted, ModelOptions()), np.zeros((5, 1)))


def written(folder, kind):
    """Write twelve rows in the format of a loader; return what stands after its scheme."""
    frame = pd.DataFrame(
        {"text": [f"text {i}" for i in range(12)], "label": ["no", "yes"] * 6, "g": list("aab") * 4}
    )
    if kind == "csv":
        frame.to_csv(folder / "rows.csv", index=False)
    elif kind == "json":
        frame.to_json(folder / "rows.json", orient="records", lines=True)
    elif kind == "parquet":
        frame.to_parquet(folder / "rows.parquet")
    elif kind == "imagefolder":
        for i in range(12):
            path = folder / "images" / ("no", "yes")[i % 2] / f"{i}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (9, 8), (i, 2 * i, 3 * i)).save(path)
        return "images"
    elif kind == "arrow":
        datasets.Dataset.from_pandas(frame).save_to_disk(folder / "rows.arrow")
    else:
        frame.to_csv(folder / "rows.csv", index=False)
        (folder / "my_rows.py").write_text(
            "import pathlib, pandas\n"
            "def load():\n"
            "    return pandas.read_csv(pathlib.Path(__file__).with_name('rows.csv'))\n"
        )
        return "my_rows:load"
    return f"rows.{kind}"


# a hub cannot be reached where these tests run; its errors are tested with the adapters
@pytest.mark.parametrize("kind", [k for k in registry.listed("dataset") if k != "hub"])
def test_a_data_set_keeps_its_contract(tmp_path, kind):
    table = registry.load("dataset", kind)(written(tmp_path, kind), TableOptions(), base=tmp_path)
    column, group = ("image", "label") if kind == "imagefolder" else ("text", "g")
    check_dataset(table, SplitRoles(input=(column,), label="label", groups=(group,)))


def test_a_transformers_model_keeps_its_contract(tmp_path):
    torch = pytest.importorskip("torch")
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad", "film"]
    (tmp_path / "vocab.txt").write_text("\n".join(words))
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = BertConfig(vocab_size=len(words), intermediate_size=16, **sizes)
    pair = (BertForSequenceClassification(config), BertTokenizerFast(str(tmp_path / "vocab.txt")))
    check_model(wrap(pair, ModelOptions(device="cpu")), ["good film", "bad", "film film good"])


def test_recorded_predictions_keep_their_contract():
    check_model(registry.load("model", "recorded")("", ModelOptions(), base=Path()), [])


def test_a_broken_guest_is_listed_with_its_reason_and_breaks_nothing(monkeypatch):
    from importlib.metadata import EntryPoint

    guest = EntryPoint("guest", "no_such_package.guest:Guest", "audit.probes")
    real = registry.listed
    monkeypatch.setattr(
        registry, "listed", lambda k: real(k) | ({"guest": guest} if k == "probe" else {})
    )
    known = registry.catalogue()
    assert set(known.probes) == set(PROBES)
    assert "no_such_package" in known.broken["guest"]
