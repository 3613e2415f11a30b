"""The audit log: what was written, and which evidence was taken along, by whom."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from correlator.store.audit import Entry, append
from web.access.current import current_actor
from web.whole import whole_place


def note_audit(action: str, target: str, details: Mapping[str, Any] | None = None) -> None:
    """Enter what the actor of this request did. Raises StoreError: what cannot be noted is not done."""
    actor = current_actor()
    entry = Entry(datetime.now(UTC), actor.name, actor.via, actor.role.word, action, target, details or {})
    append(whole_place().engine, entry)
