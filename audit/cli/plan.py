"""``audit plan``: cost, time and the smallest visible defects, before anything is paid for."""

from __future__ import annotations

from pathlib import Path

import click

from audit.cli.options import json_option, quiet_option, read_spec, spec_options


@click.command("plan", short_help="Price the audit and its power.")
@click.argument("word", required=False, type=click.Path(path_type=Path))
@spec_options
@quiet_option
@json_option
@click.option("--no-time", is_flag=True, help="Do not try the model to learn its rate.")
def command(
    word: Path | None,
    config: Path,
    settings: tuple[str, ...],
    device: str | None,
    seed: int | None,
    offline: bool,
    quiet: bool,
    as_json: bool,
    no_time: bool,
) -> None:
    """Print distinct inputs, model calls, time, and the smallest defect each requirement sees.

    Where the model's rate is not known yet, its first batches are run to learn it; what they
    predict is kept and not paid for again.
    """
    spec = read_spec(word or config, settings, device, seed, offline)
    from audit.cli.progress import progress_for
    from audit.pricing import price

    with progress_for(quiet, False) as progress:
        priced = price(spec, progress, timed=not no_time)
    if as_json:
        import msgspec

        click.echo(msgspec.json.encode(priced).decode())
        return
    click.echo(priced.cost())
    click.echo()
    width = max((len(s.requirement) for s in priced.sights), default=0)
    for s in priced.sights:
        click.echo(f"{s.requirement:<{width}}  {s.title}")
        left = f", {s.untested} too small to test" if s.untested else ""
        click.echo(
            f"{'':<{width}}  {s.comparisons} one-sided comparisons over {s.tested} slices{left}"
        )
        if s.sharpest:
            spread = "" if s.sharpest == s.bluntest else f", at worst {s.bluntest}"
            click.echo(f"{'':<{width}}  proves with power 0.9: {s.sharpest}{spread}; {s.assumed}")
        if s.blind:
            click.echo(f"{'':<{width}}  no defect can be proven in {s.blind} of them")
        if s.warning:
            click.echo(f"warning[power]: {s.requirement}: {s.warning}", err=True)
    if not priced.sights:
        click.echo("No requirement: everything is measured, nothing is decided.")
