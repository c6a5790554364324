import time
import unicodedata
from itertools import pairwise

import numpy as np
import pytest

from audit.adapters.digests import text_digests
from audit.transform import Chance
from audit.transforms.text import transforms
from audit.transforms.text_letters import LETTER, kind_of
from audit.transforms.text_typing import NEAR

KINDS = {k.sheet.name: k for k in transforms()}
TEXTS = [
    "Even with a green Mohawk and a sheet of fire red tattoos, Kilmer seems to be posing.",
    "I don't think that we are done; it wasn't bad (at all), but you will not like it.",
    "A well-known film from 3.5 to 10:30, see www.example.org for more :-) or :D or =)",
    "Corn, burnt clocks, modern owls: the old vvorld's millions.",
] * 20
STRANGE = [
    "",
    " ",
    "\n\t",
    "12345 67.8",
    "!?",
    "😀 👩‍👩‍👧‍👦 ❤️",
    "cafe\u0301 nai\u0308ve re\u0301sume\u0301 Zoe\u0308",
    "שלום עולם, מה שלומך היום",
    "مرحبا بالعالم كيف حالك",
    "नमस्ते दुनिया कैसे हैं आप",
    "日本語の文章はここにあります",
    "x" * 3000,
    "\ud800 broken",
]


def run(name, texts, severity, seed=7):
    return KINDS[name].apply(list(texts), severity, Chance(text_digests(texts), seed))


def changed(before, after):
    return {i for i, (a, b) in enumerate(zip(before, after, strict=True)) if a != b}


def every(test):
    return pytest.mark.parametrize("name", list(KINDS))(test)


@every
def test_the_same_seed_gives_the_same_texts_and_another_seed_gives_others(name):
    assert run(name, TEXTS, 3) == run(name, TEXTS, 3)
    if name not in ("truncation", "contractions"):  # here nothing or little is left to luck
        assert run(name, TEXTS, 3) != run(name, TEXTS, 3, seed=8)


@every
def test_a_text_does_not_depend_on_its_neighbours_or_its_place(name):
    together = run(name, TEXTS + STRANGE[:-1], 4)
    alone = [run(name, [t], 4)[0] for t in TEXTS + STRANGE[:-1]]
    assert together == alone
    assert run(name, TEXTS[::-1], 4) == run(name, TEXTS, 4)[::-1]


@every
def test_texts_that_are_strange_or_empty_come_back_as_many_and_unbroken(name):
    for severity in range(1, 6):
        out = KINDS[name].apply(
            STRANGE, severity, Chance(np.array([b"%016d" % i for i in range(len(STRANGE))]), 1)
        )
        assert len(out) == len(STRANGE)
        assert out[:4] == STRANGE[:4]


@every
def test_combining_marks_stay_with_their_letters_and_emoji_are_whole(name):
    if name == "truncation":
        return
    for severity in range(1, 6):
        for before, after in zip(STRANGE[5:7], run(name, STRANGE[:-1], severity)[5:7], strict=True):
            assert marked(before) == marked(after) or name == "casing"
            assert marked(before.lower()) == marked(after.lower())


def marked(text):
    """Return every mark with the character that it sits on."""
    pairs = pairwise(text)
    return [(a, b) for a, b in pairs if unicodedata.category(b).startswith("M") or b == "\u200d"]


@every
def test_nothing_is_changed_in_place_and_what_is_no_text_is_left(name):
    given = [*TEXTS[:2], None, 3.0]
    kept = list(given)
    out = KINDS[name].apply(
        given, 5, Chance(np.array([b"a" * 16, b"b" * 16, b"c" * 16, b"d" * 16]), 1)
    )
    assert given == kept
    assert out[2:] == [None, 3.0]


@every
def test_more_texts_change_at_every_higher_severity_and_none_changes_back(name):
    sets = [changed(TEXTS, run(name, TEXTS, s)) for s in range(1, 6)]
    for low, high in pairwise(sets):
        assert low <= high
    assert len(sets[4]) > len(sets[0]) or len(sets[0]) == len(TEXTS) or name == "contractions"


@pytest.mark.parametrize("name", ["keyboard-typos", "casing", "look-alikes"])
def test_a_place_that_changed_stays_changed_at_higher_severities(name):
    outs = [run(name, TEXTS, s) for s in range(1, 6)]
    for before, *versions in zip(TEXTS, *outs, strict=True):
        for low, high in pairwise(versions):
            for c, a, b in zip(before, low, high, strict=True):
                assert a in (c, b)


@pytest.mark.parametrize(
    ("name", "share"), [("keyboard-typos", 0.12), ("dropped-letters", 0.12), ("look-alikes", 0.5)]
)
def test_the_steps_say_what_is_done(name, share):
    rng = np.random.default_rng(0)
    texts = [" ".join("".join(rng.choice(list("aceops"), 6)) for _ in range(30)) for _ in range(60)]
    out = run(name, texts, 5)
    letters = sum(len(t.replace(" ", "")) for t in texts)
    if name == "dropped-letters":
        got = sum(len(a) - len(b) for a, b in zip(texts, out, strict=True)) / (letters * 5 / 6)
    else:
        got = (
            sum(a != b for x, y in zip(texts, out, strict=True) for a, b in zip(x, y, strict=True))
            / letters
        )
    assert got == pytest.approx(share, abs=0.015)  # 10,800 letters: 3 standard errors are 0.014
    assert f"{100 * share:g} %" in KINDS[name].sheet.steps[4]


def test_swapped_pairs_are_as_many_as_the_steps_say_and_grow_by_whole_pairs():
    rng = np.random.default_rng(1)
    words = ["".join(rng.permutation(list("abcdefghijklmnopqrst"))) for _ in range(600)]
    for severity, share in zip(range(1, 6), (0.02, 0.04, 0.06, 0.09, 0.12), strict=True):
        out = run("swapped-letters", words, severity)
        assert all(sorted(a) == sorted(b) and a[0] == b[0] for a, b in zip(words, out, strict=True))
        moved = sum(
            a != b for x, y in zip(words, out, strict=True) for a, b in zip(x, y, strict=True)
        )
        assert moved / 2 / (600 * 18) == pytest.approx(share, abs=0.01)


def test_keys_are_neighbours_on_both_sides_and_the_known_ones():
    assert set(NEAR["g"]) == set("ftyhbv")
    assert set(NEAR["q"]) == set("wa")
    assert all(a in NEAR[b] for a in NEAR for b in NEAR[a])


def test_short_words_keep_their_letters():
    words = ["not", "no", "bad", "but"] * 50
    for name in ("keyboard-typos", "swapped-letters", "dropped-letters"):
        assert run(name, words, 5) == words


def test_look_alikes_look_alike():
    """Each one's name in the Unicode standard is that of another script; its case is the same."""
    from audit.transforms.text_form import LOOK_ALIKE

    for latin, other in LOOK_ALIKE.items():
        assert unicodedata.name(latin).startswith("LATIN")
        assert unicodedata.name(other).split()[0] in ("CYRILLIC", "GREEK")
        assert unicodedata.category(latin) == unicodedata.category(other)


def test_numbers_addresses_and_smileys_keep_their_signs():
    out = run("punctuation", TEXTS, 5)[2]
    for part in ("3.5", "10:30", "www.example.org", ":-)", ":D", "=)"):
        assert part in out


def test_signs_are_removed_or_doubled():
    out = run(
        "punctuation",
        ["Good, bad. Ugly! Why? Yes."] * 1 + [f"Word{i}, yes." for i in "abcdefgh"],
        5,
    )
    for text in out:
        assert all(c.isalpha() or c.isspace() or c in ",.!?" for c in text)
    assert any(",," in t or ".." in t for t in out)
    assert any("," not in t for t in out)


def test_contractions_at_five_turn_every_place():
    pairs = [
        ("I don't think so", "I do not think so"),
        ("I do not think so", "I don't think so"),
        ("CAN'T and Won't", "CANNOT and Will not"),
        ("We’re here, I'm not", "We are here, I am not"),
        ("you will not like it", "you'll not like it"),
        ("I am here. Yes, we are.", "I'm here. Yes, we are."),
        ("Isn't it bad?", "Isn't it bad?"),
        ("its owner, John's", "its owner, John's"),
    ]
    assert run("contractions", [a for a, _ in pairs], 5) == [b for _, b in pairs]


def test_truncation_keeps_the_leading_share_and_at_least_one_word():
    text = "one two  three four five six seven eight nine ten"
    assert [len(run("truncation", [text], s)[0].split()) for s in range(1, 6)] == [9, 8, 6, 5, 3]
    assert run("truncation", ["alone"], 5) == ["alone"]
    assert text.startswith(run("truncation", [text], 3)[0])
    assert not KINDS["truncation"].sheet.preserves


def test_scanner_noise_makes_pairs_of_one_letter_and_back():
    words = [f"corn{i} burn modern" for i in range(200)]
    out = " ".join(run("ocr-noise", words, 5))
    assert "com" in out
    assert "modem" in out
    assert "rnodern" in out


def test_ideographs_and_syllables_are_not_dropped():
    assert kind_of("日") != LETTER
    assert kind_of("a") == kind_of("é") == kind_of("ש") == LETTER
    assert run("dropped-letters", STRANGE[:-1], 5)[10] == STRANGE[10]


def test_sheets_are_whole_and_names_are_unique():
    assert len(KINDS) == len(transforms()) >= 10
    for kind in transforms():
        assert kind.sheet.modality == "text"
        assert len(kind.sheet.steps) == 5
        assert kind.sheet.says.endswith(".")


def test_two_hundred_texts_in_every_way_take_under_half_a_second_of_cpu():
    texts = [f"{t} {i}" for i, t in enumerate(TEXTS * 3)][:200]
    digests = text_digests(texts)
    start = time.process_time()
    for kind in transforms():
        for severity in range(1, 6):
            kind.apply(texts, severity, Chance(digests, 3))
    assert time.process_time() - start < 0.5
