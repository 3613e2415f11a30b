"""Handovers: the draft, the one being written with what the data says by now beside it, and those acknowledged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from correlator.errors import StepRefusedError
from correlator.handover.differing import Beside
from correlator.handover.facts import TITLES, Draft, Part, Section
from correlator.handover.text import draft_markdown, handover_markdown, handover_plain
from correlator.handover.writing import LONGEST, Edit, acknowledge, begin, drafted, edit, news
from correlator.store.handovers import (
    LISTED,
    StoredHandover,
    Version,
    Written,
    get_handover,
    get_version,
    list_handovers,
    open_handover,
    versions_of,
)
from web import reading
from web.access import Role, current_actor, needs, note_audit
from web.context import context
from web.errors import not_found
from web.http.arguments import number_of
from web.steps.acting import acting, names_are_given

pages: Final = Blueprint("handover", __name__)
PLAIN: Final = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One section as it is shown: what was written, the facts it came from, and what the data says other by now.
    `theirs`: what somebody else saved meanwhile, "" where that is the same."""

    part: Part
    title: str
    words: str
    facts: Section
    beside: Beside | None
    theirs: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """`shown`: the version that is shown; `may_write`: whether it may be edited; `seal`: of the data as it is now."""

    stored: StoredHandover
    shown: Version
    sheets: tuple[Sheet, ...]
    versions: tuple[Written, ...]
    may_write: bool
    seal: str
    seen: int
    refused: str = ""

    @property
    def news(self) -> bool:
        return any(sheet.beside for sheet in self.sheets)


@dataclass(frozen=True, slots=True)
class List:
    """`draft`: as the data has it now, None while one is being written; `more`: the id to go on from."""

    open: StoredHandover | None
    draft: Draft | None
    rows: tuple[StoredHandover, ...]
    more: int | None


@pages.get("/handover")
def index() -> str:
    engine, tenants = context().engine, current_actor().tenants
    before = _before()
    found = list_handovers(engine, before)
    standing = open_handover(engine, tenants)
    draft = None if standing or before else drafted(engine, datetime.now(UTC), tenants)
    more = found[LISTED - 1].id if len(found) > LISTED else None
    page = List(standing, draft, tuple(found[:LISTED]), more)
    return render_template("handovers.html", page=page, may_write=_may_write(), **_common())


@pages.get("/handover/draft.md")
def draft() -> Response:
    """As the data has it now, for a chat; nothing is stored."""
    made = drafted(context().engine, datetime.now(UTC), current_actor().tenants)
    return Response(draft_markdown(made), content_type="text/markdown; charset=utf-8")


@pages.post("/handover")
@needs(Role.RESPONDER)
def start() -> AnyResponse:
    made, new = begin(context().engine, acting(request.form), current_actor().tenants, datetime.now(UTC))
    if new:
        note_audit("handover begun", f"handover {made}")
    return redirect(url_for("handover.show", handover_id=made), 303)


@pages.get("/handover/<int(max=9223372036854775807):handover_id>")
def show(handover_id: int) -> str:
    return _rendered(_page(_stored(handover_id), _asked_version()))


@pages.get("/handover/<int(max=9223372036854775807):handover_id>/handover.md")
def markdown(handover_id: int) -> Response:
    text = handover_markdown(_stored(handover_id))
    return Response(text, content_type="text/markdown; charset=utf-8")


@pages.get("/handover/<int(max=9223372036854775807):handover_id>/handover.txt")
def plain(handover_id: int) -> Response:
    return Response(handover_plain(_stored(handover_id)), content_type=PLAIN)


@pages.post("/handover/<int(max=9223372036854775807):handover_id>")
@needs(Role.RESPONDER)
def save(handover_id: int) -> AnyResponse:
    """The next version. Where somebody was quicker, the page again with both texts: nothing that was typed is lost."""
    stored, form = _stored(handover_id), request.form
    words = {part.value: form[part.value].replace("\r\n", "\n") for part in Part if part.value in form}
    change = Edit(words, _seen(), form.get("taken_up", ""))
    try:
        edit(context().engine, handover_id, acting(form), change, datetime.now(UTC))
    except StepRefusedError as error:
        return make_response(_rendered(_page(_stored(stored.id), None, words, error.message)), 409)
    note_audit("handover edited", f"handover {handover_id}", {"version": change.seen + 1})
    return redirect(url_for("handover.show", handover_id=handover_id), 303)


@pages.post("/handover/<int(max=9223372036854775807):handover_id>/acknowledge")
@needs(Role.RESPONDER)
def take_over(handover_id: int) -> AnyResponse:
    _stored(handover_id)
    seen, said = _seen(), request.form.get("read_back", "")
    acknowledge(context().engine, handover_id, acting(request.form), said, seen, datetime.now(UTC))
    note_audit("handover acknowledged", f"handover {handover_id}", {"version": seen})
    return redirect(url_for("handover.show", handover_id=handover_id), 303)


def _stored(handover_id: int) -> StoredHandover:
    found = get_handover(context().engine, handover_id)
    if found is None:
        raise not_found(f"there is no handover {handover_id}", "the handovers there are stand at /handover")
    return found


def _page(
    stored: StoredHandover, version: int | None, typed: Mapping[str, str] | None = None, refused: str = ""
) -> Page:
    found = None if version is None else get_version(context().engine, stored.id, version)
    shown = found or stored.last
    newest = shown.version == stored.last.version
    may_write = newest and stored.acknowledged_at is None and _may_write()
    beside, seal = news(context().engine, stored, datetime.now(UTC)) if may_write else ((), "")
    return Page(
        stored,
        shown,
        tuple(_sheets(shown, beside, typed or {})),
        tuple(versions_of(context().engine, stored.id)),
        may_write,
        seal,
        stored.last.version,
        refused,
    )


def _sheets(shown: Version, beside: tuple[Beside, ...], typed: Mapping[str, str]) -> list[Sheet]:
    news_of, facts = {one.part: one for one in beside}, Draft.from_dict(shown.facts)
    sheets = []
    for part in Part:
        saved = shown.words.get(part.value, "")
        words = typed.get(part.value, saved)
        theirs = "" if words.strip() == saved else saved
        sheets.append(Sheet(part, TITLES[part], words, facts.section(part), news_of.get(part), theirs))
    return sheets


def _rendered(page: Page) -> str:
    return render_template("handover.html", page=page, longest=LONGEST, **_common())


def _common() -> dict[str, object]:
    state = reading.freshness_in_short(context().engine)
    return {"freshness": state, "given_names": names_are_given()}


def _may_write() -> bool:
    return current_actor().role >= Role.RESPONDER


def _before() -> int | None:
    text = request.args.get("before", "")
    return number_of("before", text, 2**63) if text else None


def _asked_version() -> int | None:
    text = request.args.get("version", "")
    return number_of("version", text) if text else None


def _seen() -> int:
    return number_of("seen", request.form.get("seen", ""))
