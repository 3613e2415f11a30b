"""How a route of the API is made: one declaration gives the route, the check of what is asked, and its description.

    @get("/edges", asked=EdgesAsked, answer=Edges, tag="jobs")
    def edges(asked: EdgesAsked) -> Edges: ...

What a view gives is encoded as it is; a view that answers in another way gives a Response.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from inspect import getdoc
from typing import Any, Final

import msgspec
from flask import Blueprint, Response, request

from web.api.asked import LARGEST_BODY, asked, posted
from web.api.kinds import Nothing

pages: Final = Blueprint("api", __name__, url_prefix="/api/v1")
View = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Link:
    """From an answer to another route, by the name of its view: `given` are its parameters, `body` members of its body,
    each a member of the answer (`id`), one of its headers (`header.ETag`), or of what was asked (`path.finding_id`)."""

    to: str
    given: Mapping[str, str]
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """What the document says of one route. `errors`: the statuses beyond those that every route can give; `guarded`: it
    takes `If-Match`, and is refused (412) where that is not the ETag of what stands; `largest`: bytes of a body;
    `links`: where an answer leads."""

    tag: str
    summary: str
    answer: Any
    asked: type[msgspec.Struct] = Nothing
    body: Any = None
    status: int = 200
    media: str = "application/json"
    errors: tuple[int, ...] = ()
    example: Any = None
    guarded: bool = False
    largest: int = LARGEST_BODY
    links: tuple[Link, ...] = ()


OPERATIONS: Final[dict[str, Operation]] = {}
"""By endpoint: every route under /api/v1, wherever it is answered."""


def get(path: str, *, tag: str, answer: Any, **more: Any) -> Callable[[View], View]:
    """A question; `more` are fields of Operation."""
    return _route("GET", path, tag=tag, answer=answer, **more)


def post(path: str, *, tag: str, answer: Any, status: int = 201, **more: Any) -> Callable[[View], View]:
    """Something that is written down. Its view is given the `body`, where it takes one."""
    return _route("POST", path, tag=tag, answer=answer, status=status, **more)


def put(path: str, *, tag: str, answer: Any, **more: Any) -> Callable[[View], View]:
    """Something that is put in the place of what stands."""
    return _route("PUT", path, tag=tag, answer=answer, guarded=True, **more)


def delete(path: str, *, tag: str, answer: Any, **more: Any) -> Callable[[View], View]:
    """Something that is taken away; the answer is what it was."""
    return _route("DELETE", path, tag=tag, answer=answer, guarded=True, **more)


def _route(method: str, path: str, **declared: Any) -> Callable[[View], View]:
    def register(view: View) -> View:
        operation = Operation(summary=getdoc(view) or "", **declared)
        OPERATIONS[f"{pages.name}.{view.__name__}"] = operation
        pages.add_url_rule(path, view.__name__, _answering(view, operation), methods=[method])
        return view

    return register


def _answering(view: View, operation: Operation) -> View:
    @wraps(view)
    def answering(**where: Any) -> Response:
        if operation.asked is not Nothing:
            where["asked"] = asked(operation.asked)
        else:
            asked(Nothing)
        if operation.body is not None:
            where["body"] = posted(operation.body, operation.largest)
        response = encoded(view(**where), operation.status)
        if request.method == "PUT":
            response.add_etag()  # to go on with, as that of a GET
        return response

    return answering


def encoded(answer: Any, status: int = 200) -> Response:
    """The answer as JSON, unless it is a Response already."""
    if isinstance(answer, Response):
        return answer
    return Response(msgspec.json.encode(answer), status, mimetype="application/json")
