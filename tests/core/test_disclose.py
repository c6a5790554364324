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
from audit.disclose import LONGEST, SIDE, disclose
from audit.engine.altered import Held
from audit.examples import Examples
from audit.exhibits import Case, Cases, Pair, Pairs
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
