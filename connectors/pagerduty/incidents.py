"""The stream `incidents`: what was opened in the window, what changed since, and the alerts of what changed.

The position remembers the incidents that are open, to ask for them again until they are resolved, and how those of
the overlap looked, so that only what changed is stored and costs the requests for its alerts and for what lies
beside it. Incidents that a webhook named are read wherever they lie: one that was opened again is in no window.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from connectors.pagerduty.client import NotFoundError, PagerDutyClient
from connectors.pagerduty.lists import LAST_ITEM, WindowedList, whole_list
from connectors.pagerduty.mapping import Ties, alert_from, incident_from
from connectors.pagerduty.names import Names
from connectors.pagerduty.related import Beside
from connectors.payloads import UnmappableError, dig, set_aside, text_of
from connectors.windows import Progress, Slicing
from correlator.errors import SourceError
from correlator.model import Incident
from correlator.ports import Fact, IncidentEntry, Page, PullWindow, RawAnswer, SetAside

_TRIGGERS: Final = "first_trigger_log_entries"
INCLUDE: Final = {"include[]": [_TRIGGERS]}
_BATCH: Final = 25
_FEW: Final = 3
"""So many open incidents are asked for one by one: a list of all that are open costs a request a hundred."""
_OPEN: Final = {"statuses[]": ["triggered", "acknowledged"], "date_range": "all", "time_zone": "UTC"}


@dataclass(slots=True)
class Batch:
    """What a list of payloads became, growing."""

    facts: list[Fact] = field(default_factory=list)
    raw: list[RawAnswer] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)

    def add(self, payload: Any, fact_of: Callable[[], Incident | IncidentEntry], request: str) -> bool:
        """The payload's fact with its raw answer; False when it had to be set aside."""
        try:
            fact = fact_of()
        except UnmappableError as error:
            self.set_aside.append(set_aside(payload, str(error)))
            return False
        fact_id = fact.incident_id if isinstance(fact, Incident) else fact.entry_id
        self.facts.append(fact)
        self.raw.append(RawAnswer(fact_id, request, payload))
        return True


class IncidentStream:
    """One pull of the stream; holds what is known of incidents while it goes on."""

    def __init__(
        self, client: PagerDutyClient, ties: Ties, progress: Progress, window: PullWindow, *, related: bool = True
    ) -> None:
        self._client = client
        self._ties = ties
        self._progress = progress
        self._window = window
        self._known: dict[str, dict[str, Any]] = dict(progress.extra.get("known", {}))
        self._names = Names(client, progress.extra.get("names"))
        self._beside = Beside(client, window.until, dict(progress.extra.get("gated", {})), related)
        self._seen: set[str] = set()

    def pages(self, slicing: Slicing) -> Iterator[Page]:
        """The windows to be read, then the incidents that are open or were named. Raises SourceError."""
        recent = self._window.until - slicing.overlap - timedelta(minutes=1)
        listed = WindowedList(self._client.get, "/incidents", "incidents", {**INCLUDE, "sort_by": "created_at:asc"})
        before = self._client.sent
        for page in listed.pages(self._progress, slicing, self._window):
            batch, failed = self._gathered(page.items)
            if failed is not None:
                yield self._page(batch, recent, before, done=False, half_read=page.items)
                raise failed
            self._progress = page.progress
            done = page.done and not self._left_over()
            yield self._page(batch, recent, before, done)
            before = self._client.sent
        yield from self._open_pages(recent)

    def _open_pages(self, recent: datetime) -> Iterator[Page]:
        """Those that are left over: from one list while they are many, then one by one."""
        before = self._client.sent
        listed = self._open_now() if len(self._left_over()) > _FEW else []
        for first in range(0, len(listed), _BATCH):
            batch, failed = self._gathered(listed[first : first + _BATCH])
            done = failed is None and first + _BATCH >= len(listed) and not self._left_over()
            yield self._page(batch, recent, before, done)
            if failed is not None:
                raise failed
            before = self._client.sent
        ids_left = self._left_over()
        for first in range(0, len(ids_left), _BATCH):
            ids = ids_left[first : first + _BATCH]
            gone: list[SetAside] = []
            batch, failed = self._gathered(payload for key in ids if (payload := self._again(key, gone)))
            batch.set_aside += gone
            done = failed is None and first + _BATCH >= len(ids_left)
            yield self._page(batch, recent, before, done)
            if failed is not None:
                raise failed
            before = self._client.sent

    def _open_now(self) -> list[Any]:
        """Those left over that are open, a hundred a request; what is not among them has ended, or is far behind."""
        left = set(self._left_over())
        items, _ = whole_list(self._client.get, "/incidents", "incidents", {**INCLUDE, **_OPEN})
        return [item for item in items if text_of(dig(item, "id")) in left]

    def _left_over(self) -> list[str]:
        """Open as last seen or named, and not met in this pull."""
        still_open = {key for key, seen in self._known.items() if seen["open"]}
        return sorted((still_open | set(self._window.incidents)) - self._seen)

    def _again(self, incident_id: str, gone: list[SetAside]) -> Any:
        self._seen.add(incident_id)
        try:
            return self._client.get(f"/incidents/{incident_id}", INCLUDE).get("incident")
        except NotFoundError as error:
            self._known.pop(incident_id, None)
            gone.append(set_aside({"id": incident_id}, f"it was open and is not found any more: {error}"))
            return None

    def _is_news(self, payload: Any) -> bool:
        """Whether an incident looks other than it did; also notes how it looks now."""
        incident_id = text_of(dig(payload, "id"))
        if incident_id is None:
            return True  # it will be set aside with its reason
        looks = {
            "looks": "|".join(str(dig(payload, path)) for path in ("updated_at", "status", "alert_counts.all")),
            "created": text_of(dig(payload, "created_at")),
            "open": dig(payload, "status") != "resolved",
        }
        self._seen.add(incident_id)
        changed = self._known.get(incident_id) != looks
        self._known[incident_id] = looks
        return changed

    def _gathered(self, payloads: Iterable[Any]) -> tuple[Batch, SourceError | None]:
        """What is new in the payloads, up to the request that failed: an incident takes requests of its own, and
        those that were answered are not asked again."""
        batch = Batch()
        try:
            for payload in payloads:
                self._add_news(batch, payload)
        except SourceError as error:
            return batch, error
        return batch, None

    def _add_news(self, batch: Batch, payload: Any) -> None:
        incident_id = text_of(dig(payload, "id")) or ""
        looked = self._known.get(incident_id)
        if not self._is_news(payload):
            return
        try:
            self._add(batch, payload)
        except SourceError:
            self._known.pop(incident_id, None)
            self._known |= {} if looked is None else {incident_id: looked}
            raise

    def _add(self, batch: Batch, payload: Any) -> None:
        alerts = self._alerts(batch, payload)
        incident_id = text_of(dig(payload, "id")) or ""
        request = f"GET /incidents/{incident_id}"
        if not batch.add(payload, lambda: self._incident(payload, alerts), f"{request}?include[]={_TRIGGERS}"):
            return
        for alert in alerts:
            alert_request = f"{request}/alerts/{text_of(dig(alert, 'id'))}"
            batch.add(alert, partial(alert_from, alert, incident_id), alert_request)
        if dig(payload, "status") != "resolved":
            self._add_beside(batch, incident_id)

    def _incident(self, payload: Any, alerts: list[Any]) -> Incident:
        incident = incident_from(payload, self._ties, alerts)
        if incident.priority is not None:
            return incident
        return replace(incident, priority=self._names.priority(dig(payload, "priority")))

    def _add_beside(self, batch: Batch, incident_id: str) -> None:
        for found in self._beside.of(incident_id):
            if isinstance(found, SetAside):
                batch.set_aside.append(found)
            else:
                batch.facts.append(found)

    def _alerts(self, batch: Batch, payload: Any) -> list[Any]:
        """All alerts of an incident; those beyond the last that can be listed are set aside, not forgotten."""
        incident_id = text_of(dig(payload, "id"))
        if incident_id is None or dig(payload, "alert_counts.all") == 0:
            return []
        alerts, more = whole_list(self._client.get, f"/incidents/{incident_id}/alerts", "alerts")
        if more:
            reason = f"{incident_id} has more alerts than the {LAST_ITEM} that PagerDuty lists"
            batch.set_aside.append(set_aside({"id": f"alerts of {incident_id}"}, reason))
        return alerts

    def _page(self, batch: Batch, recent: datetime, before: int, done: bool, half_read: Sequence[Any] = ()) -> Page:
        """The page with what is remembered: of one read half, all that was stored."""
        since, named = recent.isoformat(), {text_of(dig(item, "id")) for item in half_read}
        known = {
            key: seen
            for key, seen in self._known.items()
            if seen["open"] or (seen["created"] or "") >= since or key in named
        }
        kept = {"gated": self._beside.gated, "names": self._names.to_position()}
        extra = {"known": known} | {name: value for name, value in kept.items() if value}
        position = replace(self._progress, extra=extra).to_position()
        requests = self._client.sent - before
        return Page(
            "incidents",
            tuple(batch.facts),
            position,
            tuple(batch.raw),
            tuple(batch.set_aside),
            requests=requests,
            done=done,
            notices=(*self._beside.notices, *self._names.notices),
        )
