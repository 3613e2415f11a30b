"""What backfills have read: a row for each stretch of time of each stream, with the place a stopped one stands at."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine, and_, delete, select, update

from correlator.ports import Page
from correlator.store.database import reading, writing
from correlator.store.facts import StoredCounts, dumped, put, put_page
from correlator.store.schema import backfills
from correlator.text.times import micros, moment

UNSETTLED: Final = timedelta(days=1)
"""What was younger than this when it was read may have been incomplete: runs were still on the way."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """`[start, until)` of one stream. `position` is None before its first page; `done` once it is read to its end."""

    source: str
    stream: str
    start: datetime
    until: datetime
    began_at: datetime
    position: dict[str, Any] | None = None
    done: bool = False

    @property
    def settled_until(self) -> datetime:
        """Up to where it need not be read again."""
        return min(self.until, self.began_at - UNSETTLED)


def stretches(engine: Engine, source: str, stream: str) -> list[Stretch]:
    """All that was begun for this stream, earliest first."""
    statement = (
        select(backfills)
        .where(backfills.c.source == source, backfills.c.stream == stream)
        .order_by(backfills.c.start, backfills.c.until)
    )
    with reading(engine) as connection:
        return [
            Stretch(
                source,
                stream,
                moment(row.start),
                moment(row.until),
                moment(row.began_at),
                json.loads(row.position) if row.position else None,
                row.done_at is not None,
            )
            for row in connection.execute(statement)
        ]


def to_read(begun: Sequence[Stretch], wanted: Stretch) -> list[Stretch]:
    """What there is to read so that `wanted` is: what was left unfinished first, then what nobody has read.

    Unfinished stretches that have nothing in common with the wanted time stay as they are.
    """
    open_ones = [one for one in begun if not one.done and one.start < wanted.until and wanted.start < one.until]
    closed = [
        (one.start, one.settled_until if one.done else one.until) for one in begun if one.done or one in open_ones
    ]
    gaps = []
    at = wanted.start
    for start, until in sorted(closed):
        if at < min(start, wanted.until):
            gaps.append(replace(wanted, start=at, until=min(start, wanted.until)))
        at = max(at, until)
    if at < wanted.until:
        gaps.append(replace(wanted, start=at))
    return [*open_ones, *gaps]


def store_backfilled(engine: Engine, stretch: Stretch, page: Page, known_at: datetime) -> StoredCounts:
    """A page and how far the stretch is read, all or nothing; the stream's own watermark stays where it is."""
    with writing(engine) as connection:
        counts = put_page(connection, stretch.source, page, micros(known_at))
        _put(connection, stretch, dumped(page.position), micros(known_at) if page.done else None)
    return counts


def finish(engine: Engine, stretch: Stretch, at: datetime) -> None:
    """The stretch was read to its end, whether or not its last page said so."""
    with writing(engine) as connection:
        if not connection.execute(update(backfills).where(_is(stretch)).values(done_at=micros(at))).rowcount:
            _put(connection, stretch, "", micros(at))


def forget(engine: Engine, source: str, stream: str) -> None:
    """Nothing of this stream counts as read any more; the facts stay."""
    with writing(engine) as connection:
        connection.execute(delete(backfills).where(backfills.c.source == source, backfills.c.stream == stream))


def _is(stretch: Stretch) -> Any:
    table = backfills.c
    return and_(
        table.source == stretch.source,
        table.stream == stretch.stream,
        table.start == micros(stretch.start),
        table.until == micros(stretch.until),
    )


def _put(connection: Connection, stretch: Stretch, position: str, done_at: int | None) -> None:
    row = {
        "source": stretch.source,
        "stream": stretch.stream,
        "start": micros(stretch.start),
        "until": micros(stretch.until),
        "position": position,
        "began_at": micros(stretch.began_at),
        "done_at": done_at,
    }
    put(connection, backfills, [row], keys=("source", "stream", "start", "until"), keep=("began_at",))
