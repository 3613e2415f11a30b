"""How often somebody may ask for what costs much. Counted in this process: a moving window of a minute."""

from __future__ import annotations

import time
from math import ceil
from typing import Final

from flask import Flask, current_app, request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from correlator.settings import Settings
from web.access.actor import Actor
from web.access.proxy import is_trusted
from web.errors import RefusedError

COSTLY: Final = frozenset(
    {
        *("check.show", "check.post", "check.packet", "check.judge_now", "api.check"),
        *("api.check_pasted", "api.check_packet", "api.judge_now"),
        *("api.attach_note", "api.verify_bundle"),
        *("bundle.download", "api.create_bundle", "api.bundle", "evidence.verify", "evidence.attach"),
        *("rules.replay", "api.ask_replay"),
    }
)
"""Routes that read much, or start a process."""
_EXTENSION: Final = "correlator.limiter"


def prepare(app: Flask) -> None:
    app.extensions[_EXTENSION] = MovingWindowRateLimiter(MemoryStorage())


def count_costly(settings: Settings, actor: Actor) -> None:
    """Raises RefusedError (429) for somebody who has asked for too much within a minute."""
    _count(settings["access.costly_per_minute"], "costly", actor.via, actor.name)


def count_login(settings: Settings) -> None:
    """Raises RefusedError (429) for an address that has tried too often within a minute."""
    _count(settings["access.logins_per_minute"], "login", sender(settings))


def count_opened(settings: Settings, share_id: str) -> None:
    """Raises RefusedError (429) for an address that opens one shared link too often within a minute: whoever has it may
    ask without an account, and each time is entered in the audit log."""
    _count(settings["access.costly_per_minute"], "shared", share_id, sender(settings))


def sender(settings: Settings) -> str:
    """The address that asks: behind the proxy of the settings the one it names last."""
    address = request.remote_addr or ""
    forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return forwarded if forwarded and is_trusted(address, tuple(settings["access.proxy_from"])) else address


def _count(most: int, *key: str) -> None:
    limiter: MovingWindowRateLimiter = current_app.extensions[_EXTENSION]
    limit = RateLimitItemPerMinute(most)
    if limiter.hit(limit, *key):
        return
    wait = max(1, ceil(limiter.get_window_stats(limit, *key).reset_time - time.time()))
    raise RefusedError(
        429,
        "too_many_requests",
        f"at most {most} of these are answered in a minute",
        hint=f"try again in {wait} s",
        headers={"Retry-After": str(wait)},
    )
