"""Every request passes here before its view: who is it, may they, and did they send it themselves?"""

from __future__ import annotations

from typing import Final

from flask import Flask, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from correlator.settings import Settings
from web.access.actor import Actor, Role
from web.access.audit import note_the_rest
from web.access.authentication import actor_of_request
from web.access.current import enter
from web.access.limiting import COSTLY, count_costly
from web.access.limiting import prepare as prepare_limits
from web.access.methods import by_oidc, is_configured
from web.access.requirements import Requirement, requirement_of
from web.app_state import whole_context
from web.errors import JSON_PATHS, RefusedError
from web.http.same_origin import refuse_other_origins
from web.http.security import from_this_machine

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN: Final = frozenset(
    {"static", "probes.alive", "probes.ready", "login.begin", "login.back", "login.gone", "share.show"},
)
"""Answered whoever asks: nothing of any tenant stands in them; a shared link lets its reader in itself."""
OWN_PROOF: Final = frozenset({"webhooks.pagerduty", "lineage.one_event", "lineage.batch", "share.show"})
"""They ask for a proof of their own: a signature (of a body, or of a link), or the token of lineage clients."""


def guard(app: Flask) -> None:
    """Every request from now on. Rate limits count per app."""
    prepare_limits(app)
    app.before_request(admit)
    app.after_request(note_the_rest)


def admit() -> Response | None:
    """Let the request in as its actor, or send a person to log in. Raises RefusedError: 401 for nobody, 403 for too
    little or another origin, 429 for too much."""
    if request.endpoint in OPEN:
        return None
    if request.endpoint in OWN_PROOF:
        enter(Actor(request.endpoint, Role.RESPONDER, None, "proof"))
        return None
    settings = whole_context().settings
    if not is_configured(settings):
        _refuse_others()
    actor = actor_of_request(whole_context()) or _scraper(settings)
    if actor is None:
        return _asked_to_log_in(settings)
    enter(actor)
    writes = request.method not in SAFE
    if writes and actor.via != "token":
        refuse_other_origins()
    _check(actor, requirement_of(current_app.view_functions.get(request.endpoint or ""), writes=writes))
    if request.endpoint in COSTLY and is_configured(settings):
        count_costly(settings, actor)
    return None


def _refuse_others() -> None:
    """Raise RefusedError (403) for what was not sent on this machine while nobody said who may come in. Fail closed: it
    would be let in as somebody on this machine, and comes from wherever a proxy lets it come from."""
    if not from_this_machine():
        raise RefusedError(
            403,
            "passed_on",
            "this was passed on from elsewhere, and who may come in is not configured",
            hint="docs/access.md says how; without it this machine alone is answered, as localhost",
        )


def _scraper(settings: Settings) -> Actor | None:
    """Who reads the measures from this machine, where the settings let them: not what a proxy passes on."""
    if request.endpoint == "measures.show" and settings["access.metrics"] == "loopback" and from_this_machine():
        return Actor("", Role.VIEWER, None, "loopback")
    return None


def _asked_to_log_in(settings: Settings) -> Response:
    """A person who opens a page goes on to log in; whatever else is refused."""
    if by_oidc(settings) and request.method == "GET" and not request.path.startswith(JSON_PATHS):
        return redirect(url_for("login.begin", next=request.full_path.rstrip("?")), 303)
    raise RefusedError(
        401,
        "not_logged_in",
        "nobody is named: log in, or send a token",
        hint="docs/access.md says how",
        headers={"WWW-Authenticate": "Bearer"},
    )


def _check(actor: Actor, requirement: Requirement) -> None:
    if actor.role < requirement.role:
        raise RefusedError(
            403, "not_allowed", f"this takes the role {requirement.role.word}", hint=f"your role is {actor.role.word}"
        )
    if requirement.whole and actor.restricted:
        raise RefusedError(403, "not_allowed", "this is for those who may see all tenants")
