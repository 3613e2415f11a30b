"""The stand-in as a context: both vendors on loopback while it lasts."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from connectors.standin.datadog import Datadog
from connectors.standin.facts import Clock, Facts, wall_clock
from connectors.standin.http import Application, Reply, Request, serve
from connectors.standin.limits import Fault, FaultScript, RateLimit, spoiled
from connectors.standin.pagerduty import PagerDuty
from correlator.simulation.history import History


@dataclass
class Requests:
    """What was asked: (method, path, status), in the order of the answers."""

    seen: list[tuple[str, str, int]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, request: Request, status: int) -> None:
        with self._lock:
            self.seen.append((request.method, request.path, status))

    def count(self, path: str, method: str = "") -> int:
        """How many requests went to paths that contain `path`."""
        with self._lock:
            return sum(path in seen and method in ("", verb) for verb, seen, _ in self.seen)


@dataclass
class Standin:
    """A running stand-in. Faults may be added while it runs; `notes` of PagerDuty stand in `pagerduty.notes`."""

    datadog_url: str
    pagerduty_url: str
    datadog: Datadog
    pagerduty: PagerDuty
    faults: FaultScript
    requests: Requests


@contextmanager
def serve_history(
    history: History,
    *,
    datadog_port: int = 0,
    pagerduty_port: int = 0,
    clock: Clock | None = None,
    faults: Iterable[Fault] = (),
    keys: tuple[str, str, str] = ("", "", ""),
    datadog_limit: tuple[int, int] = (6000, 3600),
    pagerduty_limit: tuple[int, int] = (960, 60),
) -> Iterator[Standin]:
    """Serve a history. With a `clock`, facts appear as their time comes; without, all are there at once.

    `keys` are the right (Datadog API key, Datadog application key, PagerDuty key), empty for any. Limits are
    (requests, seconds). Raises SourceError when a port is taken.
    """
    facts = Facts(history, clock or wall_clock, live=clock is not None)
    script, requests = FaultScript(faults), Requests()
    datadog = Datadog(facts, RateLimit(*datadog_limit), keys[0], keys[1])
    pagerduty = PagerDuty(facts, RateLimit(*pagerduty_limit), keys[2])
    with (
        serve(_application(datadog, script, requests), datadog_port, "datadog") as datadog_url,
        serve(_application(pagerduty, script, requests), pagerduty_port, "pagerduty") as pagerduty_url,
    ):
        yield Standin(datadog_url, pagerduty_url, datadog, pagerduty, script, requests)


@contextmanager
def serve_standin(folder: Path, *, datadog_port: int = 0, pagerduty_port: int = 0) -> Iterator[Standin]:
    """Serve a folder in the tables contract, all of it at once; ports of 0 take free ones.

    Raises InputError when the folder cannot be read, SourceError when a port is taken.
    """
    from connectors.standin.folder import read_history

    with serve_history(read_history(folder), datadog_port=datadog_port, pagerduty_port=pagerduty_port) as standin:
        yield standin


def _application(vendor: Datadog | PagerDuty, script: FaultScript, requests: Requests) -> Application:
    def answer(request: Request) -> Reply:
        allowed, headers = vendor.limit_headers()
        if not allowed:
            reply = Reply(429, headers=headers)
        elif script.weather is not None:
            reply = script.weather.answer(vendor.name, request, lambda asked: _answer(asked, headers))
        else:
            reply = _answer(request, headers)
        requests.add(request, reply.status)
        return reply

    def _answer(request: Request, headers: dict[str, str]) -> Reply:
        fault = script.next_for(request)
        if fault is not None and fault.delay_seconds:
            time.sleep(fault.delay_seconds)
        if fault is None or fault.applied or fault.status in (0, 200):
            reply = vendor.reply(request)
            reply = Reply(reply.status, reply.body, reply.content_type, {**headers, **reply.headers})
            return reply if fault is None or fault.status == 200 else spoiled(fault, reply, headers)
        return spoiled(fault, None, headers)

    return answer
