"""Links that show one finding to somebody without an account: who made them, until when they hold, who took them
back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row, insert, select, update

from correlator.store.database import reading, took, writing
from correlator.store.paging import Place, behind, newest_first
from correlator.store.schema import finding_shares as table
from correlator.text.times import micros, moment


@dataclass(frozen=True, slots=True)
class Share:
    """One link. `note`: for whom it is, in the words of who made it."""

    id: str
    finding_id: str
    made_by: str
    made_at: datetime
    expires_at: datetime
    note: str = ""
    revoked_by: str = ""
    revoked_at: datetime | None = None

    def holds(self, now: datetime) -> bool:
        return self.revoked_at is None and now < self.expires_at


def add_share(engine: Engine, share: Share) -> None:
    """Raises StoreError."""
    row = {name: getattr(share, name) for name in ("id", "finding_id", "made_by", "note")}
    times = {"made_at": micros(share.made_at), "expires_at": micros(share.expires_at)}
    with writing(engine) as connection:
        connection.execute(insert(table).values(row | times))


def get_share(engine: Engine, share_id: str) -> Share | None:
    with reading(engine) as connection:
        row = connection.execute(select(table).where(table.c.id == share_id)).first()
    return None if row is None else _share(row)


def shares_of(engine: Engine, finding_id: str, most: int = 50, after: Place | None = None) -> list[Share]:
    """The newest first; behind `after`."""
    ordered = table.c.made_at, table.c.id
    mine = select(table).where(table.c.finding_id == finding_id, behind(*ordered, after))
    statement = mine.order_by(*newest_first(*ordered)).limit(most)
    with reading(engine) as connection:
        return [_share(row) for row in connection.execute(statement)]


def revoke_share(engine: Engine, share_id: str, actor: str, at: datetime) -> bool:
    """Take a link back; False where there is none that could be."""
    standing = (table.c.id == share_id) & table.c.revoked_at.is_(None)
    with writing(engine) as connection:
        return took(connection, update(table).where(standing).values(revoked_by=actor, revoked_at=micros(at)))


def _share(row: Row[Any]) -> Share:
    texts = {name: getattr(row, name) for name in ("id", "finding_id", "made_by", "note", "revoked_by")}
    times = {name: moment(getattr(row, name)) for name in ("made_at", "expires_at", "revoked_at")}
    return Share(**texts, **times)
