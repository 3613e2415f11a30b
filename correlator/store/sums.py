"""What every job of every tenant did month by month, and up to where it is counted. Needs no numpy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, Engine, and_, delete, func, or_, select

from correlator.store.database import reading
from correlator.store.facts import put
from correlator.store.kinds import Row
from correlator.store.schema import findings, monthly_sums, sum_positions, write_numbers
from correlator.store.times import micros, moment

Key = tuple[str, str, str]
"""Month, tenant and job."""
KEY: Final = ("month", "tenant", "job")
NUMBERS: Final = ("runs", "failed_first", "needed_retry", "extra_attempts", "burnt_us", "laid")
OF_SOURCE: Final = "source:"
FINDINGS: Final = "findings"
COUNTED_AT: Final = "counted at"
TOOK: Final = "took"
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

    def rows(self) -> list[Row]:
        named = {OF_SOURCE + source: number for source, number in self.written.items()}
        others = {FINDINGS: self.findings_at, COUNTED_AT: self.counted_at or 0, TOOK: self.took}
        return [{"name": name, "position": number} for name, number in (named | others).items()]


def read_positions(connection: Connection) -> Positions:
    """Nothing is counted yet where there are none."""
    found = {row.name: row.position for row in connection.execute(select(sum_positions))}
    written = {name.removeprefix(OF_SOURCE): number for name, number in found.items() if name.startswith(OF_SOURCE)}
    return Positions(written, found.get(FINDINGS, 0), found.get(COUNTED_AT), found.get(TOOK, 0))


def counted_at(engine: Engine) -> datetime | None:
    """When the sums were counted last; None before the first time."""
    with reading(engine) as connection:
        statement = select(sum_positions.c.position).where(sum_positions.c.name == COUNTED_AT)
        return moment(connection.execute(statement).scalar())


def due(engine: Engine, now: datetime) -> bool:
    """Whether to count now: something was written since, and counting takes no more than its share of the time."""
    with reading(engine) as connection:
        before = read_positions(connection)
        written = {row.source: row.last for row in connection.execute(select(write_numbers))}
        judged = connection.execute(select(func.max(findings.c.updated_at))).scalar() or 0
    if before.written == written and before.findings_at >= judged:
        return False
    waited = None if before.counted_at is None else now - moment(before.counted_at)
    return waited is None or waited < timedelta(0) or waited >= _SHARE * timedelta(microseconds=before.took)


def stored_sums(connection: Connection, keys: Sequence[Key]) -> dict[Key, Row]:
    """The rows of these months, tenants and jobs, as they stand."""
    found: dict[Key, Row] = {}
    for start in range(0, len(keys), _KEYS_AT_ONCE):
        wanted = or_(*(_is(key) for key in keys[start : start + _KEYS_AT_ONCE]))
        rows = connection.execute(select(monthly_sums).where(wanted)).mappings()
        found |= {(row["month"], row["tenant"], row["job"]): dict(row) for row in rows}
    return found


def _is(key: Key) -> ColumnElement[bool]:
    return and_(*(monthly_sums.c[name] == value for name, value in zip(KEY, key, strict=True)))


def put_sums(connection: Connection, rows: Sequence[Row], gone: Iterable[Key], positions: Positions) -> None:
    """Put rows in the place of those with the same key, take out those that are gone, and note up to where."""
    put(connection, monthly_sums, rows, keys=KEY)
    for key in gone:
        connection.execute(delete(monthly_sums).where(_is(key)))
    put(connection, sum_positions, positions.rows(), keys=("name",))


def window_begin(as_of: int, days: int) -> int:
    """The first whole day of the window that ends at `as_of` (µs)."""
    day = micros(moment(0) + timedelta(days=1))
    return -(-(as_of - days * day) // day) * day
