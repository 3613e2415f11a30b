"""What every job of every tenant did month by month, up to where it is counted, and what waits for it. No numpy."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    RowMapping,
    Table,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from correlator.store.database import reading
from correlator.store.facts import put
from correlator.store.kinds import Row
from correlator.store.schema import findings, monthly_sums, sum_positions, sums_waiting, write_numbers
from correlator.text.times import micros, moment

Key = tuple[str, str, str]
"""Month, tenant and job."""
KEY: Final = ("month", "tenant", "job")
NUMBERS: Final = ("runs", "failed_first", "needed_retry", "extra_attempts", "burnt_us", "laid")
OF_SOURCE: Final = "source:"
FINDINGS: Final = "findings"
COUNTED_AT: Final = "counted at"
TOOK: Final = "took"
_ASKS: Final = "asks"
"""How often something was asked to be counted."""
_SHARE: Final = 60
"""Counting may take one part in so many of the time."""
_KEYS_AT_ONCE: Final = 200


@dataclass(frozen=True)
class Positions:
    """Up to where it is counted. `written`: by source the last write; `findings_at`: the newest finding seen (µs);
    `counted_at`: when that was; `took`: how long it took (both µs)."""

    written: Mapping[str, int]
    findings_at: int = 0
    counted_at: int | None = None
    took: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """A month of a job that waits to be brought up to date. `days`: those to be counted anew; None: all.

    `asked` differs each time it was asked for: who counted it sees whether that was before somebody asked again.
    """

    key: Key
    days: frozenset[int] | None
    asked: int


def read_positions(connection: Connection) -> Positions:
    """Nothing is counted yet where there are none."""
    found = {row.name: row.position for row in connection.execute(select(sum_positions))}
    written = {name.removeprefix(OF_SOURCE): number for name, number in found.items() if name.startswith(OF_SOURCE)}
    return Positions(written, found.get(FINDINGS, 0), found.get(COUNTED_AT), found.get(TOOK, 0))


def counted_at(engine: Engine) -> datetime | None:
    """When a count of the sums was through last; None before the first time."""
    with reading(engine) as connection:
        statement = select(sum_positions.c.position).where(sum_positions.c.name == COUNTED_AT)
        return moment(connection.execute(statement).scalar())


def due(engine: Engine, now: datetime) -> bool:
    """Whether to count now: a count is not through, or something was written since and counting takes no more than its
    share of the time."""
    with reading(engine) as connection:
        before = read_positions(connection)
        written = {row.source: row.last for row in connection.execute(select(write_numbers))}
        judged = connection.execute(select(func.max(findings.c.updated_at))).scalar() or 0
        waiting = newest_waiting(connection)
    if waiting is not None:
        return True
    if before.written == written and before.findings_at >= judged:
        return False
    waited = None if before.counted_at is None else now - moment(before.counted_at)
    return waited is None or waited < timedelta(0) or waited >= _SHARE * timedelta(microseconds=before.took)


def stored_sums(connection: Connection, keys: Sequence[Key]) -> dict[Key, Row]:
    """The rows of these months, tenants and jobs, as they stand."""
    found: dict[Key, Row] = {}
    for start in range(0, len(keys), _KEYS_AT_ONCE):
        wanted = or_(*(_is(monthly_sums, key) for key in keys[start : start + _KEYS_AT_ONCE]))
        rows = connection.execute(select(monthly_sums).where(wanted)).mappings()
        found |= {(row["month"], row["tenant"], row["job"]): dict(row) for row in rows}
    return found


def _is(table: Table, key: Key) -> ColumnElement[bool]:
    return and_(*(table.c[name] == value for name, value in zip(KEY, key, strict=True)))


def newest_waiting(connection: Connection, first: str = "", last: str = "9999") -> str | None:
    """The newest of these months with sums that wait to be counted; None where none do. Newer months come first."""
    within = sums_waiting.c.month.between(first, last)
    return connection.execute(select(func.max(sums_waiting.c.month)).where(within)).scalar()


def next_waiting(connection: Connection, most: int) -> list[Waiting]:
    """The first `most` of what waits, of one month."""
    month = newest_waiting(connection)
    mine = select(sums_waiting).where(sums_waiting.c.month == month)
    return [_waiting(row) for row in connection.execute(mine.order_by("tenant", "job").limit(most)).mappings()]


def _waiting(row: RowMapping) -> Waiting:
    days = frozenset(json.loads(row["days"])) if row["days"] else None
    return Waiting((row["month"], row["tenant"], row["job"]), days, row["asked"])


def ask_for(connection: Connection, wanted: Mapping[Key, Collection[int] | None], positions: Mapping[str, int]) -> None:
    """Have these days (None: all) counted anew, beside what waits already, and note up to where that was asked for."""
    asked = _number_of_ask(connection)
    waiting = _still(connection, list(wanted))
    rows = []
    for key, days in wanted.items():
        known = waiting[key].days if key in waiting else frozenset()
        every = "" if days is None or known is None else json.dumps(sorted({*days, *known}))
        rows.append({**dict(zip(KEY, key, strict=True)), "days": every, "asked": asked})
    put(connection, sums_waiting, rows, keys=KEY)
    note_positions(connection, positions)


def _number_of_ask(connection: Connection) -> int:
    """One more than the last. Who asks at the same time waits here until this is through."""
    mine = sum_positions.c.name == _ASKS
    if not connection.execute(update(sum_positions).where(mine).values(position=sum_positions.c.position + 1)).rowcount:
        connection.execute(insert(sum_positions).values(name=_ASKS, position=1))
    return int(connection.execute(select(sum_positions.c.position).where(mine)).scalar_one())


def _still(connection: Connection, keys: Sequence[Key]) -> dict[Key, Waiting]:
    """Those of these months that wait, held until the transaction ends."""
    found: dict[Key, Waiting] = {}
    for start in range(0, len(keys), _KEYS_AT_ONCE):
        wanted = or_(*(_is(sums_waiting, key) for key in keys[start : start + _KEYS_AT_ONCE]))
        rows = connection.execute(select(sums_waiting).where(wanted).order_by(*KEY).with_for_update()).mappings()
        found |= {one.key: one for one in map(_waiting, rows)}
    return found


def put_counted(connection: Connection, counted: Mapping[Key, Row | None], asked: Sequence[Waiting]) -> int:
    """Put rows (None: no sums) in the place of those with the same key, and cross off what was asked for. What
    somebody else has counted meanwhile, or asked for again, stays as it is. How many were taken."""
    still = _still(connection, [one.key for one in asked])
    done = [one.key for one in asked if still.get(one.key) == one]
    rows = {key: counted[key] for key in done if key in counted}
    put(connection, monthly_sums, [row for row in rows.values() if row is not None], keys=KEY)
    _delete(connection, monthly_sums, [key for key, row in rows.items() if row is None])
    _delete(connection, sums_waiting, done)
    return len(done)


def _delete(connection: Connection, table: Table, keys: Sequence[Key]) -> None:
    if keys:
        mine = and_(*(table.c[name] == bindparam(f"b_{name}") for name in KEY))
        named = [dict(zip((f"b_{name}" for name in KEY), key, strict=True)) for key in keys]
        connection.execute(delete(table).where(mine), named)


def note_positions(connection: Connection, positions: Mapping[str, int]) -> None:
    """By their names in the table."""
    rows = [{"name": name, "position": number} for name, number in positions.items()]
    put(connection, sum_positions, rows, keys=("name",))


def window_begin(as_of: int, days: int) -> int:
    """The first whole day of the window that ends at `as_of` (µs)."""
    day = micros(moment(0) + timedelta(days=1))
    return -(-(as_of - days * day) // day) * day
