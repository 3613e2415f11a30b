"""Leases: who may do a thing that only one process may do. Claimed by an UPDATE whose row count is checked."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, or_, select, update

from correlator.store.database import reading, writing
from correlator.store.facts import put
from correlator.store.schema import leases
from correlator.store.times import micros, moment


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
