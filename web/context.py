"""What every view needs: the settings, and the store as the one who asks may see it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from flask import Flask, g, has_request_context, request

from correlator.store.snapshot import release, snapshot
from web.access.current import current_actor
from web.access.restricted_stores import restricted_stores
from web.app_state import Context, whole_context

__all__ = ["Context", "context", "give_back"]

_READING: Final = frozenset({"GET", "HEAD"})


def context() -> Context:
    """The context of this request. Its engine shows the actor's tenants alone where they are restricted.

    A request that only reads sees one state of the store from its first question to its last."""
    if not has_request_context() or request.method not in _READING:
        return _seen_by(current_actor().tenants)
    contexts: dict[frozenset[str] | None, Context] = g.setdefault("contexts", {})
    tenants = current_actor().tenants
    if tenants not in contexts:
        seen = _seen_by(tenants)
        contexts[tenants] = replace(seen, engine=snapshot(seen.engine))
    return contexts[tenants]


def _seen_by(tenants: frozenset[str] | None) -> Context:
    whole = whole_context()
    return whole if tenants is None else replace(whole, engine=restricted_stores().engine_for(tenants))


def give_back(app: Flask) -> None:
    """Let go of the store at the end of every request."""
    app.teardown_request(_released)


def _released(_: BaseException | None) -> None:
    for one in g.pop("contexts", {}).values():
        release(one.engine)
