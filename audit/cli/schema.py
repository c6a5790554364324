"""``audit schema``: the JSON Schema of what goes in and of what comes out."""

from __future__ import annotations

import click


@click.command("schema", short_help="Print a JSON Schema.")
@click.argument("what", type=click.Choice(["config", "result"]))
def command(what: str) -> None:
    """Print the JSON Schema 2020-12 of the configuration or the result."""
    from audit.schema import schema_text

    click.echo(schema_text(what), nl=False)
