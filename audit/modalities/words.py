"""Words of a text: where each stands, and which of another version of the text it became.

A word is a run of letters, digits and the marks that join them, with apostrophes and hyphens
inside it. An ideograph or kana stands by itself, for these are written without spaces, and so does
every other character that is no space.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import lru_cache

import numpy as np

from audit.examples import IntArray

HAN = "\u3005-\u3007\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
JOINER = "\u200d"
INNER = "'’\\-"
ALIKE = 0.6  # least similarity of a word and what became of it
BAND = 8  # how far a word may have moved among others that changed


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
    Else equal runs match; within what was replaced, words match in order if they are alike.
    """
    a, b = ([w.lower() for w in side] for side in (before, after))
    straight = np.arange(len(a))
    unmoved = sum(x == y for x, y in zip(a, b, strict=False))
    if len(a) == len(b) and unmoved == len(a):
        return straight
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    equal = sum(block.size for block in matcher.get_matching_blocks())
    if len(a) == len(b) and unmoved >= equal:
        return straight
    out = np.full(len(a), -1, dtype=np.int64)
    for tag, i, i_end, j, j_end in matcher.get_opcodes():
        if tag in ("delete", "insert"):
            continue
        if i_end - i == j_end - j:
            out[i:i_end] = np.arange(j, j_end)
        else:
            found = likest(a[i:i_end], b[j:j_end])
            out[i:i_end] = np.where(found >= 0, found + j, -1)
    return out


def likest(a: Sequence[str], b: Sequence[str]) -> IntArray:
    """Match words in order so that the sum of their similarities is largest; -1 for none.

    The recursion of Needleman & Wunsch (1970) without a price for gaps, on pairs that are alike
    (`difflib.SequenceMatcher.ratio`) and near the diagonal.
    """
    best = np.zeros((len(a) + 1, len(b) + 1))
    pairs = np.zeros((len(a), len(b)))
    slope, reach = len(b) / len(a), BAND + abs(len(a) - len(b))
    for i, word in enumerate(a):
        for j in range(max(0, int(i * slope) - reach), min(len(b), int(i * slope) + reach + 1)):
            pairs[i, j] = alike(word, b[j])
        for j in range(len(b)):
            paired = best[i, j] + pairs[i, j] if pairs[i, j] else 0.0
            best[i + 1, j + 1] = max(best[i, j + 1], best[i + 1, j], paired)
    out = np.full(len(a), -1, dtype=np.int64)
    i, j = len(a), len(b)
    while i and j:
        if best[i, j] == best[i - 1, j]:
            i -= 1
        elif best[i, j] == best[i, j - 1]:
            j -= 1
        else:
            i, j = i - 1, j - 1
            out[i] = j
    return out


@lru_cache(maxsize=65_536)
def alike(a: str, b: str) -> float:
    """Return the similarity of two words; 0 where they are not alike."""
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    if matcher.real_quick_ratio() < ALIKE or matcher.quick_ratio() < ALIKE:
        return 0.0
    ratio = matcher.ratio()
    return ratio if ratio >= ALIKE else 0.0
