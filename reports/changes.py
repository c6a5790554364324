"""Inputs before and after a change: what differs is marked, by words and by letters in them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from audit.exhibits import Pair, Pairs
from reports.index import Index
from reports.tables import Picture
from reports.words import clean, clip, one_line

MOST_PAIRS = 40
MOST_LETTERS = 700
NAME = 120
ALIKE = 0.5  # texts that share this much are compared letter by letter, others word by word
NEAR = 3  # fewer equal letters between two changes are read as part of them
WITHHELD = "withheld (report: {examples: full} shows it)"
_PICTURE = re.compile(r"data:image/(?:webp|png|jpeg);base64,[A-Za-z0-9+/]+={0,2}")
_WORDS = re.compile(r"\w+|\s+|[^\w\s]")
# What no eye can see would be marked as a change of nothing.
_HIDDEN = re.compile("[\u00ad\u180e\u200b-\u200d\u2060-\u2064\ufeff]")

Part = tuple[bool, str]


@dataclass(frozen=True)
class Side:
    """An input before or after: a picture, or its text in parts, each changed or not."""

    picture: Picture | None = None
    parts: tuple[Part, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class PairView:
    """One pair, ready to be written."""

    label: str
    place: str
    before: Side
    after: Side
    facts: tuple[str, ...]

    @property
    def pictured(self) -> bool:
        """Whether both sides are pictures."""
        return self.before.picture is not None and self.after.picture is not None

    @property
    def withheld(self) -> bool:
        """Whether neither side may be shown."""
        return self.before.note == self.after.note == WITHHELD


@dataclass(frozen=True)
class PairsView:
    """A list of pairs; `withheld` says once what is not shown of any of them."""

    title: str
    caption: str
    columns: tuple[str, ...]
    pairs: tuple[PairView, ...]
    count: int
    withheld: str


def pairs_view(_: Index, exhibit: Pairs) -> PairsView:
    """Mark what differs in each pair."""
    shown = exhibit.pairs[:MOST_PAIRS]
    hidden = bool(shown) and all(pair.before is None and pair.after is None for pair in shown)
    return PairsView(
        title=one_line(exhibit.title),
        caption=one_line(exhibit.caption),
        columns=tuple(clip(name, NAME) for name in exhibit.columns),
        pairs=tuple(_pair(pair, len(exhibit.columns)) for pair in shown),
        count=len(exhibit.pairs),
        withheld=WITHHELD if hidden else "",
    )


def pictured(text: str | None, alt: str) -> Picture | None:
    """Return a picture if a text is the address of one, made of nothing but base64."""
    if text is None or _PICTURE.fullmatch(text) is None:
        return None
    return Picture(text, clean(alt))


def _pair(pair: Pair, width: int) -> PairView:
    label, place = clip(pair.label, NAME), f"{one_line(pair.split)} {pair.row:,}"
    facts = [one_line(fact) for fact in pair.facts[:width]]
    before, after = _sides(pair, label, place)
    return PairView(
        label=label or clip(pair.transform, NAME),
        place=place if _strength(pair) in label else f"{_strength(pair)}, {place}",
        before=before,
        after=after,
        facts=(*facts, *[""] * (width - len(facts))),
    )


def _strength(pair: Pair) -> str:
    return f"severity {pair.severity}"


def _sides(pair: Pair, label: str, place: str) -> tuple[Side, Side]:
    """Return both sides; a text is marked only where the other is known as well."""
    texts = [_seen(text) for text in (pair.before, pair.after)]
    if texts[0] is not None and texts[1] is not None:
        left, right = marked(texts[0], texts[1])
    else:
        left, right = (((False, text),) if text is not None else () for text in texts)
    same = pair.before is not None and pair.before == pair.after
    first = pictured(pair.before, f"{place} before the change")
    second = pictured(pair.after, f"{place} after: {label}")
    return (
        _side(pair.before, first, left, ""),
        _side(pair.after, second, right, "unchanged" if same else ""),
    )


def _side(text: str | None, picture: Picture | None, parts: tuple[Part, ...], note: str) -> Side:
    if text is None:
        return Side(note=WITHHELD)
    return Side(picture, note=note) if picture else Side(parts=parts, note=note)


def _seen(text: str | None) -> str | None:
    """Make a text safe, and what it hides visible."""
    if text is None or _PICTURE.fullmatch(text):
        return None
    safe = clean(text if len(text) <= MOST_LETTERS else text[:MOST_LETTERS] + "…")
    return _HIDDEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", safe)


def marked(before: str, after: str) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """Split two texts into parts that are equal and parts that differ.

    Parameters
    ----------
    before, after : str

    Returns
    -------
    tuple of (bool, str), tuple of (bool, str)
        The parts of each text in order, with whether they differ; joined they give the text.
    """
    letters = SequenceMatcher(None, before, after, autojunk=False)
    if letters.ratio() >= ALIKE:
        return _split(letters.get_opcodes(), before, after)
    a, b = _WORDS.findall(before), _WORDS.findall(after)
    words = SequenceMatcher(None, a, b, autojunk=False)
    return _split(words.get_opcodes(), a, b)


def _split(
    codes: Sequence[tuple[str, int, int, int, int]],
    before: Sequence[str],
    after: Sequence[str],
) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """Cut both texts by the steps that lead from one to the other.

    What is equal for a letter or two between two changes is read as part of them.
    """
    left: list[Part] = []
    right: list[Part] = []
    for number, (tag, i, j, k, m) in enumerate(codes):
        inner = 0 < number < len(codes) - 1
        short = len("".join(before[i:j]).strip()) < NEAR
        differs = tag != "equal" or (inner and short)
        left.append((differs, "".join(before[i:j])))
        right.append((differs, "".join(after[k:m])))
    return _merged(left), _merged(right)


def _merged(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Join neighbours of one kind, and leave out empty ones."""
    out: list[Part] = []
    for differs, text in parts:
        if text and out and out[-1][0] == differs:
            out[-1] = (differs, out[-1][1] + text)
        elif text:
            out.append((differs, text))
    return tuple(out)
