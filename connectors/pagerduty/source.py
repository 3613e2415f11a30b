"""PagerDuty as a source: `services`, `incidents` (with their alerts), `log_entries`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from connectors.pagerduty.client import NotFoundError, PagerDutyClient
from connectors.pagerduty.incidents import IncidentStream
from connectors.pagerduty.lists import WindowedList, items_of
from connectors.pagerduty.mapping import Ties, log_entry_from, service_from
from connectors.payloads import UnmappableError, dig, set_aside, text_of
from connectors.retries import Patience, TryLaterError
from connectors.windows import Progress, Slicing
from correlator.errors import SettingsError, SourceError
from correlator.model import iso
from correlator.ports import Fact, Page, PullWindow, SetAside
from correlator.settings import Settings

INCIDENT_SLICE: Final = timedelta(days=30)  # a window of more than six months is refused
LOG_SLICE: Final = timedelta(days=1)
_SERVICES_PAGE: Final = 25  # small, as each service takes a request of its own


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings `pagerduty.*` that the streams go by."""

    ties: Ties
    first_pull: timedelta
    overlap: timedelta
    services_every: timedelta


class PagerDutySource:
    """Implements `ports.Source`. Each stream has a position of its own; see `connectors.windows`."""

    name = "pagerduty"
    streams: tuple[str, ...] = ("services", "incidents", "log_entries")

    def __init__(self, client: PagerDutyClient, plan: Plan) -> None:
        self._client = client
        self._plan = plan

    def pages(self, stream: str, position: dict[str, Any] | None, window: PullWindow) -> Iterator[Page]:
        """The stream's pages from `position` on. Raises SourceError; what was yielded before stays true."""
        if stream == "services":
            return self._services(dict(position or {}), window)
        progress = Progress.from_position(position)
        if stream == "incidents":
            return IncidentStream(self._client, self._plan.ties, progress).pages(self._slicing(INCIDENT_SLICE), window)
        if stream == "log_entries":
            return self._log_entries(progress, window)
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

    def _services(self, position: dict[str, Any], window: PullWindow) -> Iterator[Page]:
        """All services, when it is time again; `offset` in the position is how far an unfinished reading came."""
        offset, read_at = position.get("offset", 0), position.get("watermark")
        if not offset and read_at and window.until - datetime.fromisoformat(read_at) < self._plan.services_every:
            yield Page("services", (), position, requests=0, done=True)
            return
        more = True
        while more:
            before = self._client.sent
            document = self._client.get("/services", {"limit": _SERVICES_PAGE, "offset": offset})
            facts, aside = self._service_facts(items_of(document, "services"))
            more, offset = bool(document.get("more")), offset + _SERVICES_PAGE
            reached = {"watermark": read_at, "offset": offset} if more else {"watermark": iso(window.until)}
            requests = self._client.sent - before
            yield Page("services", facts, reached, set_aside=aside, requests=requests, done=not more)

    def _service_facts(self, payloads: list[Any]) -> tuple[tuple[Fact, ...], tuple[SetAside, ...]]:
        facts: list[Fact] = []
        aside: list[SetAside] = []
        for payload in payloads:
            try:
                facts.append(service_from(payload, self._relationships(payload, aside)))
            except UnmappableError as error:
                aside.append(set_aside(payload, str(error)))
        return tuple(facts), tuple(aside)

    def _relationships(self, payload: Any, aside: list[SetAside]) -> list[Any]:
        """The edges of one service. Fails open: an account without the service graph still has its services."""
        service_id = text_of(dig(payload, "id"))
        if service_id is None:
            return []
        try:
            document = self._client.get(f"/service_dependencies/technical_services/{service_id}")
        except NotFoundError:
            return []
        except TryLaterError:
            raise
        except SourceError as error:
            reason = f"what service {service_id} depends on was refused: {error}"
            aside.append(set_aside({"id": f"dependencies of {service_id}"}, reason))
            return []
        return items_of(document, "relationships")


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
