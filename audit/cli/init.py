"""``audit init``: look at model and data, and write a commented specification."""

from __future__ import annotations

from pathlib import Path

import click

from audit.errors import ConfigError


@click.command("init", short_help="Write a commented audit.yaml.")
@click.option("--model", help="Such as hf:./model, sklearn:model.skops, python:pkg:fn, recorded:")
@click.option("--data", help="Such as csv:test.csv, parquet:test.parquet, hub:name")
@click.option("--yes", is_flag=True, help="Ask nothing; guess what is not given.")
@click.option("--force", is_flag=True, help="Write over an existing file.")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), default=Path("audit.yaml"), show_default=True
)
def command(model: str | None, data: str | None, yes: bool, force: bool, out: Path) -> None:
    """Look at model and data, ask at most five questions, and write a commented audit.yaml."""
    if out.exists() and not force:
        raise ConfigError(f"{out} exists", hint="write over it with --force, or name another: -o")
    from audit.guess import guess, look, write

    folder = out.resolve().parent
    if data is None:
        found = ", ".join(sorted(p.name for p in folder.glob("*.csv"))[:5])
        data = ask("Where are the test rows?", f"csv:{found.split(', ')[0] or 'test.csv'}", yes)
    table = look(data, folder)
    first = guess(table)
    if model is None:
        model = ask("Where is the model?", "recorded:" if first.prediction else "hf:./model", yes)
    names = ", ".join(table.names)
    label = ask(f"Which column is the label? ({names})", first.label, yes)
    inputs = ask("Which column is the input? (several: a, b, c)", ", ".join(first.inputs), yes)
    groups = ask("Which columns name groups? (none: -)", ", ".join(first.groups) or "-", yes)
    chosen = first.choose(table, label, words(inputs), words(groups))
    text = write(model, data, chosen)
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot write {out}: {error.strerror}") from error
    click.echo(f"wrote {out}. Next: audit check, then audit plan")


def ask(question: str, default: str, yes: bool) -> str:
    """Ask, or take the guess."""
    return default if yes else str(click.prompt(question, default=default, err=True))


def words(text: str) -> tuple[str, ...]:
    """Split an answer into column names."""
    return tuple(w.strip() for w in text.split(",") if w.strip() not in ("", "-"))
