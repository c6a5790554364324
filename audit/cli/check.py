"""``audit check``: everything that can be wrong before the run, in seconds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from audit.cli.options import read_spec, spec_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from audit.domains import Domain
    from audit.prepare import Prepared

TRIED = 8


@click.command("check", short_help="Validate, and try 8 rows.")
@click.argument("word", required=False, type=click.Path(path_type=Path))
@spec_options
def command(
    word: Path | None,
    config: Path,
    settings: tuple[str, ...],
    device: str | None,
    seed: int | None,
    offline: bool,
) -> None:
    """Validate the specification, load data and model, and look at the outputs of 8 rows."""
    spec = read_spec(word or config, settings, device, seed, offline)
    import numpy as np

    from audit.engine.outputs import check_outputs
    from audit.model import Recorded, capabilities
    from audit.prepare import prepare

    prepared = prepare(spec)
    loaded = prepared.loaded
    click.echo(f"specification  {spec.file}: {len(prepared.requirements)} requirements")
    for name, rows in loaded.examples.items():
        groups = ", ".join(f"{g} ({len(f.names)})" for g, f in rows.groups.items())
        click.echo(f"data           {name}: {len(rows):,} rows" + (f"; {groups}" if groups else ""))
    card = loaded.card
    click.echo(
        f"model          {card.name}: {card.task}, {', '.join(capabilities(loaded.model))}"
        + (f", labels {', '.join(card.labels)}" if card.labels else "")
    )
    if prepared.loaded.revisions:
        click.echo(f"revisions      {', '.join(prepared.loaded.revisions)}")
    for domain in found_domains(prepared):
        where = "in distribution" if domain.home else "out of distribution"
        click.echo(f"domain         {domain.name}: {len(domain):,} rows of {domain.split}, {where}")
    for recipe in card.recipes:
        click.echo(f"training       {recipe.name}: {recipe.says}")
    if not isinstance(loaded.model, Recorded):
        for name, rows in loaded.examples.items():
            tried = np.arange(min(TRIED, len(rows)))
            outputs = loaded.model.predict(rows.inputs.take(tried))  # type: ignore[attr-defined]
            check_outputs(outputs, len(tried), card)
            click.echo(f"outputs        {name}: {len(tried)} rows tried, as they must be")
    screens = [r.id for r in prepared.requirements if r.max == 0 and r.ask.statistic == "gap"]
    for id_ in screens:
        click.echo(
            f"warning: {id_}: max: 0 can never be met, only be broken: it is a screen", err=True
        )
    for name, why in prepared.broken.items():
        click.echo(f"warning: the probe {name} cannot be loaded: {why}", err=True)
    click.echo("ok. Next: audit plan")


def found_domains(prepared: Prepared) -> Sequence[Domain]:
    """Return the domains that the specification names; none if it names none."""
    from audit.domains import domains_of
    from audit.errors import NotApplicable

    try:
        return domains_of(prepared.loaded.examples, prepared.spec.config.data.domains)
    except NotApplicable:
        return ()
