"""What the app keeps for all requests: the settings and the whole store. Views ask `web.place`, which narrows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock

from flask import current_app
from sqlalchemy import Engine

from correlator.settings import Settings


@dataclass(frozen=True)
class Place:
    """One per app. `bundle_lock` lets one bundle be made at a time: making one takes much memory."""

    settings: Settings
    engine: Engine
    bundle_lock: Lock = field(default_factory=Lock)


def whole_place() -> Place:
    """The place with every tenant's rows: for finding out who asks, for the audit log and the probes. Not for views."""
    held: Place = current_app.extensions["correlator"]
    return held
