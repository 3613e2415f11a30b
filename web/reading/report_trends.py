"""How the failures went on after an ask was accepted: the jobs it is about, day by day, before and after."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from sqlalchemy import Engine, select

from correlator.statistics.rate_difference import Day, Difference, rate_difference
from correlator.store.database import reading
from correlator.store.schema import monthly_sums as sums
from correlator.text.months import begin_of
from web.reading.reports import BY, Wanted, conditions

BEFORE: Final = timedelta(days=60)
AFTER: Final = timedelta(days=120)
SAID: Final = {-1: "fewer failures", 0: "no difference that shows", 1: "more failures"}


@dataclass(frozen=True, slots=True)
class Trend:
    """Of the jobs whose asks were accepted, from `first` to `last`: first attempts that failed in the sixty days
    before, and since (at most 120 days), the day itself left out. `difference` is None where a side has no runs
    yet."""

    first: datetime
    last: datetime
    asks: int
    difference: Difference | None

    @property
    def said(self) -> str:
        return "too early to say" if self.difference is None else SAID[self.difference.direction]


def trends(engine: Engine, wanted: Wanted, accepted: Mapping[str, datetime]) -> dict[tuple[str, ...], Trend]:
    """By row of the report. `accepted`: when the ask about a finding was accepted, by the finding's id."""
    if not accepted or not wanted.laid_only:
        return {}
    columns = [sums.c[name] for name in BY[wanted.by]]
    mine = sums.c.finding_id.in_(sorted(accepted))
    with reading(engine) as connection:
        named = connection.execute(
            select(*columns, sums.c.finding_id).where(*conditions(wanted), mine).distinct()
        ).all()
        since = f"{min(accepted.values()) - BEFORE:%Y-%m}"
        days = connection.execute(
            select(sums.c.finding_id, sums.c.month, sums.c.days).where(mine, sums.c.month >= since)
        )
        by_finding: dict[str, list[tuple[str, str]]] = {}
        for finding_id, month, told in days:
            by_finding.setdefault(finding_id, []).append((month, told))
    groups: dict[tuple[str, ...], list[str]] = {}
    for row in named:
        groups.setdefault(tuple(row[:-1]), []).append(row[-1])
    return {key: _trend(ids, accepted, by_finding) for key, ids in groups.items()}


def _trend(
    ids: Sequence[str], accepted: Mapping[str, datetime], days: Mapping[str, Sequence[tuple[str, str]]]
) -> Trend:
    before: dict[int, Day] = {}
    after: dict[int, Day] = {}
    for finding_id in ids:
        at = accepted[finding_id].astimezone(UTC).date()
        for day, counts in _days(days.get(finding_id, ())):
            side = before if at - BEFORE <= day < at else after if at < day <= at + AFTER else None
            if side is not None:
                place = (day - at).days  # asks of one row are laid over one another at their acceptance
                runs, failed = side.get(place, (0, 0))
                side[place] = runs + counts[0], failed + counts[1]
    times = [accepted[one] for one in ids]
    return Trend(min(times), max(times), len(ids), rate_difference(list(before.values()), list(after.values())))


def _days(months: Sequence[tuple[str, str]]) -> Iterator[tuple[date, Sequence[int]]]:
    for month, told in months:
        begin = begin_of(month).date()
        for day, counts in json.loads(told).items():
            yield begin + timedelta(days=int(day) - 1), counts
