"""Reports: the sums by month, gathered by ask, team, rule, job or tenant. Their price is that of the months asked for,
not that of the runs in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Engine, case, func, select

from correlator.store.database import reading
from correlator.store.schema import monthly_sums as sums
from correlator.store.schema import sum_positions
from correlator.store.sums import COUNTED_AT, newest_waiting
from correlator.text.months import between
from correlator.text.times import moment

BY: Final[dict[str, tuple[str, ...]]] = {
    "ask": ("team", "rule_id", "root_job"),
    "team": ("team",),
    "rule": ("rule_id",),
    "job": ("job",),
    "tenant": ("tenant",),
}
"""What a report can be gathered by, and the columns that name a row."""
FILTERS: Final = ("team", "rule_id", "root_job", "job", "tenant")
MEASURES: Final = ("laid", "minutes", "needed_retry", "failed_first", "tenants")
"""What months are compared and rows are sorted by, the greatest first."""
ROWS_SHOWN: Final = 50
MONTHS_AT_MOST: Final = 24
_COUNTED: Final = ("runs", "failed_first", "laid", "needed_retry", "extra_attempts")
_US_A_MINUTE: Final = 60_000_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """A report as it is asked for. `first` and `last`: months, both included. `where`: column and value; ""
    is a value too."""

    by: str
    first: str
    last: str
    measure: str = "laid"
    where: tuple[tuple[str, str], ...] = ()

    @property
    def months(self) -> tuple[str, ...]:
        return tuple(between(self.first, self.last))

    @property
    def laid_only(self) -> bool:
        """Asks, teams and rules are known of failures attributed to a cause alone."""
        return self.by in ("ask", "team", "rule")


@dataclass(frozen=True, slots=True)
class Sums:
    """Of some jobs in some months. `tenants`: those of them that failures hit. Where a report is gathered by ask, team
    or rule, the others are of the same jobs, in months in which failures were attributed to the cause."""

    runs: int = 0
    failed_first: int = 0
    laid: int = 0
    needed_retry: int = 0
    extra_attempts: int = 0
    minutes: float = 0.0
    tenants: int = 0

    def to_dict(self) -> dict[str, Any]:
        return {one.name: getattr(self, one.name) for one in fields(self)}


@dataclass(frozen=True, slots=True)
class Group:
    """One row: what names it, the sums of all months, and those of each month that has any."""

    key: tuple[str, ...]
    total: Sums
    by_month: dict[str, Sums]


@dataclass(frozen=True, slots=True)
class Report:
    """`groups` of them there are in all; `rows`: the greatest, or all. `counted_at`: None where no count was through.
    `waiting`: the newest of the months asked for that is not counted to its end, as those before it may not be.
    `stored`: the first and the last month of which any run is counted; of others nothing is known, not even 0."""

    wanted: Wanted
    rows: tuple[Group, ...]
    groups: int
    total: Sums
    by_month: dict[str, Sums]
    counted_at: datetime | None
    waiting: str | None
    stored: tuple[str, str] | None

    def knows(self, month: str) -> bool:
        return self.stored is not None and self.stored[0] <= month <= self.stored[1]

    @property
    def hidden(self) -> int:
        return self.groups - len(self.rows)


Key = tuple[str, ...]
Cells = dict[Key, dict[str, list[int]]]
"""By row and month: the sums of _COUNTED, µs burnt, and tenants hit."""


def read_report(engine: Engine, wanted: Wanted, most: int | None = ROWS_SHOWN) -> Report:
    """Raises StoreError. `most`: so many rows; None for all."""
    columns = tuple(sums.c[name] for name in BY[wanted.by])
    with reading(engine) as connection:
        cells = _cells(connection, wanted, columns)
        hit, hit_in, hit_ever = (_tenants(connection, wanted, over) for over in (columns, (sums.c.month,), ()))
        at = connection.execute(select(sum_positions.c.position).where(sum_positions.c.name == COUNTED_AT)).scalar()
        waiting = newest_waiting(connection, wanted.first, wanted.last)
        stored = _stored(connection)
    totals = {key: _added(months.values(), hit.get(key, 0)) for key, months in cells.items()}
    ordered = sorted(totals, key=lambda key: (-getattr(totals[key], wanted.measure), key))
    rows = (Group(key, totals[key], {month: _sums(one) for month, one in cells[key].items()}) for key in ordered[:most])
    by_month: dict[str, list[list[int]]] = {}
    for months in cells.values():
        for month, one in months.items():
            by_month.setdefault(month, []).append(one)
    every = {month: _added(found, hit_in.get((month,), 0)) for month, found in by_month.items()}
    whole = _added((one for found in by_month.values() for one in found), hit_ever.get((), 0))
    return Report(wanted, tuple(rows), len(ordered), whole, every, moment(at), waiting, stored)


def _cells(connection: Connection, wanted: Wanted, columns: Sequence[Column[str]]) -> Cells:
    """One walk through the months that are asked for."""
    totals = [*(func.sum(sums.c[name]) for name in _COUNTED), func.sum(sums.c.burnt_us)]
    statement = select(*columns, sums.c.month, *totals, func.count(_hit(wanted).distinct()))
    found: Cells = {}
    for row in connection.execute(statement.where(*conditions(wanted)).group_by(*columns, sums.c.month)):
        key, month, numbers = tuple(row[: len(columns)]), row[len(columns)], row[len(columns) + 1 :]
        found.setdefault(key, {})[month] = [int(number) for number in numbers]
    return found


def _tenants(connection: Connection, wanted: Wanted, over: Sequence[Column[str]]) -> dict[Key, int]:
    """How many tenants failures hit; one that is hit in two months is one."""
    statement = select(*over, func.count(_hit(wanted).distinct())).where(*conditions(wanted))
    return {tuple(row[:-1]): int(row[-1]) for row in connection.execute(statement.group_by(*over))}


def _hit(wanted: Wanted) -> ColumnElement[str]:
    """The tenant, where failures of the kind that is reported hit it."""
    return case(((sums.c.laid if wanted.laid_only else sums.c.failed_first) > 0, sums.c.tenant))


def _added(cells: Iterable[Sequence[int]], tenants: int) -> Sums:
    """All of these together."""
    return _sums([*(sum(column) for column in zip(*(cell[:-1] for cell in cells), strict=True)), tenants])


def _sums(numbers: Sequence[int]) -> Sums:
    """Of nothing they are all 0."""
    if len(numbers) == 1:
        return Sums()
    *counts, burnt, tenants = numbers
    return Sums(**dict(zip(_COUNTED, counts, strict=True)), minutes=round(burnt / _US_A_MINUTE, 1), tenants=tenants)


def conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    """The rows that a report is made of."""
    asked = [sums.c[name] == value for name, value in wanted.where]
    inside = [sums.c.month >= wanted.first, sums.c.month <= wanted.last]
    return [*inside, *asked, *([sums.c.laid > 0] if wanted.laid_only else [])]


def counted_months(engine: Engine) -> tuple[str, str] | None:
    """The first and the last month of which anything is counted."""
    with reading(engine) as connection:
        return _stored(connection)


def _stored(connection: Connection) -> tuple[str, str] | None:
    first = connection.execute(select(sums.c.month).order_by(sums.c.month).limit(1)).scalar()
    last = connection.execute(select(sums.c.month).order_by(sums.c.month.desc()).limit(1)).scalar()
    return None if first is None or last is None else (first, last)
