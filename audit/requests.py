"""The closed set of what a probe may ask of a model: frozen and hashable, so asks merge."""

from __future__ import annotations

import msgspec


class Predict(msgspec.Struct, frozen=True, tag=True):
    """Ask for the model's outputs on every row of a split."""

    split: str


Request = Predict
