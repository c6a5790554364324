"""What an explainer is: how much each part of an input speaks for an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec
import numpy as np

from audit.errors import ConfigError, did_you_mean
from audit.examples import FloatArray, IntArray
from audit.modality import BoolArray
from audit.transform import Chance

Needs = Literal["predictions", "gradients", "trees"]
Settings = Mapping[str, float]


class ExplainerSheet(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader should know of an explainer.

    Attributes
    ----------
    name : str
        Kebab-case noun, unique.
    title : str
        As a sentence begins.
    says : str
        How it works, in a sentence.
    needs : str
        ``predictions`` alone, ``gradients`` of a network, or ``trees`` of an ensemble.
    seeded : bool
        Whether another seed gives another answer.
    complete : bool
        Whether its attributions sum to the margin minus that of the baseline.
    settings : mapping of str to float
        Its options and their defaults.
    meaning : mapping of str to str
        What each setting is.
    version : int
        Raised whenever the same settings and seed give other numbers.
    references : tuple of str
    """

    name: str
    title: str
    says: str
    needs: Needs
    seeded: bool
    complete: bool
    settings: dict[str, float] = {}
    meaning: dict[str, str] = {}
    version: int = 1
    references: tuple[str, ...] = ()

    def settled(self, given: Settings) -> dict[str, float]:
        """Return all settings, with those that are given in place of the defaults.

        Raises
        ------
        ConfigError
            If there is no such setting.
        """
        for name in given:
            if name not in self.settings:
                raise ConfigError(
                    f'the explainer {self.name} has no setting "{name}"',
                    hint=did_you_mean(name, self.settings) if self.settings else "it has none",
                )
        return {**self.settings, **given}


@dataclass(frozen=True)
class Explained:
    """Explanations of some inputs, on their own parts.

    Attributes
    ----------
    attributions : tuple of (parts,) float arrays
    value, start : (n,) float arrays
        The margin of each input, and that of its baseline.
    passes : (n,) float array
        Evaluations of the model behind each.
    """

    attributions: tuple[FloatArray, ...]
    value: FloatArray
    start: FloatArray
    passes: FloatArray


@dataclass(frozen=True)
class Job:
    """Some inputs to explain with a model that is open.

    Attributes
    ----------
    inputs : list or data frame
    starts : list or data frame
        The same inputs with every part taken away.
    parts : (n,) int array
    classes : (n, 2) int array, optional
        Class explained, class that it is held against; None for a regression.
    chance : Chance
        Luck by the content of each input: an explanation depends on no neighbour. Its `reference`
        holds other inputs of the split.
    settings : mapping of str to float
        All of them.
    budget : int
        Bytes that may be used on top of what the model takes.
    units : int
        The most that a batch should cost (rows times size), where the model says what is fast.
    """

    inputs: Any
    starts: Any
    parts: IntArray
    classes: IntArray | None
    chance: Chance
    settings: Settings
    budget: int
    units: int = 0

    def __len__(self) -> int:
        return len(self.parts)


@dataclass(frozen=True)
class ByMasks:
    """An explainer that needs predictions alone: what it asks for, and what it makes of it.

    Attributes
    ----------
    sheet : ExplainerSheet
    kept : callable
        ``kept(parts, generator, settings)`` returns the ``(m, parts)`` versions to be predicted, in
        bool: True where a part stays. The whole input and the empty one are predicted in any case.
    solve : callable
        ``solve(kept, margins, value, start, settings)`` returns ``(parts,)`` attributions from the
        ``(m,)`` margins of these versions, and those of the whole and of the empty input.
    """

    sheet: ExplainerSheet
    kept: Callable[[int, np.random.Generator, Settings], BoolArray]
    solve: Callable[[BoolArray, FloatArray, float, float, Settings], FloatArray]


@dataclass(frozen=True)
class ByModel:
    """An explainer that is given the model itself: a network, or an ensemble of trees.

    Attributes
    ----------
    sheet : ExplainerSheet
    explain : callable
        ``explain(opened, job)`` with what `audit.model.Gradients.differentiable` or
        `audit.model.Trees.trees` returned. Raises `audit.errors.NotApplicable` where the model has
        no such explanation.
    """

    sheet: ExplainerSheet
    explain: Callable[[Any, Job], Explained]


Explainer = ByMasks | ByModel


@dataclass(frozen=True)
class Chosen:
    """An explainer with its settings, as a probe asks for it.

    Attributes
    ----------
    sheet : ExplainerSheet
    given : mapping of str to float
        Settings that differ from the sheet.
    """

    sheet: ExplainerSheet
    given: Settings = field(default_factory=dict)

    @property
    def settings(self) -> tuple[tuple[str, float], ...]:
        """The settings as a request holds them."""
        return tuple(sorted((k, float(v)) for k, v in self.given.items()))

    def says(self) -> str:
        """Say the explainer and its settings, for the foot of a figure."""
        whole = self.sheet.settled(self.given)
        words = [f"{name.replace('_', ' ')} {value:g}" for name, value in whole.items()]
        return f"{self.sheet.title} ({', '.join(words)})" if words else self.sheet.title
