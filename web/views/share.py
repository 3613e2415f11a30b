"""A finding shown to somebody without an account, by a link that is signed, holds for a while and can be taken back."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Final

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from correlator.store.findings import get_finding
from correlator.store.shares import Share, add_share, get_share, revoke_share
from correlator.text.persons import person
from correlator.text.quantities import moment, one_line
from web.access import Actor, Role, needs, note_audit
from web.access.current import enter
from web.access.limiting import count_opened
from web.app_state import whole_context
from web.context import context
from web.errors import RefusedError, not_found, unprocessable
from web.shared_links import SECRET, can_share, share_in
from web.steps.acting import acting
from web.views.finding import page_of, stored_finding

pages: Final = Blueprint("share", __name__)
DAYS: Final = (1, 7, 30)
"""For so many days a link can be made to hold."""
LONGEST_NOTE: Final = 200


@pages.post("/findings/<finding_id>/shares")
@needs(Role.RESPONDER)
def make(finding_id: str) -> AnyResponse:
    """A new link. RefusedError: 422 for a time that is none of DAYS, 503 where no secret is set to sign with."""
    stored = stored_finding(finding_id)
    make_share(stored.id, _days(), acting(request.form), request.form.get("note", ""))
    return redirect(url_for("finding.show", finding_id=stored.id, _anchor="shares"), 303)


def make_share(finding_id: str, days: int, actor: str, note: str = "") -> Share:
    """Make and keep it; raises as `make` does."""
    if not can_share(context().settings):
        raise RefusedError(503, "not_configured", "links cannot be signed here", hint=f"set {SECRET} (docs/sharing.md)")
    now = datetime.now(UTC)
    until, words = now + timedelta(days=days), one_line(note, LONGEST_NOTE).strip()
    share = Share(secrets.token_urlsafe(12), finding_id, person(actor), now, until, words)
    note_audit("share", finding_id, {"by": share.made_by, "until": moment(until), "for": words, "link": share.id})
    add_share(context().engine, share)
    return share


@pages.post("/findings/<finding_id>/shares/<share_id>/revoke")
@needs(Role.RESPONDER)
def revoke(finding_id: str, share_id: str) -> AnyResponse:
    """Take a link back: it opens nothing from now on. 404 for one that is not this finding's or is taken back."""
    stored = stored_finding(finding_id)
    take_back(stored.id, share_id, acting(request.form))
    return redirect(url_for("finding.show", finding_id=stored.id, _anchor="shares"), 303)


def take_back(finding_id: str, share_id: str, by: str) -> None:
    """Raises as `revoke` does; UsageError where nobody is named."""
    share, actor = get_share(context().engine, share_id), person(by)
    if share is None or share.finding_id != finding_id:
        raise not_found(f"{finding_id} has no such link")
    if not revoke_share(context().engine, share_id, actor, datetime.now(UTC)):
        raise not_found("this link was taken back before")
    note_audit("unshare", finding_id, {"by": actor, "link": share_id})


@pages.get("/shared/<token>")
def show(token: str) -> Response:
    """The packet, to read. Whoever has the link sees this finding and no row of another tenant. 429 for too often."""
    share = _opened(token)
    count_opened(context().settings, share.id)
    stored = get_finding(context().engine, share.finding_id)
    if stored is None:
        raise _closed()
    note_audit("share opened", share.finding_id, {"link": share.id})
    body = render_template("shared.html", page=page_of(stored, request.args.get("run", "")), share=share, token=token)
    return _kept_private(make_response(body))


def _opened(token: str) -> Share:
    """The share, with its reader let in. Raises RefusedError (404) for a link that opens nothing."""
    whole = whole_context()
    name = share_in(whole.settings, token)
    share = get_share(whole.engine, name) if name else None
    stored = get_finding(whole.engine, share.finding_id) if share and share.holds(datetime.now(UTC)) else None
    if share is None or stored is None:
        raise _closed()
    enter(Actor(f"link {share.id}", Role.VIEWER, frozenset({stored.finding.tenant} - {""}), "share"))
    return share


def _closed() -> RefusedError:
    return not_found("this link opens nothing (any more)", "ask whoever sent it for a new one")


def _kept_private(response: Response) -> Response:
    """Neither kept nor indexed, and its address told to no other site."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _days() -> int:
    text = request.form.get("days", "")
    if text not in {str(days) for days in DAYS}:
        raise unprocessable(f"days: {text!r} is none", f"one of {', '.join(map(str, DAYS))}")
    return int(text)
