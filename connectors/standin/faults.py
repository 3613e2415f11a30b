"""Weather: faults that come by a seed, as vendors, networks and proxies make them.

Each request meets at most one fault, with the chance `rate`. `early` lists the requests that came before the reset of
a rate limit that had been announced to the client: there must be none.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from random import Random
from typing import Final

from connectors.standin.http import Reply, Request
from connectors.standin.mixups import MIXUPS, Mixups, Serve

LIMITS: Final = ("limit-seconds", "limit-float", "limit-unix-time", "limit-in-the-past", "limit-unsaid", "limit-bare")
STATUSES: Final = {"error-500": 500, "error-502": 502, "error-503": 503, "error-504": 504}
KEYS: Final = {"key-401": 401, "key-403": 403}
TRANSPORT: Final = ("html", "truncated", "cut", "reset", "slow", "hanging")
CURSOR: Final = "expired-cursor"
FAULTS: Final = (*LIMITS, *STATUSES, *KEYS, *TRANSPORT, CURSOR, *MIXUPS)
"""All kinds there are. A vendor's clock that is off is `clock_offset_seconds`, and holds for every answer."""

_HTML: Final = b"<!doctype html><title>One moment</title><h1>We are back in a minute</h1>"
_BARE: Final = ("limit-unsaid", "limit-bare")


@dataclass
class Weather:
    """What to play, and what was played. `now` is the clock that announced resets are held against, in seconds.

    `hang_seconds` are real ones: longer than the client's time-out.
    """

    seed: int
    kinds: Sequence[str] = FAULTS
    rate: float = 0.2
    now: Callable[[], float] = time.time
    clock_offset_seconds: float = 0.0
    hang_seconds: float = 1.0
    slow_seconds: float = 0.02
    played: Counter[str] = field(default_factory=Counter)
    early: list[str] = field(default_factory=list)
    over: bool = False

    def __post_init__(self) -> None:
        self.mixups = Mixups(self.seed, tuple(kind for kind in self.kinds if kind in MIXUPS))
        self._random = Random(self.seed)  # noqa: S311 - for play, not for keys
        self._jitter = Random(self.seed + 2)  # noqa: S311 - for play, not for keys
        self._closed: dict[str, float] = {}
        self._lock = threading.Lock()

    def clear_up(self) -> None:
        """No new faults from here on, and what was late has arrived; items that are bad stay bad."""
        self.over = True
        self.mixups.arrive()

    def jitter(self) -> float:
        """A number in [0, 1) for the client's waits, so that a run under this weather can be had again."""
        return self._jitter.random()

    def answer(self, vendor: str, request: Request, serve: Serve) -> Reply:
        """The answer to one request under this weather."""
        with self._lock:
            kind = self._kind(vendor, request)
            reply = self._closed_reply(vendor, request) or self._reply(kind, vendor, request, serve)
        time.sleep({"slow": self.slow_seconds, "hanging": self.hang_seconds}.get(kind or "", 0.0))
        date = formatdate(self.now() + self.clock_offset_seconds, usegmt=True)
        return replace(reply, headers={**reply.headers, "date": date})

    def _reply(self, kind: str | None, vendor: str, request: Request, serve: Serve) -> Reply:
        if kind is not None:
            self.played[kind] += 1
        if kind in LIMITS:
            return self._limited(vendor, request, kind)
        if kind in STATUSES or kind in KEYS:
            return Reply({**STATUSES, **KEYS}[kind])
        if kind == CURSOR:
            return Reply(400, {"errors": [{"title": "Generic Error", "detail": "invalid cursor"}]})
        if kind in TRANSPORT and kind != "slow":
            return self._damaged(kind, serve(request))
        return self.mixups.reply(kind, vendor, request, serve)  # a slow answer is right, it only comes late

    def _kind(self, vendor: str, request: Request) -> str | None:
        """The fault this request meets, of those that are possible for it."""
        if self.over or self._random.random() >= self.rate:
            return None
        possible = [kind for kind in self.kinds if self._possible(kind, vendor, request)]
        return self._random.choice(possible) if possible else None

    def _possible(self, kind: str, vendor: str, request: Request) -> bool:
        if kind == CURSOR:
            return vendor == "datadog" and b'"cursor"' in request.body
        return kind not in MIXUPS or self.mixups.possible(kind, request)

    # --- rate limits -------------------------------------------------------------------------------------------

    def _closed_reply(self, vendor: str, request: Request) -> Reply | None:
        """The refusal of a request that came before the announced reset; None when there is nothing to refuse."""
        until = self._closed.get(_scope(vendor, request), 0.0)
        if self.now() >= until:
            return None
        self.early.append(f"{request.method} {request.path}, {until - self.now():.3f} s too early")
        return Reply(429, headers=_limit_headers(vendor, f"{until - self.now():.3f}"))

    def _limited(self, vendor: str, request: Request, kind: str) -> Reply:
        if kind in _BARE:
            return Reply(429, headers={} if kind == "limit-bare" else _limit_headers(vendor, None))
        seconds = self._random.choice((1, 7, 30, 55))
        theirs = self.now() + self.clock_offset_seconds
        said = {
            "limit-seconds": str(seconds),
            "limit-float": f"{seconds + 0.75}",
            "limit-unix-time": f"{theirs + seconds:.0f}",
            "limit-in-the-past": f"{theirs - 90:.0f}",
        }[kind]
        if kind != "limit-in-the-past":
            ends_at = float(said) - self.clock_offset_seconds if kind == "limit-unix-time" else self.now() + float(said)
            self._closed[_scope(vendor, request)] = ends_at
        return Reply(429, headers=_limit_headers(vendor, said))

    # --- what the network does ---------------------------------------------------------------------------------

    def _damaged(self, kind: str, reply: Reply) -> Reply:
        if kind == "html":
            return Reply(200, _HTML, "text/html")
        if kind == "truncated":
            content = reply.content()
            return replace(reply, body=content[: len(content) * 2 // 3])
        return replace(reply, cut=kind == "cut", reset=kind in ("reset", "hanging"))


def _scope(vendor: str, request: Request) -> str:
    """What a limit is counted by: the operation at Datadog, the key at PagerDuty."""
    return request.path if vendor == "datadog" else vendor


def _limit_headers(vendor: str, reset: str | None) -> dict[str, str]:
    prefix = "x-ratelimit" if vendor == "datadog" else "ratelimit"
    headers = {f"{prefix}-limit": "300", f"{prefix}-remaining": "0"}
    return headers if reset is None else {**headers, f"{prefix}-reset": reset}
