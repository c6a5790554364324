"""Changes of words: short and long forms, and how much of a text is left."""

from __future__ import annotations

import re

import numpy as np

from audit.transform import TransformKind
from audit.transforms.text_letters import Letters, kind, steps

TURNED = (0.2, 0.4, 0.6, 0.8, 1.0)
KEPT = (0.9, 0.75, 0.6, 0.45, 0.3)

VERBS = "are could did do does had has have is must need should was were would"
NOT = {f"{verb}n't": f"{verb} not" for verb in VERBS.split()}
NOT |= {"can't": "cannot", "won't": "will not"}
WITH = {
    f"{who}'{short}": f"{who} {verb}"
    for short, verb, whom in (
        ("re", "are", "you we they"),
        ("ve", "have", "i you we they"),
        ("ll", "will", "i you he she it we they"),
    )
    for who in whom.split()
}
LONG = NOT | WITH | {"i'm": "i am", "let's": "let us"}
SHORT = {long: short for short, long in LONG.items() if short != "let's"}
WHO = "i|you|he|she|it|we|they|this|that|there|the|my|your|his|her|our|their"
# A short form is not made long before a subject ("isn't it"): that would be no English. A long form
# is made short only before a further word ("yes, we are." stays).
PLACES = re.compile(
    rf"\b(?:(?:{'|'.join(NOT)})\b(?! +(?:{WHO})\b)|(?:{'|'.join([*WITH, 'i.m', 'let.s'])})\b"
    rf"|(?:{'|'.join(SHORT)})\b(?= [a-z]))".replace("'", "['’]").replace(".", "['’]"),
    re.IGNORECASE,
)


def other_form(found: str) -> str:
    """Return the long form of a short one or the reverse, in the same case."""
    plain = found.lower().replace("’", "'")
    other = LONG.get(plain) or SHORT[plain]
    if found.isupper() and len(plain.split("'")[0].split()[0]) > 1:
        return other.upper()
    if plain[0] == "i" and (len(plain) < 2 or plain[1] in "' "):
        return "I" + other[1:]
    return found[0] + other[1:] if plain[0] == other[0] else other


def contractions(text: Letters, severity: int) -> list[str]:
    """Write short forms out, and long forms short."""
    places = [(m.start(), m.group()) for m in PLACES.finditer(text.whole)]
    if not places:
        return list(text.inputs)
    luck = text.luck(1)[[p for p, _ in places]]
    chosen = [p for p, u in zip(places, luck, strict=True) if u < TURNED[severity - 1]]
    at: list[int] = []
    words: list[str] = []
    for start, found in chosen:
        at += range(start, start + len(found))
        words += [other_form(found), *[""] * (len(found) - 1)]
    return text.written(at, words)


def shortened(text: str, share: float) -> str:
    """Return the leading share of the words of a text, at least one, spaced as they were."""
    ends = [m.end() for m in re.finditer(r"\S+", text)]
    if not ends:
        return text
    kept = max(1, int(np.ceil(share * len(ends) - 1e-9)))
    return text if kept == len(ends) else text[: ends[kept - 1]]


def truncation(text: Letters, severity: int) -> list[str]:
    """Keep the leading words."""
    return [shortened(t, KEPT[severity - 1]) for t in text.inputs]


WORDING: tuple[TransformKind, ...] = (
    kind(
        contractions,
        name="contractions",
        family="wording",
        title="Contractions",
        says="Short forms are written out (don't, do not), and long ones short.",
        steps=steps(TURNED, "of places"),
        references=("Ribeiro et al. (2020), ACL, 4902-4912 (CheckList)",),
    ),
    kind(
        truncation,
        name="truncation",
        family="wording",
        title="Truncation",
        says="Only the leading words are kept: what decides the label may be lost.",
        steps=steps(KEPT, "of words kept"),
        preserves=False,
    ),
)
