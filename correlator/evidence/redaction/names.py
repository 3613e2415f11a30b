"""Which names a bundle holds: tenants, hosts and people, wherever they stand."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import pandas as pd

from correlator.tables.frames import Tables

_HOSTS: Final = frozenset(
    {"host", "hostname", "host_name", "node", "node_name", "pod", "pod_name", "instance", "server", "worker", "machine"}
)
_PEOPLE: Final = frozenset(
    {
        "user",
        "username",
        "user_name",
        "author",
        "email",
        "login",
        "assignee",
        "agent",
        "acknowledger",
        "requester",
        "created_by",
        "last_status_change_by",
    }
)
_TENANTS: Final = frozenset(
    {"tenant", "tenant_id", "customer", "customer_id", "account", "organisation", "organization"}
)
KINDS: Final = {
    **dict.fromkeys(_PEOPLE, "person"),
    **dict.fromkeys(_HOSTS, "host"),
    **dict.fromkeys(_TENANTS, "tenant"),
}
"""Keys of tags and answers whose values are names."""
_LONGEST: Final = 200


def names_of(tables: Tables, documents: Iterable[Any]) -> dict[str, str]:
    """Every name with its kind, out of the tables' columns and tags, and of JSON documents such as quotes and rules."""
    frames = (tables.runs, tables.metrics, tables.changes, tables.incidents)
    pairs = [pair for frame in frames for pair in _of_frame(frame)]
    pairs += [(str(edge.tenant), "tenant") for edge in tables.dependencies if edge.tenant]
    pairs += [pair for document in documents for pair in _of_document(document)]
    strongest = {kind: place for place, kind in enumerate(("person", "host", "tenant"))}
    return {
        name: kind
        for name, kind in sorted(set(pairs), key=lambda pair: (strongest[pair[1]], pair[0]))
        if _is_name(name)
    }


def tenants_of(tables: Tables) -> frozenset[str]:
    """The named tenants of a history."""
    frames = (tables.runs, tables.metrics, tables.changes, tables.incidents)
    named = {name for frame in frames for name in _texts(frame, "tenant")}
    return frozenset(named | {edge.tenant for edge in tables.dependencies if edge.tenant})


def _is_name(name: str) -> bool:
    """Patterns of rules are no names, and a number that stands alone says nothing."""
    return 0 < len(name) <= _LONGEST and not set("*?[") & set(name) and not name.isdigit()


def _of_frame(frame: pd.DataFrame) -> Iterator[tuple[str, str]]:
    for column in ("tenant", "host"):
        if column in frame:
            yield from ((name, column) for name in _texts(frame, column))
    for text in _texts(frame, "tags"):
        yield from _of_document(json.loads(text))


def _texts(frame: pd.DataFrame, column: str) -> list[str]:
    values: list[Any] = frame[column].unique().tolist()
    return [value for value in values if isinstance(value, str) and value]


def _of_document(document: Any) -> Iterator[tuple[str, str]]:
    if isinstance(document, Mapping):
        for key, item in document.items():
            yield from _of_key(str(key).lower(), item)
            yield from _of_document(item)
    elif isinstance(document, list | tuple):
        for item in document:
            yield from _of_document(item)
    elif isinstance(document, str) and ":" in document:
        key, _, value = document.partition(":")
        yield from _of_key(key.lower(), value if " " not in value else "")


def _of_key(key: str, item: Any) -> Iterator[tuple[str, str]]:
    """A name under a key that holds names; `host:worker-1` is how tags are written in a list."""
    kind = KINDS.get(key.rpartition(".")[2])
    if kind is not None:
        named = (item.get("name"), item.get("summary")) if isinstance(item, Mapping) else item
        listed = named if isinstance(named, list | tuple) else [named]
        yield from ((one, kind) for one in listed if isinstance(one, str))
