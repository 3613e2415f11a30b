"""Job runs as spans: `POST /api/v2/spans/events/search`.

Where the fields sit: `service`, `host`, `start_timestamp`, `end_timestamp` are the span's own; `custom` carries job,
tenant, attempt, logical_run_id, run_id, scheduled_at, status, error.message (texts, as Datadog gives them) and the
exact `duration` in nanoseconds.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from connectors.standin.facts import Facts
from connectors.standin.paging import Search
from connectors.standin.query import Lookup
from connectors.standin.searching import Key, inside, search_page, tagged
from correlator.model import FAILURES, Attempt, iso

ENVIRONMENT = "prod"


def search_spans(facts: Facts, search: Search) -> tuple[list[dict[str, Any]], Key | None]:
    """One page of spans, and the key of its last one."""
    return search_page(facts.ended_attempts(search.start, search.end), search, _lookup, span_of)


@lru_cache(maxsize=8192)
def _ids(run_id: str, logical: str) -> tuple[str, str, str]:
    """(event id, span id, trace id): the attempts of one logical run share a trace; ids are uint64 in decimals."""
    own = hashlib.sha256(run_id.encode()).digest()
    trace = hashlib.sha256(f"trace {logical or run_id}".encode()).digest()
    event = base64.urlsafe_b64encode(own[8:26]).decode()
    return event, str(int.from_bytes(own[:8], "big")), str(int.from_bytes(trace[:8], "big"))


def span_of(attempt: Attempt) -> dict[str, Any]:
    """The attempt as one item of the answer."""
    event, span_id, trace_id = _ids(attempt.run_id, attempt.logical_run_id or "")
    attributes: dict[str, Any] = {
        "custom": facets_of(attempt),
        "env": ENVIRONMENT,
        "ingestion_reason": "auto",
        "parent_id": "0",
        "resource_hash": hashlib.sha256(attempt.job.encode()).hexdigest()[:16],
        "resource_name": attempt.job,
        "retained_by": "retention_filter",
        "single_span": False,
        "span_id": span_id,
        "start_timestamp": _stamp(attempt.started_at),
        "tags": _tags(attempt),
        "trace_id": trace_id,
        "type": "custom",
    }
    attributes |= {key: value for key, value in (("host", attempt.host), ("service", attempt.service)) if value}
    if attempt.finished_at:
        attributes["end_timestamp"] = _stamp(attempt.finished_at)
    return {"id": event, "type": "spans", "attributes": attributes}


def facets_of(attempt: Attempt) -> dict[str, Any]:
    """What the program attaches to a run, as texts."""
    custom: dict[str, Any] = {**attempt.tags, "job": attempt.job, "run_id": attempt.run_id, "status": attempt.status}
    optional = {
        "tenant": attempt.tenant or None,
        "attempt": str(attempt.attempt) if attempt.attempt else None,
        "logical_run_id": attempt.logical_run_id,
        "scheduled_at": iso(attempt.scheduled_at) if attempt.scheduled_at else None,
    }
    custom |= {key: value for key, value in optional.items() if value}
    if attempt.error:
        kind = attempt.error.partition(":")[0] if ":" in attempt.error else "JobError"
        custom["error"] = {"message": attempt.error, "type": kind}
    if attempt.finished_at:
        custom["duration"] = (attempt.finished_at - attempt.started_at) // timedelta(microseconds=1) * 1000
    return custom


def _tags(attempt: Attempt) -> list[str]:
    pairs = (("env", ENVIRONMENT), ("job", attempt.job), ("tenant", attempt.tenant), ("service", attempt.service))
    outcome = "error" if attempt.status in FAILURES else "ok"
    return [f"{key}:{value}".lower() for key, value in pairs if value] + [f"status:{outcome}"]


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _lookup(attempt: Attempt) -> Lookup:
    def values(key: str) -> list[str]:
        if key.startswith("@"):
            return inside(facets_of(attempt), key[1:])
        if key in ("", "resource_name"):
            return [attempt.job]
        if key in ("service", "host"):
            return [getattr(attempt, key) or ""]
        if key in ("span_id", "trace_id"):
            return [_ids(attempt.run_id, attempt.logical_run_id or "")[1 if key == "span_id" else 2]]
        return tagged(_tags(attempt), key)

    return values
