"""The sums brought up to date: what was written since is looked up, and the months it concerns are counted anew."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final

from sqlalchemy import Connection, Engine, select

from correlator.settings import Settings
from correlator.store.database import reading, writing
from correlator.store.kinds import Row
from correlator.store.schema import last_look, write_numbers
from correlator.store.sums import Key, Positions, put_sums, read_positions, stored_sums, window_begin
from correlator.store.times import micros
from correlator.sums.counting import Month, count_month
from correlator.sums.laid import Said, said_of, sums_row
from correlator.sums.touched import newest_finding, touched

_STREAMS_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class Summed:
    """How many months of jobs were counted, and how many sums differ from what stood there."""

    counted: int
    changed: int


def sum_up(engine: Engine, settings: Settings, now: datetime) -> Summed:
    """Bring the sums up to date. Raises StoreError.

    Two that do so at once do no harm: a row is right for what its counter saw, and whoever saw less notes that.
    """
    began = time.monotonic()
    with reading(engine) as connection:
        before = read_positions(connection)
        until = {row.source: row.last for row in connection.execute(select(write_numbers))}
        window = _window(connection, int(settings["analysis.window_days"]))
        keys = touched(connection, before, until, window or (0, 0)) if until else set()
        newest = newest_finding(connection)
        counting = _Counting(connection, several=len(until) > 1, judged_from=window and window[0])
        changes = [one for part in _parts(keys) for one in counting.changes(part)]
    took = round((time.monotonic() - began) * 1_000_000)
    rows, gone = [row for _, row in changes if row is not None], [key for key, row in changes if row is None]
    with writing(engine) as connection:
        put_sums(connection, rows, gone, Positions(until, newest, micros(now), took))
    return Summed(len(keys), len(changes))


def _window(connection: Connection, days: int) -> tuple[int, int] | None:
    """What the last look judged, in whole days (µs); None before the first look."""
    as_of = connection.execute(select(last_look.c.as_of)).scalar()
    return None if as_of is None else (window_begin(as_of, days), as_of)


def _parts(keys: set[Key]) -> Iterator[Sequence[Key]]:
    """As many as are counted at a time, each part of one month."""
    for _, group in groupby(sorted(keys), key=lambda key: key[0]):
        mine = list(group)
        yield from (mine[start : start + _STREAMS_AT_ONCE] for start in range(0, len(mine), _STREAMS_AT_ONCE))


class _Counting:
    """One state of the store, counted part by part."""

    def __init__(self, connection: Connection, *, several: bool, judged_from: int | None) -> None:
        self._connection, self._several, self._judged_from = connection, several, judged_from

    def changes(self, keys: Sequence[Key]) -> Iterator[tuple[Key, Row | None]]:
        """The rows that differ from what is stored; None where one is to go."""
        streams = [(tenant, job) for _, tenant, job in keys]
        months = count_month(self._connection, keys[0][0], streams, self._several)
        said, stored = said_of(self._connection, streams), stored_sums(self._connection, keys)
        for key in keys:
            before, month = stored.get(key), months.get(key[1:], Month())
            row = sums_row(key, month, said.get(key[1:], Said()), before, self._judged_from) if month.by_day else None
            if row != before:
                yield key, row
