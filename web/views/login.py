"""Logging in with the OpenID provider, and out again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import structlog
from flask import Blueprint, Flask, current_app, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from correlator.errors import SourceError
from correlator.settings import Settings
from correlator.store import web_sessions
from web.access import Role, needs, note_audit
from web.access.cookies import LOGIN, SESSION, give, shown, take
from web.access.current import enter
from web.access.grants import granted
from web.access.limiting import count_login, sender
from web.app_state import Context, whole_context
from web.errors import RefusedError

if TYPE_CHECKING:
    from web.access.oidc import Provider

pages: Final = Blueprint("login", __name__)
WAITED_FOR: Final = timedelta(minutes=10)
LONGEST_NAME: Final = 200
_EXTENSION: Final = "correlator.provider"
_LOG: Final = structlog.get_logger("web.access")


def prepare(app: Flask, settings: Settings) -> None:
    """Make the provider known to the app. Its libraries are read only where somebody can log in at all."""
    from web.access.oidc import Provider

    app.extensions[_EXTENSION] = Provider(
        settings["access.oidc_issuer"],
        settings["access.oidc_client_id"],
        settings.secret("OIDC_CLIENT_SECRET") if settings.has_secret("OIDC_CLIENT_SECRET") else "",
        tuple(settings["access.oidc_scopes"]),
        settings["web.base_url"].rstrip("/") + "/login/back",
    )
    app.register_blueprint(pages)


def _provider() -> Provider:
    held: Provider = current_app.extensions[_EXTENSION]
    return held


@pages.get("/login")
def begin() -> Response:
    """On to the provider. What has to come back with the person is kept here, under the name in their cookie."""
    whole = whole_context()
    count_login(whole.settings)
    way, now = _provider().way_in(), datetime.now(UTC)
    kept = {
        "state": way.state,
        "nonce": way.nonce,
        "verifier": way.verifier,
        "next": local(request.args.get("next", "")),
    }
    name = web_sessions.begin(whole.engine, "", kept, now, now + WAITED_FOR)
    response = redirect(way.url, 302)
    give(response, whole.settings, LOGIN, name)
    return response


@pages.get("/login/back")
def back() -> Response:
    """Back from the provider: a session of a new name, whatever name the browser had before."""
    whole = whole_context()
    count_login(whole.settings)
    kept = _kept(whole)
    claims = _claims(kept)
    name = _name(claims, whole.settings["access.oidc_name_claim"])
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise RefusedError(403, "no_name", "the provider gives no name that could be shown")
    groups = _groups(claims.get(whole.settings["access.oidc_groups_claim"]))
    actor = granted(whole.settings, name, groups, "oidc")
    if actor is None:
        _LOG.warning("login refused: no role", actor=name, address=sender(whole.settings))
        raise RefusedError(403, "no_role", f"{name} has no role here", hint="access.roles says which groups have one")
    now = datetime.now(UTC)
    until = now + timedelta(seconds=whole.settings["access.longest_seconds"])
    session = web_sessions.begin(whole.engine, name, {"groups": sorted(groups), "sub": claims["sub"]}, now, until)
    enter(actor)
    note_audit("log in", name, {"address": sender(whole.settings)})
    web_sessions.end(whole.engine, shown(whole.settings, SESSION))
    response = redirect(request.script_root + kept["next"], 303)
    take(response, whole.settings, LOGIN)
    give(response, whole.settings, SESSION, session)
    return response


def _kept(whole: Context) -> dict[str, Any]:
    """What was kept when this browser set out, once. Raises RefusedError (403) where it did not set out from here."""
    name, state = shown(whole.settings, LOGIN), request.args.get("state", "")
    found = web_sessions.find(whole.engine, name, datetime.now(UTC), WAITED_FOR) if name else None
    if found is None or found.actor or not state or found.claims["state"] != state:
        raise RefusedError(403, "not_begun_here", "this login was not begun in this browser", hint="log in again")
    if not web_sessions.end(whole.engine, name):
        raise RefusedError(403, "not_begun_here", "this login was used before", hint="log in again")
    return dict(found.claims)


def _claims(kept: dict[str, Any]) -> dict[str, Any]:
    """What the provider says of the person. Raises RefusedError: 403 where it refuses or cannot be believed."""
    issuer = request.args.get("iss")
    if "error" in request.args or (issuer is not None and issuer != _provider().issuer):
        raise RefusedError(403, "not_logged_in", "the provider did not let this login happen", hint="log in again")
    try:
        return _provider().claims(request.args.get("code", ""), kept["verifier"], kept["nonce"])
    except SourceError as error:
        _LOG.warning("login refused", error=error.message)
        raise RefusedError(
            403, "not_logged_in", "the provider's answer is not to be believed", hint="log in again"
        ) from error


def _name(claims: Mapping[str, Any], wanted: str) -> str:
    """Under which somebody acts. An address that the provider has not checked is no name: anybody could give it."""
    checked = claims.get("email") if claims.get("email_verified") is True else None
    return str(claims.get(wanted) or checked or claims["sub"])


def _groups(claim: Any) -> frozenset[str]:
    listed = claim if isinstance(claim, list) else [claim] if isinstance(claim, str) else []
    return frozenset(group for group in listed if isinstance(group, str))


def local(address: str) -> str:
    """The address where it is one of ours; else the overview.

    >>> local("/check?q=run-1"), local("//example.com/"), local("https://example.com/"), local("/\\\\example.com")
    ('/check?q=run-1', '/', '/', '/')
    """
    parts = urlsplit(address)
    ours = address.startswith("/") and not address.startswith("//") and not (parts.scheme or parts.netloc)
    return address if ours and "\\" not in address and address.isprintable() else "/"


@pages.post("/logout")
@needs(Role.VIEWER)
def out() -> Response:
    """The session ends here; the page that follows says how to end the provider's."""
    whole = whole_context()
    note_audit("log out", "")
    web_sessions.end(whole.engine, shown(whole.settings, SESSION))
    response = redirect(url_for("login.gone"), 303)
    take(response, whole.settings, SESSION)
    return response


@pages.get("/logged-out")
def gone() -> Response:
    """Said to somebody who has logged out. The provider may still know them, so its way out stands there."""
    base: str = whole_context().settings["web.base_url"]
    try:
        way_out = _provider().way_out(base)
    except SourceError as error:  # fail open: they are logged out here, whatever the provider says
        _LOG.warning("the provider's logout is not known", error=error.message)
        way_out = None
    return make_response(render_template("logged_out.html", way_out=way_out))
