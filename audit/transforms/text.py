"""Changes of texts that a reader would not be misled by, and one that says what is lost."""

from __future__ import annotations

from audit.transform import TransformKind
from audit.transforms.text_form import FORM
from audit.transforms.text_typing import TYPING
from audit.transforms.text_wording import WORDING


def transforms() -> tuple[TransformKind, ...]:
    """Return every transform of texts, those of one family together."""
    return (*TYPING, *FORM, *WORDING)
