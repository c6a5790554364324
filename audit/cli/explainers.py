"""``audit explainers``: the ways to say how much each part of an input speaks for an answer.

A package that offers explainers and does not import is named with its reason; the others are
listed all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from audit.cli.offered import offered, unknown

if TYPE_CHECKING:
    from audit.explainer import ExplainerSheet

NEEDS = {
    "predictions": "From predictions alone",
    "gradients": "From the gradients of a network",
    "trees": "From the trees of an ensemble",
}


@click.command("explainers", short_help="List or explain explainers.")
@click.argument("name", required=False)
def command(name: str | None) -> None:
    """List the explainers, or explain NAME: how it works, and its settings."""
    from audit.explainer import ByMasks, ByModel

    kinds, broken = offered("explainer", ByMasks | ByModel)
    if name is None:
        listing([k.sheet for k in kinds.values()], broken)
    elif name in kinds:
        explain(kinds[name].sheet)
    else:
        raise unknown("explainer", name, kinds, broken)


def listing(sheets: list[ExplainerSheet], broken: dict[str, str]) -> None:
    """Print a line for each explainer, by what it needs of a model."""
    width = max(map(len, [*(s.name for s in sheets), *broken]), default=0)
    for needs in dict.fromkeys([*NEEDS, *(s.needs for s in sheets)]):
        those = [s for s in sheets if s.needs == needs]
        if those:
            click.secho(f"{NEEDS.get(needs, needs)}:", bold=True)
        for sheet in those:
            first = sentence(sheet.says.partition(". ")[0])
            hanging = " " * (width + 4)
            click.echo(click.wrap_text(first, 88, f"  {sheet.name:<{width}}  ", hanging))
    for entry, why in broken.items():
        click.echo(f"  {entry:<{width}}  cannot be loaded: {why}")
    click.echo(
        "\nWhere none is named one from inside the model is taken, if the model allows it.\n"
        "audit explainers NAME explains one."
    )


def sentence(words: str) -> str:
    """Begin words with a capital letter and end them with a stop."""
    return f"{words[:1].upper()}{words[1:].rstrip('.')}."


def explain(sheet: ExplainerSheet) -> None:
    """Print an explainer's sheet."""
    click.secho(f"{sheet.name}: {sheet.title}", bold=True)
    needs = NEEDS.get(sheet.needs, sheet.needs)
    click.echo(f"{needs[0].lower()}{needs[1:]}, version {sheet.version}\n")
    click.echo(click.wrap_text(sentence(sheet.says), 88))
    click.echo()
    for line in promises(sheet):
        click.echo(click.wrap_text(line, 88))
    if sheet.settings:
        click.echo("\nSettings:")
    width = max(map(len, sheet.settings), default=0)
    for name, value in sheet.settings.items():
        words = f"{sheet.meaning.get(name, '')} (default {value:g})".strip()
        click.echo(click.wrap_text(words, 88, f"  {name:<{width}}  ", " " * (width + 4)))
    if sheet.references:
        click.echo("\nReferences:")
        for line in sheet.references:
            click.echo(click.wrap_text(line, 88, "  - ", "    "))


def promises(sheet: ExplainerSheet) -> list[str]:
    """Say what is random in an explainer, and whether its attributions add up."""
    luck = "Another seed gives another answer." if sheet.seeded else "Nothing in it is random."
    adds = (
        "Attributions sum to the margin of the input minus that of its baseline."
        if sheet.complete
        else "Attributions need not sum to the margin minus that of the baseline."
    )
    return [luck, adds]
