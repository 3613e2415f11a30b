"""Datadog's incidents and what is attached to them: the history's incidents once more, as Datadog shows its own."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Callable
from typing import Any, Final

from connectors.standin.facts import Facts
from connectors.standin.http import Reply, Request
from connectors.standin.paging import BadRequestError
from correlator.model import Incident, iso

_NAMESPACE: Final = uuid.UUID("6f0c1f0a-6f6e-4d9e-8d39-0d6f8f9b7a11")
_STATES: Final = re.compile(r"state:\(?([\w ]+?)\)?$")
_USER: Final = {"id": str(uuid.uuid5(_NAMESPACE, "user")), "type": "users"}


class DatadogIncidents:
    """Incidents by the facts, attachments in memory; safe to use from several requests at a time."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.attachments: dict[str, list[dict[str, Any]]] = {}
        self._count = 0
        self._lock = threading.Lock()
        one = r"/api/v2/incidents/([0-9a-f-]{36})/attachments"
        self._routes: tuple[tuple[str, re.Pattern[str], Callable[..., Reply]], ...] = (
            ("GET", re.compile(r"/api/v2/incidents/search"), self._search),
            ("GET", re.compile(one), self._list),
            ("POST", re.compile(one), self._add),
            ("DELETE", re.compile(rf"{one}/([0-9a-f-]{{36}})"), self._remove),
        )

    def reply(self, request: Request) -> Reply:
        """The answer to a request below `/api/v2/incidents/`."""
        for method, pattern, handler in self._routes:
            if method == request.method and (found := pattern.fullmatch(request.path)):
                return handler(request, *found.groups())
        return Reply(404, {"errors": ["Not found"]})

    def _search(self, request: Request) -> Reply:
        size, offset = int(request.one("page[size]", "10")), int(request.one("page[offset]", "0"))
        if not 1 <= size <= 100:
            raise BadRequestError("page[size] must lie between 1 and 100")
        states = _wanted(request.one("query"))
        known = [one for one in self.facts.incidents_between(0, 2**62) if _state(one) in states]
        if request.one("sort") == "-created":
            known.reverse()
        items = [{"data": _document(one, number)} for number, one in enumerate(known, 1)][offset : offset + size]
        attributes = {"total": len(known), "facets": {}, "incidents": items}
        meta = {"pagination": {"offset": offset, "size": size, "next_offset": offset + len(items)}}
        return Reply(200, {"data": {"type": "incidents_search_results", "attributes": attributes}, "meta": meta})

    def _list(self, request: Request, incident_id: str) -> Reply:
        self._known(incident_id)
        kind = request.one("filter[attachment_type]")
        with self._lock:
            items = list(self.attachments.get(incident_id, []))
        return Reply(200, {"data": [one for one in items if kind in ("", one["attributes"]["attachment_type"])]})

    def _add(self, request: Request, incident_id: str) -> Reply:
        self._known(incident_id)
        data = request.json()["data"]
        asked = data["attributes"]
        if data["type"] != "incident_attachments" or asked["attachment_type"] not in ("link", "postmortem"):
            raise BadRequestError("an attachment is a link or a postmortem")
        shown = {"documentUrl": str(asked["attachment"]["documentUrl"]), "title": str(asked["attachment"]["title"])}
        relations = {
            "incident": {"data": {"id": incident_id, "type": "incidents"}},
            "last_modified_by_user": {"data": _USER},
        }
        with self._lock:
            self._count += 1
            item = {
                "id": str(uuid.uuid5(_NAMESPACE, f"attachment {self._count}")),
                "type": "incident_attachments",
                "attributes": {
                    "attachment": shown,
                    "attachment_type": asked["attachment_type"],
                    "modified": iso(self.facts.clock()),
                },
                "relationships": relations,
            }
            self.attachments.setdefault(incident_id, []).append(item)
        return Reply(201, {"data": item})

    def _remove(self, _: Request, incident_id: str, attachment_id: str) -> Reply:
        with self._lock:
            before = self.attachments.get(incident_id, [])
            kept = [one for one in before if one["id"] != attachment_id]
            self.attachments[incident_id] = kept
        return Reply(204) if len(kept) < len(before) else Reply(404, {"errors": ["Not found"]})

    def _known(self, incident_id: str) -> None:
        if not any(datadog_id(one.incident_id) == incident_id for one in self.facts.incidents_between(0, 2**62)):
            raise BadRequestError("incident not found", 404)


def datadog_id(incident_id: str) -> str:
    """What Datadog calls the history's incident of this id."""
    return str(uuid.uuid5(_NAMESPACE, incident_id))


def _wanted(query: str) -> frozenset[str]:
    found = _STATES.fullmatch(query)
    if found is None:
        raise BadRequestError(f"cannot parse query {query!r}")
    return frozenset(found[1].split()) - {"OR"}


def _state(incident: Incident) -> str:
    return "resolved" if incident.resolved_at else "active"


def _document(incident: Incident, number: int) -> dict[str, Any]:
    fields = {
        "state": {"type": "dropdown", "value": _state(incident)},
        "severity": {"type": "dropdown", "value": "UNKNOWN"},
        "services": {"type": "autocomplete", "value": [incident.service] if incident.service else None},
    }
    attributes = {
        "public_id": number,
        "title": _title(incident),
        "created": iso(incident.created_at),
        "modified": iso(incident.resolved_at or incident.created_at),
        "resolved": iso(incident.resolved_at) if incident.resolved_at else None,
        "state": _state(incident),
        "severity": "UNKNOWN",
        "customer_impacted": False,
        "fields": fields,
    }
    return {"id": datadog_id(incident.incident_id), "type": "incidents", "attributes": attributes, "relationships": {}}


def _title(incident: Incident) -> str:
    """Datadog's incidents have no field of their own for job and tenant: teams put them into the title."""
    named = [f"{key}:{value}" for key, value in (("job", incident.job), ("tenant", incident.tenant)) if value]
    return " ".join([incident.title or "Incident", *named])
