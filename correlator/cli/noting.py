"""What was done on the command line, in the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sqlalchemy import Engine

VIA: Final = "command line"


def note(engine: Engine, action: str, target: str, **details: str) -> None:
    """One entry without an actor: who may call commands may do everything, and a name given with --by proves nothing.
    It stands in `details` as `by`. Raises StoreError."""
    from correlator.correlating.look import utc_now
    from correlator.store.audit import Entry, append

    append(engine, Entry(utc_now(), "", VIA, "admin", action, target, details))
