"""What the app keeps for all requests: the settings and the whole store. Views ask `web.context`, which narrows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock

from flask import current_app
from sqlalchemy import Engine

from correlator.settings import Settings


@dataclass(frozen=True)
class Context:
    """One per app. `bundle_lock` lets one bundle be made at a time: making one takes much memory."""

    settings: Settings
    engine: Engine
    bundle_lock: Lock = field(default_factory=Lock)


def whole_context() -> Context:
    """The context with all tenants' rows: for finding out who asks, the audit log and the probes. Not for views."""
    held: Context = current_app.extensions["correlator"]
    return held
