"""The sums brought up to date: what was written since is looked up, and the days it concerns are counted anew, part by
part."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Connection, Engine, Select, select

from correlator.settings import Settings
from correlator.store.database import reading, writing
from correlator.store.schema import last_look, write_numbers
from correlator.store.sums import (
    COUNTED_AT,
    FINDINGS,
    OF_SOURCE,
    TOOK,
    Key,
    Waiting,
    ask_for,
    newest_waiting,
    next_waiting,
    note_positions,
    put_counted,
    read_positions,
    stored_sums,
    window_begin,
)
from correlator.sums.attributed import Said, said_of
from correlator.sums.counting import FEW, Counted, Stream, count, days_of_jobs, month_of_jobs
from correlator.sums.month import Month
from correlator.sums.touched import judged, newest_finding, stretches, touched
from correlator.text.months import bounds
from correlator.text.times import micros

_MANY: Final = 2000
"""Jobs of a month that are counted at a time, where a whole platform is: as many attempts as fit into memory well."""


@dataclass(frozen=True, slots=True)
class Summed:
    """How many months of jobs were looked at, how many sums differ from what stood there, and whether that is all."""

    counted: int = 0
    changed: int = 0
    through: bool = True


def sum_up(engine: Engine, settings: Settings, now: datetime, seconds: float = math.inf) -> Summed:
    """Bring the sums up to date, the newest month first; after so many seconds no new part is begun. Raises StoreError.

    What is to be counted is noted, and each part of it is stored, in a transaction of its own: a count that is cut goes
    on where it stopped. Two that count at once do no harm: of what was asked for, one of them takes each part.
    """
    began = time.monotonic()
    days = int(settings["analysis.window_days"])
    with reading(engine) as connection:
        goes_on = newest_waiting(connection) is not None
    _ask_for_written(engine)
    _ask_for_judged(engine, days, goes_on=goes_on)
    counted = changed = 0
    while time.monotonic() - began < seconds:
        with reading(engine) as connection:
            part = next_waiting(connection, _MANY)
        if not part:
            _note_through(engine, now, time.monotonic() - began)
            return Summed(counted, changed)
        done = _bring_up(engine, part, days)
        counted, changed = counted + done.counted, changed + done.changed
    return Summed(counted, changed, through=False)


def _ask_for_written(engine: Engine) -> None:
    with reading(engine) as connection:
        before, until = read_positions(connection), _written(connection)
    for stretch in stretches(before, until):
        with reading(engine) as connection:
            found = touched(connection, stretch, several=len(until) > 1)
        with writing(engine) as connection:
            wanted = {**found.days, **dict.fromkeys(found.whole)}
            ask_for(connection, wanted, {OF_SOURCE + stretch.source: stretch.last})


def _ask_for_judged(engine: Engine, days: int, *, goes_on: bool) -> None:
    """What findings say that were written since, of the days in the window of the last look. A count that goes on has
    asked for those already that may be known by a clock that is late."""
    with reading(engine) as connection:
        before, newest, as_of = read_positions(connection), newest_finding(connection), _last_look(connection)
        if goes_on and newest == before.findings_at:
            return
        found = judged(connection, before.findings_at, (window_begin(as_of, days), as_of)) if as_of else set()
    if found or newest != before.findings_at:
        with writing(engine) as connection:
            ask_for(connection, dict.fromkeys(found, ()), {FINDINGS: newest})


def _written(connection: Connection) -> dict[str, int]:
    return {row.source: row.last for row in connection.execute(select(write_numbers))}


def _last_look(connection: Connection) -> int | None:
    return connection.execute(select(last_look.c.as_of)).scalar()


def _note_through(engine: Engine, now: datetime, took: float) -> None:
    with writing(engine) as connection:
        note_positions(connection, {COUNTED_AT: micros(now), TOOK: round(took * 1_000_000)})


def _bring_up(engine: Engine, part: Sequence[Waiting], days: int) -> Summed:
    with reading(engine) as connection:
        months = _Months(connection, part)
        months.count()
        months.judge(days)
    rows = {key: row for key, month in months.all.items() if (row := month.row()) != month.before}
    with writing(engine) as connection:
        return Summed(put_counted(connection, rows, part), len(rows))


class _Months:
    """The months of a part that are brought up to date, of one state of the store."""

    def __init__(self, connection: Connection, part: Sequence[Waiting]) -> None:
        self._connection, self._several = connection, len(_written(connection)) > 1
        self._part = part
        stored = stored_sums(connection, [one.key for one in part])
        self.all = {one.key: Month(one.key, stored.get(one.key)) for one in part}

    def count(self) -> None:
        """The days that are asked for."""
        some = {one.key: one.days for one in self._part if one.days}
        whole = {one.key for one in self._part if one.days is None}
        for keys in _parts(some):
            counted = self._counted(keys, days_of_jobs(keys[0][0], {key[1:]: some[key] for key in keys}))
            for key in keys:
                if key[1:] in counted.loose:
                    whole.add(key)
                else:
                    self.all[key].count(counted.days.get(key[1:], {}), some[key])
        for keys in _parts(whole, _MANY if len(whole) >= _MANY else FEW):
            counted = self._counted(keys, month_of_jobs(keys[0][0], [key[1:] for key in keys]))
            for key in keys:
                self.all[key].count(counted.days.get(key[1:], {}))

    def judge(self, days: int) -> None:
        """What findings say of the days in the window of the last look."""
        as_of = _last_look(self._connection)
        if as_of is None:
            return
        begin = window_begin(as_of, days)
        within = [key for key in self.all if bounds(key[0])[1] > begin]
        for keys in _parts(within, FEW):
            said: dict[Stream, Said] = said_of(self._connection, [key[1:] for key in keys])
            for key in keys:
                self.all[key].judge(said.get(key[1:], Said()), begin)

    def _counted(self, part: Sequence[Key], wanted: Select[Any]) -> Counted:
        return count(self._connection, part[0][0], wanted, self._several)


def _parts(keys: Iterable[Key], most: int = FEW) -> Iterator[Sequence[Key]]:
    """So many at a time, each part of one month."""
    for _, group in groupby(sorted(keys), key=lambda key: key[0]):
        mine = list(group)
        yield from (mine[start : start + most] for start in range(0, len(mine), most))
