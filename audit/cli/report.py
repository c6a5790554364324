"""``audit report``: render a stored result again."""

from __future__ import annotations

from pathlib import Path

import click

from audit.errors import ConfigError, did_you_mean


@click.command("report", short_help="Render a stored result.")
@click.argument("result", type=click.Path(path_type=Path), default=Path("audit-report"))
@click.option("-f", "--format", "formats", multiple=True, help="html, junit, terminal ...")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Folder, if not RESULT's.")
@click.option("--open", "opened", is_flag=True, help="Open the report in a browser.")
def command(result: Path, formats: tuple[str, ...], out: Path | None, opened: bool) -> None:
    """Render RESULT (result.json, or the folder that holds it) with every reporter, or some."""
    from audit import output, registry
    from audit.result import AuditResult

    known = registry.listed("reporter")
    for name in formats:
        if name not in known:
            raise ConfigError(f'unknown format "{name}"', hint=did_you_mean(name, known))
    stored = AuditResult.from_file(result)
    folder = out or (result if result.is_dir() else result.parent)
    output.check_writable(folder)
    for path in output.write_reports(stored, folder, formats):
        click.echo(path)
    for name in formats:
        made = registry.reporter(name)
        if not made.file:
            click.echo(made.render(stored), nl=False)
    if opened:
        click.launch(str(folder / "report.html"))
