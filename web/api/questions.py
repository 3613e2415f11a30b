"""Questions that people keep: reports under a name, to be opened again by whoever may see them."""

from __future__ import annotations

from typing import Annotated, Any

from flask import Response, url_for
from msgspec import Meta

from correlator.model import iso
from correlator.store.questions import LONGEST_NAME, Question
from web.access import Role, needs
from web.api.kinds import PLAIN, SAYS_SOMETHING, Answer
from web.api.numbers import ByAPerson
from web.api.preconditions import unless_changed
from web.api.routes import Link, delete, encoded, get, post, put
from web.steps.acting import acting
from web.views.reports import (
    forget_question,
    keep_question,
    kept_question,
    own_question,
    put_question,
    questions_seen,
)

_KEPT: Any = {"actor": "on-call", "name": "minutes by team", "query": "by=team&measure=minutes"}
_ID: Any = {"question_id": "id"}
_AS_SEEN: Any = _ID | {"If-Match": "header.ETag"}
_ON = tuple(Link(name, _AS_SEEN) for name in ("change_question", "delete_question"))


class KeptQuestion(Answer, frozen=True, kw_only=True):
    """A report that somebody gave a name. `query`: its parameters, as `/api/v1/reports` takes them; `address`: the same
    on the pages, to be handed on."""

    id: str
    name: str
    query: str
    address: str
    made_by: str
    changed_by: str
    made_at: str
    changed_at: str


class KeptQuestions(Answer, frozen=True, kw_only=True):
    """By name."""

    questions: list[KeptQuestion]


class KeepQuestion(ByAPerson, frozen=True, kw_only=True):
    """`query`: the parameters of a report, as they stand behind the `?` of its address. Months that it leaves out are
    kept as those of today."""

    name: Annotated[str, Meta(max_length=LONGEST_NAME, pattern=SAYS_SOMETHING)]
    query: Annotated[str, Meta(max_length=4000, pattern=PLAIN)] = ""


@get("/reports/questions", tag="reports", answer=KeptQuestions)
def questions() -> KeptQuestions:
    """The reports that people keep under a name."""
    return KeptQuestions(questions=[_told(one) for one in questions_seen()])


@get("/reports/questions/<question_id>", tag="reports", answer=KeptQuestion, errors=(404,), links=_ON)
def question(question_id: str) -> KeptQuestion:
    """One of them. Its `ETag` sent as `If-Match` keeps a change from going over somebody else's."""
    return _told(kept_question(question_id))


@post(
    "/reports/questions",
    tag="reports",
    body=KeepQuestion,
    answer=KeptQuestion,
    example=_KEPT,
    links=(Link("question", _ID),),
)
@needs(Role.VIEWER)
def keep(body: KeepQuestion) -> Response:
    """Keeps a report under a name, for everybody who may see what it is about."""
    made = _told(keep_question(body.name, body.query, acting({"actor": body.actor})))
    response = encoded(made, 201)
    response.headers["Location"] = url_for("api.question", question_id=made.id)
    return response


@put(
    "/reports/questions/<question_id>",
    tag="reports",
    body=KeepQuestion,
    answer=KeptQuestion,
    errors=(404, 409),
    example=_KEPT,
    links=(*_ON, Link("question", _ID)),
)
@needs(Role.VIEWER)
def change_question(question_id: str, body: KeepQuestion) -> KeptQuestion:
    """Another name, or another report under the name: for who made it, and for admins."""
    old = own_question(question_id)
    unless_changed(_told(old))
    put_question(old, body.name, body.query, acting({"actor": body.actor}))
    return _told(kept_question(question_id))


@delete(
    "/reports/questions/<question_id>",
    tag="reports",
    answer=KeptQuestion,
    errors=(404, 409),
    links=(Link("question", _ID),),
)
@needs(Role.VIEWER)
def delete_question(question_id: str) -> KeptQuestion:
    """Nobody finds it any more; its address still opens the report. For who made it, and for admins."""
    old = own_question(question_id)
    unless_changed(_told(old))
    forget_question(old)
    return _told(old)


def _told(one: Question) -> KeptQuestion:
    names = ("id", "name", "query", "made_by", "changed_by")
    texts = {name: getattr(one, name) for name in names}
    times = {"made_at": iso(one.made_at), "changed_at": iso(one.changed_at)}
    return KeptQuestion(**texts, **times, address=f"{url_for('reports.show')}?{one.query}")
