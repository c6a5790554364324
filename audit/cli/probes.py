"""``audit probes``: the catalogue, and one probe explained."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from audit.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from audit.result import ProbeSheet


@click.command("probes", short_help="List or explain probes.")
@click.argument("name", required=False)
def command(name: str | None) -> None:
    """List the probes, or explain NAME: question, method, measures, limits, references."""
    from audit.registry import catalogue

    known = catalogue()
    if name is None:
        width = max(map(len, [*known.probes, *known.broken]), default=0)
        for id_, probe in known.probes.items():
            click.echo(f"{id_:<{width}}  {probe.sheet.question}")
        for id_, why in known.broken.items():
            click.echo(f"{id_:<{width}}  cannot be loaded: {why}")
        click.echo("\naudit probes NAME explains one.")
        return
    if name in known.broken:
        raise ConfigError(f"the probe {name} cannot be loaded", hint=known.broken[name])
    if name not in known.probes:
        raise ConfigError(f'unknown probe "{name}"', hint=did_you_mean(name, known.probes))
    explain(known.probes[name].sheet)


def explain(sheet: ProbeSheet) -> None:
    """Print a probe's sheet."""
    click.secho(f"{sheet.id}: {sheet.question}", bold=True)
    click.echo()
    click.echo(click.wrap_text(sheet.mechanism, 88))
    click.echo(f"\nNeeds a model that {' and '.join(sheet.needs)}.")
    click.echo("\nMeasures (write them as " + f"{sheet.id}.NAME):")
    width = max(map(len, sheet.measures))
    for name, meaning in sheet.measures.items():
        click.echo(f"  {name:<{width}}  {meaning}")
    for heading, lines in (("Limits", sheet.limitations), ("References", sheet.references)):
        if lines:
            click.echo(f"\n{heading}:")
            for line in lines:
                click.echo(click.wrap_text(line, 88, "  - ", "    "))
