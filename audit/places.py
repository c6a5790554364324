"""YAML with the line of every key, so that an error can say where it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

from audit.errors import ConfigError

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True)
class Places:
    """Lines of a YAML file, by path.

    Attributes
    ----------
    file : str
        Name to print.
    lines : dict of path to int
        One-based line of each key or item.
    text : tuple of str
        The file's lines.
    """

    file: str
    lines: dict[KeyPath, int]
    text: tuple[str, ...] = ()

    def where(self, path: KeyPath) -> str:
        """Return ``audit.yaml:19  measure: ...`` of the nearest known place of a path."""
        for end in range(len(path), 0, -1):
            line = self.lines.get(path[:end])
            if line is not None:
                shown = self.text[line - 1].strip() if line <= len(self.text) else ""
                return f"{self.file}:{line}  {shown}".rstrip()
        return self.file


def load(text: str, file: str) -> tuple[dict[str, Any], Places]:
    """Parse a mapping.

    Raises
    ------
    ConfigError
        If it is not YAML, has a key twice, or is not a mapping.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise ConfigError(f"not valid YAML: {problem}", where=f"{file}{line}") from error
    if not isinstance(node, yaml.MappingNode):
        raise ConfigError("the configuration is not a mapping", where=file, hint="try: audit init")
    lines: dict[KeyPath, int] = {}
    mark_lines(node, (), lines, file)
    places = Places(file, lines, tuple(text.splitlines()))
    loader = yaml.SafeLoader("")
    try:
        value = loader.construct_document(node)
    except yaml.YAMLError as error:
        raise ConfigError(f"not valid YAML: {error}", where=file) from error
    return value, places


def mark_lines(node: yaml.Node, path: KeyPath, lines: dict[KeyPath, int], file: str) -> None:
    """Record the line of every key and item below a node."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*path, str(key.value))
            if here in lines:
                raise ConfigError(
                    f'key "{key.value}" stands twice', where=f"{file}:{key.start_mark.line + 1}"
                )
            lines[here] = key.start_mark.line + 1
            mark_lines(value, here, lines, file)
    elif isinstance(node, yaml.SequenceNode):
        for i, item in enumerate(node.value):
            lines[(*path, i)] = item.start_mark.line + 1
            mark_lines(item, (*path, i), lines, file)
