"""Every sink with a service on loopback behind it, seen alike: what stands there, and how its writes go."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from importlib import import_module
from pathlib import Path

from sqlalchemy import Engine

from connectors.retries import Patience
from connectors.standin import serve_history
from connectors.standin.datadog_incidents import datadog_id
from connectors.standin.limits import FaultScript
from correlator.attaching import AttachReport, attach_open
from correlator.model import Analysis, Cause, Finding, Incident, Verdict
from correlator.ports import Page, Sink
from correlator.settings import Settings, load_settings
from correlator.simulation.history import History
from correlator.store.database import open_store
from correlator.store.facts import store_page
from correlator.store.findings import finding_id, save_analysis
from tests.attaching import channel, desk, receiver
from tests.attaching.loopback import served
from tests.test_incident_matching import FAILED_AT, INCIDENT, finding

NOW = FAILED_AT + timedelta(hours=1)
TICK = timedelta(minutes=5)
SYSTEMIC = replace(finding(), window_end=NOW, summary="")
GONE = replace(SYSTEMIC, verdict=Verdict.TRANSIENT, cause=Cause.NONE, root_job=None)
OTHER_ROOT = replace(SYSTEMIC, root_job="load_rates", path=("load_rates", "export_ads"))
ID = finding_id("tenant-07", "export_ads")
ELSEWHERE = Incident("PINC002", FAILED_AT, None, "Mail is late", "Mail", "high", "export_mail", "tenant-02")


@dataclass
class Stage:
    """One sink. `standing` gives the texts that people see now, oldest first; `path` and `method` are its writes'."""

    kind: str
    engine: Engine
    settings: Settings
    faults: FaultScript
    standing: Callable[[], list[str]]
    asked: Callable[[], int]
    path: str
    method: str = "POST"
    in_place: bool = False

    def sink(self) -> Sink:
        """The sink as configured; it waits for nothing."""
        patience = Patience(sleep=lambda _: None, jitter=lambda: 0.0)
        sink: Sink = import_module(f"connectors.{self.kind}.sink").build(self.settings, patience)
        return sink

    def found(self, *findings: Finding, at: object = None) -> None:
        when = NOW if at is None else at
        save_analysis(self.engine, Analysis(when, findings), when)  # type: ignore[arg-type]

    def round(self, ticks: int = 0) -> AttachReport:
        return attach_open(self.engine, self.settings, self.sink(), NOW + ticks * TICK)


@contextmanager
def stage(kind: str, folder: Path) -> Iterator[Stage]:
    """The stage of one kind of sink, with an empty store but for two open incidents."""
    (folder / "correlator.db").write_bytes(_empty_store())  # made once: to make the tables anew takes half a second
    with ExitStack() as stack:
        built = _STAGES[kind](stack, f"sqlite:///{folder / 'correlator.db'}")
        store_page(built.engine, "pagerduty", Page("incidents", (INCIDENT, ELSEWHERE), {}), NOW)
        yield built
        built.engine.dispose()


@cache
def _empty_store() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        open_store(f"sqlite:///{folder}/empty.db").dispose()
        return Path(folder, "empty.db").read_bytes()


def _opened(database: str, values: Mapping[str, str]) -> tuple[Engine, Settings]:
    base = {"CORRELATOR_DATABASE_URL": database, "CORRELATOR_WEB_BASE_URL": "https://correlator.example.com"}
    settings = load_settings(environment=base | dict(values))
    return open_store(settings.database_url()), settings


def _webhook(stack: ExitStack, database: str) -> Stage:
    there = receiver.Receiver()
    service = stack.enter_context(served(there.answer))
    engine, settings = _opened(
        database,
        {
            "CORRELATOR_WEBHOOK_ENABLED": "true",
            "CORRELATOR_WEBHOOK_URL": f"{service.url}/hook",
            "WEBHOOK_SECRET": receiver.SECRET,
        },
    )
    return Stage(
        "webhook",
        engine,
        settings,
        service.faults,
        lambda: [one["data"]["text"] for one in there.taken.values()],
        lambda: len(service.seen),
        "/hook",
    )


def _slack(stack: ExitStack, database: str) -> Stage:
    there = channel.Workspace()
    service = stack.enter_context(served(there.answer))
    engine, settings = _opened(
        database,
        {
            "CORRELATOR_SLACK_ENABLED": "true",
            "CORRELATOR_SLACK_URL": f"{service.url}/api",
            "CORRELATOR_SLACK_CHANNEL": channel.CHANNEL,
            "SLACK_BOT_TOKEN": channel.TOKEN,
        },
    )
    return Stage(
        "slack",
        engine,
        settings,
        service.faults,
        lambda: [one["text"] for one in there.messages],
        lambda: len(service.seen),
        "/chat.",
        in_place=True,
    )


def _zendesk(stack: ExitStack, database: str) -> Stage:
    there = desk.Desk()
    there.open(4711, ID.lower())
    there.open(4712, "other")
    service = stack.enter_context(served(there.answer))
    engine, settings = _opened(
        database,
        {
            "CORRELATOR_ZENDESK_ENABLED": "true",
            "CORRELATOR_ZENDESK_URL": service.url,
            "CORRELATOR_ZENDESK_USER": desk.USER,
            "ZENDESK_API_TOKEN": desk.TOKEN,
        },
    )
    return Stage(
        "zendesk",
        engine,
        settings,
        service.faults,
        lambda: there.notes(4711) + there.notes(4712),
        lambda: len(service.seen),
        "/tickets/",
        "PUT",
    )


def _datadog(stack: ExitStack, database: str, writes: str) -> Stage:
    running = stack.enter_context(serve_history(History(incidents=(INCIDENT, ELSEWHERE))))
    engine, settings = _opened(
        database,
        {
            "CORRELATOR_DATADOG_ENABLED": "true",
            "CORRELATOR_DATADOG_ATTACH": "true",
            "CORRELATOR_DATADOG_WRITES": writes,
            "CORRELATOR_DATADOG_HOST": running.datadog_url,
            "CORRELATOR_ANALYSIS_WINDOW_DAYS": "3650",
            "DD_API_KEY": "key-for-tests",
            "DD_APP_KEY": "app-key-for-tests",
        },
    )
    there = running.datadog
    links, events = writes == "incidents", writes == "events"
    return Stage(
        "datadog",
        engine,
        settings,
        running.faults,
        lambda: [
            *(one["attributes"]["attachment"]["title"] for one in _attached(there.incidents.attachments) if links),
            *(one["attributes"]["message"] for one in there.posted if events),
        ],
        lambda: len(running.requests.seen),
        "/attachments" if links else "/api/v2/events",
        in_place=links,
    )


def _attached(
    by_incident: Mapping[str, list[dict[str, dict[str, dict[str, str]]]]],
) -> list[dict[str, dict[str, dict[str, str]]]]:
    assert not by_incident.get(datadog_id(ELSEWHERE.incident_id))
    return [one for items in by_incident.values() for one in items]


_STAGES: Mapping[str, Callable[[ExitStack, str], Stage]] = {
    "webhook": _webhook,
    "slack": _slack,
    "zendesk": _zendesk,
    "datadog links": lambda stack, database: _datadog(stack, database, "incidents"),
    "datadog events": lambda stack, database: _datadog(stack, database, "events"),
}
KINDS = tuple(_STAGES)
