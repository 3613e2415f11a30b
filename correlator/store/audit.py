"""The audit log: one row for everything somebody wrote or took along; only ever added to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Engine, Row, Select, insert, select

from correlator.store.database import reading, writing
from correlator.store.facts import dumped
from correlator.store.schema import audit as table
from correlator.text.times import micros, moment

PAGE: Final = 50
_NAMED: Final = ("actor", "action", "target")


@dataclass(frozen=True, slots=True)
class Entry:
    """`via`: how the actor came in; `details`: JSON-ready values. `id` is 0 until it is stored."""

    at: datetime
    actor: str
    via: str
    role: str
    action: str
    target: str
    details: Mapping[str, Any] = field(default_factory=dict)
    id: int = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries: of one actor, action or target ("" for any), and older than the entry `before` (0: the newest)."""

    actor: str = ""
    action: str = ""
    target: str = ""
    before: int = 0


def append(engine: Engine, entry: Entry) -> None:
    """Add one entry. Raises StoreError."""
    row = {name: getattr(entry, name) for name in ("actor", "via", "role", "action", "target")}
    with writing(engine) as connection:
        connection.execute(insert(table).values(row | {"at": micros(entry.at), "details": dumped(dict(entry.details))}))


def entries(engine: Engine, wanted: Wanted, most: int = PAGE) -> list[Entry]:
    """The newest first, at most so many."""
    with reading(engine) as connection:
        return [_entry(row) for row in connection.execute(_statement(wanted).limit(most))]


def _statement(wanted: Wanted) -> Select[Any]:
    given = [table.c[name] == getattr(wanted, name) for name in _NAMED if getattr(wanted, name)]
    before = [table.c.id < wanted.before] if wanted.before else []
    return select(table).where(*given, *before).order_by(table.c.id.desc())


def _entry(row: Row[Any]) -> Entry:
    texts = {name: getattr(row, name) for name in ("id", "actor", "via", "role", "action", "target")}
    return Entry(at=moment(row.at), details=json.loads(row.details), **texts)
