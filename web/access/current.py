"""The one who asks, found out once a request."""

from __future__ import annotations

from flask import g, has_request_context

from web.access.actor import LOOPBACK, NOBODY, Actor
from web.access.methods import is_configured
from web.access.restricted_stores import restricted_stores
from web.app_state import whole_context


def current_actor() -> Actor:
    """Who asks. Before the gate has let them in: somebody who sees no tenant, unless no access is configured at all."""
    if has_request_context() and "actor" in g:
        actor: Actor = g.actor
        return actor
    return NOBODY if is_configured(whole_context().settings) else LOOPBACK


def enter(actor: Actor) -> None:
    """From here on the request is this actor's."""
    if actor.tenants is not None:
        restricted_stores().refresh(actor.tenants)
    g.actor = actor
