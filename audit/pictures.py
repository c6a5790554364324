"""Small copies of pictures, as they may stand in a result."""

from __future__ import annotations

from typing import Any

SIDE, QUALITY = 96, 70  # pixels and WebP quality of a small picture


def picture(image: Any) -> str:
    """Return a small copy of a picture as a ``data:`` address.

    Parameters
    ----------
    image : PIL.Image.Image
        Any mode; it is not changed.

    Returns
    -------
    str
        A lossy WebP, at most `SIDE` pixels on a side.
    """
    import base64
    import io

    small = image.convert("RGB")
    small.thumbnail((SIDE, SIDE))
    held = io.BytesIO()
    small.save(held, "WEBP", quality=QUALITY, method=6)
    return "data:image/webp;base64," + base64.b64encode(held.getvalue()).decode()
