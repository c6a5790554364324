"""Texts laid out as one row of characters, so that places are found and drawn for all at once.

The luck of a character follows from its text's content, the seed and its place in that text; the
severity is not in it. A place that changes at one severity therefore changes at every higher one.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.chance import mixed
from audit.transform import Chance, TransformKind, TransformSheet

Mask = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

LETTER, MARK, SPACE, DIGIT, SIGN = 1, 2, 4, 8, 16
SIGNS = frozenset(".,;:!?'\"()-–—…’‘“”«»¡¿")
JOINERS = frozenset("\u200c\u200d\ufe0e\ufe0f")
BORDER = "\n"
# Alphabets whose words are spelled letter by letter with spaces between them end before Thai;
# Latin and Greek have a second block. A dropped ideograph or syllable would be a dropped word.
ALPHABETS = ((0x41, 0x0E00), (0x1E00, 0x2000))


@lru_cache(maxsize=1 << 12)
def kind_of(character: str) -> int:
    """Return what a character is, as bits: letter, mark that joins others, space, digit, sign."""
    category = unicodedata.category(character)
    if category.startswith("M") or character in JOINERS:
        return MARK
    if category.startswith("L"):
        spelled = any(low <= ord(character) < high for low, high in ALPHABETS)
        return LETTER if spelled else 0
    if category.startswith("N"):
        return DIGIT
    return SPACE if character.isspace() else SIGN if character in SIGNS else 0


def before(mask: Mask) -> Mask:
    """Return, at each place, what holds at the place before it."""
    return np.concatenate([[False], mask[:-1]])


def after(mask: Mask) -> Mask:
    """Return, at each place, what holds at the place after it."""
    return np.concatenate([mask[1:], [False]])


@dataclass(frozen=True)
class Letters:
    """Some texts as one string, a border between them.

    Attributes
    ----------
    inputs : sequence of str
    whole : str
        All texts, with a line break before, between and after them.
    starts : (n + 1,) int array
        Where each text begins; text ``i`` ends before ``starts[i + 1] - 1``.
    codes : (N,) int array
        Code points of `whole`.
    kinds : (N,) int array
        Bits of each character, as `kind_of`.
    owners : (N,) int array
        Which text a character stands in; a border belongs to the text before it.
    keys : (n,) uint64 array
        The luck of each text.
    """

    inputs: Sequence[str]
    whole: str
    starts: IntArray
    codes: IntArray
    kinds: IntArray
    owners: IntArray
    keys: npt.NDArray[np.uint64]

    @classmethod
    def of(cls, inputs: Sequence[str], chance: Chance) -> Letters:
        """Lay texts out."""
        whole = BORDER + "".join(text + BORDER for text in inputs)
        sizes = np.array([0, *(len(text) + 1 for text in inputs)], dtype=np.int64)
        starts = 1 + np.cumsum(sizes)
        raw = np.frombuffer(whole.encode("utf-32-le", "surrogatepass"), dtype="<u4")
        codes = raw.astype(np.int64)
        table = np.zeros(int(codes.max()) + 1, dtype=np.int64)
        table[codes] = 1
        known = np.flatnonzero(table)
        table[known] = [kind_of(chr(c)) for c in known]
        owners = np.repeat(np.arange(len(inputs)), sizes[1:])
        keys = mixed((chance.uniform() * 2.0**53).astype(np.uint64))
        return cls(inputs, whole, starts, codes, table[codes], np.r_[0, owners], keys)

    def is_a(self, bits: int) -> Mask:
        """Return a mask of the characters of some kinds."""
        return np.asarray((self.kinds & bits) > 0)

    def safe(self) -> Mask:
        """Return the letters that no combining mark or joiner touches."""
        mark = self.is_a(MARK)
        return self.is_a(LETTER) & ~before(mark) & ~after(mark)

    def long(self, least: int = 4) -> Mask:
        """Return the safe letters of words of at least so many letters."""
        letter = self.is_a(LETTER)
        first = np.flatnonzero(letter & ~before(letter))
        size = np.flatnonzero(letter & ~after(letter)) + 1 - first
        lengths = np.zeros(len(letter), dtype=np.int64)
        lengths[letter] = np.repeat(size, size)
        return self.safe() & (lengths >= least)

    def inner(self) -> Mask:
        """Return the letters of longer words that are not the first."""
        return self.long() & before(self.is_a(LETTER))

    def luck(self, stream: int) -> FloatArray:
        """Return a number in [0, 1) for each character, and others for another stream."""
        place = np.arange(len(self.codes)) - self.starts[self.owners]
        step = mixed((place + (stream << 40)).astype(np.uint64))
        return (mixed(self.keys[self.owners] ^ step) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def written(self, places: Iterable[int], words: Iterable[str]) -> list[str]:
        """Return the texts with some characters replaced by some words."""
        out = list(self.whole)
        for place, word in zip(places, words, strict=True):
            out[place] = word
        ends = self.starts.tolist()
        return ["".join(out[a : b - 1]) for a, b in pairwise(ends)]


def worded(value: Any) -> bool:
    """Whether a value is a text with a letter of any script in it."""
    return isinstance(value, str) and any(c.isalpha() for c in value)


Change = Callable[[Letters, int], list[str]]


def kind(change: Change, **words: Any) -> TransformKind:
    """Return a transform of texts from its change; what has no letter stays as it is."""

    def apply(inputs: Sequence[Any], severity: int, chance: Chance) -> list[Any]:
        values = list(inputs)
        texts = [v if worded(v) else "" for v in values]
        if not any(texts):
            return values
        changed = change(Letters.of(texts, chance), severity)
        return [new if text else v for v, text, new in zip(values, texts, changed, strict=True)]

    return TransformKind(TransformSheet(modality="text", **words), apply)


def steps(rates: Sequence[float], what: str) -> tuple[str, str, str, str, str]:
    """Say what each severity does, from its rate."""
    one, two, three, four, five = (f"{100 * r:g} % {what}" for r in rates)
    return one, two, three, four, five
