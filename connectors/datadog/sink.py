"""Datadog as a sink: a link on each open incident the finding explains, and an event for each verdict.

Both are looked for before they are written. A link cannot be changed: a new one takes the place of the old one.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from connectors.datadog.plan import plan_from
from connectors.datadog.write_mapping import (
    OURS,
    event_attributes,
    incident_from,
    link_title,
    revision_of,
)
from connectors.datadog.writing import DatadogWriter
from connectors.naming import compiled
from connectors.payloads import UnmappableError, dig, millis, text_of
from connectors.retries import LostAnswerError, Patience, patience_to_write
from correlator.errors import SettingsError, SourceError
from correlator.model import Incident
from correlator.ports import Attached, Event, Note, Place, Way
from correlator.settings import Settings

_LOG: Final = logging.getLogger(__name__)
_PAGE: Final = 100
OPEN_INCIDENTS: Final = "state:(active OR stable)"
_EARLIER: Final = timedelta(hours=1)
"""How far before an event was first to be posted it is looked for: clocks differ."""
_WRITES: Final[Mapping[str, tuple[Place, Way]]] = {
    "incidents": (Place.INCIDENT_FOUND, Way(in_place=False)),  # a title with one failure more is no news
    "events": (Place.FINDING, Way(in_place=False)),
}


class DatadogSink:
    """Implements `ports.Sink` and `ports.IncidentFinder`. `pages_url` is how the links to findings begin."""

    name = "datadog"

    def __init__(self, client: DatadogWriter, ways: Mapping[Place, Way], incidents: _Incidents, pages_url: str) -> None:
        self.ways = ways
        self._client = client
        self._incidents = incidents
        self._pages_url = pages_url

    def open_incidents(self) -> Sequence[Incident]:
        """See `ports.IncidentFinder`. An incident that cannot be understood is left out: it can belong to nothing."""
        return self._incidents.open(datetime.now(UTC))

    def attach(self, note: Note) -> Attached:
        """Put the link on an incident, or post the event. Raises SourceError."""
        return self._link(note) if note.place is Place.INCIDENT_FOUND else self._event(note)

    def rendered(self, note: Note) -> str:
        """The title and address of the link, or the event with its tags."""
        if note.place is Place.INCIDENT_FOUND:
            return f"{link_title(note)}\n{note.link}"
        if note.about is None:
            return note.text
        return f"{note.text}\n{' '.join(event_attributes(note, note.about)['tags'])}"

    # --- links -------------------------------------------------------------------------------------------------

    def _link(self, note: Note) -> Attached:
        ours = self._ours(note)
        right = next((item for item in ours if _says(item, note)), None)
        if right is None and note.only_if_there and not ours:
            return Attached("", written=False)
        kept = _id(right) if right is not None else self._added(note)
        for item in ours:
            if _id(item) != kept:
                self._client.remove_link(note.target, _id(item))
        return Attached(kept, written=right is None)

    def _added(self, note: Note) -> str:
        try:
            answer = self._client.add_link(note.target, link_title(note), note.link)
        except LostAnswerError:
            existing = next((item for item in self._ours(note) if _says(item, note)), None)
            if existing is None:
                raise
            return _id(existing)
        return _id(answer.get("data"))

    def _ours(self, note: Note) -> list[Any]:
        """The links to findings on this incident."""
        items = self._client.links(note.target).get("data")
        if not isinstance(items, list):
            raise SourceError("Datadog answered with attachments that are no list")
        return [item for item in items if (_address(item) or "").startswith(self._pages_url)]

    # --- events ------------------------------------------------------------------------------------------------

    def _event(self, note: Note) -> Attached:
        about = note.about
        if about is None:
            return Attached("", written=False)
        existing = self._posted(note, f"finding_revision:{revision_of(note)}")
        if existing is not None:
            return Attached(existing, written=False)
        if note.only_if_there and self._posted(note, f"finding_event:{Event.RAISED.value}") is None:
            return Attached("", written=False)
        answer = self._client.post_event(event_attributes(note, about))
        return Attached(text_of(dig(answer, "data.attributes.attributes.evt.uid")) or "", written=True)

    def _posted(self, note: Note, tag: str) -> str | None:
        """The id of an event of this finding with this tag."""
        now = datetime.now(UTC)
        since = min(note.since or now, now) - _EARLIER
        query = f"{OURS} finding:{note.target.lower()} {tag}"
        asked = {"query": query, "from": str(millis(since)), "to": str(millis(now + _EARLIER))}
        items = self._client.search_events({"filter": asked, "page": {"limit": 1}}).get("data")
        return text_of(dig(items[0], "id")) or "" if isinstance(items, list) and items else None


class _Incidents:
    """The open incidents of the organisation, newest first, back to the beginning of what verdicts rest on."""

    def __init__(self, client: DatadogWriter, settings: Settings) -> None:
        self._client = client
        self._names = plan_from(settings).tags
        self._patterns = compiled(settings["datadog.incident_patterns"], "datadog.incident_patterns")
        self._back = timedelta(days=settings["analysis.window_days"])

    def open(self, now: datetime) -> list[Incident]:
        found: dict[str, Incident] = {}
        offset = 0
        while True:
            document = self._client.search_incidents(OPEN_INCIDENTS, _PAGE, offset)
            items = dig(document, "data.attributes.incidents") or []
            page = [incident for item in items if (incident := self._incident(item)) is not None]
            found |= {one.incident_id: one for one in page if now - one.created_at < self._back}
            offset += _PAGE
            over = any(now - one.created_at >= self._back for one in page)
            if not items or over or offset >= int(dig(document, "data.attributes.total") or 0):
                return list(found.values())

    def _incident(self, item: Any) -> Incident | None:
        try:
            return incident_from(item, self._names, self._patterns)
        except UnmappableError as error:  # without an id or a time there is nothing a link could stand on
            _LOG.warning("an incident of Datadog is left out: %s", error)
            return None


def _says(item: Any, note: Note) -> bool:
    return _address(item) == note.link and dig(item, "attributes.attachment.title") == link_title(note)


def _address(item: Any) -> str | None:
    return text_of(dig(item, "attributes.attachment.documentUrl"))


def _id(item: Any) -> str:
    found = text_of(dig(item, "id"))
    if found is None:
        raise SourceError("Datadog answered with an attachment that has no id")
    return found


def build_writer(settings: Settings, patience: Patience | None = None) -> DatadogWriter:
    """The client as configured. Raises SettingsError for a missing key or an unknown site."""
    return DatadogWriter(
        site=settings["datadog.site"],
        host=settings["datadog.host"],
        api_key=settings.secret("DD_API_KEY"),
        app_key=settings.secret("DD_APP_KEY"),
        patience=patience or patience_to_write(),
    )


def build(settings: Settings, patience: Patience | None = None) -> DatadogSink:
    """The sink as configured. Raises SettingsError, also for links where nobody said how others reach the pages."""
    wanted = settings["datadog.writes"]
    if not wanted or set(wanted) - set(_WRITES):
        raise SettingsError(
            f"{settings.origin['datadog.writes']}: datadog.writes must name some of {', '.join(_WRITES)}",
            hint="or set datadog.attach to false",
        )
    base_url = settings["web.base_url"].rstrip("/")
    if "incidents" in wanted and not base_url:
        raise SettingsError(
            "datadog.writes puts links on incidents, and nobody said how others reach the pages",
            hint="set web.base_url to the address of the pages, or leave `incidents` out",
        )
    client = build_writer(settings, patience)
    return DatadogSink(
        client, dict(_WRITES[name] for name in wanted), _Incidents(client, settings), f"{base_url}/findings/"
    )
