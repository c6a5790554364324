"""The closed set of what a probe may ask of a model: frozen and hashable, so asks merge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    Positions = Sequence[int] | npt.NDArray[np.integer]


def packed(values: Positions) -> bytes:
    """Return whole numbers as little-endian 32-bit integers."""
    import numpy as np

    return np.asarray(values).astype("<i4").tobytes()


def unpacked(values: bytes) -> npt.NDArray[np.int64]:
    """Return the numbers of `packed`."""
    import numpy as np

    return np.frombuffer(values, dtype="<i4").astype(np.int64)


class Refit(msgspec.Struct, frozen=True):
    """One training of the model's recipe, from its starting point, on some rows of a split.

    Attributes
    ----------
    split : str
        The split to train on.
    recipe : str
        Name of one of the card's recipes.
    seed : int
        Of everything random in the training.
    rows : bytes
        Positions in the split, in training order (`packed`).
    labels : bytes
        Altered labels, row for row, as indices into the card's labels (`packed`); empty where
        they are as the data say.
    """

    split: str
    recipe: str
    seed: int
    rows: bytes
    labels: bytes = b""

    @classmethod
    def on(
        cls, split: str, recipe: str, seed: int, rows: Positions, labels: Positions | None = None
    ) -> Refit:
        """Return a training on some rows, with altered labels if any are given."""
        altered = b"" if labels is None else packed(labels)
        return cls(split, recipe, seed, packed(rows), altered)

    @property
    def size(self) -> int:
        """Rows that are trained on."""
        return len(self.rows) // 4


class Transform(msgspec.Struct, frozen=True):
    """A named, seeded change of inputs.

    Attributes
    ----------
    name : str
        As the registry of transforms lists it.
    severity : int
        1 to 5; 0 changes nothing.
    seed : int
        Of everything random in it. What happens to an input follows from its content, this seed,
        the name and the severity, and not from its place or its neighbours.
    """

    name: str
    severity: int
    seed: int = 0

    def __str__(self) -> str:
        return f"{self.name} {self.severity}"


class Predict(msgspec.Struct, frozen=True, tag=True):
    """Ask for the outputs on a split: the model's own, or those of one of its trainings.

    Attributes
    ----------
    split : str
    fit : Refit, optional
        The training whose outputs are asked for; None for the model as it is.
    rows : bytes
        Positions that are asked for (`packed`); empty for every row.
    transform : Transform, optional
        How the inputs are changed first.
    revision : str
        Another revision of the model, by its name in the specification; empty for the audited one.
    """

    split: str
    fit: Refit | None = None
    rows: bytes = b""
    transform: Transform | None = None
    revision: str = ""


class Embed(msgspec.Struct, frozen=True, tag=True):
    """Ask how the model sees the inputs of a split: its features, and its logits where it has any.

    The answer's outputs are ``(n, d)`` features: what the last layer of a network is given, or
    the encoded columns of a table. Where the model is a network, one pass answers this and
    `Predict` on the same inputs.

    Attributes
    ----------
    split : str
    rows : bytes
        Positions that are asked for (`packed`); empty for every row.
    """

    split: str
    rows: bytes = b""


class TokenRanks(msgspec.Struct, frozen=True, tag=True):
    """Ask how rare the words of every input are, by the order of the tokenizer's vocabulary.

    The answer is the mean natural logarithm of (1 + rank) over the tokens of each input, special
    tokens left out; rank 0 is the most frequent token.
    """

    split: str


Request = Predict | Embed | TokenRanks
