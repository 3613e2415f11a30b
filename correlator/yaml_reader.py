"""YAML as data with a line for every value: safe, and a key that stands twice is an error, not the last one."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from correlator.errors import InputError

Path_ = tuple[str | int, ...]
DEEPEST: Final = 100
"""Lists and mappings inside each other. Deeper ones are nobody's settings, and would exhaust the parser's stack."""
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml, where it is: a tenth of the time
_PAIR: Final = re.compile(r"(?<!\\)((?:\\\\)*)(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})")
"""How JSON writes a character beyond the first plane. YAML has no such pairs; those who write YAML as JSON have."""


@dataclass(frozen=True)
class Document:
    """A YAML file as plain values; `line_of` gives the 1-based line where the value at a path stands."""

    file: str
    value: Any
    lines: dict[Path_, int] = field(default_factory=dict)

    def line_of(self, *path: str | int) -> int:
        """The line of the value at `path`, or of its nearest parent that stands in the file."""
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_yaml(file: Path, text: str | None = None) -> Document:
    """Read one YAML document. Raises InputError with file and line for anything wrong with it."""
    if text is None:
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{file}: cannot be read: {error}") from error
    text = _PAIR.sub(lambda found: found[1] + json.loads(f'"{found[2]}"'), text)
    check_plain(str(file), text)
    node = yaml.compose(text, Loader=_LOADER)
    if node is None:
        return Document(str(file), None, {(): 1})
    lines: dict[Path_, int] = {}
    _walk(str(file), node, (), lines)
    return Document(str(file), yaml.SafeLoader("").construct_document(node), lines)


def check_plain(file: str, text: str, *, deepest: int = DEEPEST, aliases: bool = True) -> None:
    """Raise InputError, with file and line, for what is not YAML or is nested deeper than `deepest`; with
    `aliases=False` also for aliases, a few of which can stand for gigabytes."""
    depth = 0
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > deepest or (isinstance(event, yaml.AliasEvent) and not aliases):
                line = event.start_mark.line + 1 if event.start_mark else 1
                raise InputError(f"{file}, line {line}: nested too deep, or an alias")
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = " ".join(str(getattr(error, "problem", error)).split())
        raise InputError(f"{file}, line {line}: not YAML: {problem}") from error


def _walk(file: str, node: yaml.Node, path: Path_, lines: dict[Path_, int]) -> None:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            if name in seen:
                raise InputError(f"{file}, line {line}: the key '{name}' stands already at line {seen[name]}")
            seen[name] = line
            _walk(file, value, (*path, name), lines)
            lines[(*path, name)] = line
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _walk(file, value, (*path, index), lines)
