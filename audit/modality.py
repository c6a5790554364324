"""What a modality is: how an input is cut into parts, masked, matched and named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from audit.examples import IntArray
from audit.transform import Chance

BoolArray = npt.NDArray[np.bool_]


class Modality(Protocol):
    """Inputs of one kind: texts, pictures, rows of a table.

    Inputs are a list, or a data frame for a table, as `audit.examples.Inputs.take` gives them.
    """

    @property
    def name(self) -> str:
        """``text``, ``image``, ``tabular`` ..., as `audit.examples.Examples.modality` says it."""
        ...

    @property
    def noun(self) -> str:
        """One part, in a word: ``word``, ``patch``, ``column``."""
        ...

    @property
    def baselines(self) -> tuple[str, ...]:
        """What may stand in for a part that is taken away; the first is meant where none is named.

        The second is drawn from other inputs, so that what is left looks like an input.
        """
        ...

    def parts(self, inputs: Any) -> IntArray:
        """Return the ``(n,)`` number of parts of each input; 0 for an empty one."""
        ...

    def masked(self, inputs: Any, kept: Sequence[BoolArray], baseline: str, chance: Chance) -> Any:
        """Return as many inputs of the same kind, without the parts that do not stay.

        Parameters
        ----------
        inputs : list or data frame
            One for each version; none is changed in place.
        kept : sequence of (parts,) bool arrays
            One for each version.
        baseline : str
            One of `baselines`.
        chance : Chance
            Luck by the content of each input, so that a part is always replaced by the same thing
            under one seed; its `reference` holds other inputs of the split, of the same kind.
        """
        ...

    def matched(self, before: Any, after: Any) -> list[IntArray]:
        """Return, for each part of each input before, its counterpart after, or -1.

        Parameters
        ----------
        before, after : list or data frame
            Inputs, and the same after a harmless change, row for row.
        """
        ...

    def names(self, inputs: Any) -> list[tuple[str, ...]]:
        """Return what each part of each input is called: a word, ``column = value``, a place."""
        ...
