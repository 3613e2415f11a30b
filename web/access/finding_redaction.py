"""A finding as somebody reads it who may see some tenants alone: what it says of others is left out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final, Protocol

_OF_PLATFORM: Final = {"expected_failures": None, "p_value": None}


class Reader(Protocol):
    @property
    def tenants(self) -> Collection[str]: ...

    def value(self, value: Any, /) -> Any: ...


def seen_document(reader: Reader, document: Mapping[str, Any]) -> dict[str, Any]:
    """The finding without scope rows of other tenants, without what an outage of the platform hit elsewhere, and with
    their names masked in every text."""
    told = dict(document)
    told["scope"] = [row for row in document.get("scope") or () if _may_be_seen(reader, row)]
    told["episodes"] = [_episode(one, document) for one in document.get("episodes") or ()]
    masked: dict[str, Any] = reader.value(told)
    return masked


def _may_be_seen(reader: Reader, row: Mapping[str, Any]) -> bool:
    return row.get("kind") != "tenant" or row.get("name") in {"", *reader.tenants}


def _episode(episode: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """Of an outage of more than one tenant: when it was, and what it did to this finding's own jobs."""
    if episode.get("scope", "tenant") == "tenant":
        return dict(episode)
    own = {document.get("job"), *(document.get("path") or ())}
    jobs = [job for job in episode.get("jobs") or () if job in own]
    return {**episode, "jobs": jobs, "failures": _own_failures(episode, document), **_OF_PLATFORM}


def _own_failures(episode: Mapping[str, Any], document: Mapping[str, Any]) -> int:
    """The finding's own failed runs attributed to it: times of one form compare as texts."""
    start, end = str(episode.get("start")), str(episode.get("end"))
    return sum(start <= str(pair.get("failed_at") or "") <= end for pair in document.get("pairs") or ())
