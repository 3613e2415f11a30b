"""API tokens, for admins: make, list and revoke them. A token is shown once, in the answer that made it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from correlator.store.tokens import ROLES, NewToken, Token, as_tenants, create_token, list_tokens, revoke_token
from web.access import Role, current_actor, needs, note_audit
from web.app_state import whole_context
from web.errors import unprocessable

pages: Final = Blueprint("tokens", __name__)
LASTS: Final = (30, 90, 365)
"""Days that a token can be made for on the page."""


@dataclass(frozen=True, slots=True)
class Page:
    """`made`: the token that was made just now, "" otherwise; `taken`: whether tokens let anybody in here."""

    rows: tuple[Token, ...]
    now: datetime
    taken: bool
    made: str = ""
    roles: tuple[str, ...] = ROLES
    lasts: tuple[int, ...] = LASTS


@pages.get("/tokens")
@needs(Role.ADMIN, whole=True)
def show() -> str:
    return _rendered()


@pages.post("/tokens")
@needs(Role.ADMIN, whole=True)
def create() -> Response:
    """The page with the new token on it; nobody keeps that page."""
    form = request.form
    shown, _ = make_token(
        form.get("name", ""), form.get("role", ""), as_tenants(form.get("tenants", "").split()), _days()
    )
    response = make_response(_rendered(shown), 201)
    response.headers["Cache-Control"] = "no-store"
    return response


def make_token(name: str, role: str, tenants: frozenset[str] | None, days: int) -> tuple[str, Token]:
    """The token to be shown once, and what is kept of it. `tenants` None: all. Raises UsageError for one without
    sense."""
    now = datetime.now(UTC)
    wanted = NewToken(name, role, tenants, now + timedelta(days=days), current_actor().name)
    shown, token = create_token(whole_context().engine, wanted, now)
    note_audit("token created", f"token {token.id}", {"name": token.name, "role": token.role})
    return shown, token


@pages.post("/tokens/<token_id>/revoke")
@needs(Role.ADMIN, whole=True)
def revoke(token_id: str) -> AnyResponse:
    take_back(token_id)
    return redirect(url_for("tokens.show"), 303)


def take_back(token_id: str) -> Token:
    """Raises UsageError for an unknown one, and for one that was revoked before."""
    token = revoke_token(whole_context().engine, token_id, datetime.now(UTC))
    note_audit("token revoked", f"token {token.id}", {"name": token.name})
    return token


def _rendered(made: str = "") -> str:
    whole = whole_context()
    rows = tuple(list_tokens(whole.engine))
    return render_template("tokens.html", page=Page(rows, datetime.now(UTC), whole.settings["access.tokens"], made))


def _days() -> int:
    text = request.form.get("days", "")
    if text not in {str(days) for days in LASTS}:
        raise unprocessable(f"days: {text!r} is none", f"one of {', '.join(map(str, LASTS))}")
    return int(text)
