"""Who is logged in: kept here and not in the browser, which holds nothing but a random name for it."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Engine, delete, insert, select, update

from correlator.store.database import reading, writing, writing_soon
from correlator.store.facts import dumped
from correlator.store.schema import web_sessions as table
from correlator.text.times import micros, moment

_COARSE: Final = timedelta(minutes=1)
_WAIT_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Session:
    """`actor` is "" while somebody is on their way to log in; `claims`: what is known of them, or of that way."""

    actor: str
    claims: Mapping[str, Any]
    began_at: datetime
    seen_at: datetime
    until_at: datetime


def begin(engine: Engine, actor: str, claims: Mapping[str, Any], at: datetime, until: datetime) -> str:
    """A new session; gives the random name that the browser is to show. Those that have ended are forgotten."""
    name = secrets.token_urlsafe(32)
    row = {"sha256": _hash(name), "actor": actor, "claims": dumped(dict(claims))}
    times = {"began_at": micros(at), "seen_at": micros(at), "until_at": micros(until)}
    with writing(engine) as connection:
        connection.execute(delete(table).where(table.c.until_at < micros(at)))
        connection.execute(insert(table).values(row | times))
    return name


def find(engine: Engine, name: str, at: datetime, idle: timedelta) -> Session | None:
    """The session of this name; None where there is none, or it was idle for too long, or has lasted too long."""
    with reading(engine) as connection:
        row = connection.execute(select(table).where(table.c.sha256 == _hash(name))).first()
    if row is None:
        return None
    times = {key: moment(getattr(row, key)) for key in ("began_at", "seen_at", "until_at")}
    session = Session(row.actor, json.loads(row.claims), **times)
    return session if at < session.until_at and at - session.seen_at <= idle + _COARSE else None


def note_seen(engine: Engine, name: str, session: Session, at: datetime) -> None:
    """Keep that it is in use, once a minute at most. Raises StoreError when the store stays busy."""
    if at - session.seen_at < _COARSE:
        return
    with writing_soon(engine, _WAIT_SECONDS) as connection:
        connection.execute(update(table).where(table.c.sha256 == _hash(name)).values(seen_at=micros(at)))


def end(engine: Engine, name: str) -> bool:
    """Forget the session; True where there was one. Only one caller gets True: what is in it is used once."""
    with writing(engine) as connection:
        return connection.execute(delete(table).where(table.c.sha256 == _hash(name))).rowcount == 1


def end_all(engine: Engine, actor: str) -> int:
    """Log somebody out wherever they are logged in ("": everybody); gives how many sessions ended."""
    whose = delete(table).where(table.c.actor == actor) if actor else delete(table)
    with writing(engine) as connection:
        return connection.execute(whose).rowcount


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
