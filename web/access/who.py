"""From a request to the one who sent it."""

from __future__ import annotations

from web.access.actor import LOOPBACK, Actor
from web.access.ways import is_configured
from web.whole import Place


def actor_of_request(whole: Place) -> Actor | None:
    """None where nobody has shown who they are."""
    return None if is_configured(whole.settings) else LOOPBACK
