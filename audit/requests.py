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


class Masks(msgspec.Struct, frozen=True):
    """Versions of inputs in which some parts are taken away: words, patches, columns.

    Attributes
    ----------
    parts : bytes
        How many parts the input of each version has (`packed`), as its modality counts them.
    kept : bytes
        One bit a part, version after version (`numpy.packbits`): 1 where the part stays.
    baseline : str
        What stands in for a part that is taken away, by the modality's own names.
    seed : int
        Of what is drawn. A part of an input is always replaced by the same thing under one seed.
    """

    parts: bytes
    kept: bytes
    baseline: str
    seed: int = 0

    @classmethod
    def of(cls, kept: Sequence[npt.NDArray[np.bool_]], baseline: str, seed: int = 0) -> Masks:
        """Return versions from one array of parts that stay for each."""
        import numpy as np

        bits = np.packbits(np.concatenate(kept)) if kept else np.empty(0, dtype=np.uint8)
        return cls(packed([len(k) for k in kept]), bits.tobytes(), baseline, seed)

    def each(self) -> list[npt.NDArray[np.bool_]]:
        """Return the parts that stay, version by version."""
        import numpy as np

        lengths = unpacked(self.parts)
        bits = np.unpackbits(np.frombuffer(self.kept, np.uint8), count=int(lengths.sum()))
        return np.split(bits.astype(bool), np.cumsum(lengths)[:-1]) if len(lengths) else []


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
    masks : Masks, optional
        Parts that are taken away, one version for each of the `rows`: a row is named as often as
        it has versions.
    """

    split: str
    fit: Refit | None = None
    rows: bytes = b""
    transform: Transform | None = None
    revision: str = ""
    masks: Masks | None = None


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


class Explain(msgspec.Struct, frozen=True, tag=True):
    """Ask how much each part of an input speaks for one answer rather than another.

    What is explained is the margin: the logit of one class minus that of another, or the value of
    a regression. The answer (`audit.observations.Explanations`) stands on the parts of the
    *unchanged* inputs, whatever the transform did to them.

    Attributes
    ----------
    split : str
    explainer : str
        As the registry of explainers lists it.
    rows : bytes
        Positions that are explained (`packed`).
    classes : bytes
        For each row two classes (`packed`, row by row): the one explained and the one it is held
        against. Empty for a regression.
    transform : Transform, optional
        How the inputs are changed first.
    seed : int
        Of everything random in the explainer.
    settings : tuple of (name, value)
        Those of the explainer's settings that differ from its sheet, sorted by name.
    randomised : float
        Share of a network's layers, counted from the output, that are given random weights first
        (`seed` decides them).
    """

    split: str
    explainer: str
    rows: bytes
    classes: bytes = b""
    transform: Transform | None = None
    seed: int = 0
    settings: tuple[tuple[str, float], ...] = ()
    randomised: float = 0.0


Request = Predict | Embed | Explain | TokenRanks
