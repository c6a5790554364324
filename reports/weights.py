"""Weights of the parts of an input: how strong each is shown, and how it is written."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from audit.exhibits import Weighed
from reports.words import clip

STEPS = 6
NAMED = 3  # parts that are named beside the drawing
NAME = 60
BLANK = "·"  # what stands for a part whose name shows nothing

Weights = Sequence[float | None]


@dataclass(frozen=True)
class Number:
    """One part with its share of the weight, written."""

    name: str
    share: str


@dataclass(frozen=True)
class Scale:
    """What the strongest part that is shown weighs: others are shaded by their share of it."""

    most: float

    def level(self, weight: float | None) -> int:
        """Return how strong a part is shown, -`STEPS` to `STEPS`, with the sign of its weight."""
        if weight is None or not math.isfinite(weight) or self.most <= 0:
            return 0
        return round(STEPS * max(-1.0, min(1.0, weight / self.most)))

    def css(self, weight: float | None) -> str:
        """Return the class that shades a part; empty where it weighs nothing."""
        level = self.level(weight)
        return f"{'w' if level > 0 else 'v'}{abs(level)}" if level else ""


def scale(*sides: Weighed | None) -> Scale:
    """Return the scale that inputs before and after share."""
    return Scale(max((size(w) for side in sides if side for w in side.weights), default=0.0))


def size(weight: float | None) -> float:
    """Return the size of a weight; 0 where nothing is known."""
    return abs(weight) if weight is not None and math.isfinite(weight) else 0.0


def percent(weight: float | None) -> str:
    """Write a share: ``31%``, ``−4.2%``, ``0%``; a dash where nothing is known."""
    if weight is None or not math.isfinite(weight):
        return "–"
    amount = abs(weight) * 100
    text = f"{amount:.0f}" if amount >= 9.95 or amount < 0.05 else f"{amount:.1f}"
    return f"{'−' if weight < 0 and text != '0' else ''}{text}%"


def named(side: Weighed, noun: str) -> tuple[str, ...]:
    """Return a name for each part: its own, or its number where inputs are withheld."""
    if not side.names:
        return tuple(f"{noun} {i + 1}" for i in range(len(side.weights)))
    names = [_seen(name) for name in side.names[: len(side.weights)]]
    return (*names, *[BLANK] * (len(side.weights) - len(names)))


def _seen(name: str) -> str:
    """Return a name on one line; `BLANK` if no letter of it can be seen."""
    line = clip(name, NAME)
    return line if any(c.isprintable() and not c.isspace() for c in line) else BLANK


def ordered(weights: Weights) -> list[int]:
    """Return the parts that weigh anything, the strongest first, the earlier of equals."""
    known = [i for i, weight in enumerate(weights) if size(weight) > 0]
    return sorted(known, key=lambda i: (-size(weights[i]), i))


def strongest(names: Sequence[str], weights: Weights, most: int = NAMED) -> tuple[Number, ...]:
    """Return the parts that weigh most."""
    return tuple(Number(names[i], percent(weights[i])) for i in ordered(weights)[:most])


def numbers(names: Sequence[str], weights: Weights, chosen: Iterable[int]) -> tuple[Number, ...]:
    """Return some parts in their own order, each with its number."""
    return tuple(Number(names[i], percent(weights[i])) for i in chosen)
