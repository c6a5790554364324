"""Texts: parts are words, as `audit.modalities.words` finds them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from audit.examples import IntArray
from audit.modalities.reference import once
from audit.modalities.words import counterparts, glue, spans, words
from audit.modality import BoolArray
from audit.transform import Chance

__all__ = ["Text", "modality", "spans"]

Put = Callable[[int], str]  # what stands in for a word, by its place


@dataclass(frozen=True)
class Text:
    """A text is cut into words and other marks; what is no text has no part.

    ``removed`` deletes a word and the space that would stand double. ``resampled`` puts a word of
    the reference texts in its place, frequent words as often as they stand there.
    """

    name: str = "text"
    noun: str = "word"
    baselines: tuple[str, ...] = ("removed", "resampled")

    def parts(self, inputs: Any) -> IntArray:
        """Return the ``(n,)`` number of words of each text."""
        return np.array([len(spans(as_text(t))) for t in inputs], dtype=np.int64)

    def masked(
        self, inputs: Any, kept: Sequence[BoolArray], baseline: str, chance: Chance
    ) -> list[Any]:
        """Return the texts without some of their words; one that keeps all is the same."""
        puts: dict[bytes, Put] = {}
        out: list[Any] = []
        for i, (text, stays) in enumerate(zip(inputs, kept, strict=True)):
            if stays.all():
                out.append(text)
                continue
            if baseline == self.baselines[0]:
                out.append(without(text, stays))
                continue
            key = bytes(chance.digests[i])
            if key not in puts:
                puts[key] = drawn(len(stays), chance, i)
            out.append(exchanged(text, stays, puts[key]))
        return out

    def matched(self, before: Any, after: Any) -> list[IntArray]:
        """Return the place of each word in the changed text, or -1."""
        return [
            counterparts(words(as_text(a)), words(as_text(b)))
            for a, b in zip(before, after, strict=True)
        ]

    def names(self, inputs: Any) -> list[tuple[str, ...]]:
        """Return the words."""
        return [tuple(words(as_text(t))) for t in inputs]


def modality() -> Text:
    """Return how texts are cut."""
    return Text()


def as_text(value: Any) -> str:
    """Return a text; an empty one for a missing value."""
    return value if isinstance(value, str) else ""


def without(text: str, stays: BoolArray) -> str:
    """Return a text without some words.

    Of the space on both sides of what is taken away one stays, and none at an end of the text; two
    words that would become one get a space between them.
    """
    at = spans(text)
    left = np.flatnonzero(stays).tolist()
    if not left:
        return ""
    pieces = [text[: at[0][0]]]  # white space before the first word stays as it is
    for k, i in enumerate(left):
        start, end = at[i]
        if k and left[k - 1] == i - 1:
            pieces.append(text[at[i - 1][1] : start])
        elif k:
            before = left[k - 1]
            gap = text[at[before][1] : at[before + 1][0]] or text[at[i - 1][1] : start]
            pieces.append(gap or joint(text[at[before][1] - 1], text[start]))
        pieces.append(text[start:end])
    pieces.append(text[at[-1][1] :])
    return "".join(pieces)


def exchanged(text: str, stays: BoolArray, put: Put) -> str:
    """Return a text with other words in the place of some."""
    pieces: list[str] = []
    end, last = 0, ""
    for i, (start, stop) in enumerate(spans(text)):
        word = text[start:stop] if stays[i] else put(i)
        gap = text[end:start]
        changed = i > 0 and not (stays[i] and stays[i - 1])
        if changed and not gap and last and word:
            gap = joint(last[-1], word[0])
        pieces += [gap, word]
        end, last = stop, word
    return "".join([*pieces, text[end:]])


def joint(left: str, right: str) -> str:
    """Return what must stand between two characters that did not touch before."""
    return " " if glue().match(left + right) else ""


def drawn(count: int, chance: Chance, i: int) -> Put:
    """Return the words that stand in for those of one text, all drawn at once."""
    known = vocabulary(chance.reference) if chance.reference is not None else []
    if not known:
        return lambda _: ""
    places = chance.generator(i).integers(len(known), size=count).tolist()
    return lambda part: known[places[part]]


@once
def vocabulary(texts: Sequence[Any]) -> list[str]:
    """Return every word of some texts, as often as it stands there."""
    return [word for text in texts for word in words(as_text(text))]
