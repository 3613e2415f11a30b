"""What every view needs: the settings, and the store as the one who asks may see it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from flask import Flask, g, has_request_context, request

from correlator.store.held import held, release
from web.access.current import current_actor
from web.access.sights import sights
from web.whole import Place, whole_place

__all__ = ["Place", "give_back", "place"]

_READING: Final = frozenset({"GET", "HEAD"})


def place() -> Place:
    """The place of the app that is answering; its engine shows the actor's tenants alone where they are restricted.

    A request that only reads sees one state of the store from its first question to its last."""
    if not has_request_context() or request.method not in _READING:
        return _seen_by(current_actor().tenants)
    places: dict[frozenset[str] | None, Place] = g.setdefault("places", {})
    tenants = current_actor().tenants
    if tenants not in places:
        seen = _seen_by(tenants)
        places[tenants] = replace(seen, engine=held(seen.engine))
    return places[tenants]


def _seen_by(tenants: frozenset[str] | None) -> Place:
    whole = whole_place()
    return whole if tenants is None else replace(whole, engine=sights().engine_for(tenants))


def give_back(app: Flask) -> None:
    """Let go of the store at the end of every request."""
    app.teardown_request(_released)


def _released(_: BaseException | None) -> None:
    for one in g.pop("places", {}).values():
        release(one.engine)
