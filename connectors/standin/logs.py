"""Job runs as log lines: `POST /api/v2/logs/events/search`. Each attempt writes one line at its start, one at its end.

The facets are `job`, `tenant`, `run_id`, `logical_run_id`, `attempt`, `scheduled_at`, `status` and `error.message`; the
line's own `status` is its level, as everywhere in Datadog.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from connectors.standin.facts import Facts, millis
from connectors.standin.paging import Search
from connectors.standin.query import Lookup
from connectors.standin.searching import Key, inside, search_page, tagged
from connectors.standin.spans import facets_of
from correlator.model import FAILURES, Attempt, Status


def search_logs(facts: Facts, search: Search) -> tuple[list[dict[str, Any]], Key | None]:
    """One page of lines, and the key of its last one."""
    return search_page(_lines(facts, search.start, search.end), search, _lookup, line_of)


def _lines(facts: Facts, start: int, end: int) -> Iterator[tuple[int, str, Attempt]]:
    """Attempts as they stood when they wrote a line within `[start, end)` (ms)."""
    for attempt in facts.begun_attempts():
        begun = replace(attempt, status=Status.RUNNING, finished_at=None, error=None)
        ends = [attempt] if attempt.finished_at is not None else []
        for line in (begun, *ends):
            at = millis(written_at(line))
            if start <= at < end:
                yield at, f"{attempt.run_id} {line.status}", line


def written_at(attempt: Attempt) -> datetime:
    return attempt.finished_at or attempt.started_at


def line_of(attempt: Attempt) -> dict[str, Any]:
    """The attempt's line as one item of the answer."""
    key = hashlib.sha256(f"{attempt.run_id} {attempt.status}".encode()).digest()
    attributes: dict[str, Any] = {
        "attributes": _facets(attempt),
        "message": f"{attempt.job}: {attempt.status}",
        "status": "error" if attempt.status in FAILURES else "info",
        "tags": _tags(attempt),
        "timestamp": written_at(attempt).astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    attributes |= {name: value for name, value in (("service", attempt.service), ("host", attempt.host)) if value}
    return {"id": base64.urlsafe_b64encode(key[:24]).decode(), "type": "log", "attributes": attributes}


def _facets(attempt: Attempt) -> dict[str, Any]:
    return {name: value for name, value in facets_of(attempt).items() if name != "duration"}


def _tags(attempt: Attempt) -> list[str]:
    return ["source:scheduler", "env:prod", *([f"service:{attempt.service}"] if attempt.service else [])]


def _lookup(attempt: Attempt) -> Lookup:
    def values(key: str) -> list[str]:
        if key.startswith("@"):
            return inside(_facets(attempt), key[1:])
        if key == "":
            return [f"{attempt.job}: {attempt.status}"]
        return [attempt.host or ""] if key == "host" else tagged(_tags(attempt), key)

    return values
