"""What a text model may be given."""

from __future__ import annotations

from collections.abc import Sequence

from audit.errors import ModelError


def check_texts(inputs: Sequence[object]) -> None:
    """Refuse inputs that are not texts."""
    for row, value in enumerate(inputs):
        if not isinstance(value, str):
            raise ModelError(
                f"a text model was given a {type(value).__name__}",
                where=f"input {row} of the batch: {value!r:.80}",
                hint="input: must name one column of texts",
            )
