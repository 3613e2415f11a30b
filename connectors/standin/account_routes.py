"""PagerDuty's operations on what lies beside incidents: business services, change events, fields, status updates."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from connectors.standin import account as beside
from connectors.standin import incidents as shape
from connectors.standin.account import Account
from connectors.standin.facts import Facts, millis
from connectors.standin.http import Reply, Request
from connectors.standin.paged import author_of, paged, refusal, utc_of
from connectors.standin.paging import BadRequestError
from correlator.model import Incident

Handler = Callable[..., Reply]
Route = tuple[str, re.Pattern[str], Handler]


class AccountRoutes:
    """Answers from the facts and the account. `last_services` are the names of services that no other service needs."""

    def __init__(self, facts: Facts, account: Account, last_services: list[str]) -> None:
        self.facts = facts
        self.account = account
        self.last_edges = [shape.relationship(name, beside.BUSINESS, business=True) for name in last_services]

    def routes(self) -> tuple[Route, ...]:
        one = r"/incidents/([^/]+)"
        return (
            ("GET", re.compile(r"/service_dependencies/business_services/([^/]+)"), self._business_dependencies),
            ("GET", re.compile(r"/business_services"), self._list_business),
            ("GET", re.compile(r"/priorities"), self._priorities),
            ("GET", re.compile(r"/users"), self._users),
            ("GET", re.compile(r"/change_events"), self._changes),
            ("GET", re.compile(rf"{one}/related_incidents"), self._related),
            ("GET", re.compile(rf"{one}/past_incidents"), self._past),
            ("GET", re.compile(rf"{one}/custom_fields/values"), self._fields),
            ("PUT", re.compile(rf"{one}/custom_fields/values"), self._set_fields),
            ("POST", re.compile(rf"{one}/status_updates"), self._publish),
        )

    def edges_of(self, service_id: str) -> list[dict[str, Any]]:
        """The edges between this technical service and the business service."""
        return [edge for edge in self.last_edges if edge["supporting_service"]["id"] == service_id]

    def _list_business(self, request: Request) -> Reply:
        names = [beside.BUSINESS] if self.last_edges else []
        return paged(request, "business_services", names, beside.business_document)

    def _business_dependencies(self, _: Request, service_id: str) -> Reply:
        if service_id != shape.object_id("business service", beside.BUSINESS):
            return refusal(404, "Not Found", 2100)
        return Reply(200, {"relationships": self.last_edges})

    def _incident(self, incident_id: str) -> Incident:
        incident = self.facts.incident(incident_id)
        if incident is None:
            raise BadRequestError("Not Found", 404)
        return incident

    def _priorities(self, request: Request) -> Reply:
        return paged(request, "priorities", list(beside.PRIORITIES), beside.priority_document)

    def _users(self, request: Request) -> Reply:
        """Whoever is asked for by an address is a user here; any such address may stand in a `From` header too."""
        addresses = [address for address in request.query.get("query", []) if "@" in address]
        return paged(request, "users", addresses, beside.user_document)

    def _changes(self, request: Request) -> Reply:
        since, until = utc_of(request, "since"), utc_of(request, "until")
        found = [
            change
            for change in sorted(self.account.changes, key=lambda item: (item.at, item.change_id), reverse=True)
            if (since is None or since <= change.at) and (until is None or change.at < until)
        ]
        return paged(request, "change_events", found, beside.change_document)

    def _related(self, _: Request, incident_id: str) -> Reply:
        incident = self._incident(incident_id)
        found = beside.related(incident, self._all_incidents())
        return Reply(200, {"related_incidents": [beside.related_document(other) for other in found]})

    def _past(self, request: Request, incident_id: str) -> Reply:
        limit = int(request.one("limit", "5"))
        found = beside.past(self._incident(incident_id), self._all_incidents())
        documents = [beside.past_document(other, score) for other, score in found[:limit]]
        return Reply(200, {"past_incidents": documents, "total": len(found), "limit": limit})

    def _all_incidents(self) -> list[Incident]:
        return list(self.facts.incidents_between(0, millis(self.facts.clock()) + 1))

    def _fields(self, _: Request, incident_id: str) -> Reply:
        self._incident(incident_id)
        return Reply(200, {"custom_fields": self.account.field_values(incident_id)})

    def _set_fields(self, request: Request, incident_id: str) -> Reply:
        self._incident(incident_id)
        if not self.account.set_fields(incident_id, request.json()["custom_fields"]):
            return refusal(404, "Not Found", 2100, ["Custom Field Not Found"])
        return Reply(201, {"custom_fields": self.account.field_values(incident_id)})

    def _publish(self, request: Request, incident_id: str) -> Reply:
        self._incident(incident_id)
        message = request.json()["message"]
        if not isinstance(message, str) or not message:
            raise BadRequestError("Invalid Input Provided: Message cannot be empty.")
        update = self.account.publish(incident_id, message, author_of(request), self.facts.clock())
        return Reply(200, {"status_update": update})
