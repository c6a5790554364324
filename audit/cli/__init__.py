"""The command line. One file per verb, imported when the verb runs, so that help is instant."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from audit import __version__

VERBS = {
    "init": "Look at model and data, and write a commented audit.yaml.",
    "check": "Validate the configuration and try the model on 8 rows.",
    "plan": "Price the audit and print the smallest defect each requirement can see.",
    "run": "Run the audit and write the report; --gate decides.",
    "gate": "Decide a stored result again. Needs no model.",
    "report": "Render a stored result again. Needs no model.",
    "probes": "List the probes, or explain one.",
    "transforms": "List the changes of inputs, or explain one with an example.",
    "explainers": "List the ways to explain an answer, or explain one of them.",
    "schema": "Print the JSON Schema of the configuration or the result.",
}


class LazyGroup(click.Group):
    """A group that knows its verbs' one-line helps without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the verbs in the order of work."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import a verb, or hint at the nearest one."""
        if name not in VERBS:
            from audit.errors import did_you_mean

            ctx.fail(f'no such verb "{name}"; {did_you_mean(name, VERBS)}')
        command: click.Command = import_module(f"audit.cli.{name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the verbs without importing them."""
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


@click.group(
    cls=LazyGroup,
    context_settings={"auto_envvar_prefix": "AUDIT", "help_option_names": ["-h", "--help"]},
    epilog="Start with: audit init. Exit codes: 0 passed, 1 failed, 2 usage, 3 undecided, "
    "4 incomplete, 130 interrupted (run again to resume).",
)
@click.version_option(__version__, "-V", "--version", package_name="defect-audit")
@click.option("--debug", is_flag=True, help="Show a traceback with an error.")
@click.pass_context
def cli(ctx: click.Context, debug: bool) -> None:
    """Audit any model for defects, and never say more than was measured."""
    ctx.obj = {"debug": debug}


def main() -> None:
    """Run the command line; one handler turns every error into words and an exit code."""
    from audit.errors import AuditError

    debug = "--debug" in sys.argv
    try:
        code = cli(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except AuditError as error:
        if debug:
            raise
        click.echo(str(error), err=True)
        sys.exit(error.exit_code)
    except click.exceptions.Abort:
        interrupted()
    except KeyboardInterrupt:
        interrupted()
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except Exception as error:
        if debug:
            raise
        click.echo(
            f"error[internal]: {type(error).__name__}: {error}\n"
            "  this is a fault of the tool, not of your model; --debug shows where\n"
            "  what was predicted so far is kept",
            err=True,
        )
        sys.exit(4)


def interrupted() -> None:
    """End after Ctrl-C: what was paid for is on disk."""
    click.echo("\ninterrupted: finished batches are kept; the same command resumes", err=True)
    sys.exit(130)
