"""Draw docs/transforms-image.png: every image transform at every severity, on one drawn scene.

The scene is drawn here by procedure, so that the picture has no source but this file::

    python examples/transforms/picture.py [OUT.png]
"""

from __future__ import annotations

import sys
from hashlib import blake2b
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from audit.transform import SEVERITIES, Chance
from audit.transforms.image import transforms

OUT = Path(__file__).parents[2] / "docs/transforms-image.png"
SIDE, GAP, LABEL, HEAD = 96, 4, 118, 26
INK = (40, 40, 48)


def scene(side: int = 384) -> Image.Image:
    """Draw a house on a hill with a tree and a sun; fine and coarse parts, light and dark."""
    sky = np.linspace([92, 150, 214], [214, 230, 240], side).astype(np.uint8)
    image = Image.fromarray(np.repeat(sky[:, None], side, axis=1))
    draw = ImageDraw.Draw(image)
    u = side / 96
    draw.ellipse([70 * u, 8 * u, 86 * u, 24 * u], fill=(250, 214, 92))
    draw.ellipse([-30 * u, 58 * u, 126 * u, 190 * u], fill=(98, 148, 74))
    for i in range(16):
        x = (4 + 6 * i) * u
        draw.line([x, 96 * u, x + 4 * u, 74 * u], fill=(78, 124, 60), width=round(0.8 * u))
    draw.rectangle([24 * u, 40 * u, 58 * u, 72 * u], fill=(206, 106, 80), outline=(120, 52, 40))
    draw.polygon([(20 * u, 40 * u), (41 * u, 20 * u), (62 * u, 40 * u)], fill=(92, 56, 58))
    for row in range(41, 72, 4):
        draw.line([24 * u, row * u, 58 * u, row * u], fill=(176, 84, 64), width=round(0.6 * u))
    for left in (28, 44):
        draw.rectangle([left * u, 46 * u, (left + 9) * u, 56 * u], fill=(240, 236, 200))
        middle = (left + 4.5) * u
        draw.line([middle, 46 * u, middle, 56 * u], fill=(92, 56, 58), width=round(u))
    draw.rectangle([36 * u, 60 * u, 44 * u, 72 * u], fill=(60, 44, 52))
    draw.rectangle([73 * u, 50 * u, 77 * u, 74 * u], fill=(96, 66, 44))
    for x, y, r in ((75, 42, 10), (69, 48, 7), (81, 48, 7)):
        draw.ellipse([(x - r) * u, (y - r) * u, (x + r) * u, (y + r) * u], fill=(54, 108, 58))
    return image


def grid(image: Image.Image) -> Image.Image:
    """Lay out the scene under each transform (rows) at each severity (columns)."""
    kinds = transforms()
    step = SIDE + GAP
    columns = 1 + len(SEVERITIES)
    half = -(-len(kinds) // 2)
    width = LABEL + columns * step + GAP
    sheet = Image.new("RGB", (2 * width, HEAD + half * step), (255, 255, 255))
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(13)
    digest = np.array([blake2b(image.tobytes(), digest_size=16).digest()], dtype="S16")
    small = image.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    for i, kind in enumerate(kinds):
        left, top = width * (i // half), HEAD + (i % half) * step
        draw.text((left + 6, top + SIDE / 2 - 8), kind.sheet.name, fill=INK, font=font)
        for severity in (0, *SEVERITIES):
            shown = image
            if severity:
                shown = kind.apply([image], severity, Chance(digest, 7))[0]
                shown = shown.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
            sheet.paste(shown if severity else small, (left + LABEL + severity * step, top))
    for left in (0, width):
        for severity in (0, *SEVERITIES):
            draw.text((left + LABEL + severity * step + 44, 6), str(severity), fill=INK, font=font)
    return sheet


def main(out: Path) -> None:
    """Write the picture, with few enough colours for a small file."""
    sheet = grid(scene(192))
    sheet.quantize(256, kmeans=2, dither=Image.Dither.NONE).save(out, optimize=True)
    print(f"{out}: {out.stat().st_size / 1000:.0f} kB, {sheet.size[0]} x {sheet.size[1]}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else OUT)
