"""The sums brought up to date: what was written since is looked up, and the days it concerns are counted anew."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Connection, Engine, Select, select

from correlator.settings import Settings
from correlator.store.database import reading, writing
from correlator.store.schema import last_look, write_numbers
from correlator.store.sums import Key, Positions, put_sums, read_positions, stored_sums, window_begin
from correlator.store.times import micros
from correlator.sums.counting import FEW, Counted, Stream, count, days_of_jobs, month_of_jobs
from correlator.sums.laid import Said, said_of
from correlator.sums.month import Month
from correlator.sums.touched import judged, newest_finding, touched

_MANY: Final = 2000
"""Jobs of a month that are counted at a time, where a whole platform is: as many attempts as fit into memory well."""


@dataclass(frozen=True, slots=True)
class Summed:
    """How many months of jobs were looked at, and how many sums differ from what stood there."""

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
        newest = newest_finding(connection)
        months = _Months(connection, several=len(until) > 1)
        months.count(before, until)
        months.judge(before, int(settings["analysis.window_days"]))
    took = round((time.monotonic() - began) * 1_000_000)
    rows = {key: month.row() for key, month in months.all.items() if month.row() != month.before}
    gone = [key for key, row in rows.items() if row is None]
    with writing(engine) as connection:
        there = [row for row in rows.values() if row is not None]
        put_sums(connection, there, gone, Positions(until, newest, micros(now), took))
    return Summed(len(months.all), len(rows))


class _Months:
    """The months that are brought up to date, of one state of the store."""

    def __init__(self, connection: Connection, *, several: bool) -> None:
        self._connection, self._several = connection, several
        self.all: dict[Key, Month] = {}

    def count(self, before: Positions, until: dict[str, int]) -> None:
        """The days that written rows concern."""
        news = touched(self._connection, before, until)
        loose = set(news.whole)
        for part in _parts(news.days):
            counted = self._counted(part, days_of_jobs(part[0][0], {key[1:]: news.days[key] for key in part}))
            for key in part:
                if key[1:] in counted.loose:
                    loose.add(key)
                else:
                    self._of(part)[key].count(counted.days.get(key[1:], {}), news.days[key])
        for part in _parts(loose, _MANY if len(loose) > _MANY else FEW):
            counted = self._counted(part, month_of_jobs(part[0][0], [key[1:] for key in part]))
            for key, month in self._of(part).items():
                month.count(counted.days.get(key[1:], {}))

    def judge(self, before: Positions, days: int) -> None:
        """What findings say that were written since, of the days in the window of the last look."""
        as_of = self._connection.execute(select(last_look.c.as_of)).scalar()
        if as_of is None:
            return
        begin = window_begin(as_of, days)
        for part in _parts(judged(self._connection, before.findings_at, (begin, as_of))):
            said: dict[Stream, Said] = said_of(self._connection, [key[1:] for key in part])
            for key, month in self._of(part).items():
                month.judge(said.get(key[1:], Said()), begin)

    def _counted(self, part: Sequence[Key], wanted: Select[Any]) -> Counted:
        return count(self._connection, part[0][0], wanted, self._several)

    def _of(self, keys: Collection[Key]) -> dict[Key, Month]:
        """These months, read where they were not yet."""
        unread = [key for key in keys if key not in self.all]
        stored = stored_sums(self._connection, unread) if unread else {}
        self.all |= {key: Month(key, stored.get(key)) for key in unread}
        return {key: self.all[key] for key in keys}


def _parts(keys: Iterable[Key], most: int = FEW) -> Iterator[Sequence[Key]]:
    """So many at a time, each part of one month."""
    for _, group in groupby(sorted(keys), key=lambda key: key[0]):
        mine = list(group)
        yield from (mine[start : start + most] for start in range(0, len(mine), most))
