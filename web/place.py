"""What every view needs: the settings, and the store as the one who asks may see it."""

from __future__ import annotations

from dataclasses import replace

from web.access.current import current_actor
from web.access.sights import sights
from web.whole import Place, whole_place

__all__ = ["Place", "place"]


def place() -> Place:
    """The place of the app that is answering; its engine shows the actor's tenants alone where they are restricted."""
    whole, seen = whole_place(), current_actor().tenants
    return whole if seen is None else replace(whole, engine=sights().engine_for(seen))
