"""``audit transforms``: the changes of inputs that robustness is measured under, and one explained.

A package that offers transforms and does not import is named with its reason; the others are
listed all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from audit.cli.offered import offered, unknown

if TYPE_CHECKING:
    from audit.transform import TransformKind, TransformSheet

MODALITIES = {"text": "Texts", "image": "Images", "tabular": "Tables"}


@click.command("transforms", short_help="List or explain transforms.")
@click.argument("name", required=False)
def command(name: str | None) -> None:
    """List the transforms, or explain NAME: what it does at each severity, with an example."""
    from audit.transform import TransformKind

    kinds, broken = offered("transform", TransformKind)
    if name is None:
        listing(kinds, broken)
    elif name in kinds:
        explain(kinds[name])
    else:
        raise unknown("transform", name, kinds, broken)


def listing(kinds: dict[str, TransformKind], broken: dict[str, str]) -> None:
    """Print a line for each transform, modality by modality."""
    sheets = [k.sheet for k in kinds.values()]
    width = max(map(len, [*kinds, *broken]), default=0)
    for modality in dict.fromkeys([*MODALITIES, *(s.modality for s in sheets)]):
        those = [s for s in sheets if s.modality == modality]
        if those:
            click.secho(f"{MODALITIES.get(modality, modality)}:", bold=True)
        for sheet in those:
            click.echo(f"  {sheet.name:<{width}}  {first_sentence(sheet)}")
    for entry, why in broken.items():
        click.echo(f"  {entry:<{width}}  cannot be loaded: {why}")
    click.echo("\nEach has severities 1 to 5. audit transforms NAME explains one.")


def first_sentence(sheet: TransformSheet) -> str:
    """Return what a transform does, and that it may not keep the label where it may not."""
    first = sheet.says.partition(". ")[0].rstrip(".")
    return first + ("." if sheet.preserves else ". May lose the label.")


def explain(kind: TransformKind) -> None:
    """Print a transform's sheet, and what it does to an example."""
    sheet = kind.sheet
    click.secho(f"{sheet.name}: {sheet.title}", bold=True)
    click.echo(f"{sheet.modality}, {sheet.family}, version {sheet.version}\n")
    click.echo(click.wrap_text(sheet.says, 88))
    keeps = "counts as keeping" if sheet.preserves else "may lose"
    click.echo(f"\nAn input {keeps} its label.\n\nSeverities:")
    for severity, step in enumerate(sheet.steps, start=1):
        click.echo(f"  {severity}  {step}")
    try:
        example(kind)
    except Exception as error:  # a transform may be a guest
        click.echo(f"\nIt fails on an example: {type(error).__name__}: {error}")
    if sheet.references:
        click.echo("\nReferences:")
        for line in sheet.references:
            click.echo(click.wrap_text(line, 88, "  - ", "    "))


def example(kind: TransformKind) -> None:
    """Print a sentence or a row at each severity; a picture stands in the documentation."""
    from audit.transforms.example import table_example, text_example

    if kind.sheet.modality == "text":
        click.echo("\nExample (0 is the sentence itself):")
        for severity, text in enumerate(text_example(kind)):
            click.echo(click.wrap_text(text, 88, f"  {severity}  ", "     "))
    elif kind.sheet.modality == "tabular":
        click.echo("\nExample (0 is the row itself; what changed is marked *):")
        for line in aligned(*table_example(kind)):
            click.echo(line)
    elif kind.sheet.modality == "image":
        click.echo("\nA picture at each severity stands in docs/transforms.md.")


def aligned(names: list[str], rows: list[list[str]]) -> list[str]:
    """Lay out a row at each severity under the names of its columns."""
    marked = [[c + "*" * (c != was) for c, was in zip(r, rows[0], strict=True)] for r in rows]
    widths = [max(map(len, column)) for column in zip(names, *marked, strict=True)]
    lines = [[f"{c:<{w}}" for c, w in zip(r, widths, strict=True)] for r in [names, *marked]]
    heads = ["   ", *(f"  {severity}" for severity in range(len(rows)))]
    return [f"{h}  {'  '.join(line)}".rstrip() for h, line in zip(heads, lines, strict=True)]
