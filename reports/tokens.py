"""Words on coloured ground: a text in reading order, or numbered blocks where it is withheld."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from audit.exhibits import Weighed
from reports.weights import Number, Scale, Weights, named, numbers, size, strongest

MOST_WORDS = 60

Run = tuple[str, str, str]
_CLOSES = re.compile(r"[,.;:!?%)\]}…»”’]+")
_OPENS = re.compile(r"[(\[{«“¿¡#$£€@]+")


@dataclass(frozen=True)
class StripView:
    """One text, ready to be written.

    Attributes
    ----------
    name : str
        ``before`` or ``after``; empty where there is only one.
    runs : tuple of (str, str, str)
        The space before each word, its class and its text; words without colour that follow each
        other are one run. Names do not say where space stood: there is none before a mark that
        closes, nor after one that opens.
    head, tail : int
        Words that are left out before and behind.
    numbers : tuple of Number
        Every word that is shown.
    leftward : bool
        Whether words run from right to left, so that each needs an element of its own.
    """

    name: str
    runs: tuple[Run, ...]
    head: int
    tail: int
    strongest: tuple[Number, ...]
    numbers: tuple[Number, ...]
    leftward: bool = False


def strip_view(name: str, side: Weighed, noun: str, how: Scale) -> StripView:
    """Return the stretch of a text in which most of the weight lies."""
    names = named(side, noun)
    start, stop = window(side.weights, MOST_WORDS)
    inside = range(start, stop)
    if side.names:
        runs = _merged([(_gap(names, i), how.css(side.weights[i]), names[i]) for i in inside])
    else:
        runs = [(" ", f"bk {how.css(side.weights[i])}".strip(), str(i + 1)) for i in inside]
    return StripView(
        name=name,
        runs=tuple(runs),
        head=start,
        tail=len(names) - stop,
        strongest=strongest(names, side.weights),
        numbers=numbers(names, side.weights, inside),
        leftward=any(_leftward(names[i]) for i in inside),
    )


def window(weights: Weights, most: int) -> tuple[int, int]:
    """Return where the heaviest stretch of some parts begins and ends; the first of equals."""
    if len(weights) <= most:
        return 0, len(weights)
    sums = [0.0, *accumulate(size(weight) for weight in weights)]
    starts = range(len(weights) - most + 1)
    # Rounded, so that sums that differ by their last bits are equal.
    start = max(starts, key=lambda i: (round(sums[i + most] - sums[i], 9), -i))
    return start, start + most


def _gap(names: Sequence[str], number: int) -> str:
    tight = _CLOSES.fullmatch(names[number]) or (number and _OPENS.fullmatch(names[number - 1]))
    return "" if tight else " "


def _merged(words: Sequence[Run]) -> list[Run]:
    out: list[Run] = []
    for gap, css, text in words:
        if out and not css and not out[-1][1]:
            out[-1] = (out[-1][0], "", f"{out[-1][2]}{gap}{text}")
        else:
            out.append((gap, css, text))
    return out


def _leftward(text: str) -> bool:
    return any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in text)
