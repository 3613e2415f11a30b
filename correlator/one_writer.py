"""One process at a time at one incident: two that read the notes at the same moment would both write one."""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Engine

from correlator.errors import SourceError
from correlator.store.leases import claim_lease, lease_holder, release_lease

LEASE_SECONDS: Final = 300
"""Longer than reading and writing a note takes, with all its repeats."""
WAIT_SECONDS: Final = 20.0
_LOOK_SECONDS: Final = 0.1


@contextmanager
def one_writer(engine: Engine, incident_id: str, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Hold the lease of this incident's note. A holder that died on this machine is not waited for.

    Raises SourceError when another process holds it for longer than `wait_seconds`, StoreError for a failing store.
    """
    name, holder = f"note:{incident_id}", f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
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
    if _is_dead(found[0]):
        release_lease(engine, name, found[0])
        return
    if time.monotonic() > deadline:
        raise SourceError(
            f"another process ({found[0]}) is writing the {name.replace(':', ' of ')}",
            hint=f"try again; at {found[1]:%H:%M:%S} UTC it counts as dead",
        )
    time.sleep(_LOOK_SECONDS)


def _is_dead(holder: str) -> bool:
    """Whether the holder was a process of this machine that is no more."""
    host, _, rest = holder.rpartition(":")[0].rpartition(":")
    if host != socket.gethostname() or not rest.isdigit():
        return False
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
