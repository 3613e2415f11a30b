"""Datadog's half of the stand-in: which path is answered by what, keys, limits and errors in the vendor's shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from connectors.standin.datadog_incidents import DatadogIncidents
from connectors.standin.deployments import list_deployments
from connectors.standin.events import posted_event, search_events
from connectors.standin.facts import Facts
from connectors.standin.http import Reply, Request
from connectors.standin.limits import RateLimit
from connectors.standin.logs import search_logs
from connectors.standin.paging import BadRequestError, Search, parse_search
from connectors.standin.pipelines import search_pipelines
from connectors.standin.relations import list_relations
from connectors.standin.searching import Key
from connectors.standin.spans import search_spans
from connectors.standin.timeseries import timeseries

JSON: Final = "application/json"
JSON_API: Final = "application/vnd.api+json"


class Datadog:
    """Answers requests from the facts. Empty keys accept every non-empty one."""

    name = "datadog"

    def __init__(self, facts: Facts, limit: RateLimit, api_key: str = "", app_key: str = "") -> None:
        self.facts = facts
        self.limit = limit
        self.api_key = api_key
        self.app_key = app_key
        self.posted: list[dict[str, Any]] = []
        self.incidents = DatadogIncidents(facts)
        self._routes: dict[tuple[str, str], Callable[[Request], Reply]] = {
            ("POST", "/api/v2/spans/events/search"): self._spans,
            ("POST", "/api/v2/events/search"): self._events,
            ("POST", "/api/v2/logs/events/search"): self._logs,
            ("POST", "/api/v2/ci/pipelines/events/search"): self._pipelines,
            ("POST", "/api/v2/events"): self._post_event,
            ("POST", "/api/v2/query/timeseries"): self._timeseries,
            ("POST", "/api/v2/dora/deployments"): self._deployments,
            ("GET", "/api/v2/catalog/relation"): self._relations,
            ("GET", "/api/v1/validate"): lambda _: Reply(200, {"valid": True}),
        }

    def reply(self, request: Request) -> Reply:
        """The answer to one request, without rate-limit headers."""
        if refused := self._refused(request):
            return refused
        route = self._routes.get((request.method, request.path))
        if route is None and request.path.startswith("/api/v2/incidents/"):
            route = self.incidents.reply
        if route is None:
            return Reply(404, {"errors": ["Not found"]})
        try:
            return route(request)
        except BadRequestError as error:
            return _error(request, error.status, str(error))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return _error(request, 400, f"API input validation failed: {type(error).__name__}: {error}")

    def limit_headers(self) -> tuple[bool, dict[str, str]]:
        """Count one request: whether it is allowed, and the headers every answer carries."""
        allowed, remaining, reset = self.limit.take()
        return allowed, {
            "x-ratelimit-limit": str(self.limit.limit),
            "x-ratelimit-name": "standin_search_api",
            "x-ratelimit-period": str(self.limit.period_seconds),
            "x-ratelimit-remaining": str(remaining),
            "x-ratelimit-reset": str(reset),
        }

    def _refused(self, request: Request) -> Reply | None:
        given, app = request.headers.get("dd-api-key", ""), request.headers.get("dd-application-key", "")
        if not given or (self.api_key and given != self.api_key):
            return Reply(401, {"errors": ["Unauthorized"]})
        if not app or (self.app_key and app != self.app_key):
            return Reply(403, {"errors": ["Forbidden"]})
        return None

    def _spans(self, request: Request) -> Reply:
        data = request.json()["data"]
        if data.get("type") != "search_request":
            raise BadRequestError('API input validation failed: Invalid type. Expected "search_request".')
        search = parse_search(data["attributes"], self.facts.clock())
        return _page(search, search_spans(self.facts, search), JSON_API, told=True)

    def _logs(self, request: Request) -> Reply:
        search = parse_search(request.json(), self.facts.clock())
        return _page(search, search_logs(self.facts, search), JSON, told=True)

    def _pipelines(self, request: Request) -> Reply:
        search = parse_search(request.json(), self.facts.clock())
        return _page(search, search_pipelines(self.facts, search), JSON, told=True)

    def _events(self, request: Request) -> Reply:
        search = parse_search(request.json(), self.facts.clock())
        return _page(search, search_events(self.facts, self.posted, search), JSON, told=False)

    def _post_event(self, request: Request) -> Reply:
        data = request.json()["data"]
        if data.get("type") != "event" or not data["attributes"].get("title"):
            raise BadRequestError("API input validation failed: an event needs a title.")
        event = posted_event(data["attributes"], self.facts.clock())
        self.posted.append(event)
        told = {"evt": {"id": event["attributes"]["attributes"]["evt"]["id"], "uid": event["id"]}}
        document = {"data": {"attributes": {"attributes": told}, "id": "_", "type": "event"}}
        return Reply(202, document | {"links": {"self": f"https://app.datadoghq.com/event/event?uid={event['id']}"}})

    def _deployments(self, request: Request) -> Reply:
        data = request.json()["data"]
        if data.get("type") != "dora_deployments_list_request":
            detail = f'got type "{data.get("type", "")}" expected one of "dora_deployments_list_request"'
            raise BadRequestError(detail)
        return Reply(200, {"data": list_deployments(self.facts, data["attributes"])}, JSON_API)

    def _relations(self, request: Request) -> Reply:
        items, meta = list_relations(self.facts, request)
        return Reply(200, {"data": items, "meta": meta}, JSON_API)

    def _timeseries(self, request: Request) -> Reply:
        data = request.json()["data"]
        if data.get("type") != "timeseries_request":
            raise BadRequestError('API input validation failed: Invalid type. Expected "timeseries_request".')
        attributes = timeseries(self.facts, data["attributes"])
        return Reply(200, {"data": {"id": "0", "type": "timeseries_response", "attributes": attributes}}, JSON_API)


def _page(search: Search, found: tuple[list[dict[str, Any]], Key | None], kind: str, *, told: bool) -> Reply:
    """A page with its cursor; the last one is empty and has no meta. `told`: meta says how the search went."""
    page, last = found
    if last is None:
        return Reply(200, {"data": []}, kind)
    meta: dict[str, Any] = {"elapsed": 7, "request_id": "standin", "status": "done"} if told else {}
    return Reply(200, {"data": page, "meta": meta | {"page": {"after": search.cursor(last)}}}, kind)


def _error(request: Request, status: int, detail: str) -> Reply:
    """Spans and deployments answer in the JSON:API shape, the others with plain texts."""
    if request.path.startswith(("/api/v2/spans", "/api/v2/dora")):
        return Reply(status, {"errors": [{"title": "Generic Error", "detail": detail}]}, JSON_API)
    return Reply(status, {"errors": [detail]}, JSON)
