"""``audit gate``: decide a stored result again, on any machine, without a model."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

import click

from audit.cli.options import color_option, json_option
from audit.errors import ConfigError


@click.command("gate", short_help="Decide a stored result.")
@click.argument("result", type=click.Path(path_type=Path), default=Path("audit-report"))
@click.option(
    "--policy",
    type=click.Path(path_type=Path),
    help="Judge the stored evidence against the requirements of another specification.",
)
@click.option(
    "--inconclusive",
    type=click.Choice(["block", "warn"]),
    help="Override the policy for undecided requirements.",
)
@click.option("--exit-zero", is_flag=True, help="Report, and exit 0 whatever was decided.")
@json_option
@color_option
def command(
    result: Path,
    policy: Path | None,
    inconclusive: str | None,
    exit_zero: bool,
    as_json: bool,
    no_color: bool,
) -> None:
    """Decide RESULT (result.json, or the folder that holds it) and exit with the gate's code."""
    from audit.cli.show import show
    from audit.gate import gated
    from audit.result import AuditResult

    stored = AuditResult.from_file(result)
    if policy is not None:
        from audit.rejudge import rejudge

        stored = rejudge(stored, policy)
    if not stored.requirements:
        raise ConfigError(
            "the result has no requirement to decide on",
            where=str(result),
            hint="name one: audit gate RESULT --policy audit.yaml",
        )
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    decided = gated(stored, today, inconclusive)
    folder = result if result.is_dir() else result.parent
    code = 0 if exit_zero else decided.decision.exit_code
    show(decided, folder / "report.html", code, as_json=as_json, no_color=no_color)
    sys.exit(code)
