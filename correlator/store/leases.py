"""Leases: who may do a thing that only one process may do. Claimed by an UPDATE whose row count is checked.

A holder is called `HOST:SPACE:PID:LETTERS`. SPACE stands for the boot of the machine and the PID namespace: two
containers of one host can have the same host name, and each sees processes of its own under the other's numbers.
"""

from __future__ import annotations

import hashlib
import os
import socket
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, delete, or_, select, update

from correlator.store.database import reading, writing
from correlator.store.facts import put
from correlator.store.schema import leases
from correlator.text.times import micros, moment

_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE: Final = Path("/proc/self/ns/pid")


def holder_name() -> str:
    """A name for whoever claims a lease, as people can find it; no two claimants share one, nor do restarts."""
    return f"{socket.gethostname()}:{_process_space()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def has_ended(holder: str) -> bool:
    """Whether this was a process that could be seen from here, and is no more. False where that cannot be told."""
    host, _, rest = holder.partition(":")
    space, _, rest = rest.partition(":")
    number = rest.partition(":")[0]
    if (host, space) != (socket.gethostname(), _process_space()) or not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _process_space() -> str:
    """The same for processes that see each other's numbers; "" where the system has no /proc, and so no containers."""
    try:
        known = _BOOT.read_text(encoding="ascii") + str(_NAMESPACE.readlink())
    except OSError:
        return ""
    return hashlib.sha256(known.encode()).hexdigest()[:8]


def claim_lease(engine: Engine, name: str, holder: str, now: datetime, seconds: float) -> bool:
    """Claim the lease, or renew it; False while another holder has it. It runs out `seconds` after `now`."""
    free = or_(leases.c.holder == holder, leases.c.until <= micros(now))
    with writing(engine) as connection:
        put(connection, leases, [{"name": name, "holder": "", "until": 0}], keys=("name",), keep=("holder", "until"))
        until = micros(now + timedelta(seconds=seconds))
        claimed = connection.execute(
            update(leases).where(leases.c.name == name, free).values(holder=holder, until=until)
        )
        return claimed.rowcount == 1


def release_lease(engine: Engine, name: str, holder: str) -> None:
    """Give the lease back; nothing happens when it is not ours."""
    with writing(engine) as connection:
        connection.execute(delete(leases).where(leases.c.name == name, leases.c.holder == holder))


def lease_holder(engine: Engine, name: str, now: datetime) -> tuple[str, datetime] | None:
    """Who holds the lease and until when; None when nobody does."""
    statement = select(leases.c.holder, leases.c.until).where(leases.c.name == name, leases.c.until > micros(now))
    with reading(engine) as connection:
        row = connection.execute(statement).first()
    return None if row is None else (row.holder, moment(row.until))
