"""Words of a text: where each stands, and which of another version of the text it became.

A word is a run of letters, digits and the marks that join them, with apostrophes and hyphens
inside it. An ideograph or kana stands by itself, for these are written without spaces, and so does
every other character that is no space.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import pairwise

import numpy as np

from audit.examples import IntArray

HAN = "\u3005-\u3007\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
JOINER = "\u200d"
INNER = "'’\\-"
ALIKE = 0.6  # least similarity of a word and what became of it
BAND = 8  # how far a word may have moved among others that changed
UP, LEFT, PAIR = 0, 1, 2  # steps of an alignment: a word without counterpart, one added, a match


@lru_cache
def marks() -> str:
    """Return the ranges of characters that join the one before: accents, vowel signs, tones.

    The regular expressions of Python count them as no letters, which would cut a word of Hindi or
    Thai at every vowel.
    """
    codes = [*range(0x300, 0x20000), *range(0xE0100, 0xE01F0)]
    found = [c for c in codes if unicodedata.category(chr(c))[0] == "M"]
    found += [0x200C, 0x200D, *range(0x1F3FB, 0x1F400)]
    return "".join(map(chr, sorted(found)))


@lru_cache
def pattern() -> re.Pattern[str]:
    """Return what a part of a text looks like."""
    m = marks()
    letter = rf"(?:[^\W{HAN}]|[{m}])"
    other = rf"[^\w\s][{m}]*"
    return re.compile(
        rf"{letter}+(?:[{INNER}]{letter}+)*|[{HAN}][{m}]*|{other}(?:(?<={JOINER}){other})*"
    )


@lru_cache
def glue() -> re.Pattern[str]:
    """Return which two characters must not come to touch, lest two words become one."""
    m = marks()
    side = rf"(?:[^\W{HAN}]|[{m}{INNER}])"
    return re.compile(rf"{side}{side}|.[{m}]|{JOINER}.", re.DOTALL)


@lru_cache(maxsize=4_096)
def spans(text: str) -> list[tuple[int, int]]:
    """Return where each word of a text begins and ends, in order.

    Parameters
    ----------
    text : str

    Returns
    -------
    list of (start, end)
        What lies between them is white space.
    """
    return [m.span() for m in pattern().finditer(text)]


def words(text: str) -> list[str]:
    """Return the words of a text."""
    return [text[a:b] for a, b in spans(text)]


def counterparts(before: Sequence[str], after: Sequence[str]) -> IntArray:
    """Return the place of each word in another version of the text, or -1.

    Where both have as many words, place by place, unless an alignment finds more of them unchanged.
    Else as aligned; and where as many words stand between two that are matched on both sides, these
    match place by place.
    """
    a, b = ([w.lower() for w in side] for side in (before, after))
    straight = np.arange(len(a))
    if a == b:
        return straight
    found = aligned(a, b)
    if len(a) == len(b):
        unmoved = sum(x == y for x, y in zip(a, b, strict=True))
        if unmoved >= sum(a[i] == b[j] for i, j in enumerate(found) if j >= 0):
            return straight
    ends = [(-1, -1), *((i, int(j)) for i, j in enumerate(found) if j >= 0), (len(a), len(b))]
    for (i, j), (i_end, j_end) in pairwise(ends):
        if i_end - i == j_end - j:
            found[i + 1 : i_end] = np.arange(j + 1, j_end)
    return found


def aligned(a: Sequence[str], b: Sequence[str]) -> IntArray:
    """Match words in order so that the sum of their similarities is largest; -1 for none.

    The recursion of Needleman & Wunsch (1970) without a price for gaps, row by row. Equal words are
    worth 1.
    """
    known = {w: k for k, w in enumerate(dict.fromkeys([*a, *b]))}
    first, second = (np.array([known[w] for w in side], dtype=np.int64) for side in (a, b))
    steps = np.zeros((len(a), len(b)), dtype=np.uint8)
    best = np.zeros(len(b) + 1)
    for i, others in enumerate(altered(a, b)):
        worth = (second == first[i]).astype(np.float64)
        worth[list(others)] = list(others.values())
        paired = np.where(worth > 0, best[:-1] + worth, 0.0)
        row = np.maximum.accumulate(np.maximum(best[1:], paired))
        steps[i] = np.where(row == np.r_[0.0, row[:-1]], LEFT, np.where(row == best[1:], UP, PAIR))
        best[1:] = row
    out = np.full(len(a), -1, dtype=np.int64)
    i, j = len(a) - 1, len(b) - 1
    while i >= 0 and j >= 0:
        step = steps[i, j]
        if step == PAIR:
            out[i] = j
        i, j = i - (step != LEFT), j - (step != UP)
    return out


def altered(a: Sequence[str], b: Sequence[str]) -> Iterator[dict[int, float]]:
    """Yield, for each word, the words near its place that it may have become, and how alike.

    One of the two must be new to the other text: what still stands there did not change.
    """
    old, new = set(a), set(b)
    slope, reach = len(b) / max(len(a), 1), BAND + abs(len(a) - len(b))
    for i, word in enumerate(a):
        middle = int(i * slope)
        near = range(max(0, middle - reach), min(len(b), middle + reach + 1))
        pairs = {j: alike(word, b[j]) for j in near if word not in new or b[j] not in old}
        yield {j: ratio for j, ratio in pairs.items() if ratio}


@lru_cache(maxsize=65_536)
def alike(a: str, b: str) -> float:
    """Return the similarity of two words; 0 where they are not alike."""
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    if matcher.real_quick_ratio() < ALIKE or matcher.quick_ratio() < ALIKE:
        return 0.0
    ratio = matcher.ratio()
    return ratio if ratio >= ALIKE else 0.0
