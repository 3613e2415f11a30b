"""`dependencies.yaml`: which job reads what which other job makes.

A job may not depend on itself, nor in a circle (see `circles`). Where an edge stands there twice, the stronger origin
counts, and of two with the same origin the later one.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from correlator.errors import InputError
from correlator.model import Dependency, Origin, Rejected
from correlator.tables.circles import split_circles, strongest
from correlator.yaml_reader import Document, read_yaml

_KEYS: Final = ("upstream", "downstream", "tenant", "max_lag", "origin")
_LAG: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")
_UNIT_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


@dataclass(frozen=True, slots=True)
class Edges:
    """The usable edges, sorted; those set aside; and how many repeated another."""

    dependencies: tuple[Dependency, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    repeated: int = 0


class _UnusableError(Exception):
    """Why an entry is no edge."""


def read_edges(file: Path, *, circles_allowed: bool = False) -> Edges:
    """Read the file. Raises InputError when it is not YAML or has no list `dependencies`.

    Self-edges are always set aside, edges of longer circles unless `circles_allowed`.
    """
    document = read_yaml(file)
    entries = _entries(document)
    rejected: list[Rejected] = []
    rows: list[tuple[int, Dependency]] = []
    for index, entry in enumerate(entries):
        line = document.line_of("dependencies", index)
        rejected += [Rejected(file.name, line, reason) for reason in _unknown_keys(entry)]
        try:
            edge = _edge(entry)
        except _UnusableError as reason:
            rejected.append(Rejected(file.name, line, str(reason)))
        else:
            rows.append((line, edge))
    counted = strongest(rows)
    kept, circles = (counted, []) if circles_allowed else split_circles(counted)
    rejected += [Rejected(file.name, line, _circle_reason(edge)) for line, edge in circles]
    return Edges(
        tuple(sorted((edge for _, edge in kept), key=sort_key)),
        tuple(sorted(rejected, key=lambda row: (row.line or 0, row.reason))),
        len(rows) - len(counted),
    )


def sort_key(edge: Dependency) -> tuple[bool, str, str, str]:
    """General edges first, then by tenant, downstream and upstream."""
    return (edge.tenant is not None, edge.tenant or "", edge.downstream, edge.upstream)


def _entries(document: Document) -> list[Any]:
    value = document.value if document.value is not None else {"dependencies": []}
    if not isinstance(value, dict) or "dependencies" not in value:
        raise InputError(f"{document.file}, line 1: no list `dependencies:` in it", hint="see docs/tables.md")
    for key in value:
        if key != "dependencies":
            raise InputError(f"{document.file}, line {document.line_of(str(key))}: unknown key `{key}`")
    entries = value["dependencies"] if value["dependencies"] is not None else []
    if not isinstance(entries, list):
        line = document.line_of("dependencies")
        raise InputError(f"{document.file}, line {line}: `dependencies` must be a list of {{upstream, downstream}}")
    return entries


def _unknown_keys(entry: Any) -> Iterable[str]:
    """An unknown key is listed, not obeyed; the edge itself stands."""
    for key in entry if isinstance(entry, dict) else ():
        if key not in _KEYS:
            near = difflib.get_close_matches(str(key), _KEYS, n=1)
            yield f"unknown key `{key}` left out" + (f"; did you mean `{near[0]}`?" if near else "")


def _edge(entry: Any) -> Dependency:
    if not isinstance(entry, dict):
        raise _UnusableError(f"not {{upstream, downstream}} but {entry!r}")
    upstream, downstream = _name(entry, "upstream"), _name(entry, "downstream")
    if not upstream or not upstream.strip():
        raise _UnusableError("no upstream")
    if not downstream or not downstream.strip():
        raise _UnusableError("no downstream")
    if upstream == downstream:
        raise _UnusableError(f"{downstream} depends on itself")
    lag, origin = parse_lag(entry.get("max_lag")), _origin(entry.get("origin"))
    return Dependency(upstream, downstream, _name(entry, "tenant"), lag, origin)


def _origin(value: Any) -> Origin:
    try:
        return Origin.DECLARED if value is None else Origin(value)
    except ValueError:
        known = ", ".join(Origin)
        raise _UnusableError(f"origin {value!r} is none of {known}") from None


def _name(entry: Mapping[str, Any], key: str) -> str | None:
    value = entry.get(key)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise _UnusableError(f"{key} is {value!r}, not a text; put it in quotes")


def parse_lag(value: Any) -> float | None:
    """`6h`, `90m`, `2d`, `45s` as seconds.

    >>> parse_lag("90m")
    5400.0
    """
    if value is None:
        return None
    match = _LAG.fullmatch(value.strip()) if isinstance(value, str) else None
    seconds = float(match[1]) * _UNIT_SECONDS[match[2]] if match else 0.0
    if seconds <= 0:
        raise _UnusableError(f"max_lag {value!r} is not a duration such as 6h, 90m, 2d or 45s")
    return seconds


def _circle_reason(edge: Dependency) -> str:
    where = "" if edge.tenant is None else f" in tenant {edge.tenant!r}"
    return f"{edge.upstream} -> {edge.downstream} is part of a circle{where}"
