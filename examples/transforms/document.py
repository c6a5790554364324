"""Write docs/transforms.md from the transforms themselves: what each does, and an example.

::

    python examples/transforms/document.py
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from audit.transform import TransformKind
from audit.transforms import image, tabular, text
from audit.transforms.example import table_example, text_example

OUT = Path(__file__).parents[2] / "docs/transforms.md"
SHOWN = (1, 3, 5)

HEAD = """# Transforms

A transform changes inputs in a named way: typing mistakes, noise, a slip of unit. Robustness is
measured on the same inputs before and after it, at severities 1 to 5. `audit transforms` lists
them; `audit transforms NAME` explains one and shows what it does to an example.

- What happens to an input follows from its content and a seed. Its place, its neighbours and the
  size of a batch change nothing, and the same seed gives the same bytes.
- The severities of one transform share their luck. Mostly a higher one changes the same letters,
  cells or specks as a lower one, and more of them, or changes them further.
- An input *keeps its label* if a reader would not change the answer. Where that depends on the
  task, the description says so: leave a transform out where it does not hold for yours.
- Parameters are chosen by us. They are no benchmark's, so figures under them are not to be held
  against published ones.
- Packages can add transforms under the entry point `audit.transforms`: a function without
  arguments that returns `audit.transform.TransformKind`s.

This page is written by `examples/transforms/document.py`.
"""
TEXT = """
## Texts

The sentence of the examples is our own.
"""
IMAGE = """
## Images

Pictures are RGB, of any size from 8 pixels, and keep their size. Lengths follow the shorter side.
Noise is per pixel, so that it weighs more on a small picture than on a large one that the model
shrinks. Pillow is needed: `pip install 'defect-audit[images]'`.

![Each image transform at severities 0 to 5](transforms-image.png)

The scene is drawn by `examples/transforms/picture.py`.
"""
TABLE = """
## Tables

Columns, rows and types are kept: integers stay integers and are rounded (missing values alone make
floats of them), categories stay texts or of type category. Truth values, dates and columns of other
types stay as they are, except that dates may be missing. The spread of a column and the categories
that it knows are read from the rows of the whole split.

What a row describes is the same after each of these, and so is its label; but at high severities
no model could know as much as before. Read a drop as the price of careless entry, not as a fault of
the model alone.
"""


def described(kinds: Iterable[TransformKind]) -> list[str]:
    """Return a table of transforms."""
    lines = [
        "",
        "| name | what it does | severities 1 to 5 | keeps the label |",
        "|---|---|---|---|",
    ]
    for sheet in (k.sheet for k in kinds):
        keeps = "yes" if sheet.preserves else "may not"
        lines.append(f"| `{sheet.name}` | {sheet.says} | {joined(sheet.steps)} | {keeps} |")
    return lines


def joined(steps: tuple[str, ...]) -> str:
    """Write five steps as one where they differ in one word: ``2, 5, 10, 20, 35 % of cells``."""
    words = [s.split() for s in steps]
    places = [i for i, those in enumerate(zip(*words, strict=False)) if len(set(those)) > 1]
    if len({len(w) for w in words}) > 1 or len(places) != 1:
        return "; ".join(steps)
    place = places[0]
    values = ", ".join(w[place] for w in words)
    return " ".join([*words[0][:place], values, *words[0][place + 1 :]])


def sentences(kinds: Iterable[TransformKind]) -> list[str]:
    """Return the sentence under each transform of texts."""
    lines: list[str] = []
    for kind in kinds:
        shown = text_example(kind)
        if not lines:
            lines = ["", "| | severity | |", "|---|---|---|", f"| | 0 | {shown[0]} |"]
        for severity in SHOWN:
            name = f"`{kind.sheet.name}`" if severity == SHOWN[0] else ""
            lines.append(f"| {name} | {severity} | {escaped(shown[severity])} |")
    return lines


def escaped(sentence: str) -> str:
    """Keep blanks and marks of a sentence as they are, in a table."""
    return sentence.replace("|", "\\|").replace("*", "\\*").replace("  ", "&nbsp; ")


def rows(kinds: Iterable[TransformKind]) -> list[str]:
    """Return a row under each transform of tables; what changed is bold."""
    lines: list[str] = []
    for kind in kinds:
        names, shown = table_example(kind)
        if not lines:
            lines = ["", "| | severity | " + " | ".join(names) + " |"]
            lines += ["|---" * (len(names) + 2) + "|", "| | 0 | " + " | ".join(shown[0]) + " |"]
        for severity in SHOWN:
            pairs = zip(shown[severity], shown[0], strict=True)
            cells = [f"**{c}**" if c != was else c for c, was in pairs]
            name = f"`{kind.sheet.name}`" if severity == SHOWN[0] else ""
            lines.append(f"| {name} | {severity} | {' | '.join(cells)} |")
    return lines


def sources(kinds: Iterable[TransformKind]) -> list[str]:
    """Return the references, each once."""
    found = dict.fromkeys(r for k in kinds for r in k.sheet.references)
    return ["", "## References", "", *(f"- {r}" for r in found)]


def page() -> str:
    """Return the whole page."""
    texts, images, tables = text.transforms(), image.transforms(), tabular.transforms()
    shown = "\nThe luck of each example is the first that shows something at severity 1."
    parts = [HEAD, TEXT.rstrip(), *described(texts), shown, *sentences(texts)]
    parts += [IMAGE.rstrip(), *described(images), TABLE.rstrip(), *described(tables)]
    parts += [*rows(tables), *sources((*texts, *images, *tables))]
    return "\n".join(parts).replace("\n\n\n", "\n\n") + "\n"


if __name__ == "__main__":
    OUT.write_text(page())
    print(OUT)
