"""Job runs as pipelines of CI Visibility: `POST /api/v2/ci/pipelines/events/search`; times and durations in ns."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from connectors.standin.facts import Facts, millis
from connectors.standin.paging import Search
from connectors.standin.query import Lookup
from connectors.standin.searching import Key, inside, search_page, tagged
from correlator.model import Attempt, Status

_WORDS = {
    Status.FAILED: "error",
    Status.TIMED_OUT: "error",
    Status.CANCELLED: "canceled",
    Status.UPSTREAM_FAILED: "skipped",
}


def search_pipelines(facts: Facts, search: Search) -> tuple[list[dict[str, Any]], Key | None]:
    """One page of pipeline events, and the key of its last one."""
    return search_page(facts.ended_attempts(search.start, search.end), search, _lookup, pipeline_of)


def pipeline_of(attempt: Attempt) -> dict[str, Any]:
    """The attempt as one item of the answer."""
    event = hashlib.sha256(f"pipeline {attempt.run_id}".encode()).hexdigest()
    inner: dict[str, Any] = {
        "ci": {
            "pipeline": {"id": attempt.run_id, "name": attempt.job, "number": _number(attempt)},
            "provider": {"name": "github", "instance": "github-actions"},
            "status": _WORDS.get(attempt.status, attempt.status.value),
        },
        "github": {"run_attempt": str(attempt.attempt or 1)},
        "start": millis(attempt.started_at) * 1_000_000,
    }
    if attempt.error:
        inner["error"] = {"message": attempt.error}
    if attempt.finished_at:
        inner["duration"] = (attempt.finished_at - attempt.started_at) // timedelta(microseconds=1) * 1000
    attributes = {"attributes": inner, "ci_level": "pipeline", "tags": _tags(attempt)}
    return {"id": event, "type": "cipipeline", "attributes": attributes}


def _number(attempt: Attempt) -> int:
    """What the attempts of one logical run have in common."""
    return int.from_bytes(hashlib.sha256((attempt.logical_run_id or attempt.run_id).encode()).digest()[:4], "big")


def _tags(attempt: Attempt) -> list[str]:
    return ["source:apm", *([f"tenant:{attempt.tenant}"] if attempt.tenant else [])]


def _lookup(attempt: Attempt) -> Lookup:
    document = pipeline_of(attempt)["attributes"]

    def values(key: str) -> list[str]:
        if key == "ci_level":
            return ["pipeline"]
        if key in ("", "@ci.pipeline.name"):
            return [attempt.job]
        return inside(document["attributes"], key[1:]) if key.startswith("@") else tagged(_tags(attempt), key)

    return values
