"""A loopback vendor that answers what a test says: one reply after the other, the requests kept."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from connectors.retries import Patience

Answer = Response | dict[str, Any] | Callable[[Any], Any]


def failure(status: int, body: Any = "", headers: dict[str, str] | None = None) -> Response:
    text = body if isinstance(body, str) else json.dumps(body)
    return Response(text, status=status, headers=headers, content_type="application/json")


@dataclass
class Script:
    """The replies still to come; the last one is repeated. `asked` holds (method, path, query, JSON or form)."""

    server: HTTPServer
    replies: list[Answer]
    asked: list[tuple[str, str, dict[str, Any], Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server.expect_request(re.compile(".*")).respond_with_handler(self._answer)

    @property
    def url(self) -> str:
        return str(self.server.url_for("")).rstrip("/")

    def _answer(self, request: Request) -> Response:
        body = request.form.to_dict() or (json.loads(request.data) if request.data else None)
        query = {key: values if len(values) > 1 else values[0] for key, values in request.args.lists()}
        self.asked.append((request.method, request.path, query, body))
        self.headers.append({key.lower(): value for key, value in request.headers.items()})
        answer = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if callable(answer) and not isinstance(answer, Response):
            answer = answer(self.asked[-1])
        return answer if isinstance(answer, Response) else Response(json.dumps(answer), content_type="application/json")


@dataclass
class Slept:
    """A Patience that does not sleep, and what it would have slept; its clock stands still but for that."""

    seconds: list[float] = field(default_factory=list)
    jitter: float = 0.0

    def patience(self, **options: Any) -> Patience:
        return Patience(sleep=self.seconds.append, now=self.now, jitter=lambda: self.jitter, **options)

    def now(self) -> float:
        return time.time() + sum(self.seconds)
