"""PagerDuty's half of the stand-in: routes, keys, offset paging, limits and errors in the vendor's shapes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from connectors.standin import incidents as shape
from connectors.standin.account import Account
from connectors.standin.account_routes import AccountRoutes
from connectors.standin.facts import Facts, millis
from connectors.standin.http import Reply, Request
from connectors.standin.limits import RateLimit
from connectors.standin.notes import Notes
from connectors.standin.paged import author_of, content_of, moment_of, paged, refusal
from connectors.standin.paging import BadRequestError
from correlator.model import Incident

MONTH: Final = timedelta(days=30)
LONGEST: Final = timedelta(days=184)
Handler = Callable[..., Reply]


class PagerDuty:
    """Answers requests from the facts and keeps the notes. An empty key accepts every non-empty one.

    Change events are those of `account.changes`, none of the history's: those are Datadog's, and each came once.
    """

    name = "pagerduty"

    def __init__(self, facts: Facts, limit: RateLimit, key: str = "") -> None:
        self.facts = facts
        self.limit = limit
        self.key = key
        self.notes = Notes()
        self.account = Account()
        self._numbers = {incident.incident_id: n for n, (_, _, incident) in enumerate(facts.incidents, start=1)}
        attempts = [attempt for _, _, attempt in facts.attempts]
        known = {a.service for a in attempts} | {i.service or "unnamed" for _, _, i in facts.incidents}
        self._services = {shape.object_id("service", name): name for name in sorted(name for name in known if name)}
        self._edges = sorted(shape.service_edges(attempts, facts.history.dependencies))
        needed = {supporting for supporting, _ in self._edges}
        last = [name for name in sorted(self._services.values()) if name not in needed]
        self._beside = AccountRoutes(facts, self.account, last)
        self._since = attempts[0].started_at if attempts else facts.clock()
        self._routes: tuple[tuple[str, re.Pattern[str], Handler], ...] = (
            ("GET", re.compile(r"/incidents"), self._list_incidents),
            ("GET", re.compile(r"/incidents/([^/]+)"), self._one_incident),
            ("GET", re.compile(r"/incidents/([^/]+)/alerts"), self._alerts),
            ("GET", re.compile(r"/incidents/([^/]+)/alerts/([^/]+)"), self._one_alert),
            ("GET", re.compile(r"/incidents/([^/]+)/log_entries"), self._incident_log),
            ("GET", re.compile(r"/log_entries"), self._log),
            ("GET", re.compile(r"/incidents/([^/]+)/notes"), self._list_notes),
            ("POST", re.compile(r"/incidents/([^/]+)/notes"), self._add_note),
            ("PUT", re.compile(r"/incidents/([^/]+)/notes/([^/]+)"), self._change_note),
            ("DELETE", re.compile(r"/incidents/([^/]+)/notes/([^/]+)"), self._remove_note),
            ("GET", re.compile(r"/services"), self._list_services),
            ("GET", re.compile(r"/services/([^/]+)"), self._one_service),
            ("GET", re.compile(r"/service_dependencies/technical_services/([^/]+)"), self._dependencies),
            ("GET", re.compile(r"/abilities"), lambda _: Reply(200, {"abilities": ["urgencies"]})),
            *self._beside.routes(),
        )

    def reply(self, request: Request) -> Reply:
        """The answer to one request, without rate-limit headers."""
        if refused := self._refused(request):
            return refused
        if self.account.lacks(request.path):
            return refusal(403, "Access Denied", 2010, ["The account does not have the ability this needs"])
        try:
            for method, pattern, handler in self._routes:
                if method == request.method and (found := pattern.fullmatch(request.path)):
                    return handler(request, *found.groups())
        except BadRequestError as error:
            return refusal(error.status, str(error), 2100 if error.status == 404 else 2001)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return refusal(400, "Invalid Input Provided", 2001, [f"{type(error).__name__}: {error}"])
        return refusal(404, "Not Found", 2100)

    def limit_headers(self) -> tuple[bool, dict[str, str]]:
        """Count one request: whether it is allowed, and the headers every answer carries."""
        allowed, remaining, reset = self.limit.take()
        figures = (("limit", self.limit.limit), ("remaining", remaining), ("reset", reset))
        return allowed, {f"ratelimit-{name}": str(value) for name, value in figures}

    def _refused(self, request: Request) -> Reply | None:
        given = request.headers.get("authorization", "")
        kind, _, key = given.partition("=") if given.startswith("Token token=") else given.partition(" ")
        if kind not in ("Token token", "Bearer") or not key or (self.key and key != self.key):
            return refusal(401, "Unauthorized", 2006)
        return None

    # --- incidents ---------------------------------------------------------------------------------------------

    def _list_incidents(self, request: Request) -> Reply:
        start, end = self._window(request)
        statuses, services = request.query.get("statuses[]"), request.query.get("service_ids[]")
        found = [
            incident
            for incident in self.facts.incidents_between(start, end)
            if (not statuses or ("resolved" if incident.resolved_at else "triggered") in statuses)
            and (not services or shape.object_id("service", incident.service or "unnamed") in services)
        ]
        if request.one("sort_by").endswith(":desc"):
            found.reverse()
        return paged(request, "incidents", found, lambda item: self._document(request, item))

    def _document(self, request: Request, incident: Incident) -> dict[str, Any]:
        with_details = "first_trigger_log_entries" in request.query.get("include[]", [])
        return shape.incident_document(incident, self._numbers[incident.incident_id], with_details)

    def _one_incident(self, request: Request, incident_id: str) -> Reply:
        return Reply(200, {"incident": self._document(request, self._incident(incident_id))})

    def _alerts(self, request: Request, incident_id: str) -> Reply:
        return paged(request, "alerts", [self._incident(incident_id)], shape.alert_document)

    def _one_alert(self, _: Request, incident_id: str, alert_id: str) -> Reply:
        alert = shape.alert_document(self._incident(incident_id))
        return Reply(200, {"alert": alert}) if alert["id"] == alert_id else refusal(404, "Not Found", 2100)

    def _incident_log(self, request: Request, incident_id: str) -> Reply:
        with_channel = "channels" in request.query.get("include[]", [])
        return paged(request, "log_entries", shape.log_entries(self._incident(incident_id), with_channel))

    def _log(self, request: Request) -> Reply:
        start, end = self._window(request)
        with_channel = "channels" in request.query.get("include[]", [])
        entries = [entry for at, entry in self._all_entries(end, with_channel) if start <= at < end]
        entries.sort(key=lambda entry: (entry["created_at"], entry["id"]), reverse=True)
        return paged(request, "log_entries", entries)

    def _all_entries(self, end: int, with_channel: bool) -> Iterator[tuple[int, dict[str, Any]]]:
        for incident in self.facts.incidents_between(0, end):
            for entry in shape.log_entries(incident, with_channel):
                yield millis(datetime.fromisoformat(entry["created_at"])), entry

    def _incident(self, incident_id: str) -> Incident:
        incident = self.facts.incident(incident_id)
        if incident is None:
            raise BadRequestError("Not Found", 404)
        return incident

    def _window(self, request: Request) -> tuple[int, int]:
        """`[since, until)` in ms: one month when only one is given, the last month when none is."""
        now = self.facts.clock()
        if request.one("date_range") == "all":
            return 0, millis(now) + 1
        since, until = moment_of(request, "since"), moment_of(request, "until")
        until = until or (since + MONTH if since else now)
        since = since or until - MONTH
        if until - since > LONGEST:
            raise BadRequestError("Invalid Input Provided: since and until may span at most 6 months")
        return millis(since), millis(until)

    # --- notes -------------------------------------------------------------------------------------------------

    def _list_notes(self, _: Request, incident_id: str) -> Reply:
        self._incident(incident_id)
        return Reply(200, {"notes": self.notes.of(incident_id)})

    def _add_note(self, request: Request, incident_id: str) -> Reply:
        self._incident(incident_id)
        note = self.notes.add(incident_id, content_of(request), author_of(request), self.facts.clock())
        return refusal(400, "Too many notes", 2001) if note is None else Reply(200, {"note": note})

    def _change_note(self, request: Request, incident_id: str, note_id: str) -> Reply:
        author_of(request)
        note = self.notes.change(incident_id, note_id, content_of(request), self.facts.clock())
        return refusal(404, "Not Found", 2100) if note is None else Reply(200, {"note": note})

    def _remove_note(self, _: Request, incident_id: str, note_id: str) -> Reply:
        removed = self.notes.remove(incident_id, note_id)
        return Reply(204) if removed else refusal(404, "Not Found", 2100)

    # --- services ----------------------------------------------------------------------------------------------

    def _list_services(self, request: Request) -> Reply:
        wanted = (request.one("name") or request.one("query")).lower()
        names = [name for name in sorted(self._services.values()) if wanted in name.lower()]
        return paged(request, "services", names, lambda name: shape.service_document(name, self._since))

    def _one_service(self, _: Request, service_id: str) -> Reply:
        if service_id not in self._services:
            return refusal(404, "Not Found", 2100)
        return Reply(200, {"service": shape.service_document(self._services[service_id], self._since)})

    def _dependencies(self, _: Request, service_id: str) -> Reply:
        name = self._services.get(service_id)
        if name is None:
            return refusal(404, "Not Found", 2100)
        edges = [shape.relationship(*edge) for edge in self._edges if name in edge]
        return Reply(200, {"relationships": edges + self._beside.edges_of(service_id)})
