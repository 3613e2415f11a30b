"""One process at a time at one note: two that read the notes at the same moment would both write one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Engine

from correlator.errors import SourceError
from correlator.store.leases import claim_lease, has_ended, holder_name, lease_holder, release_lease

LEASE_SECONDS: Final = 300
"""Longer than reading and writing a note takes, with all its repeats: see `connectors.retries.patience_to_write`."""
WAIT_SECONDS: Final = 20.0
_LOOK_SECONDS: Final = 0.1


@contextmanager
def one_writer(engine: Engine, target: str, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Hold the lease of the note on this target. A holder that died on this machine is not waited for.

    Raises SourceError when another process holds it for longer than `wait_seconds`, StoreError for a failing store.
    """
    name, holder = f"note:{target}", holder_name()
    deadline = time.monotonic() + wait_seconds
    while not claim_lease(engine, name, holder, datetime.now(UTC), LEASE_SECONDS):
        _wait_for_other(engine, name, deadline)
    try:
        yield
    finally:
        release_lease(engine, name, holder)


def _wait_for_other(engine: Engine, name: str, deadline: float) -> None:
    found = lease_holder(engine, name, datetime.now(UTC))
    if found is None:
        return
    if has_ended(found[0]):
        release_lease(engine, name, found[0])
        return
    if time.monotonic() > deadline:
        raise SourceError(
            f"another process ({found[0]}) is writing the note on {name.removeprefix('note:')}",
            hint=f"try again; at {found[1]:%H:%M:%S} UTC it counts as dead",
        )
    time.sleep(_LOOK_SECONDS)
