"""Write docs/explainers.md from the explainers and the modalities themselves.

::

    python examples/explainers/document.py
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from pathlib import Path

from audit.cli.explainers import NEEDS, sentence
from audit.explained.chosen import PREFERRED
from audit.explainer import Explainer, ExplainerSheet
from audit.explainers import gradients, masked, trees
from audit.modalities import image, tabular, text
from audit.modality import Modality

OUT = Path(__file__).parents[2] / "docs/explainers.md"

HEAD = """# Explainers

An explainer says how much each part of an input speaks for the model's answer: words of a text,
patches of a picture, columns of a row. What is shared out among the parts is the *margin*: the
logit of the class that the model chose minus that of the class that came next, or the value of a
regression. `audit explainers` lists them; `audit explainers NAME` explains one.

- Where none is named the first that the model allows is taken:
  {preferred}.
  The key `explainer` of a probe names another one, and `settings` changes its settings.
- What is drawn follows from the content of an input and a seed. Its place, its neighbours and the
  size of a batch change nothing.
- A *complete* explainer shares out the whole margin: its attributions sum to the margin of the
  input minus that of its baseline, the input with every part taken away; `tree-shap` sets it
  against the mean margin of its background rows.
- No explainer tells what is true of the world, and none tells what the model would do if it were
  trained without a part. The audit measures how far explanations can be relied on; it does not
  hold one to be right.
- Packages can add explainers under the entry point `audit.explainers`: a function without
  arguments that returns `audit.explainer.ByMasks` (what to predict, and what to make of it) or
  `audit.explainer.ByModel` (given the network or the trees). `audit.testing.check_explainer`
  checks one.

This page is written by `examples/explainers/document.py`.
"""
PARTS = """
## Parts and baselines

What the parts of an input are, and what stands in for one that is taken away, is a matter of its
modality. The first baseline is meant where none is named; the second is drawn from other inputs of
the split, so that what is left looks like an input. `tree-shap` takes its background rows instead,
and explainers by gradients start where the network itself has nothing: at padding, or at the
baseline.

| modality | a part is a | baselines | how |
|---|---|---|---|
"""
ADDED = """
Packages can add modalities under the entry point `audit.modalities`: a function without arguments
that returns an `audit.modality.Modality`. `audit.testing.check_modality` checks one.
"""


def described(sheets: Iterable[ExplainerSheet]) -> list[str]:
    """Return a table of explainers, by what they need of a model."""
    lines: list[str] = []
    kinds = list(sheets)
    for needs, title in NEEDS.items():
        lines += ["", f"## {title}", ""]
        lines += ["| name | how it works | draws | complete |", "|---|---|---|---|"]
        for sheet in kinds:
            if sheet.needs == needs:
                marks = " | ".join("yes" if m else "no" for m in (sheet.seeded, sheet.complete))
                lines.append(f"| `{sheet.name}` | {sentence(sheet.says)} | {marks} |")
    return lines


def settings(sheets: Iterable[ExplainerSheet]) -> list[str]:
    """Return a table of every setting with its default."""
    lines = [
        "",
        "## Settings",
        "",
        "| explainer | setting | default | meaning |",
        "|---|---|---|---|",
    ]
    for sheet in sheets:
        for place, (name, value) in enumerate(sheet.settings.items()):
            whose = "" if place else f"`{sheet.name}`"
            lines.append(f"| {whose} | `{name}` | {value:g} | {sheet.meaning.get(name, '')} |")
    return lines


def cut(kinds: Iterable[Modality]) -> list[str]:
    """Return a row for each modality, in the words of its own documentation."""
    lines = []
    for kind in kinds:
        says = " ".join((inspect.getdoc(type(kind)) or "").split()).replace("``", "`")
        known = ", ".join(f"`{name}`" for name in kind.baselines)
        lines.append(f"| {kind.name} | {kind.noun} | {known} | {says} |")
    return lines


def sources(sheets: Iterable[ExplainerSheet]) -> list[str]:
    """Return the references, each once."""
    found = dict.fromkeys(r for sheet in sheets for r in sheet.references)
    return ["", "## References", "", *(f"- {r}" for r in found)]


def page() -> str:
    """Return the whole page."""
    kinds: list[Explainer] = [
        *masked.explainers(), *gradients.explainers(), *trees.explainers()
    ]  # fmt: skip
    sheets = [k.sheet for k in kinds]
    names = [f"`{name}`" for name in PREFERRED.values()]
    preferred = f"{', '.join(names[:-1])} or {names[-1]}"
    lines = [HEAD.format(preferred=preferred).rstrip(), *described(sheets), *settings(sheets)]
    lines += [PARTS.rstrip(), *cut((text.modality(), image.modality(), tabular.modality()))]
    return "\n".join([*lines, ADDED.rstrip(), *sources(sheets)]) + "\n"


if __name__ == "__main__":
    OUT.write_text(page())
    print(OUT)
