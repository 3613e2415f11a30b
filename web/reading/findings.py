"""Findings that stand, as their documents: by tenant and job, from any row on, a part at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, Engine, func, select, tuple_

from correlator.store.asks import AskEdit, newest_edits, with_edit
from correlator.store.database import reading
from correlator.store.looks import JobScopes, load_scopes, whole_document
from correlator.store.schema import finding_asks, findings, last_look

AT_ONCE: Final = 64
AT_ONCE_BYTES: Final = 256 * 1024
"""So much is in memory while a long list is written: some documents are a hundred kilobytes long."""

_SHALLOW: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_CHANGED: Final = ("id", "job", "rule", "scope")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which findings; None leaves open. The tenant "" is the unnamed one."""

    verdict: str | None = None
    tenant: str | None = None
    job: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """A finding that stands, in short."""

    id: str
    tenant: str
    job: str


def standing_findings(
    engine: Engine, wanted: Wanted, after: tuple[str, str] | None = None, most: int | None = None
) -> list[Standing]:
    """Those behind this tenant and job, by tenant and job; the code points of both decide, in any database."""
    plain = "C" if engine.dialect.name == "postgresql" else "BINARY"
    order = (findings.c.tenant.collate(plain), findings.c.job.collate(plain))
    conditions: list[ColumnElement[bool]] = [findings.c.gone_at.is_(None), *_narrowed(wanted)]
    if after is not None:
        conditions.append(tuple_(*order) > after)
    columns = (findings.c.id, findings.c.tenant, findings.c.job)
    with reading(engine) as connection:
        rows = connection.execute(select(*columns).where(*conditions).order_by(*order).limit(most)).all()
    return [Standing(*row) for row in rows]


def _narrowed(wanted: Wanted) -> list[ColumnElement[bool]]:
    wishes = ((name, getattr(wanted, name)) for name in ("verdict", "tenant", "job"))
    return [findings.c[name] == value for name, value in wishes if value is not None]


@dataclass(frozen=True, slots=True)
class _Beside:
    """What belongs to documents and is kept apart from them: scopes by job, asks that people put by finding."""

    scopes: JobScopes
    asks: Mapping[str, AskEdit]


def documents(engine: Engine, rows: Sequence[Standing]) -> list[msgspec.Raw]:
    """The documents of these findings as JSON, in their order; one that is there no more is left out."""
    with reading(engine) as connection:
        beside = _Beside(load_scopes(connection), newest_edits(connection, [row.id for row in rows]))
        return _documents(connection, rows, beside)


def documents_in_parts(engine: Engine, rows: Sequence[Standing]) -> Iterator[list[msgspec.Raw]]:
    """The same, a part at a time: as many as take AT_ONCE_BYTES, by what the part before took. Between two parts no
    connection is held, as whoever reads them may be slow."""
    with reading(engine) as connection:
        beside = _Beside(load_scopes(connection), newest_edits(connection))
    start, number = 0, 1
    while start < len(rows):
        with reading(engine) as connection:
            part = _documents(connection, rows[start : start + number], beside)
        yield part
        start += number
        taken = sum(memoryview(one).nbytes for one in part)
        number = max(1, min(AT_ONCE, number * AT_ONCE_BYTES // max(taken, 1)))


def _documents(connection: Connection, rows: Sequence[Standing], beside: _Beside) -> list[msgspec.Raw]:
    texts = select(findings.c.id, findings.c.document).where(findings.c.id.in_([row.id for row in rows]))
    found = {row.id: row.document for row in connection.execute(texts)}
    return [_whole(row, found[row.id].encode(), beside) for row in rows if row.id in found]


def _whole(row: Standing, text: bytes, beside: _Beside) -> msgspec.Raw:
    """The document as it is stored; only where something belongs into it is it opened, and no deeper than that."""
    if row.job not in beside.scopes and row.id not in beside.asks:
        return msgspec.Raw(text)
    raw = _SHALLOW.decode(text)
    opened = raw | {name: msgspec.json.decode(raw[name]) for name in _CHANGED if name in raw}
    told = with_edit(whole_document(opened, beside.scopes), beside.asks.get(row.id))
    return msgspec.Raw(msgspec.json.encode(told))


def state_of_findings(engine: Engine) -> tuple[Any, ...]:
    """Something that changes when any finding does, or what people ask in its place: read off the ends of indexes."""
    parts = (
        select(func.max(findings.c.updated_at)).scalar_subquery(),
        select(func.max(findings.c.gone_at)).scalar_subquery(),
        select(func.max(last_look.c.as_of)).scalar_subquery(),
        select(func.max(last_look.c.token)).scalar_subquery(),
        select(func.max(finding_asks.c.at)).scalar_subquery(),
        select(func.count()).select_from(finding_asks).scalar_subquery(),
    )
    with reading(engine) as connection:
        return tuple(connection.execute(select(*parts)).one())
