"""Rate limits that are counted as a vendor counts them, and faults that are played on request."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from connectors.standin.faults import Weather
from connectors.standin.http import Reply, Request


@dataclass
class RateLimit:
    """At most `limit` requests in each period; a fixed window, as the vendors' headers describe it."""

    limit: int
    period_seconds: int
    clock: Callable[[], float] = time.monotonic
    _window: int = 0
    _used: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> tuple[bool, int, int]:
        """Count one request: (allowed, remaining, seconds until the window ends)."""
        now = self.clock()
        window = int(now // self.period_seconds)
        with self._lock:
            if window != self._window:
                self._window, self._used = window, 0
            self._used += 1
            remaining = max(0, self.limit - self._used)
            return self._used <= self.limit, remaining, int((window + 1) * self.period_seconds - now) + 1


@dataclass
class Fault:
    """What happens instead of (or to) the next `times` requests whose path contains `path`, after `after` good ones.

    A status of 0 answers rightly but cuts the connection in the middle of the body; `delay_seconds` waits first;
    `applied` lets the request take effect before the fault hides its answer (a write whose answer is lost).
    """

    path: str
    status: int = 500
    times: int = 1
    after: int = 0
    method: str = ""
    delay_seconds: float = 0.0
    applied: bool = False
    body: object = None
    headers: dict[str, str] = field(default_factory=dict)


class FaultScript:
    """The faults still to be played, in the order given; one applies to a request at a time.

    `weather`, where there is one, makes further faults up by its seed.
    """

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self.weather: Weather | None = None
        self._faults = list(faults)
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def next_for(self, request: Request) -> Fault | None:
        """The fault this request meets, used up by one; None for a request that is answered as usual."""
        with self._lock:
            for fault in self._faults:
                if fault.path not in request.path or fault.method not in ("", request.method):
                    continue
                if fault.after > 0:
                    fault.after -= 1
                    continue
                if fault.times > 0:
                    fault.times -= 1
                    return fault
        return None


def spoiled(fault: Fault, reply: Reply | None, headers: dict[str, str]) -> Reply:
    """The reply a fault makes out of the one that was due."""
    if fault.status == 0 and reply is not None:
        return Reply(reply.status, reply.body, reply.content_type, reply.headers, cut=True)
    return Reply(fault.status, fault.body, headers={**headers, **fault.headers})
