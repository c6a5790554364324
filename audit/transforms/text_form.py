"""Changes of how a text is set: capitals, punctuation, spaces, and characters that look alike."""

from __future__ import annotations

import numpy as np

from audit.transform import TransformKind
from audit.transforms.text_letters import (
    DIGIT,
    LETTER,
    SIGN,
    SPACE,
    Letters,
    Mask,
    after,
    before,
    kind,
    steps,
)

CASED = (0.1, 0.25, 0.5, 0.75, 1.0)
MARKED = (0.2, 0.4, 0.6, 0.8, 1.0)
SPACED = (0.05, 0.1, 0.2, 0.3, 0.4)
ALIKE = (0.05, 0.1, 0.2, 0.35, 0.5)
MISREAD = (0.02, 0.04, 0.08, 0.12, 0.16)

# Letters of other scripts that most typefaces draw like Latin ones (Cyrillic, Greek).
LOOK_ALIKE = dict(
    zip(
        "aceijopsxydhlqwvABCEHIJKMNOPSTXYZ",
        "асеіјорѕхуԁһӏԛԝνАВСЕНІЈКМΝОРЅТХΥΖ",
        strict=True,
    )
)
# What character recognition mistakes for what; pairs of letters are one place.
OCR_PAIRS = {"rn": "m", "cl": "d", "vv": "w", "nn": "rm"}
OCR_SINGLE = {
    "m": "rn", "d": "cl", "w": "vv", "l": "1", "i": "l", "o": "0", "e": "c", "h": "b", "g": "q",
    "u": "ii", "I": "l", "O": "0", "S": "5", "B": "8", "Z": "2", "G": "6", "D": "O", "E": "F",
}  # fmt: skip


def turned(character: str, up: bool) -> str:
    """Return a letter in the other case, where it has exactly one and that leads back."""
    other = character.upper() if up else character.lower()
    back = other.lower() if up else other.upper()
    return other if len(other) == 1 and back == character else character


def casing(text: Letters, severity: int) -> list[str]:
    """Set words in capitals, in small letters or in mixed ones."""
    letter = text.is_a(LETTER)
    first = letter & ~before(letter)
    word = np.maximum.accumulate(np.where(first, np.arange(len(first)), 0))
    chosen = text.safe() & (text.luck(1)[word] < CASED[severity - 1])
    style, own = text.luck(2)[word], text.luck(3)
    places = np.flatnonzero(chosen)
    # a third in capitals, a third in small letters, a third as each letter falls
    up = np.where(style < 2 / 3, style < 1 / 3, own < 0.5)[places]
    words = [turned(text.whole[p], bool(u)) for p, u in zip(places, up, strict=True)]
    return text.written(places, words)


def loose_signs(text: Letters) -> Mask:
    """Return the punctuation marks that carry no meaning of their own.

    Left alone are marks beside a digit (numbers, times), inside a word unless they are an
    apostrophe or a hyphen (addresses), and what may be part of a smiley, which is what a reader
    goes by: signs beside a colon, a bracket or a symbol, and a colon before a character.
    """
    sign, digit, letter = text.is_a(SIGN), text.is_a(DIGIT), text.is_a(LETTER)
    within = before(letter) & after(letter)
    joint = np.isin(text.codes, [ord(c) for c in "'’-"])
    eyes = np.isin(text.codes, [ord(c) for c in ":;"])
    face = ~(sign | digit | letter | text.is_a(SPACE))
    face |= np.isin(text.codes, [ord(c) for c in ":;()"])
    beside = (before(sign) & before(face)) | (after(sign) & after(face))
    beside |= eyes & ~after(text.is_a(SPACE))
    beside |= face & (before(sign) | after(sign)) | before(face & ~sign) | after(face & ~sign)
    return sign & ~before(digit) & ~after(digit) & ~(within & ~joint) & ~beside


def punctuation(text: Letters, severity: int) -> list[str]:
    """Remove punctuation marks, or double them."""
    places = np.flatnonzero(loose_signs(text) & (text.luck(1) < MARKED[severity - 1]))
    double = text.luck(2)[places] < 0.5
    words = [2 * text.whole[p] if d else "" for p, d in zip(places, double, strict=True)]
    return text.written(places, words)


def whitespace(text: Letters, severity: int) -> list[str]:
    """Put further spaces between words, or lose the one between two words."""
    solid = ~text.is_a(SPACE)
    gap = (text.codes == ord(" ")) & before(solid) & after(solid)
    places = np.flatnonzero(gap & (text.luck(1) < SPACED[severity - 1]))
    letter = text.safe()
    lost = (before(letter) & after(letter) & (text.luck(2) < 0.5))[places]
    return text.written(places, np.where(lost, "", "  ").tolist())


def look_alikes(text: Letters, severity: int) -> list[str]:
    """Replace Latin letters by letters of other scripts that look the same."""
    known = np.isin(text.codes, [ord(c) for c in LOOK_ALIKE])
    places = np.flatnonzero(text.safe() & known & (text.luck(1) < ALIKE[severity - 1]))
    return text.written(places, [LOOK_ALIKE[text.whole[p]] for p in places])


def ocr_noise(text: Letters, severity: int) -> list[str]:
    """Misread letters as a scanner would."""
    safe = text.safe()
    double = np.zeros(len(safe), dtype=np.bool_)
    for pair in OCR_PAIRS:
        here, there = (text.codes == ord(c) for c in pair)
        double |= here & after(there) & safe & after(safe)
    # a letter belongs to one place: to the pair that it begins, unless it ends another
    double &= ~before(double)
    single = safe & np.isin(text.codes, [ord(c) for c in OCR_SINGLE]) & ~double & ~before(double)
    hit = text.luck(1) < MISREAD[severity - 1]
    pairs, singles = np.flatnonzero(double & hit), np.flatnonzero(single & hit)
    words = [OCR_PAIRS[text.whole[p : p + 2]] for p in pairs]
    words += ["" for _ in pairs] + [OCR_SINGLE[text.whole[p]] for p in singles]
    return text.written(np.concatenate([pairs, pairs + 1, singles]), words)


FORM: tuple[TransformKind, ...] = (
    kind(
        casing,
        name="casing",
        family="form",
        title="Casing",
        says="Words are set in capitals, in small letters or in mixed ones, a third each.",
        steps=steps(CASED, "of words"),
        references=("Ribeiro et al. (2020), ACL, 4902-4912 (CheckList)",),
    ),
    kind(
        punctuation,
        name="punctuation",
        family="form",
        title="Punctuation",
        says="Punctuation marks are removed or doubled; numbers, addresses and smileys stay.",
        steps=steps(MARKED, "of marks"),
        references=("Ribeiro et al. (2020), ACL, 4902-4912 (CheckList)",),
    ),
    kind(
        whitespace,
        name="whitespace",
        family="form",
        title="Whitespace",
        says="Spaces between words are doubled or lost.",
        steps=steps(SPACED, "of spaces"),
        references=("Rychalska et al. (2019), TSD, 235-247 (WildNLP)",),
    ),
    kind(
        look_alikes,
        name="look-alikes",
        family="characters",
        title="Look-alikes",
        says="Latin letters are replaced by Cyrillic or Greek ones that look the same.",
        steps=steps(ALIKE, "of letters that have one"),
        references=(
            "Unicode Technical Standard 39, section 4 (confusables)",
            "Boucher et al. (2022), IEEE Symposium on Security and Privacy, 1987-2004",
        ),
    ),
    kind(
        ocr_noise,
        name="ocr-noise",
        family="characters",
        title="Scanner noise",
        says="Letters are misread as character recognition would: rn for m, 1 for l, 0 for o.",
        steps=steps(MISREAD, "of places that can be misread"),
        references=("Rigaud et al. (2019), ICDAR, 1588-1593 (post-OCR text correction)",),
    ),
)
