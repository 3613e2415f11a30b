"""The audit log: what was written, and which evidence was taken along, by whom."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from flask import Response, g, request

from correlator.store.audit import Entry, append
from web.access.current import current_actor
from web.app_state import whole_context

WRITING: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
READING: Final = frozenset(
    {"check.post", "api.check_pasted", "webhooks.pagerduty", "lineage.one_event", "lineage.batch"},
)
"""Routes that take a body and change nothing that somebody wrote: questions, and what programs deliver."""


def note_audit(action: str, target: str, details: Mapping[str, Any] | None = None) -> None:
    """Enter what the actor of this request did. Raises StoreError: evidence is not handed out then, and who changed
    something is told of the failure, which stands in the log with the address that was asked."""
    actor = current_actor()
    entry = Entry(datetime.now(UTC), actor.name, actor.via, actor.role.word, action, target, details or {})
    append(whole_context().engine, entry)
    g.noted = True


def note_the_rest(response: Response) -> Response:
    """What was written without a word of its own about it is noted by its route: no write passes by the log."""
    wrote = request.method in WRITING and request.endpoint not in READING and response.status_code < 400
    if wrote and "actor" in g and "noted" not in g:
        note_audit(f"{request.method} {request.endpoint}", request.path)
    return response
