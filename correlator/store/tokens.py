"""API tokens: what programs show instead of logging in. Only a hash is kept; the token itself is shown once.

A token has 256 random bits, so that a plain SHA-256 of it cannot be turned back or guessed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Engine, Row, insert, select, update

from correlator.errors import UsageError
from correlator.store.database import reading, writing, writing_soon
from correlator.store.schema import api_tokens as table
from correlator.text.times import micros, moment

PREFIX: Final = "corr"
LONGEST_NAME: Final = 200
ROLES: Final = ("viewer", "responder", "admin")
_COARSE: Final = timedelta(hours=1)
_WAIT_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class NewToken:
    """`tenants` None: all of them. `expires_at` None: never."""

    name: str
    role: str
    tenants: frozenset[str] | None = None
    expires_at: datetime | None = None
    created_by: str = ""


@dataclass(frozen=True, slots=True)
class Token:
    """`last_used_at` is known to the hour."""

    id: str
    name: str
    role: str
    tenants: frozenset[str] | None
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    def works_at(self, at: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)


def create_token(engine: Engine, wanted: NewToken, at: datetime) -> tuple[str, Token]:
    """The token to be shown now and never again, and what is kept of it. Raises UsageError for one without sense."""
    _check(wanted, at)
    id_, secret = secrets.token_hex(5), secrets.token_urlsafe(32)
    shown = f"{PREFIX}_{id_}_{secret}"
    row = {
        "id": id_,
        "name": wanted.name.strip(),
        "sha256": _hash(shown),
        "role": wanted.role,
        "created_by": wanted.created_by,
        "tenants": None if wanted.tenants is None else json.dumps(sorted(wanted.tenants)),
        "created_at": micros(at),
        "expires_at": micros(wanted.expires_at),
    }
    with writing(engine) as connection:
        connection.execute(insert(table).values(row))
        return shown, _token(connection.execute(select(table).where(table.c.id == id_)).one())


def _check(wanted: NewToken, at: datetime) -> None:
    if not 0 < len(wanted.name.strip()) <= LONGEST_NAME or not wanted.name.isprintable():
        raise UsageError("a token needs a name", hint="say what uses it, for example `ticket-bot`")
    if wanted.role not in ROLES:
        raise UsageError(f"there is no role {wanted.role!r}", hint=f"one of {', '.join(ROLES)}")
    if wanted.expires_at is not None and wanted.expires_at <= at:
        raise UsageError("the token would have expired already", hint="choose a time that is still to come")
    if wanted.tenants is not None and not wanted.tenants - {""}:
        raise UsageError("a token for no tenant sees nothing", hint="name its tenants, or leave them out for all")


def revoke_token(engine: Engine, id_: str, at: datetime) -> Token:
    """From now on it is refused. Raises UsageError for an unknown id, and for one that was revoked before."""
    with writing(engine) as connection:
        mine = (table.c.id == id_) & table.c.revoked_at.is_(None)
        done = connection.execute(update(table).where(mine).values(revoked_at=micros(at))).rowcount
        row = connection.execute(select(table).where(table.c.id == id_)).first()
    if row is None:
        raise UsageError(f"there is no token {id_}", hint="`correlator tokens list` shows them all")
    if not done:
        raise UsageError(f"the token {id_} was revoked before, at {moment(row.revoked_at):%Y-%m-%d %H:%M} UTC")
    return _token(row)


def list_tokens(engine: Engine) -> list[Token]:
    """All there ever were, the newest first."""
    with reading(engine) as connection:
        return [
            _token(row) for row in connection.execute(select(table).order_by(table.c.created_at.desc(), table.c.id))
        ]


def get_token(engine: Engine, id_: str) -> Token | None:
    """What is kept of one token."""
    with reading(engine) as connection:
        row = connection.execute(select(table).where(table.c.id == id_)).first()
    return None if row is None else _token(row)


def token_shown(engine: Engine, shown: str, at: datetime) -> Token | None:
    """The token somebody shows; None for one that is unknown, expired or revoked."""
    prefix, _, rest = shown.partition("_")
    id_ = rest.partition("_")[0]
    if prefix != PREFIX or not id_.isalnum() or not id_.isascii():
        return None
    with reading(engine) as connection:
        row = connection.execute(select(table).where(table.c.id == id_)).first()
    if row is None or not hmac.compare_digest(row.sha256, _hash(shown)):
        return None
    token = _token(row)
    return token if token.works_at(at) else None


def note_use(engine: Engine, token: Token, at: datetime) -> None:
    """Keep that it was used, once an hour at most. Raises StoreError when the store stays busy."""
    if token.last_used_at is not None and at - token.last_used_at < _COARSE:
        return
    hour = at.replace(minute=0, second=0, microsecond=0)
    with writing_soon(engine, _WAIT_SECONDS) as connection:
        connection.execute(update(table).where(table.c.id == token.id).values(last_used_at=micros(hour)))


def as_tenants(names: Collection[str]) -> frozenset[str] | None:
    """Names as somebody gave them; none mean all tenants."""
    given = frozenset(name.strip() for name in names if name.strip())
    return given or None


def _hash(shown: str) -> str:
    return hashlib.sha256(shown.encode("utf-8", "surrogatepass")).hexdigest()


def _token(row: Row[Any]) -> Token:
    times = {name: moment(getattr(row, name)) for name in ("created_at", "expires_at", "revoked_at", "last_used_at")}
    tenants = None if row.tenants is None else frozenset(json.loads(row.tenants))
    return Token(row.id, row.name, row.role, tenants, row.created_by, **times)
