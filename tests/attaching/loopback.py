"""A service on loopback that a test plays: requests kept, faults played as the stand-in plays them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from connectors.standin.http import Reply, Request, serve
from connectors.standin.limits import Fault, FaultScript, spoiled


@dataclass
class Loopback:
    """A running service. `seen` holds each request with the status of its answer."""

    url: str = ""
    faults: FaultScript = field(default_factory=FaultScript)
    seen: list[tuple[Request, int]] = field(default_factory=list)

    def count(self, path: str = "", method: str = "") -> int:
        """How many requests went to paths that contain `path`."""
        return sum(path in asked.path and method in ("", asked.method) for asked, _ in self.seen)


@contextmanager
def served(answer: Callable[[Request], Reply]) -> Iterator[Loopback]:
    """`answer` as a service, one request at a time."""
    running, lock = Loopback(), threading.Lock()

    def application(request: Request) -> Reply:
        fault = running.faults.next_for(request)
        if fault is not None:
            time.sleep(fault.delay_seconds)
        with lock:
            reply = _reply(answer, request, fault)
            running.seen.append((request, reply.status))
        return reply

    with serve(application, 0, "loopback") as url:
        running.url = url
        yield running


def _reply(answer: Callable[[Request], Reply], request: Request, fault: Fault | None) -> Reply:
    if fault is None:
        return answer(request)
    applied = fault.applied or fault.status in (0, 200)
    due = answer(request) if applied else None
    return due if fault.status == 200 and due is not None else spoiled(fault, due, {})
