"""Inputs enter a result in one place: as text, as a small picture, and changed as they were met."""

import base64
import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from audit import registry
from audit.adapters.options import SplitRoles
from audit.adapters.rows import examples_from
from audit.disclose import LONGEST, disclose
from audit.engine.held import Held
from audit.errors import ConfigError
from audit.examples import Examples
from audit.exhibits import Attributions, Case, Cases, Likeness, Pair, Pairs, Weighed
from audit.pictures import SIDE
from audit.transform import TransformKind, TransformSheet, each

STEPS = ("one", "two", "three", "four", "five")
LONG = "word " * 400


def kind(name, apply, modality="text"):
    sheet = TransformSheet(
        name=name, modality=modality, family="made up", title=name, says=name, steps=STEPS
    )
    return TransformKind(sheet, apply)


def broken(_inputs, _severity, _chance):
    raise ZeroDivisionError("by nothing")


KINDS = {
    k.sheet.name: k
    for k in (
        kind("longer", each(lambda text, severity, _rng: text + "!" * severity)),
        kind("drawn", each(lambda text, _severity, rng: f"{text} {rng.integers(10**9)}")),
        kind("broken", broken),
        kind("dark", each(lambda image, _s, _rng: image.point(lambda v: v // 4)), "image"),
        kind("more", lambda frame, s, _chance: frame.assign(x=frame["x"] + s), "tabular"),
    )
}


@pytest.fixture(autouse=True)
def known(monkeypatch):
    monkeypatch.setattr(registry, "transforms", lambda: KINDS)


@pytest.fixture
def texts():
    frame = pd.DataFrame({"t": ["a", "bb", LONG], "y": ["p", "q", "p"]})
    found = examples_from(frame, "test", SplitRoles(input="t", label="y"))
    return {"test": replace(found, modality="text")}


@pytest.fixture
def pictures():
    Image = pytest.importorskip("PIL.Image")
    shown = [Image.new("RGB", (300, 200), (200, 40, 40)), Image.new("L", (20, 20), 90)]
    digests = np.array([b"%015d" % i for i in range(2)], dtype="S16")
    ids = np.array(["0", "1"], dtype=object)
    return {"test": Examples("test", Held(shown), digests, ids, modality="image")}


def pair(row, name, severity=1):
    return Pair(label=name, split="test", row=row, transform=name, severity=severity, seed=3)


def told(examples, *pairs):
    exhibit = Pairs(id="p", title="p", caption="", columns=(), pairs=pairs)
    (found,) = disclose([exhibit], examples)
    return [(p.before, p.after) for p in found.pairs]


def opened(address):
    from PIL import Image

    head, body = address.split(",")
    assert head == "data:image/webp;base64"
    return Image.open(io.BytesIO(base64.b64decode(body)))


def test_pairs_are_filled_in_their_own_order(texts):
    found = told(texts, pair(1, "longer", 2), pair(0, "longer"), pair(0, "longer", 2))
    assert found == [("bb", "bb!!"), ("a", "a!"), ("a", "a!!")]


def test_an_input_is_changed_alike_whatever_stands_beside_it(texts):
    alone = told(texts, pair(1, "drawn"))
    assert told(texts, pair(0, "drawn"), pair(1, "drawn"))[1] == alone[0]


def test_of_long_texts_the_stretch_that_differs_is_shown(texts):
    ((before, after),) = told(texts, pair(2, "longer"))
    assert before.startswith("…")
    assert after.endswith("!")
    assert max(len(before), len(after)) <= LONGEST + 1


def test_what_cannot_be_changed_again_is_left_out(texts):
    assert told(texts, pair(0, "broken"), pair(0, "longer")) == [(None, None), ("a", "a!")]
    assert told(texts, pair(0, "unheard-of")) == [(None, None)]


def test_rows_of_a_table_are_written_as_their_columns():
    frame = pd.DataFrame({"x": [1, 2], "z": ["u", "v"], "y": ["p", "q"]})
    found = examples_from(frame, "test", SplitRoles(input=["x", "z"], label="y"))
    examples = {"test": replace(found, modality="tabular")}
    assert told(examples, pair(1, "more", 3)) == [("x = 2, z = v", "x = 5, z = v")]


def test_pictures_are_made_small(pictures):
    ((before, after),) = told(pictures, pair(0, "dark"))
    assert max(opened(before).size) == SIDE
    assert opened(before).size == (96, 64)
    assert opened(after).getpixel((40, 30))[0] < 80 < opened(before).getpixel((40, 30))[0]
    assert len(before) < 8_000


def test_a_small_picture_is_not_blown_up(pictures):
    case = Case(id="c", split="test", row=1, facts=())
    (found,) = disclose([Cases(id="c", title="c", caption="", columns=(), cases=(case,))], pictures)
    assert opened(found.cases[0].input).size == (20, 20)


def test_the_same_pairs_give_the_same_bytes(pictures):
    assert told(pictures, pair(0, "dark")) == told(pictures, pair(0, "dark"))


class Letters:
    """Cuts texts at spaces; a word after stands for the same word before."""

    name, noun, baselines = "text", "word", ("removed",)

    def parts(self, inputs):
        return np.array([len(text.split()) for text in inputs])

    def matched(self, before, after):
        return [
            np.array([b.split().index(w) if w in b.split() else -1 for w in a.split()], np.int64)
            for a, b in zip(before, after, strict=True)
        ]

    def names(self, inputs):
        return [tuple(text.split()) for text in inputs]


@pytest.fixture
def cut(monkeypatch):
    shapes = {"text": Letters()}

    def modality(name):
        if name not in shapes:
            raise ConfigError(f"no {name}")
        return shapes[name]

    monkeypatch.setattr(registry, "modality", modality)
    return shapes


@pytest.fixture
def sayings():
    said = ["my arm is numb", "help me", "one"]
    frame = pd.DataFrame({"t": said, "y": ["p", "q", "p"]})
    found = examples_from(frame, "test", SplitRoles(input="t", label="y"))
    return {"test": replace(found, modality="text")}


def likeness(row, before, after=None, transform="turned", modality="text"):
    pair = Likeness(
        label="worst",
        split="test",
        row=row,
        similarity=0.5,
        transform=transform,
        severity=1 if transform else 0,
        seed=3,
        before=Weighed(weights=before),
        after=None if after is None else Weighed(weights=after),
    )
    return Attributions(
        id="a", title="a", caption="", modality=modality, noun="word", columns=(), pairs=(pair,)
    )


def explained(examples, exhibit):
    (found,) = disclose([exhibit], examples)
    return found.pairs[0]


TURNED = kind("turned", each(lambda text, _s, _rng: " ".join(["oh", *text.split()[::-1]])))


def test_weights_after_a_change_are_laid_on_its_own_words(sayings, cut, monkeypatch):
    monkeypatch.setitem(KINDS, "turned", TURNED)
    pair = explained(sayings, likeness(0, (0.1, 0.2, 0.3, 0.4), (0.4, 0.3, 0.2, None)))
    assert pair.before.names == ("my", "arm", "is", "numb")
    assert pair.after.names == ("oh", "numb", "is", "arm", "my")
    assert pair.after.weights == (None, None, 0.2, 0.3, 0.4)


def test_one_input_without_a_change_is_named_alone(sayings, cut):
    pair = explained(sayings, likeness(1, (0.5, 0.5), transform=""))
    assert pair.before.names == ("help", "me")
    assert pair.after is None


def test_another_explanation_of_the_same_input_keeps_its_places(sayings, cut):
    pair = explained(sayings, likeness(1, (0.5, 0.5), (0.2, -0.8), transform=""))
    assert pair.after == Weighed(weights=(0.2, -0.8), names=("help", "me"))


@pytest.mark.parametrize(
    "exhibit",
    [
        likeness(0, (0.1, 0.2), (0.1, 0.2), transform="unheard-of"),
        likeness(0, (0.1, 0.2), transform="", modality="audio"),
        likeness(0, (0.1, 0.9), transform=""),
    ],
    ids=["no such transform", "no such modality", "other parts"],
)
def test_what_cannot_be_named_stays_withheld(sayings, cut, exhibit):
    assert explained(sayings, exhibit) == exhibit.pairs[0]


def test_a_modality_that_breaks_costs_no_audit(sayings, cut):
    cut["text"] = object()
    exhibit = likeness(1, (0.5, 0.5), transform="")
    assert explained(sayings, exhibit) == exhibit.pairs[0]


def test_explained_pictures_are_made_small(pictures):
    exhibit = likeness(0, (0.0,) * 64, (0.0,) * 64, transform="dark", modality="image")
    pair = explained(pictures, exhibit)
    assert opened(pair.before.picture).size == opened(pair.after.picture).size == (96, 64)
    assert pair.before.picture != pair.after.picture
    assert len(pair.after.names) == 64


def test_columns_are_named_where_inputs_are_withheld_and_no_value_is():
    from audit.disclose import withhold
    from audit.exhibits import Attributions, Likeness, Weighed
    from audit.samples import sample_examples

    frame = pd.DataFrame({"age": [31, 32], "town": ["secret", "other"]})
    rows = replace(sample_examples(2), inputs=Held(frame), modality="tabular")
    pair = Likeness(label="worst", split="test", row=1, before=Weighed(weights=(0.7, -0.3)))
    shown = Attributions(
        id="x", title="x", caption="x", modality="tabular", noun="column", columns=(), pairs=(pair,)
    )
    (found,) = withhold((shown,), {"test": rows})
    assert found.headings == ("age", "town")
    assert "other" not in str(found)
