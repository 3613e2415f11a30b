"""OpenLineage events: what the document says of the receiver, which answers in web/incoming/lineage.py."""

from __future__ import annotations

from typing import Any, Literal

from web.api.kinds import Answer
from web.api.routes import OPERATIONS, Operation
from web.incoming.lineage import MOST_IN_A_BATCH

_ERRORS = (400, 401, 403, 404, 413, 415)
_EVENT: Any = {
    "eventType": "COMPLETE",
    "eventTime": "2026-03-15T04:12:00Z",
    "run": {"runId": "01890f3e-7b7c-7b7c-8b7c-000000000001"},
    "job": {"namespace": "airflow", "name": "export_ads"},
    "producer": "https://example.com/scheduler",
    "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
}


class Taken(Answer, frozen=True, kw_only=True):
    """The event is stored, or was known."""

    status: Literal["success"]


class Summary(Answer, frozen=True, kw_only=True):
    received: int
    successful: int
    failed: int


class FailedEvent(Answer, frozen=True, kw_only=True):
    """An event that was set aside: its place in the batch, from 0, and why."""

    index: int
    reason: str
    retriable: bool


class TakenBatch(Answer, frozen=True, kw_only=True):
    """What became of a batch: what is wrong with one event does not keep the others from being taken."""

    status: Literal["success", "partial_success"]
    summary: Summary
    failed_events: list[FailedEvent]


OPERATIONS["lineage.one_event"] = Operation(
    tag="lineage",
    summary="Takes one OpenLineage event, as its clients send it. One that cannot be read is set aside (422).",
    body=dict[str, Any],
    answer=Taken,
    status=201,
    errors=_ERRORS,
    example=_EVENT,
)
OPERATIONS["lineage.batch"] = Operation(
    tag="lineage",
    summary=f"Takes a list of up to {MOST_IN_A_BATCH} OpenLineage events.",
    body=list[dict[str, Any]],
    answer=TakenBatch,
    errors=_ERRORS,
    example=[_EVENT],
)
