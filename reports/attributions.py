"""Inputs with their explanations, before and after a change: words, pictures or bars."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from audit import writing as fmt
from audit.exhibits import Attributions, Likeness, Weighed
from audit.measurement import Unit
from reports.bars import BarsView, bars_view
from reports.changes import WITHHELD
from reports.index import Index
from reports.overlays import OverlayView, overlay_view
from reports.tokens import StripView, strip_view
from reports.weights import Scale, scale
from reports.words import capital, clip, one_line

MOST_PAIRS = 24
OPEN_PAIRS = 3
OPENED = ("worst", "median", "best")  # labels of what stands open, where there are any
NAME = 120


@dataclass(frozen=True)
class LikenessView:
    """One input, ready to be written.

    Attributes
    ----------
    label : str
        Why it is shown.
    similarity : str
        Empty where nothing is compared.
    about : tuple of str
        The change, where the input stands, and what is known of it.
    sides : tuple of StripView or of OverlayView
        Before and after; none where bars are drawn.
    bars : BarsView, optional
    """

    label: str
    similarity: str
    about: tuple[str, ...]
    sides: tuple[StripView | OverlayView, ...]
    bars: BarsView | None = None

    @property
    def counted(self) -> bool:
        """Whether there is any number to list."""
        held = [items for _, items in self.bars.numbers] if self.bars is not None else []
        held += [s.numbers if isinstance(s, StripView) else s.strongest for s in self.sides]
        return any(held)

    @property
    def spoken(self) -> str:
        """What tells its fold from others."""
        return ", ".join(filter(None, (self.label, *self.about[:2])))


@dataclass(frozen=True)
class AttributionsView:
    """A list of inputs, ready to be written.

    Attributes
    ----------
    shape : str
        ``words``, ``patches`` or ``bars``.
    pairs, folded : tuple of LikenessView
        What stands open, and what stands in a fold.
    count : int
        How many there are.
    withheld : str
        What is not shown of any of them.
    headed : bool
        Whether their parts have names all the same.
    """

    title: str
    caption: str
    shape: str
    noun: str
    pairs: tuple[LikenessView, ...]
    folded: tuple[LikenessView, ...]
    count: int
    withheld: str
    headed: bool = False

    @property
    def many(self) -> str:
        """The parts, in a word."""
        return self.noun + ("es" if self.noun.endswith(("s", "x", "ch", "sh")) else "s")

    @property
    def shown(self) -> int:
        """How many inputs are drawn."""
        return len(self.pairs) + len(self.folded)


def attributions_view(_: Index, exhibit: Attributions) -> AttributionsView:
    """Shade the parts of each input by their weights."""
    noun = clip(exhibit.noun, NAME) or "part"
    shape = {"image": "patches", "tabular": "bars"}.get(exhibit.modality, "words")
    opened, folded = _split(exhibit.pairs)
    told = any(p.before.names or p.before.picture for p in (*opened, *folded))
    return AttributionsView(
        title=one_line(exhibit.title),
        caption=one_line(exhibit.caption),
        shape=shape,
        noun=noun,
        pairs=tuple(_likeness(exhibit, pair, noun, shape) for pair in opened),
        folded=tuple(_likeness(exhibit, pair, noun, shape) for pair in folded),
        count=len(exhibit.pairs),
        withheld=WITHHELD if opened and not told else "",
        headed=bool(exhibit.headings),
    )


def _with_headings(side: Weighed | None, headings: tuple[str, ...]) -> Weighed | None:
    """Return weights under the names of columns, where they have no names of their own."""
    if side is None or side.names or len(headings) != len(side.weights):
        return side
    return msgspec.structs.replace(side, names=headings)


def _split(pairs: Sequence[Likeness]) -> tuple[list[Likeness], list[Likeness]]:
    """Return what stands open and what is folded: the worst, the median and the best first."""
    labels = [pair.label for pair in pairs]
    first = [labels.index(label) for label in OPENED if label in labels]
    others = [number for number in range(len(pairs)) if number not in first]
    chosen = [*first, *others[: OPEN_PAIRS - len(first)]]
    rest = [pair for number, pair in enumerate(pairs) if number not in chosen]
    return [pairs[number] for number in chosen], rest[: MOST_PAIRS - len(chosen)]


def _likeness(exhibit: Attributions, pair: Likeness, noun: str, shape: str) -> LikenessView:
    how = scale(pair.before, pair.after)
    alike = None if pair.after is None else pair.similarity
    held = {"before": pair.before, "after": pair.after} if pair.after else {"": pair.before}
    sides = {name: side for name, side in held.items() if side is not None}
    drawn: tuple[StripView | OverlayView, ...] = ()
    if shape == "words":
        drawn = tuple(strip_view(name, side, noun, how) for name, side in sides.items())
    elif shape == "patches":
        drawn = tuple(overlay_view(name, side, how) for name, side in sides.items())
    return LikenessView(
        label=capital(clip(pair.label, NAME)),
        similarity=fmt.value(alike, Unit.RATIO)
        if alike is not None and math.isfinite(alike)
        else "",
        about=tuple(_about(exhibit, pair)),
        sides=drawn,
        bars=_bars(exhibit, pair, noun, how) if shape == "bars" else None,
    )


def _bars(exhibit: Attributions, pair: Likeness, noun: str, how: Scale) -> BarsView:
    before = _with_headings(pair.before, exhibit.headings)
    after = _with_headings(pair.after, exhibit.headings)
    return bars_view(before or pair.before, after, noun, how)


def _about(exhibit: Attributions, pair: Likeness) -> Iterator[str]:
    if pair.transform and not any(f"severity {pair.severity}" in fact for fact in pair.facts):
        change = clip(pair.transform, NAME).replace("-", " ")
        yield f"{change}, severity {pair.severity}" if pair.severity else change
    yield f"{one_line(pair.split)} {pair.row:,}"
    for name, fact in zip(exhibit.columns, pair.facts, strict=False):
        if fact:
            yield f"{clip(name, NAME)}: {clip(fact, NAME)}"
