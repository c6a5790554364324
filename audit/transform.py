"""What a transform is: a named, seeded change of inputs, for one modality."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from audit.chance import uniforms

SEVERITIES = (1, 2, 3, 4, 5)


class TransformSheet(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader should know of a transform.

    Attributes
    ----------
    name : str
        Kebab-case noun, unique.
    modality : str
        ``text``, ``image`` or ``tabular``.
    family : str
        What kinds stand together in a table: ``typing``, ``noise``, ``blur`` ...
    title : str
        As a row of a table begins.
    says : str
        What it does, in a sentence.
    steps : tuple of five str
        What each severity does, in figures.
    preserves : bool
        Whether an input keeps its label under it: a reader would not change the answer.
    version : int
        Raised whenever the same name, severity and seed give other bytes.
    references : tuple of str
    """

    name: str
    modality: str
    family: str
    title: str
    says: str
    steps: tuple[str, str, str, str, str]
    preserves: bool = True
    version: int = 1
    references: tuple[str, ...] = ()


@dataclass(frozen=True)
class Chance:
    """The luck of some inputs: it follows from each input's content and a seed, not its place.

    Attributes
    ----------
    digests : (n,) array of 16-byte strings
    seed : int
        Of one transform: name, severity and seed of the request are in it.
    reference : object, optional
        For tables: a data frame that says how columns are spread and which values they take.
    """

    digests: npt.NDArray[np.bytes_]
    seed: int
    reference: Any = None

    def uniform(self, stream: int = 0) -> npt.NDArray[np.float64]:
        """Return an ``(n,)`` number in [0, 1) for each input; other streams are independent."""
        return uniforms(self.digests, self.seed, stream)

    def generator(self, i: int) -> np.random.Generator:
        """Return a generator of the input at position ``i`` alone."""
        words = np.frombuffer(self.digests[i : i + 1].astype("S16").tobytes(), dtype="<u4")
        return np.random.Generator(np.random.PCG64([self.seed, *words.tolist()]))


@dataclass(frozen=True)
class TransformKind:
    """One transform.

    Attributes
    ----------
    sheet : TransformSheet
    apply : callable
        ``apply(inputs, severity, chance)`` with severity 1 to 5 returns as many inputs of the same
        kind and changes none in place: a list of texts, a list of RGB `PIL.Image.Image`, or a
        data frame with the same columns.
    """

    sheet: TransformSheet
    apply: Callable[[Any, int, Chance], Any]


def each(
    change: Callable[[Any, int, np.random.Generator], Any],
) -> Callable[[Sequence[Any], int, Chance], list[Any]]:
    """Turn a change of one input into a change of a list, each with a generator of its own."""

    def apply(inputs: Sequence[Any], severity: int, chance: Chance) -> list[Any]:
        return [change(v, severity, chance.generator(i)) for i, v in enumerate(inputs)]

    return apply
