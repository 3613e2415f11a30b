"""What each source did last, what it could not map, and the answers it gave."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.engine import RowMapping

from correlator.ports import PullReport, RateLimit
from correlator.store.database import reading, writing
from correlator.store.facts import dumped, put
from correlator.store.schema import set_aside, source_status, watermarks
from correlator.store.snapshot import once
from correlator.text.times import micros, moment

_TIMES: Final = ("last_attempt_at", "last_good_at", "newest_event_at", "failing_since")
_PLAIN: Final = (
    *("source", "error", "hint", "requests", "repeated", "set_aside", "failures_in_a_row"),
    *("permanent", "clock_offset_seconds"),
)


@dataclass(frozen=True, slots=True)
class Notice:
    """What a source cannot give, or gives less of, and since which pull it says so."""

    text: str
    since: datetime


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """The last pull of a source. `last_good_at` is the last pull that was read to its end; `permanent` says that its
    error stays until a person does something; `clock_offset_seconds` is the vendor's clock minus ours."""

    source: str
    last_attempt_at: datetime
    last_good_at: datetime | None
    error: str
    hint: str
    requests: int
    stored: Mapping[str, int]
    repeated: int
    set_aside: int
    failures_in_a_row: int
    newest_event_at: datetime | None
    permanent: bool = False
    failing_since: datetime | None = None
    notices: tuple[Notice, ...] = ()
    limits: tuple[RateLimit, ...] = ()
    clock_offset_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class StoredSetAside:
    source: str
    item_id: str
    reason: str
    payload: str
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Watermark:
    source: str
    stream: str
    position: Mapping[str, Any]
    updated_at: datetime


def record_pull(engine: Engine, report: PullReport, at: datetime, newest_event_at: datetime | None) -> None:
    """Enter how a pull ended; a pull with an error leaves the time of the last good one as it is."""
    with writing(engine) as connection:
        before = _row(connection, report.source)
        put(connection, source_status, [_values(report, micros(at), micros(newest_event_at), before)], keys=("source",))


def _values(report: PullReport, at: int, newest: int | None, before: RowMapping | None) -> dict[str, Any]:
    failed = report.error is not None
    known = [time for time in (newest, before["newest_event_at"] if before else None) if time is not None]
    return {
        "source": report.source,
        "last_attempt_at": at,
        "last_good_at": (before["last_good_at"] if before else None) if failed else at,
        "error": report.error or "",
        "hint": report.hint or "",
        "requests": report.requests,
        "stored": dumped(report.stored),
        "repeated": report.repeated,
        "set_aside": report.set_aside,
        "failures_in_a_row": (before["failures_in_a_row"] if before else 0) + 1 if failed else 0,
        "newest_event_at": max(known, default=None),
        "permanent": failed and report.permanent,
        "failing_since": _since(before, at) if failed else None,
        "notices": dumped(_notices(report.notices, before, at)),
        "limits": dumped([_limit_row(limit) for limit in report.limits]) if report.limits else _kept(before, "limits"),
        "clock_offset_seconds": _offset(report, before),
    }


def _since(before: RowMapping | None, at: int) -> int:
    """When the row of failures began that `at` belongs to."""
    return int(before["failing_since"]) if before and before["failing_since"] is not None else at


def _notices(texts: Sequence[str], before: RowMapping | None, at: int) -> list[dict[str, Any]]:
    """Notices of this pull; one that was there before keeps its time."""
    said = {item["text"]: item["since"] for item in json.loads(_kept(before, "notices") or "[]")}
    return [{"text": text, "since": said.get(text, at)} for text in texts]


def _limit_row(limit: RateLimit) -> dict[str, Any]:
    return asdict(limit) | {"resets_at": micros(limit.resets_at)}


def _kept(before: RowMapping | None, column: str) -> str:
    return str(before[column]) if before else ""


def _offset(report: PullReport, before: RowMapping | None) -> float | None:
    """The offset of this pull, or of the last one that could tell."""
    if report.clock_offset_seconds is not None:
        return report.clock_offset_seconds
    return before["clock_offset_seconds"] if before else None


def _row(connection: Connection, source: str) -> RowMapping | None:
    return connection.execute(select(source_status).where(source_status.c.source == source)).mappings().first()


def list_sources(engine: Engine) -> list[SourceStatus]:
    """The status of every source that was ever pulled or imported, by name."""
    return list(once(engine, _sources))


def _sources(engine: Engine) -> tuple[SourceStatus, ...]:
    with reading(engine) as connection:
        rows = connection.execute(select(source_status).order_by(source_status.c.source)).mappings()
        return tuple(_status(row) for row in rows)


def _status(row: RowMapping) -> SourceStatus:
    times = {name: moment(row[name]) for name in _TIMES}
    plain = {name: row[name] for name in _PLAIN}
    notices = tuple(Notice(item["text"], moment(item["since"])) for item in json.loads(row["notices"] or "[]"))
    limits = tuple(_limit(item) for item in json.loads(row["limits"] or "[]"))
    stored = json.loads(row["stored"] or "{}")
    return SourceStatus(**plain, **times, stored=stored, notices=notices, limits=limits)


def _limit(item: Mapping[str, Any]) -> RateLimit:
    return RateLimit(item["name"], item["limit"], item["remaining"], moment(item["resets_at"]))


def list_watermarks(engine: Engine) -> list[Watermark]:
    """Where every stream stands."""
    statement = select(watermarks).order_by(watermarks.c.source, watermarks.c.stream)
    with reading(engine) as connection:
        return [
            Watermark(row.source, row.stream, json.loads(row.position), moment(row.updated_at))
            for row in connection.execute(statement)
        ]


def list_set_aside(engine: Engine, source: str | None = None, limit: int = 200) -> list[StoredSetAside]:
    """Items that could not be mapped or used, newest first."""
    statement = select(set_aside).order_by(set_aside.c.last_at.desc(), set_aside.c.item_id).limit(limit)
    if source is not None:
        statement = statement.where(set_aside.c.source == source)
    with reading(engine) as connection:
        return [
            StoredSetAside(row.source, row.item_id, row.reason, row.payload, moment(row.first_at), moment(row.last_at))
            for row in connection.execute(statement)
        ]


def count_set_aside(engine: Engine) -> dict[str, int]:
    """How many items each source has set aside."""
    statement = select(set_aside.c.source, func.count()).group_by(set_aside.c.source).order_by(set_aside.c.source)
    with reading(engine) as connection:
        return {source: count for source, count in connection.execute(statement)}  # noqa: C416
