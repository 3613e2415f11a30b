"""Handovers: every version of what was written, with the data it was written from, and who acknowledged it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, Select, insert, literal, select, update
from sqlalchemy.engine import RowMapping

from correlator.store.database import reading, took, writing
from correlator.store.facts import dumped
from correlator.store.ids_by_time import insert_by_time
from correlator.store.schema import handover_tenants, handover_versions, handovers
from correlator.text.times import micros, moment

LISTED: Final = 30


@dataclass(frozen=True, slots=True)
class Version:
    """One state of the text. `words`: what was written, by section; `facts`: the data it was written from, as a
    document; `data_as_of`: how far that data reached."""

    version: int
    at: datetime
    author: str
    words: Mapping[str, str]
    facts: Mapping[str, Any]
    data_as_of: datetime | None


@dataclass(frozen=True, slots=True)
class Written:
    """A version without what stands in it."""

    version: int
    at: datetime
    author: str
    data_as_of: datetime | None


@dataclass(frozen=True, slots=True)
class StoredHandover:
    """`tenants`: of whom it may tell, None for all; `last`: how it stands; `acknowledged_at`: None while it is open."""

    id: int
    tenants: frozenset[str] | None
    author: str
    begun_at: datetime
    last: Version
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None
    read_back: str = ""


def begin_handover(engine: Engine, tenants: Collection[str] | None, author: str, first: Version) -> tuple[int, bool]:
    """Open a handover for those who see these tenants (None: all); gives its id, and False where one was open."""
    scope = _scope(tenants)
    row = {"scope": scope, "author": author, "version": 1, "open_for": scope}
    with writing(engine) as connection:
        standing = select(handovers.c.id).where(handovers.c.open_for == scope)
        made, is_new = insert_by_time(connection, handovers, row, first.at, standing)
        if not is_new:
            return made, False
        named = [{"handover_id": made, "tenant": tenant} for tenant in sorted(tenants or ())]
        if named:
            connection.execute(insert(handover_tenants), named)
        _add(connection, made, first)
        return made, True


def add_version(engine: Engine, handover_id: int, version: Version) -> bool:
    """Enter the version that follows on the last one; False where somebody was quicker, or it is acknowledged."""
    with writing(engine) as connection:
        before = (handovers.c.version == version.version - 1, handovers.c.acknowledged_at.is_(None))
        moved = update(handovers).where(handovers.c.id == handover_id, *before).values(version=version.version)
        if not took(connection, moved):
            return False
        _add(connection, handover_id, version)
        return True


def acknowledge_handover(engine: Engine, handover_id: int, version: int, name: str, words: str, at: datetime) -> bool:
    """Close it as it stands in this version; False where it does not stand so any more."""
    values = {"acknowledged_by": name, "read_back": words, "acknowledged_at": micros(at), "open_for": None}
    same = (handovers.c.id == handover_id, handovers.c.version == version, handovers.c.acknowledged_at.is_(None))
    with writing(engine) as connection:
        return took(connection, update(handovers).where(*same).values(values))


def get_handover(engine: Engine, handover_id: int) -> StoredHandover | None:
    """None for an unknown id."""
    found = _handovers(engine, _with_last().where(handovers.c.id == handover_id))
    return found[0] if found else None


def open_handover(engine: Engine, tenants: Collection[str] | None) -> StoredHandover | None:
    """The one that is being written for those who see these tenants."""
    found = _handovers(engine, _with_last().where(handovers.c.open_for == _scope(tenants)))
    return found[0] if found else None


def last_acknowledged(
    engine: Engine, tenants: Collection[str] | None, before: int | None = None
) -> StoredHandover | None:
    """The newest one that was acknowledged by those who see these tenants; with `before`, older than this one."""
    done = (handovers.c.scope == _scope(tenants), handovers.c.acknowledged_at.is_not(None))
    statement = _with_last().where(*done).order_by(handovers.c.id.desc()).limit(1)
    found = _handovers(engine, statement if before is None else statement.where(handovers.c.id < before))
    return found[0] if found else None


def list_handovers(engine: Engine, before: int | None = None, most: int = LISTED) -> list[StoredHandover]:
    """The newest first, older than `before`, without their words and facts; at most so many and one, which tells that
    there are more."""
    statement = _with_last(whole=False).order_by(handovers.c.id.desc()).limit(most + 1)
    return _handovers(engine, statement if before is None else statement.where(handovers.c.id < before))


def versions_of(engine: Engine, handover_id: int) -> list[Written]:
    """Every version in short, oldest first."""
    table = handover_versions
    columns = (table.c.version, table.c.at, table.c.author, table.c.data_as_of)
    statement = select(*columns).where(table.c.handover_id == handover_id).order_by(table.c.version)
    with reading(engine) as connection:
        return [
            Written(row.version, moment(row.at), row.author, moment(row.data_as_of))
            for row in connection.execute(statement)
        ]


def get_version(engine: Engine, handover_id: int, version: int) -> Version | None:
    """One version whole; None where there is none."""
    table = handover_versions
    statement = select(table).where(table.c.handover_id == handover_id, table.c.version == version)
    with reading(engine) as connection:
        row = connection.execute(statement).mappings().first()
    return None if row is None else _version(row)


def writers_of(engine: Engine, handover_id: int) -> list[str]:
    """Everybody who wrote a part of it."""
    table = handover_versions
    statement = select(table.c.author).where(table.c.handover_id == handover_id).distinct()
    with reading(engine) as connection:
        return sorted(connection.execute(statement).scalars())


def _scope(tenants: Collection[str] | None) -> str:
    return json.dumps(None if tenants is None else sorted(tenants), ensure_ascii=False)


def _with_last(*, whole: bool = True) -> Select[Any]:
    """With the version that stands last; its words and facts, a hundred kilobytes of JSON, only where it is `whole`."""
    table = handover_versions
    same = (table.c.handover_id == handovers.c.id) & (table.c.version == handovers.c.version)
    of_last = [table.c[name].label(f"last_{name}") for name in ("at", "author", "data_as_of")]
    inside = [(table.c[name] if whole else literal("{}")).label(f"last_{name}") for name in ("words", "facts")]
    return select(handovers, *of_last, *inside).join(table, same)


def _handovers(engine: Engine, statement: Select[Any]) -> list[StoredHandover]:
    with reading(engine) as connection:
        return [_handover(row) for row in connection.execute(statement).mappings()]


def _handover(row: RowMapping) -> StoredHandover:
    tenants: Sequence[str] | None = json.loads(row["scope"])
    last = {name: row[f"last_{name}"] for name in ("at", "author", "words", "facts", "data_as_of")}
    return StoredHandover(
        id=row["id"],
        tenants=None if tenants is None else frozenset(tenants),
        author=row["author"],
        begun_at=moment(row["begun_at"]),
        last=_version(last | {"version": row["version"]}),
        acknowledged_by=row["acknowledged_by"],
        acknowledged_at=moment(row["acknowledged_at"]),
        read_back=row["read_back"],
    )


def _version(row: RowMapping | Mapping[str, Any]) -> Version:
    return Version(
        row["version"],
        moment(row["at"]),
        row["author"],
        json.loads(row["words"]),
        json.loads(row["facts"]),
        moment(row["data_as_of"]),
    )


def _add(connection: Connection, handover_id: int, version: Version) -> None:
    row = {
        "handover_id": handover_id,
        "version": version.version,
        "at": micros(version.at),
        "data_as_of": micros(version.data_as_of),
        "author": version.author,
        "words": dumped(dict(version.words)),
        "facts": dumped(dict(version.facts)),
    }
    connection.execute(insert(handover_versions).values(row))
