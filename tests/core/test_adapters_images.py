"""Images come in by their bytes, and go to networks of transformers or of one's own."""

import io
from types import SimpleNamespace

import datasets
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from audit.adapters import image_folder, tables
from audit.adapters.digests import text_digests
from audit.adapters.hf import load
from audit.adapters.image_inputs import decoded
from audit.adapters.objects import wrap
from audit.adapters.options import ModelOptions, SplitRoles, TableOptions
from audit.adapters.rows import examples_from
from audit.adapters.torch_module import load as load_torch
from audit.engine.engine import Engine
from audit.engine.store import Store
from audit.errors import DataError, ModelError
from audit.model import Embeds, Predicts, Sized
from audit.requests import Predict
from audit.testing import check_dataset, check_model

ROLES = SplitRoles(input=("image",), label="label")
CPU = ModelOptions(device="cpu")
LABELS = ("apple", "fig", "plum")


def picture(seed=0, size=(20, 14), mode="RGB"):
    rng = np.random.default_rng(seed)
    shape = (size[1], size[0], 3)
    return Image.fromarray(rng.integers(0, 256, shape).astype(np.uint8)).convert(mode)


def encoded(image, kind="PNG", **words):
    out = io.BytesIO()
    image.save(out, kind, **words)
    return out.getvalue()


PICTURES = [picture(i, (20 + i, 14)) for i in range(6)]
ROWS = {"image": PICTURES, "label": ["apple", "fig"] * 3}


def write_folder(folder):
    for i, image in enumerate(PICTURES):
        place = folder / ("fig" if i % 2 else "apple")
        place.mkdir(parents=True, exist_ok=True)
        image.save(place / f"test_{i}.png" if i == 3 else place / f"{i}.png")
    return folder


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write a tiny ViT with random weights, as save_pretrained does."""
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

    folder = tmp_path_factory.mktemp("hf") / "vit"
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = transformers.ViTConfig(
        **sizes, intermediate_size=16, image_size=16, patch_size=8, id2label=dict(enumerate(LABELS))
    )
    transformers.ViTForImageClassification(config).save_pretrained(folder)
    ViTImageProcessorPil(size={"height": 16, "width": 16}).save_pretrained(folder)
    return folder


def convolution(outputs=3):
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3),
        torch.nn.ReLU(),
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(),
        torch.nn.Linear(4, outputs),
    )


def preprocess(images):
    import torch

    rows = [np.asarray(im.resize((16, 16)), dtype=np.float32) / 255 for im in images]
    return torch.tensor(np.stack(rows)).permute(0, 3, 1, 2)


# data


@pytest.mark.parametrize("kind", ["parquet", "arrow", "memory", "frame", "python", "plain"])
def test_a_column_of_images_is_read_from_every_place(tmp_path, kind):
    table = datasets.Dataset.from_dict(ROWS)
    if kind == "parquet":
        table.to_parquet(tmp_path / "rows.parquet")
        table = tables.load_parquet("rows.parquet", TableOptions(), base=tmp_path)
    elif kind == "arrow":
        table.save_to_disk(tmp_path / "rows")
        table = tables.load_arrow("rows", TableOptions(), base=tmp_path)
    elif kind == "frame":
        table = tables.from_object(pd.DataFrame(ROWS))
    elif kind == "python":
        (tmp_path / "my_pictures.py").write_text(
            "from PIL import Image\n"
            "def rows():\n"
            "    return [{'image': Image.new('RGB', (4, 4), (20 * i, 0, 0)), 'label': str(i % 2)}\n"
            "            for i in range(6)]\n"
        )
        table = tables.load_python("my_pictures:rows", TableOptions(), base=tmp_path)
    elif kind == "plain":  # written by pandas, which knows no features
        cells = [{"bytes": encoded(p), "path": None} for p in PICTURES]
        pd.DataFrame({"image": cells, "label": ROWS["label"]}).to_parquet(tmp_path / "p.parquet")
        table = tables.load_parquet("p.parquet", TableOptions(), base=tmp_path)
    check_dataset(table, ROLES)
    rows = examples_from(table, "test", ROLES)
    assert rows.modality == "image"
    found = rows.inputs.take(np.array([4, 1]))
    assert [type(f).__module__.split(".")[0] for f in found] == ["PIL", "PIL"]
    if kind != "python":
        np.testing.assert_array_equal(found[0], PICTURES[4])


def test_a_folder_of_folders_gives_labels_whatever_its_files_are_called(tmp_path):
    write_folder(tmp_path / "fruit")
    table = image_folder.load("fruit", TableOptions(), base=tmp_path)
    check_dataset(table, ROLES)
    rows = examples_from(table, "test", ROLES)
    assert (len(rows), rows.labels.names) == (6, ("apple", "fig"))
    assert rows.labels.codes.tolist() == [0, 0, 0, 1, 1, 1]


def test_a_list_beside_the_images_gives_further_columns(tmp_path):
    write_folder(tmp_path / "fruit")
    listed = {"file_name": ["fig/1.png", "apple/0.png"], "farm": ["north", "south"]}
    pd.DataFrame(listed).to_csv(tmp_path / "fruit" / "metadata.csv", index=False)
    table = image_folder.load("fruit", TableOptions(), base=tmp_path)
    rows = examples_from(
        table, "test", SplitRoles(input=("image",), label="label", groups=("farm",))
    )
    names = np.array(rows.labels.names)[rows.labels.codes]
    assert dict(zip(names, rows.groups["farm"].codes, strict=True)) == {"fig": 0, "apple": 1}


def test_a_folder_of_splits_needs_one_named(tmp_path):
    write_folder(tmp_path / "fruit" / "train")
    write_folder(tmp_path / "fruit" / "test")
    with pytest.raises(DataError, match="holds several splits") as caught:
        image_folder.load("fruit", TableOptions(), base=tmp_path)
    assert caught.value.exit_code == 2
    assert len(image_folder.load("fruit", TableOptions(split="test"), base=tmp_path)) == 6
    with pytest.raises(DataError, match='no folder "tset"') as caught:
        image_folder.load("fruit", TableOptions(split="tset"), base=tmp_path)
    assert "test" in caught.value.hint


def test_a_folder_without_images_is_said(tmp_path):
    (tmp_path / "none").mkdir()
    with pytest.raises(DataError, match="holds no image"):
        image_folder.load("none", TableOptions(), base=tmp_path)


def test_the_digest_is_of_the_file_wherever_it_lies(tmp_path):
    content = encoded(PICTURES[0])
    (tmp_path / "a.png").write_bytes(content)
    cells = [{"bytes": content, "path": None}, {"bytes": None, "path": str(tmp_path / "a.png")}]
    other = {"bytes": encoded(PICTURES[0], "BMP"), "path": None}
    table = datasets.Dataset.from_dict(
        {"image": [*cells, other]}, features=datasets.Features({"image": datasets.Image()})
    )
    found = examples_from(table, "test", SplitRoles(input=("image",))).digests
    assert found[0] == found[1] != found[2]  # the same pixels in another file
    assert found[0] != text_digests([content.decode("latin-1")])[0]


def test_nothing_is_decoded_while_data_load(monkeypatch):
    def refuse(*_):
        raise AssertionError("an image was decoded")

    table = datasets.Dataset.from_dict(ROWS)
    monkeypatch.setattr("PIL.Image.open", refuse)
    rows = examples_from(table, "test", ROLES)
    with pytest.raises(AssertionError):
        rows.inputs.take(np.array([0]))


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ({"bytes": None, "path": None}, "neither bytes nor a path"),
        ({"bytes": None, "path": "nowhere/a.png"}, "nowhere/a.png"),
        ({"bytes": b"", "path": "a.png"}, "a.png is empty"),
        (None, "neither bytes nor a path"),
    ],
)
def test_a_row_without_an_image_is_named(cell, words):
    import pyarrow as pa

    cells = [{"bytes": encoded(PICTURES[0]), "path": None}, cell]
    kind = pa.struct({"bytes": pa.binary(), "path": pa.string()})
    table = pa.table({"image": pa.array(cells, type=kind)})
    with pytest.raises(DataError, match="without an image") as caught:
        examples_from(table, "test", SplitRoles(input=("image",)))
    assert "row 1" in caught.value.where
    assert words in caught.value.where


def test_images_stand_alone_as_input():
    table = datasets.Dataset.from_dict(ROWS)
    with pytest.raises(DataError, match="and other columns") as caught:
        examples_from(table, "test", SplitRoles(input=("image", "label")))
    assert caught.value.exit_code == 2


# decoding


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("RGB", "PNG"), ("L", "PNG"), ("1", "PNG"), ("P", "PNG"), ("RGBA", "PNG"), ("LA", "PNG"),
     ("P", "GIF"), ("CMYK", "JPEG"), ("L", "JPEG"), ("YCbCr", "JPEG")],
)  # fmt: skip
def test_every_kind_becomes_what_transformers_makes_of_it(tmp_path, mode, kind):
    transformers = pytest.importorskip("transformers")
    path = tmp_path / f"a.{kind.lower()}"
    path.write_bytes(encoded(picture(3, mode=mode), kind))
    expected = transformers.image_utils.load_image(str(path))
    found = decoded(path.read_bytes())
    assert found.mode == "RGB"
    np.testing.assert_array_equal(found, expected)


def test_a_camera_on_its_side_is_turned_upright():
    notes = Image.Exif()
    notes[0x0112] = 6
    content = encoded(picture(size=(20, 14)), "JPEG", exif=notes)
    assert decoded(content).size == (14, 20)


def test_grey_of_sixteen_bits_is_scaled_and_not_cut():
    deep = np.array([[0, 257, 25_700], [32_896, 65_278, 65_535]], dtype=np.uint16)
    found = np.asarray(decoded(encoded(Image.fromarray(deep))))
    assert found[:, :, 0].tolist() == [[0, 1, 100], [128, 254, 255]]


@pytest.mark.parametrize("values", [np.float32([[0.5]]), np.int32([[70_000]])])
def test_a_picture_without_a_known_white_is_refused(values):
    with pytest.raises(ValueError, match="no known white"):
        decoded(encoded(Image.fromarray(values), "TIFF"))


def test_bytes_that_are_cut_short_are_an_error_and_not_grey():
    with pytest.raises(OSError, match="truncated"):
        decoded(encoded(picture(size=(64, 64)), "JPEG")[:900])


def test_a_broken_image_fails_alone(tmp_path):
    def widths(images):
        return [[1.0, 0.0] for _ in images]

    content = encoded(picture(size=(64, 64)), "JPEG")
    cells = [{"bytes": content if i != 2 else content[:900], "path": None} for i in range(4)]
    cells = [c | {"bytes": c["bytes"] + bytes([i])} for i, c in enumerate(cells)]  # four inputs
    features = datasets.Features({"image": datasets.Image()})
    table = datasets.Dataset.from_dict({"image": cells}, features=features)
    rows = {"test": examples_from(table, "test", SplitRoles(input=("image",)))}
    model = wrap(widths, ModelOptions(labels=("no", "yes")))
    engine = Engine(SimpleNamespace(card=model.card, predict=model.predict), Store(tmp_path))
    answer = engine.run(engine.plan([Predict("test")], rows)).answers[Predict("test")]
    assert answer.failed.tolist() == [2]
    assert "truncated" in answer.reason


# models


def test_a_folder_answers_as_transformers_does(folder):
    import transformers

    model = load("vit", CPU, base=folder.parent)
    assert isinstance(model, Predicts)
    assert isinstance(model, Sized)
    assert isinstance(model, Embeds)
    found = model.predict(PICTURES)
    network = transformers.AutoModelForImageClassification.from_pretrained(folder).eval()
    given = transformers.AutoImageProcessor.from_pretrained(folder)(PICTURES, return_tensors="pt")
    expected = network(**given).logits.double().softmax(-1).detach().numpy()
    np.testing.assert_array_equal(found, expected)
    pipeline = transformers.pipeline("image-classification", model=str(folder))
    for row, image in zip(found, PICTURES, strict=True):
        scores = {p["label"]: p["score"] for p in pipeline(image)}
        assert [scores[label] for label in LABELS] == pytest.approx(row.tolist(), abs=1e-6)


def test_models_of_images_keep_their_contract(folder):
    model = load("vit", CPU, base=folder.parent)
    check_model(model, PICTURES)
    assert (model.card.task, model.card.labels) == ("image-classification", LABELS)
    check_model(wrap((convolution(), preprocess), ModelOptions(labels=LABELS)), PICTURES)


def test_a_model_in_memory_answers_like_its_folder(folder):
    import transformers

    pair = (
        transformers.AutoModelForImageClassification.from_pretrained(folder),
        transformers.AutoImageProcessor.from_pretrained(folder),
    )
    here, there = wrap(pair, CPU), load("vit", CPU, base=folder.parent)
    np.testing.assert_array_equal(here.predict(PICTURES), there.predict(PICTURES))
    assert wrap(pair, CPU).card.fingerprint == here.card.fingerprint
    pair[1].image_mean = [0.1, 0.2, 0.3]
    assert wrap(pair, CPU).card.fingerprint != here.card.fingerprint
    with pytest.raises(ModelError, match="without its image processor"):
        wrap(pair[0], CPU)


def test_weights_are_read_when_they_are_needed(folder):
    model = load("vit", CPU, base=folder.parent)
    assert not {"network", "processor"} & set(vars(model))
    model.warm()
    assert {"network", "processor"} <= set(vars(model))


def test_a_processor_that_is_not_there_is_said(folder, tmp_path):
    other = tmp_path / "half"
    other.mkdir()
    for path in folder.iterdir():
        if path.name != "preprocessor_config.json":
            (other / path.name).write_bytes(path.read_bytes())
    with pytest.raises(ModelError, match="image processor of hf:half cannot be loaded"):
        load("half", CPU, base=tmp_path).predict(PICTURES)


def test_a_value_that_is_no_image_is_said(folder):
    with pytest.raises(ModelError, match="given a str"):
        load("vit", CPU, base=folder.parent).predict([PICTURES[0], "a"])


def test_networks_are_seen_from_inside(folder):
    for model in (
        load("vit", CPU, base=folder.parent),
        wrap((convolution(), preprocess), ModelOptions(labels=LABELS)),
    ):
        inner = model.inside()
        found = inner.predict(PICTURES)
        logits, features = found[:, :3], found[:, 3:]
        weight, bias = inner.head()
        np.testing.assert_allclose(features @ weight.T + bias, logits, atol=1e-5)
        shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        np.testing.assert_allclose(shares, model.predict(PICTURES), atol=1e-6)


def test_a_module_with_preprocessing_answers_as_it_does_by_hand():
    module = convolution()
    model = wrap((module, preprocess), ModelOptions(labels=LABELS))
    expected = module(preprocess(PICTURES)).double().softmax(-1).detach().numpy()
    np.testing.assert_allclose(model.predict(PICTURES), expected, atol=1e-7)
    assert not model.card.cacheable
    assert wrap((module, preprocess), ModelOptions(labels=LABELS, revision="1")).card.cacheable


@pytest.mark.parametrize("returned", ["module", "(module, prepare)", "(module, prepare, 'abc')"])
def test_a_function_may_return_what_belongs_to_a_module(tmp_path, returned):
    name = f"net_{len(returned)}"
    (tmp_path / f"{name}.py").write_text(
        "import torch\n"
        "def prepare(images):\n"
        "    return torch.tensor([[float(im.width), 1.0] for im in images])\n"
        "def load():\n"
        "    module = torch.nn.Linear(2, 3)\n"
        f"    return {returned}\n"
    )
    options = CPU if "abc" in returned else ModelOptions(device="cpu", labels=("a", "b", "c"))
    model = load_torch(f"{name}:load", options, base=tmp_path)
    assert model.card.labels == ("a", "b", "c")
    assert model.card.name == f"torch:{name}:load"
    if "prepare" in returned:
        assert model.predict(PICTURES).shape == (6, 3)
        assert model.batch_size_limit < 1_024


@pytest.mark.parametrize(
    ("made", "words"),
    [("3", "is not a torch module"), ("(torch.nn.Linear(1, 2), 3)", "is not a torch module"),
     ("1 / 0", "failed"), ("torch.nn.Linear(1, 2)", "does not say what its answers are")],
)  # fmt: skip
def test_a_function_that_returns_something_else_is_said(tmp_path, made, words):
    (tmp_path / "odd_net.py").write_text(f"import torch\ndef load():\n    return {made}\n")
    with pytest.raises(ModelError, match=words):
        load_torch("odd_net:load", CPU, base=tmp_path)


def test_preprocessing_that_loses_rows_is_said():
    model = wrap(
        (convolution(), lambda images: preprocess(images[1:])), ModelOptions(labels=LABELS)
    )
    with pytest.raises(ModelError, match="wanted: a tensor with 6 rows"):
        model.predict(PICTURES)


def test_images_without_preprocessing_are_given_as_they_are():
    import torch

    class Widths(torch.nn.Module):
        def forward(self, images):
            return torch.tensor([[0.0, float(image.width)] for image in images])

    found = wrap(Widths(), ModelOptions(labels=("no", "yes"))).predict([picture(), picture(1)])
    assert found[:, 1].min() > 0.99
