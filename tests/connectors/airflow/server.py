"""An Airflow on loopback that gives what a real one (3.3.2) gave for three small DAGs."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

GOLDEN: Final = Path(__file__).parent / "golden"
TOKEN: Final = "t0ken-of-a-day"
PASSWORD: Final = "s3cret-word"
_BASIC: Final = "Basic " + b64encode(f"basic:{PASSWORD}".encode()).decode()
RUN: Final = "scheduled__2026-11-21T00:00:00+00:00"


def golden(name: str) -> Any:
    return json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))


@dataclass
class Airflow:
    """`cursors` as Airflow 3.2 and newer have them; `page_size` is the most a page holds; `asked` are the paths."""

    server: HTTPServer
    cursors: bool = True
    page_size: int = 100
    instances: list[dict[str, Any]] = field(default_factory=lambda: golden("task_instances")["task_instances"])
    token: str = TOKEN
    asked: list[str] = field(default_factory=list)
    queries: list[dict[str, str]] = field(default_factory=list)
    broken: dict[str, Response] = field(default_factory=dict)
    before_page: Callable[[dict[str, str]], None] = lambda _: None

    def __post_init__(self) -> None:
        self.server.expect_request(re.compile(".*")).respond_with_handler(self._answer)

    @property
    def url(self) -> str:
        return str(self.server.url_for("")).rstrip("/")

    def count(self, ending: str) -> int:
        return sum(path.endswith(ending) for path in self.asked)

    def _answer(self, request: Request) -> Response:
        self.asked.append(request.path)
        if request.path == "/auth/token":
            return self._sign_in(request.get_json())
        if request.headers.get("Authorization") not in (f"Bearer {self.token}", _BASIC):
            return _json({"detail": "Invalid JWT token"}, 403)
        for path, answer in self.broken.items():
            if request.path.endswith(path):
                return answer
        found = self._found(request)
        return _json(found) if found is not None else _json({"detail": "not found"}, 404)

    def _sign_in(self, form: Any) -> Response:
        if form != {"username": "reader", "password": PASSWORD}:
            return _json({"detail": "Invalid credentials"}, 401)
        return _json({"access_token": self.token}, 201)

    def _found(self, request: Request) -> Any:
        path = request.path.removeprefix("/api/v2")
        if path == "/dags/~/dagRuns/~/taskInstances":
            self.queries.append(request.args.to_dict())
            return self._page(request.args)
        if path in ("/dags", "/assets", "/version"):
            return golden(path[1:])
        run = f"/dags/orders/dagRuns/{RUN}"
        if path == run:
            return golden("dag_run") | {"conf": {"for": {"tenant": "tenant-07"}}}
        if path.startswith(f"{run}/taskInstances/"):
            task, _, rest = path.removeprefix(f"{run}/taskInstances/").partition("/")
            return golden("tries").get(task) if rest == "tries" else golden("logs").get(f"{task}/{rest[5:]}")
        if found := re.fullmatch(r"/dags/(\w+)/tasks", path):
            return golden("tasks").get(found[1])
        return None

    def _page(self, query: Any) -> dict[str, Any]:
        self.before_page(self.queries[-1])
        since, until = query.get("updated_at_gte", ""), query.get("updated_at_lt", "9")
        inside = [one for one in self.instances if since <= one["end_date"] < until]
        limit = min(int(query["limit"]), self.page_size)
        start = int((query.get("cursor") or 0) if self.cursors else query.get("offset", 0))
        page = {"task_instances": inside[start : start + limit], "total_entries": len(inside)}
        following = str(start + limit) if start + limit < len(inside) else None
        return page | ({"next_cursor": following, "previous_cursor": None} if self.cursors else {})


def _json(document: Any, status: int = 200) -> Response:
    return Response(json.dumps(document), status=status, content_type="application/json")
