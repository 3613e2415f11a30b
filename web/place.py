"""What every view needs, kept on the app: the settings and the store."""

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


def place() -> Place:
    """The place of the app that is answering."""
    held: Place = current_app.extensions["correlator"]
    return held
