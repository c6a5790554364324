"""How inputs are cut into parts, masked, matched and named."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit import registry
from audit.adapters.digests import text_digests
from audit.engine.held import digests_of
from audit.modalities.image import GRID, owners
from audit.modalities.text import spans
from audit.transform import Chance

TEXT, IMAGE, TABLE = (registry.modality(n) for n in ("text", "image", "tabular"))


def keep(word):
    """Return a mask from a word of 1 and 0."""
    return np.array([c == "1" for c in word])


def words(text):
    return list(TEXT.names([text])[0])


def luck(inputs, reference=None, seed=3):
    return Chance(text_digests([str(i) for i in inputs]), seed, reference)


def cut(text, word, baseline="removed", reference=None):
    return TEXT.masked([text], [keep(word)], baseline, luck([text], reference))[0]


def match(before, after):
    return TEXT.matched([before], [after])[0].tolist()


@pytest.mark.parametrize("modality", [TEXT, IMAGE, TABLE], ids=lambda m: m.name)
def test_a_modality_says_what_it_is(modality):
    assert modality.noun in ("word", "patch", "column")
    assert len(modality.baselines) == 2


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", []),
        (" \n\t ", []),
        ("one", ["one"]),
        ("It's well-known, isn’t it?", ["It's", "well-known", ",", "isn’t", "it", "?"]),
        ("...!", [".", ".", ".", "!"]),
        ("'tis -5", ["'", "tis", "-", "5"]),
        ("cafe\u0301 na\u00efve", ["cafe\u0301", "na\u00efve"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("我喜欢ABC", ["我", "喜", "欢", "ABC"]),
        ("so 👩\u200d💻❤\ufe0f!", ["so", "👩\u200d💻", "❤\ufe0f", "!"]),
    ],
)
def test_a_text_is_cut_into_words_and_marks(text, wanted):
    assert words(text) == wanted
    assert TEXT.parts([text]).tolist() == [len(wanted)]


def test_what_is_no_text_has_no_part():
    assert TEXT.parts([None, float("nan")]).tolist() == [0, 0]
    assert TEXT.masked([None], [keep("")], "removed", luck([0])) == [None]


@pytest.mark.parametrize(
    ("text", "mask", "wanted"),
    [
        ("a b  c", "111", "a b  c"),
        ("a b c", "101", "a c"),
        ("a b c", "011", "b c"),
        ("a b c", "110", "a b"),
        ("a b c", "000", ""),
        (" a b ", "10", " a "),
        ("Good, not great.", "10111", "Good not great."),
        ("Good, not great.", "11011", "Good, great."),
        ("and/or", "101", "and or"),
        ("(so)", "101", "()"),
        ("我很好", "101", "我好"),
        ("one\n\ntwo three", "101", "one\n\nthree"),
    ],
)
def test_a_removed_word_leaves_no_double_space_and_joins_no_others(text, mask, wanted):
    assert cut(text, mask) == wanted


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("ab'-. \né\u0301我\u200d❤ि1"), max_size=14), st.integers(0, 2**14))
def test_the_words_that_stay_are_the_words_of_what_is_left(text, code):
    every = words(text)
    stays = [bool(code >> i & 1) for i in range(len(every))]
    left = TEXT.masked([text], [np.array(stays, dtype=bool)], "removed", luck([text]))[0]
    assert words(left) == [w for w, s in zip(every, stays, strict=True) if s]
    assert [left[a:b] for a, b in spans(left)] == words(left)


REFERENCE = ["red green, blue", "x-ray 7"]


@settings(max_examples=100, deadline=None)
@given(st.text(st.sampled_from("ab'. 我é"), min_size=1, max_size=14), st.integers(0, 2**14))
def test_a_resampled_word_comes_from_the_others_and_leaves_the_rest(text, code):
    every = words(text)
    stays = np.array([code >> i & 1 for i in range(len(every))], dtype=bool)
    left = words(TEXT.masked([text], [stays], "resampled", luck([text], REFERENCE))[0])
    assert len(left) == len(every)
    for was, now, kept in zip(every, left, stays, strict=True):
        assert now == was if kept else now in {"red", "green", ",", "blue", "x-ray", "7"}


def test_a_word_is_always_replaced_by_the_same_thing_under_one_seed():
    text = "one two three four five six"
    alone, all_, other = (
        TEXT.masked([text], [keep(m)], "resampled", luck([text], REFERENCE, seed))[0].split()
        for m, seed in (("110111", 3), ("000000", 3), ("000000", 4))
    )
    assert alone[2] == all_[2]
    assert all_ != other


def test_texts_without_others_to_draw_from_lose_the_word():
    assert cut("a b", "10", "resampled", ["", None]).split() == ["a"]


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        ("", "", []),
        ("a b c", "a b c", [0, 1, 2]),
        ("The film was good", "teh flim wsa godo", [0, 1, 2, 3]),
        ("THE FILM", "the film", [0, 1]),
        ("a good film !", "a good film", [0, 1, 2, -1]),
        ("it is a good film", "it is good film indeed", [0, 1, -1, 2, 3]),
        ("we don't know him", "we do not know him", [0, -1, 3, 4]),
        ("we cannot know", "we can not know", [0, 1, 3]),
        ("splendid acting throughout", "splendid act ing through out", [0, 1, 3]),
        ("a b c", "x", [-1, -1, -1]),
        ("a", "", [-1]),
    ],
)
def test_words_find_their_counterparts(before, after, wanted):
    assert match(before, after) == wanted


def test_a_text_that_repeats_itself_loses_no_more_than_what_changed():
    line = "it is what it is ( if slow ) , we know . "
    before, after = line * 4, line.replace("( ", "") + line * 2 + line.replace(",", ",,")
    assert match(before, after).count(-1) == 1


def test_words_in_two_long_texts_without_anything_in_common_are_matched_in_no_time():
    left, right = (" ".join(f"{c}{i:04d}" for i in range(n)) for c, n in (("a", 400), ("b", 420)))
    found = match(left, right)
    assert len(found) == 400
    assert all(x < y for x, y in pairwise(found) if y >= 0)


def picture(width, height, seed=0):
    from PIL import Image

    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def test_patches_tile_a_picture_row_by_row():
    at = owners(20, 33)
    assert at.shape == (20, 33)
    assert at[0, 0] == 0
    assert at[-1, -1] == GRID * GRID - 1
    assert (np.diff(at[0]) >= 0).all()
    assert set(np.bincount(at.ravel()).tolist()) <= {2 * 4, 2 * 5, 3 * 4, 3 * 5}


def test_a_patch_that_is_taken_away_has_the_mean_colour_of_the_others():
    own, others = picture(19, 31), [picture(8, 8, 1), picture(16, 8, 2)]
    stays = np.arange(64) % 3 > 0
    made = np.array(IMAGE.masked([own], [stays], "mean", luck([0], others))[0])
    there = stays[owners(31, 19)]
    mean = np.mean([np.array(p).mean(axis=(0, 1)) for p in others], axis=0)
    np.testing.assert_array_equal(made[there], np.array(own)[there])
    np.testing.assert_array_equal(made[~there], np.tile(np.rint(mean), ((~there).sum(), 1)))


def test_a_resampled_patch_is_that_of_another_picture():
    own, other = picture(24, 16), picture(24, 16, 1)
    stays = np.arange(64) % 2 > 0
    chance = luck([0], [own, other])
    made = np.array(IMAGE.masked([own], [stays], "resampled", chance)[0])
    there = stays[owners(16, 24)]
    np.testing.assert_array_equal(made, np.where(there[..., None], np.array(own), np.array(other)))


def test_a_resampled_patch_does_not_depend_on_the_others():
    own, others = picture(24, 16), [picture(9, 50, s) for s in range(1, 9)]
    chance = luck([0], others)
    one = np.array(IMAGE.masked([own], [np.arange(64) != 9], "resampled", chance)[0])
    every = np.array(IMAGE.masked([own], [np.zeros(64, bool)], "resampled", chance)[0])
    there = owners(16, 24) == 9
    np.testing.assert_array_equal(one[there], every[there])


@pytest.mark.parametrize("baseline", IMAGE.baselines)
@pytest.mark.parametrize("size", [(1, 1), (3, 20), (224, 224)])
def test_pictures_of_any_size_are_masked(baseline, size):
    own, chance = picture(*size), luck([0], [picture(5, 4, 1)])
    whole, none = (np.full(64, b) for b in (True, False))
    same, empty = IMAGE.masked([own, own], [whole, none], baseline, luck([0, 0], chance.reference))
    assert same.tobytes() == own.tobytes()
    assert empty.size == own.size
    assert empty.tobytes() != own.tobytes()


def test_places_of_pictures_are_named_and_keep_their_numbers():
    assert IMAGE.names([picture(4, 4)])[0][9] == "row 2, column 2"
    assert IMAGE.matched([picture(4, 4)], [picture(9, 9)])[0].tolist() == list(range(64))


FRAME = pd.DataFrame(
    {
        "age": [20, 30, 70],
        "pay": [1.5, np.nan, 2.5],
        "town": ["Ulm", "Bonn", None],
        "band": pd.Categorical(["lo", "hi", "hi"], ["lo", "hi"]),
        "member": [True, False, True],
        "count": pd.array([1, None, 4], dtype="Int64"),
    }
)
CENTRES = [40.0, 2.0, "Bonn", "hi", True, 2.5]


def masked(rows, kept, baseline="mean", frame=FRAME, seed=3):
    inputs = frame.take(rows).reset_index(drop=True)
    return TABLE.masked(inputs, kept, baseline, luck(rows, frame, seed))


def test_columns_that_are_taken_away_have_the_mean_or_the_most_frequent_value():
    assert masked([0], [np.zeros(6, bool)]).iloc[0].tolist() == CENTRES


def test_kept_cells_stay_as_they_are_and_columns_keep_their_kind():
    kept = [keep("010101"), keep("101010"), keep("111111")]
    made = masked([0, 0, 1], kept)
    assert made.iloc[0].tolist() == [40.0, 1.5, "Bonn", "lo", True, 1]
    assert made.iloc[1].tolist() == [20, 2.0, "Ulm", "hi", True, 2.5]
    for name in ("town", "band", "member"):
        assert made[name].dtype == FRAME[name].dtype
    assert digests_of(made)[2] == digests_of(FRAME)[1]
    assert FRAME["age"].tolist() == [20, 30, 70]


@pytest.mark.parametrize("baseline", TABLE.baselines)
def test_a_row_that_keeps_all_is_the_same_row(baseline):
    made = masked([0, 1, 2], [np.ones(6, bool)] * 3, baseline)
    pd.testing.assert_frame_equal(made, FRAME)


def test_a_resampled_column_takes_values_that_stand_there():
    n = 60
    made = masked(np.arange(n) % 3, [np.zeros(6, bool)] * n, "resampled")
    for name in FRAME:
        assert made[name].dtype == FRAME[name].dtype
        found, known = (set(map(str, f[name])) for f in (made, FRAME))
        assert found <= known


def test_a_resampled_column_depends_on_the_row_and_the_seed_and_on_no_other_column():
    frame = pd.DataFrame({"x": np.arange(500.0), "y": np.arange(500.0)})
    rows = np.arange(8)
    both = masked(rows, [keep("00")] * 8, "resampled", frame)
    one = masked(rows[::-1], [keep("01")] * 8, "resampled", frame)
    other = masked(rows, [keep("00")] * 8, "resampled", frame, seed=4)
    assert one["x"].tolist() == both["x"].tolist()[::-1]
    assert both["x"].tolist() != both["y"].tolist()
    assert both["x"].tolist() != other["x"].tolist()


def test_a_column_without_any_value_stays_empty():
    frame = pd.DataFrame({"x": [np.nan, np.nan], "y": [None, None], "z": pd.Series(["a", None])})
    made = masked([0, 1], [np.zeros(3, bool)] * 2, frame=frame)
    assert made["x"].isna().all()
    assert made["y"].isna().all()
    assert made["z"].tolist() == ["a", "a"]


def test_a_category_that_is_new_to_a_row_is_put_in():
    own = pd.DataFrame({"c": pd.Categorical(["a"]), "x": [1]})
    other = pd.DataFrame({"c": pd.Categorical(["b", "b"]), "x": [1, 1]})
    made = TABLE.masked(own, [keep("01")], "mean", luck([0], other))
    assert made["c"].tolist() == ["b"]


def test_equally_frequent_values_go_by_their_order():
    frame = pd.DataFrame({"x": ["b", "a", "c", "b", "a"], "y": [1] * 5})
    assert masked([2], [keep("01")], frame=frame)["x"].tolist() == ["a"]


def test_a_list_is_a_table_of_one_column():
    assert TABLE.parts([1, 2]).tolist() == [1, 1]
    assert TABLE.masked([1, 3], [keep("1"), keep("0")], "mean", luck([1, 3], [1, 3])) == [1, 2.0]
    assert TABLE.names([1.25]) == [("value = 1.25",)]
    assert TABLE.matched([1], [2])[0].tolist() == [0]


def test_columns_are_named_with_their_values():
    assert TABLE.names(FRAME.iloc[:2]) == [
        ("age = 20", "pay = 1.5", "town = Ulm", "band = lo", "member = True", "count = 1"),
        ("age = 30", "pay = missing", "town = Bonn", "band = hi", "member = False",
         "count = missing"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "wanted"),
    [(12345, "12345"), (0.0123456, "0.01235"), (1234.56, "1235"), (45678.9, "45679"),
     (1.5e9, "1.5e+09"), (-2.0, "-2"), (float("inf"), "inf")],
)  # fmt: skip
def test_numbers_are_short(value, wanted):
    frame = pd.DataFrame({"x": [value], "y": [0]})
    assert TABLE.names(frame)[0][0] == f"x = {wanted}"


def test_columns_match_by_name():
    after = FRAME[["town", "age"]]
    assert TABLE.matched(FRAME, after)[0].tolist() == [1, -1, 0, -1, -1, -1]
    assert len(TABLE.matched(FRAME, after)) == 3
