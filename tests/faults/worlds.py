"""A platform small enough to be pulled hundreds of times, and what a store must hold after pulls under some weather."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from sqlalchemy import Engine, select

from connectors.datadog import client as datadog_client
from connectors.datadog import search
from connectors.datadog import source as datadog
from connectors.pagerduty import client as pagerduty_client
from connectors.pagerduty import lists
from connectors.pagerduty import source as pagerduty
from connectors.retries import Patience
from connectors.standin import Standin, serve_history
from connectors.standin.faults import Weather
from correlator.model import Attempt, Change, Incident, MetricPoint, Status
from correlator.ports import Interest, Source
from correlator.settings import load_settings
from correlator.simulation.history import History
from correlator.store.database import open_store, reading
from correlator.store.kinds import KINDS
from correlator.store.schema import fact_revisions, metadata

START: Final = datetime(2026, 3, 1, tzinfo=UTC)
END: Final = START + timedelta(days=2)
MINUTE: Final = timedelta(minutes=1)
TICK: Final = timedelta(minutes=5)
FACTS: Final = tuple(KINDS)
TIMES_OF_STORING: Final = {"known_at", "revised_at", "written", "fetched_at", "first_at", "last_at"}
LATE: Final = END - timedelta(minutes=50)
"""Items from here on may be late: within the shortest overlap."""
HANG_SECONDS: Final = 0.25
TIMEOUT_SECONDS: Final = 0.15


def _attempt(number: int) -> Attempt:
    started_at = START + 15 * number * MINUTE
    failed = number % 7 == 0
    return Attempt(
        run_id=f"run-{number}",
        job="export_ads",
        started_at=started_at,
        status=Status.FAILED if failed else Status.SUCCESS,
        tenant="tenant-07",
        attempt=1,
        finished_at=started_at + 3 * MINUTE,
        error="no rows" if failed else None,
        service="exports",
    )


def _incident(number: int) -> Incident:
    opened_at = END - (10 * number + 10 if number < 5 else 105 * number) * MINUTE
    return Incident(
        f"PINC{number:03d}", opened_at, opened_at + 8 * MINUTE, "Late", "exports", "high", "export_ads", "tenant-07"
    )


HISTORY: Final = History(
    attempts=tuple(_attempt(number) for number in range(192)),
    metrics=tuple(
        MetricPoint("memory_gib", START + 5 * n * MINUTE, float(n), "ingest", "tenant-07") for n in range(570)
    ),
    changes=tuple(Change(f"change-{n}", START + 60 * n * MINUTE, f"Deploy {n}", "export_ads") for n in range(48)),
    incidents=tuple(_incident(number) for number in range(26)),
)
INTERESTS: Final = (Interest("tenant-07", "ingest", START, END),)


@dataclass
class Timepiece:
    """A clock that only sleeping moves; what was slept is kept."""

    seconds: float = END.timestamp()
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds

    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)


@contextmanager
def served(history: History = HISTORY, **options: Any) -> Iterator[Standin]:
    with serve_history(history, datadog_limit=(10**9, 3600), pagerduty_limit=(10**9, 60), **options) as standin:
        yield standin


@contextmanager
def small_pages() -> Iterator[None]:
    """Lists in several pages, and time-outs short enough to be waited for."""
    places: list[tuple[Any, str, Any]] = [
        (search, "PAGE_SIZE", 30),
        (lists, "PAGE_SIZE", 7),
        (datadog_client, "READ_SECONDS", TIMEOUT_SECONDS),
        (pagerduty_client, "TIMEOUT_SECONDS", TIMEOUT_SECONDS),
    ]
    before = [getattr(module, name) for module, name, _ in places]
    for module, name, value in places:
        setattr(module, name, value)
    try:
        yield
    finally:
        for (module, name, _), value in zip(places, before, strict=True):
            setattr(module, name, value)


KEYS: Final = {
    "DD_API_KEY": "key-of-datadog",
    "DD_APP_KEY": "key-of-application",
    "PAGERDUTY_API_KEY": "key-of-pagerduty",
}


def build_source(
    standin: Standin, vendor: str, clock: Timepiece, weather: Weather | None = None, keys: Mapping[str, str] = KEYS
) -> Source:
    """The real source and client, with a clock of ours; waiting takes no time."""
    values = {
        **keys,
        "CORRELATOR_DATADOG_HOST": standin.datadog_url,
        "CORRELATOR_DATADOG_METRICS": "memory_gib",
        "CORRELATOR_DATADOG_FIRST_PULL_DAYS": "3",
        "CORRELATOR_PAGERDUTY_FIRST_PULL_DAYS": "3",
        "CORRELATOR_PAGERDUTY_SERVICES_SECONDS": "60",
        "CORRELATOR_PAGERDUTY_URL": standin.pagerduty_url,
    }
    patience = Patience(sleep=clock.sleep, now=clock.now)
    if weather is not None:
        patience.jitter = weather.jitter
    module: Any = {"datadog": datadog, "pagerduty": pagerduty}[vendor]
    source: Source = module.build(load_settings(environment=values), patience)
    return source


@cache
def _empty_store() -> bytes:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "store.db"
        open_store(f"sqlite:///{file}").dispose()
        return file.read_bytes()


@contextmanager
def fresh_store() -> Iterator[Engine]:
    """An empty store, without the second that migrating one takes."""
    with TemporaryDirectory() as name:
        file = Path(name) / "store.db"
        file.write_bytes(_empty_store())
        engine = open_store(f"sqlite:///{file}")
        try:
            yield engine
        finally:
            engine.dispose()


def rows(engine: Engine) -> dict[str, dict[tuple[Any, ...], dict[str, Any]]]:
    """Every fact by kind and key, without the times at which it was stored."""
    return {name: table_rows(engine, name) for name in FACTS}


def table_rows(engine: Engine, name: str) -> dict[tuple[Any, ...], dict[str, Any]]:
    table = metadata.tables[name]
    keys = [column.name for column in table.primary_key.columns]
    with reading(engine) as connection:
        found = [dict(row) for row in connection.execute(select(table)).mappings()]
    return {
        tuple(row[key] for key in keys): {key: value for key, value in row.items() if key not in TIMES_OF_STORING}
        for row in found
    }


def ids(engine: Engine, name: str) -> set[str]:
    """The ids of all facts of a kind that has one."""
    own = list(metadata.tables[name].primary_key.columns)[1]
    with reading(engine) as connection:
        return set(connection.execute(select(own)).scalars())


def revised(engine: Engine) -> int:
    """How many facts were written over, though none changed. (What a service depends on may be refused for a while.)"""
    with reading(engine) as connection:
        return len(connection.execute(select(fact_revisions).where(fact_revisions.c.kind != "services")).all())
