"""A small platform that can be broken, mended and paused: an ingest every hour, and an export that stands on it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from correlator.correlating.look import Look, correlate_store
from correlator.lifecycle.life import Life, life_of, wanted_finding
from correlator.model import Attempt, Dependency, Status
from correlator.ports import Page
from correlator.settings import Settings, load_settings
from correlator.store.facts import store_page
from correlator.store.findings import StoredFinding, finding_id

START = datetime(2026, 3, 2, tzinfo=UTC)
TENANT, INGEST, EXPORT = "tenant-07", "ingest_events", "export_ads"
FINDING = finding_id(TENANT, EXPORT)
HOUR = timedelta(hours=1)
DAY = 24 * HOUR
BLANK = "blank export: segment table has 0 rows"
SLOW = "timed out after 45 min: worker memory 11.6 of 12 GiB"


def hours(begin: datetime, end: datetime) -> Iterator[datetime]:
    while begin < end:
        yield begin
        begin += HOUR


def sick(seed: int, share: float = 0.08) -> Callable[[datetime], bool]:
    """Whether the ingest of an hour times out: by chance, the same for the same seed."""
    return lambda at: random.Random(f"{seed}-{at}").random() < share


def never(at: datetime) -> bool:
    return False


def run(job: str, due: datetime, start: datetime, *ends: tuple[float, Status, str | None]) -> list[Attempt]:
    """The attempts of one run: (minutes, status, error), ten minutes apart."""
    made, logical = [], f"{job}-{due:%Y%m%dT%H}"
    for number, (minutes, status, error) in enumerate(ends, 1):
        end = start + timedelta(minutes=minutes)
        made.append(
            Attempt(
                f"{logical}-{number}", job, start, status, TENANT, logical, number, due, end, error, host="worker-3"
            )
        )
        start = end + timedelta(minutes=10)
    return made


def ingests(begin: datetime, end: datetime, bad: Callable[[datetime], bool]) -> list[Attempt]:
    made: list[Attempt] = []
    for due in hours(begin, end):
        late = [(45.0, Status.TIMED_OUT, SLOW)] if bad(due) else []
        made += run(INGEST, due, due + timedelta(minutes=2), *late, (6.0, Status.SUCCESS, None))
    return made


def exports(begin: datetime, end: datetime, bad: Callable[[datetime], bool], error: str = BLANK) -> list[Attempt]:
    made: list[Attempt] = []
    for due in hours(begin, end):
        blank = [(3.0, Status.FAILED, error)] * 2 if bad(due) else []
        made += run(
            EXPORT, due + timedelta(minutes=20), due + timedelta(minutes=21), *blank, (4.0, Status.SUCCESS, None)
        )
    return made


def settings_for(folder: Path, url: str = "") -> Settings:
    url = url or f"sqlite:///{folder / 'store.db'}"
    return load_settings(environment={"CORRELATOR_DATABASE_URL": url, "CORRELATOR_ASKS_TARGETS": "data-platform=8h"})


class Platform:
    """The store of the platform, and who looks at it."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.engine, self.settings = engine, settings

    def stored(self) -> StoredFinding:
        return wanted_finding(self.engine, FINDING)

    def life(self) -> Life:
        return life_of(self.engine, self.stored())

    def tell(self, facts: list[Attempt], known_at: datetime) -> None:
        """Rows come in."""
        edge = Dependency(INGEST, EXPORT)
        store_page(self.engine, "platform", Page("all", (*facts, edge), {"at": 1}), known_at)

    def go(
        self,
        begin: datetime,
        end: datetime,
        bad: Callable[[datetime], bool],
        hit: Callable[[datetime], bool] | None = None,
    ) -> None:
        """The hours from `begin` to `end`, told at their end; `hit`: exports that fail, where not all do."""
        self.tell([*ingests(begin, end, bad), *exports(begin, end, hit or bad)], end)

    def look(self, now: datetime) -> Look:
        found = correlate_store(self.engine, self.settings, now)
        assert found is not None
        return found
