"""Every request passes here before its view: who is it, may they, and did they send it themselves?"""

from __future__ import annotations

from typing import Final

from flask import Flask, current_app, request

from web.access.actor import Actor, Role
from web.access.current import enter
from web.access.doors import Door, door_of
from web.access.who import actor_of_request
from web.errors import RefusedError
from web.same_origin import refuse_other_origins
from web.whole import whole_place

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN: Final = frozenset({"static", "probes.alive", "probes.ready"})
"""Answered whoever asks: nothing of any tenant stands in them."""
OWN_PROOF: Final = frozenset({"webhooks.pagerduty", "lineage.one_event", "lineage.batch"})
"""They ask for a proof of their own: a signature, or the token of lineage clients."""


def guard(app: Flask) -> None:
    app.before_request(admit)


def admit() -> None:
    """Let the request in as its actor. Raises RefusedError: 401 for nobody, 403 for too little, or another origin."""
    if request.endpoint in OPEN:
        return
    if request.endpoint in OWN_PROOF:
        enter(Actor(request.endpoint, Role.RESPONDER, None, "proof"))
        return
    actor = actor_of_request(whole_place())
    if actor is None:
        raise RefusedError(401, "not_logged_in", "log in, or send an API token", hint="Authorization: Bearer ...")
    enter(actor)
    if request.method not in SAFE and actor.via != "token":
        refuse_other_origins()
    _check(actor, door_of(current_app.view_functions.get(request.endpoint or ""), writes=request.method not in SAFE))


def _check(actor: Actor, door: Door) -> None:
    if actor.role < door.role:
        raise RefusedError(
            403, "not_allowed", f"this takes the role {door.role.word}", hint=f"yours is {actor.role.word}"
        )
    if door.whole and actor.restricted:
        raise RefusedError(403, "not_allowed", "this is for those who may see all tenants")
