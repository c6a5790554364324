"""``audit explainers``: the ways to say how much each part of an input speaks for an answer.

A package that offers explainers and does not import is named with its reason; the others are
listed all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from audit.errors import AuditError, ConfigError, did_you_mean

if TYPE_CHECKING:
    from audit.explainer import Explainer, ExplainerSheet

NEEDS = {
    "predictions": "From predictions alone",
    "gradients": "From the gradients of a network",
    "trees": "From the trees of an ensemble",
}


@click.command("explainers", short_help="List or explain explainers.")
@click.argument("name", required=False)
def command(name: str | None) -> None:
    """List the explainers, or explain NAME: how it works, and its settings."""
    kinds, broken = offered()
    if name is None:
        listing([k.sheet for k in kinds.values()], broken)
    elif name in kinds:
        explain(kinds[name].sheet)
    elif name in broken:
        raise ConfigError(f"the explainers {name} cannot be loaded", hint=broken[name])
    else:
        raise ConfigError(f'unknown explainer "{name}"', hint=did_you_mean(name, kinds))


def offered() -> tuple[dict[str, Explainer], dict[str, str]]:
    """Return the explainers by name, and why the packages that are left out do not load."""
    from audit import registry

    kinds: dict[str, Explainer] = {}
    broken: dict[str, str] = {}
    for entry in registry.listed("explainer"):
        try:
            found = made(entry)
        except AuditError as error:
            broken[entry] = f"{error.message} ({error.hint})" if error.hint else error.message
            continue
        names = [*kinds, *(k.sheet.name for k in found)]
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            broken[entry] = f'two explainers are called "{twice[0]}"'
        else:
            kinds |= {k.sheet.name: k for k in found}
    return kinds, broken


def made(entry: str) -> list[Explainer]:
    """Call one package's function and check what it returns.

    Raises
    ------
    AuditError
        If it does not import, fails, or returns something else.
    """
    from audit import registry
    from audit.explainer import ByMasks, ByModel

    function = registry.load("explainer", entry)
    try:
        found = list(function())
    except Exception as error:
        raise AuditError(f"it fails: {type(error).__name__}: {error}") from error
    if not all(isinstance(k, ByMasks | ByModel) for k in found):
        raise AuditError("it returns something else than explainers")
    return found


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
