"""The image transforms: the common-corruption families, and changes of the frame.

They take RGB `PIL.Image.Image` of any size from 8 pixels and return the same size. Lengths follow
the shorter side, so that a severity means the same for a thumbnail and a photograph. Pillow and
scipy are imported when a picture is changed, so that listing needs neither.
"""

from __future__ import annotations

from audit.transform import TransformKind
from audit.transforms import image_blur, image_digital, image_noise, image_shape, image_weather


def transforms() -> tuple[TransformKind, ...]:
    """Return the image transforms, family by family."""
    families = (image_noise, image_blur, image_weather, image_digital, image_shape)
    return tuple(kind for family in families for kind in family.KINDS)
