"""PagerDuty as a source: `services`, `incidents` (with alerts and what lies beside them), `log_entries`,
`change_events`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from connectors.clock import clocked
from connectors.pagerduty.changes import CHANGE_SLICE, ChangeStream
from connectors.pagerduty.client import PagerDutyClient
from connectors.pagerduty.incidents import IncidentStream
from connectors.pagerduty.lists import WindowedList
from connectors.pagerduty.mapping import Ties, log_entry_from
from connectors.pagerduty.services import ServiceStream
from connectors.payloads import UnmappableError, set_aside
from connectors.retries import Patience
from connectors.windows import Progress, Slicing
from correlator.errors import SettingsError, SourceError
from correlator.ports import Fact, Page, PullWindow, SetAside
from correlator.settings import Settings

INCIDENT_SLICE: Final = timedelta(days=150)  # a window of more than six months is refused
LOG_SLICE: Final = timedelta(days=150)


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings `pagerduty.*` that the streams go by."""

    ties: Ties
    first_pull: timedelta
    overlap: timedelta
    services_every: timedelta
    related: bool = True


class PagerDutySource:
    """Implements `ports.Source`. Each stream has a position of its own; see `connectors.windows`."""

    name = "pagerduty"
    streams: tuple[str, ...] = ("services", "incidents", "log_entries", "change_events")

    def __init__(self, client: PagerDutyClient, plan: Plan) -> None:
        self._client = client
        self._plan = plan
        self._learned: dict[str, str] = {}  # names of services, by id, as read in this pull

    def pages(self, stream: str, position: dict[str, Any] | None, window: PullWindow) -> Iterator[Page]:
        """The stream's pages from `position` on. Raises SourceError; what was yielded before stays true."""
        for page in clocked(self._client.clock, self._pages(stream, position, window)):
            yield replace(page, limits=(self._client.limit,) if self._client.limit else ())

    def _pages(self, stream: str, position: dict[str, Any] | None, window: PullWindow) -> Iterator[Page]:
        if stream == "services":
            every = self._plan.services_every
            return ServiceStream(self._client, every, self._learned).pages(dict(position or {}), window)
        progress, ties = Progress.from_position(position), self._plan.ties
        if stream == "incidents":
            incidents = IncidentStream(self._client, ties, progress, window, related=self._plan.related)
            return incidents.pages(self._slicing(INCIDENT_SLICE))
        if stream == "log_entries":
            return self._log_entries(progress, window)
        if stream == "change_events":
            changes = ChangeStream(self._client, ties, progress, self._learned)
            return changes.pages(self._slicing(CHANGE_SLICE), window)
        raise SourceError(f"PagerDuty has no stream `{stream}`", permanent=True)

    def _slicing(self, length: timedelta) -> Slicing:
        return Slicing(length, self._plan.overlap, self._plan.first_pull)

    def _log_entries(self, progress: Progress, window: PullWindow) -> Iterator[Page]:
        listed = WindowedList(self._client.get, "/log_entries", "log_entries", {"include[]": ["channels"]})
        before = self._client.sent
        for page in listed.pages(progress, self._slicing(LOG_SLICE), window):
            facts, aside = _log_facts(page.items)
            position = page.progress.to_position()
            requests = self._client.sent - before
            yield Page("log_entries", facts, position, set_aside=aside, requests=requests, done=page.done)
            before = self._client.sent


def _log_facts(items: list[Any]) -> tuple[tuple[Fact, ...], tuple[SetAside, ...]]:
    facts: list[Fact] = []
    aside: list[SetAside] = []
    for item in items:
        try:
            facts.append(log_entry_from(item))
        except UnmappableError as error:
            aside.append(set_aside(item, str(error)))
    return tuple(facts), tuple(aside)


def build_client(settings: Settings, patience: Patience | None = None) -> PagerDutyClient:
    """The client as configured. Raises SettingsError when the key is missing."""
    return PagerDutyClient(
        url=settings["pagerduty.url"],
        api_key=settings.secret("PAGERDUTY_API_KEY"),
        sender=settings["pagerduty.from"],
        patience=patience,
    )


def build(settings: Settings, patience: Patience | None = None) -> PagerDutySource:
    """The source as configured. Raises SettingsError."""
    return PagerDutySource(build_client(settings, patience), plan_from(settings))


def plan_from(settings: Settings) -> Plan:
    """The plan the settings make. Raises SettingsError for a pattern that is none."""
    ties = Ties(
        settings["pagerduty.details"],
        _patterns(settings, "pagerduty.title_patterns"),
        _patterns(settings, "pagerduty.service_patterns"),
    )
    return Plan(
        ties,
        first_pull=timedelta(days=settings["pagerduty.first_pull_days"]),
        overlap=timedelta(seconds=settings["pagerduty.overlap_seconds"]),
        services_every=timedelta(seconds=settings["pagerduty.services_seconds"]),
        related=settings["pagerduty.related"],
    )


def _patterns(settings: Settings, name: str) -> tuple[re.Pattern[str], ...]:
    patterns = []
    for text in settings[name]:
        where = f"{settings.origin[name]}: `{name}`"
        try:
            pattern = re.compile(str(text))
        except re.error as error:
            raise SettingsError(f"{where}: {text!r} is no regular expression: {error}") from error
        if not {"job", "tenant"} & set(pattern.groupindex):
            raise SettingsError(f"{where}: {text!r} names no group", hint="write (?P<job>…) or (?P<tenant>…) in it")
        patterns.append(pattern)
    return tuple(patterns)
