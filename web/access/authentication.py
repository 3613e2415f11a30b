"""From a request to the one who sent it: a token, else the proxy's word, else a session."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import structlog
from flask import request

from correlator.errors import StoreError
from correlator.store import tokens, web_sessions
from web.access import cookies, methods
from web.access.actor import LOOPBACK, ROLES, Actor
from web.access.grants import granted
from web.access.proxy import actor_of_proxy
from web.app_state import Context
from web.errors import RefusedError

_LOG = structlog.get_logger("web.access")


def actor_of_request(whole: Context) -> Actor | None:
    """None where nobody has shown who they are. Raises RefusedError for a proof that is none."""
    settings = whole.settings
    if not methods.is_configured(settings):
        return LOOPBACK
    if methods.by_token(settings) and "Authorization" in request.headers:
        return actor_of_token(whole)
    if methods.by_proxy(settings) and (actor := actor_of_proxy(settings)):
        return actor
    return _of_session(whole) if methods.by_oidc(settings) else None


def actor_of_token(whole: Context) -> Actor:
    """A token that is shown has to be right: nobody falls back on something else. Raises RefusedError (401)."""
    scheme, _, shown = request.headers["Authorization"].partition(" ")
    now = datetime.now(UTC)
    token = tokens.token_shown(whole.engine, shown.strip(), now) if scheme.lower() == "bearer" else None
    if token is None:
        raise RefusedError(401, "not_a_token", "the token is unknown, has expired, or was revoked", hint="Bearer")
    try:
        tokens.note_use(whole.engine, token, now)
    except StoreError as error:  # fail open: when it was used last is a hint for people, and the store is busy
        _LOG.warning("the use of a token was not noted", token=token.id, error=error.message)
    return Actor(token.name, ROLES[token.role], token.tenants, "token")


def _of_session(whole: Context) -> Actor | None:
    """Who is logged in; their role is what the settings grant their groups now."""
    name, now = cookies.shown(whole.settings, cookies.SESSION), datetime.now(UTC)
    if not name:
        return None
    idle = timedelta(seconds=whole.settings["access.idle_seconds"])
    session = web_sessions.find(whole.engine, name, now, idle)
    if session is None or not session.actor:
        return None
    try:
        web_sessions.note_seen(whole.engine, name, session, now)
    except StoreError as error:  # fail open: the session may end a little early, and the store is busy
        _LOG.warning("the use of a session was not noted", error=error.message)
    return granted(whole.settings, session.actor, session.claims["groups"], "oidc")
