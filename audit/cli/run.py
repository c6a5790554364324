"""``audit run``: everything, from the model to the report."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click
import msgspec

from audit.cli.options import (
    color_option,
    json_option,
    out_option,
    output_folder,
    quiet_option,
    read_spec,
    spec_options,
)
from audit.errors import ConfigError


@click.command("run", short_help="Run the audit.")
@click.argument("words", nargs=-1)
@spec_options
@out_option
@quiet_option
@color_option
@json_option
@click.option("--gate", "gated", is_flag=True, help="Exit 1, 3 or 4 unless the gate passes.")
@click.option("--exit-zero", is_flag=True, help="Report, and exit 0 whatever was found.")
@click.option(
    "--inconclusive",
    type=click.Choice(["block", "warn"]),
    help="Override the policy for undecided requirements; recorded in the result.",
)
@click.option("--expect-digest", default="", help="Refuse unless spec, model and data are these.")
def command(
    words: tuple[str, ...],
    config: Path,
    settings: tuple[str, ...],
    device: str | None,
    seed: int | None,
    offline: bool,
    out: Path | None,
    quiet: bool,
    no_color: bool,
    as_json: bool,
    gated: bool,
    exit_zero: bool,
    inconclusive: str | None,
    expect_digest: str,
) -> int:
    """Run the audit and write the report.

    WORDS are probe ids (all, if none is named), or the path of a specification.
    """
    files = [w for w in words if w.endswith((".yaml", ".yml"))]
    if len(files) > 1:
        raise ConfigError("one specification at a time", where=" ".join(files))
    only = tuple(w for w in words if w not in files)
    spec = read_spec(Path(files[0]) if files else config, settings, device, seed, offline)
    if gated and not spec.config.require:
        raise ConfigError(
            "--gate needs at least one requirement",
            where=spec.file,
            hint="require:\n"
            "  - {id: accuracy, measure: task-performance.accuracy.overall, min: 0.8}",
        )
    from audit import output
    from audit.cli.progress import progress_for
    from audit.gate import gated as decide_again
    from audit.run import run_audit

    folder = output_folder(spec, out)
    output.check_writable(folder)
    with progress_for(quiet, no_color) as progress:
        result = run_audit(
            spec, only=only, progress=progress, rows=folder / "data", expect=expect_digest
        )
    if inconclusive is not None:
        result = decide_again(result, result.run.created[:10], inconclusive)
    more = extra_words(only, settings, device, seed)
    if result.rerun and more:
        result = msgspec.structs.replace(result, rerun=f"{result.rerun} {more}")
    output.write_result(result, folder)
    output.write_reports(result, folder)
    from audit.cli.show import show

    code = 0 if exit_zero else result.decision.exit_code
    if not gated and result.decision.state != "incomplete":
        code = 0
    show(result, folder / "report.html", code, as_json=as_json, no_color=no_color)
    sys.exit(code)


def extra_words(
    only: tuple[str, ...], settings: tuple[str, ...], device: str | None, seed: int | None
) -> str:
    """Return what this call overrode, as words of a command line."""
    words = list(only)
    for setting in settings:
        words += ["--set", setting]
    if device:
        words += ["--device", device]
    if seed is not None:
        words += ["--seed", str(seed)]
    return shlex.join(words)
