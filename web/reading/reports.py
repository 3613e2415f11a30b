"""Reports: the sums by month, gathered by ask, team, rule, job or tenant. Their price is that of the months asked for,
not that of the runs in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Engine, and_, case, func, or_, select

from correlator.months import between
from correlator.store.database import reading
from correlator.store.schema import monthly_sums as sums
from correlator.store.schema import sum_positions
from correlator.store.sums import COUNTED_AT
from correlator.store.times import moment

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
        """Asks, teams and rules are known of failures laid to a cause alone."""
        return self.by in ("ask", "team", "rule")


@dataclass(frozen=True, slots=True)
class Sums:
    """Of some jobs in some months. `tenants`: those of them that failures hit. Where a report is gathered by ask, team
    or rule, the others are of the same jobs, in months in which failures were laid to the cause."""

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
    """`groups` of them there are in all; `rows`: the greatest, or all. `counted_at`: None where nothing is counted."""

    wanted: Wanted
    rows: tuple[Group, ...]
    groups: int
    total: Sums
    by_month: dict[str, Sums]
    counted_at: datetime | None

    @property
    def hidden(self) -> int:
        return self.groups - len(self.rows)


def read_report(engine: Engine, wanted: Wanted, most: int | None = ROWS_SHOWN) -> Report:
    """Raises StoreError. `most`: so many rows; None for all."""
    with reading(engine) as connection:
        grouped = _grouped(connection, wanted, _columns(wanted))
        ordered = sorted(grouped.items(), key=lambda one: (-getattr(one[1], wanted.measure), one[0]))
        shown = ordered if most is None else ordered[:most]
        months = _by_month(connection, wanted, [key for key, _ in shown], whole=len(shown) == len(ordered))
        total = _grouped(connection, wanted, ()).get((), Sums())
        every = {key[0]: one for key, one in _grouped(connection, wanted, (sums.c.month,)).items()}
        at = connection.execute(select(sum_positions.c.position).where(sum_positions.c.name == COUNTED_AT)).scalar()
    rows = tuple(Group(key, one, months.get(key, {})) for key, one in shown)
    return Report(wanted, rows, len(ordered), total, every, moment(at))


def _columns(wanted: Wanted) -> tuple[Column[str], ...]:
    return tuple(sums.c[name] for name in BY[wanted.by])


def _by_month(
    connection: Connection, wanted: Wanted, keys: Sequence[tuple[str, ...]], *, whole: bool
) -> dict[tuple[str, ...], dict[str, Sums]]:
    """The months of these rows. `whole`: these are all there are, so that nothing need be left out."""
    if not keys:
        return {}
    columns = _columns(wanted)
    mine = or_(*(_is(columns, key) for key in keys))
    found: dict[tuple[str, ...], dict[str, Sums]] = {}
    for key, one in _grouped(connection, wanted, (*columns, sums.c.month), *([] if whole else [mine])).items():
        found.setdefault(key[:-1], {})[key[-1]] = one
    return found


def _is(columns: Sequence[Column[str]], key: Sequence[str]) -> ColumnElement[bool]:
    return and_(*(column == value for column, value in zip(columns, key, strict=True)))


def _grouped(
    connection: Connection, wanted: Wanted, columns: Sequence[Column[str]], *more: ColumnElement[bool]
) -> dict[tuple[str, ...], Sums]:
    hit = sums.c.laid if wanted.laid_only else sums.c.failed_first
    totals = [func.sum(sums.c[name]) for name in _COUNTED]
    burnt, tenants = func.sum(sums.c.burnt_us), func.count(case((hit > 0, sums.c.tenant)).distinct())
    statement = select(*columns, *totals, burnt, tenants).where(*conditions(wanted), *more)
    found = {}
    for row in connection.execute(statement.group_by(*columns)):
        key, numbers = tuple(row[: len(columns)]), row[len(columns) :]
        if numbers[0] is not None:
            found[key] = _sums(numbers)
    return found


def _sums(numbers: Sequence[Any]) -> Sums:
    *counts, burnt, tenants = numbers
    named = dict(zip(_COUNTED, map(int, counts), strict=True))
    return Sums(**named, minutes=round(int(burnt) / _US_A_MINUTE, 1), tenants=int(tenants))


def conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    """The rows that a report is made of."""
    asked = [sums.c[name] == value for name, value in wanted.where]
    inside = [sums.c.month >= wanted.first, sums.c.month <= wanted.last]
    return [*inside, *asked, *([sums.c.laid > 0] if wanted.laid_only else [])]


def counted_months(engine: Engine) -> tuple[str, str] | None:
    """The first and the last month of which anything is counted."""
    with reading(engine) as connection:
        first = connection.execute(select(sums.c.month).order_by(sums.c.month).limit(1)).scalar()
        last = connection.execute(select(sums.c.month).order_by(sums.c.month.desc()).limit(1)).scalar()
    return None if first is None or last is None else (first, last)
