"""Options that several verbs share, and how a specification is found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from audit.spec import AuditSpec

F = TypeVar("F", bound=Callable[..., Any])

config_option = click.option(
    "-c",
    "--config",
    type=click.Path(path_type=Path),
    default=Path("audit.yaml"),
    show_default=True,
    help="The specification.",
)
set_option = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override a key, such as defaults.seed=7. Repeatable.",
)
out_option = click.option(
    "-o", "--out", type=click.Path(path_type=Path), help="Folder of the report."
)
quiet_option = click.option("-q", "--quiet", is_flag=True, help="No progress, only the outcome.")
color_option = click.option("--no-color", is_flag=True, help="Plain text; so does NO_COLOR.")
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
device_option = click.option("--device", help="cpu, cuda, cuda:1 ...; found by itself if left out.")
seed_option = click.option("--seed", type=int, help="Root of every random draw.")
offline_option = click.option("--offline", is_flag=True, help="Refuse any download.")


def spec_options(command: F) -> F:
    """Give a verb what it needs to find and adjust a specification."""
    for option in (offline_option, seed_option, device_option, set_option, config_option):
        command = option(command)
    return command


def positional(config: Path, word: Path | None) -> Path:
    """Return the configuration, which may also be named without ``-c``."""
    return word if word is not None else config


def read_spec(
    config: Path,
    settings: tuple[str, ...],
    device: str | None,
    seed: int | None,
    offline: bool,
) -> AuditSpec:
    """Read the specification with the call's overrides."""
    import os

    if offline:
        os.environ["HF_HUB_OFFLINE"] = "1"
        os.environ["HF_DATASETS_OFFLINE"] = "1"
    from audit.spec import AuditSpec

    extra = list(settings)
    if device:
        extra.append(f"model.device={device}")
    if seed is not None:
        extra.append(f"defaults.seed={seed}")
    return AuditSpec.from_file(config, extra)


def output_folder(spec: AuditSpec, out: Path | None) -> Path:
    """Return the folder of the report: the call's, else the specification's, beside its file."""
    return out if out is not None else spec.base / spec.config.report.out
