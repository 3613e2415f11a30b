"""Pages and scheduler for one machine: two child processes that live and end together."""

from __future__ import annotations

import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from correlator.errors import CorrelatorError
from correlator.scheduling.child import Child, start_child
from correlator.scheduling.signals import ending_event
from correlator.settings import Settings
from correlator.store.database import open_store

START_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 0.2
_DIRECT: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_OVERRIDES: Final = ("web.host", "web.port", "database.url")


class ServeError(CorrelatorError):
    """Pages or scheduler ended by themselves."""


def serve_all(
    settings: Settings,
    *,
    config: Path | None = None,
    ready: Callable[[str], None] | None = None,
    ending: threading.Event | None = None,
) -> None:
    """Run pages and scheduler until SIGTERM or SIGINT (or `ending` is set), then end both.

    `settings` is what the caller read from `config`; its address, port and database win over the file's. `ready` is
    called once with the pages' address when they answer. Raises ServeError when one of the two ends by itself (the
    other is ended too) or the pages do not answer in a minute.
    """
    ending = ending or ending_event()
    open_store(settings.database_url()).dispose()  # the schema is brought up to date once, before two use it
    address = f"http://{_host(settings)}:{settings['web.port']}"
    with ExitStack() as stack:
        children = {
            "pages": stack.enter_context(_start("web", settings, config)),
            "scheduler": stack.enter_context(_start("run", settings, config)),
        }
        _watch(children, address, ready, ending)
        for child in children.values():
            child.ask_to_end()


def _watch(
    children: Mapping[str, Child], address: str, ready: Callable[[str], None] | None, ending: threading.Event
) -> None:
    """Until the end: tell once when the pages answer, and notice when a child has gone."""
    deadline: float | None = time.monotonic() + START_SECONDS
    while not ending.wait(_LOOK_SECONDS):
        for name, child in children.items():
            if child.status is not None:
                raise ServeError(f"the {name} ended with status {child.status}; ending the rest", hint=_HINTS[name])
        if deadline is not None and _answers(address):
            deadline = None
            if ready is not None:
                ready(address)
        if deadline is not None and time.monotonic() > deadline:
            raise ServeError(f"the pages did not answer on {address} in {START_SECONDS:g} s", hint=_HINTS["pages"])


_HINTS: Final = {
    "pages": "the lines above say why; `correlator web` runs the pages alone",
    "scheduler": "the lines above say why; `correlator run` runs the scheduler alone",
}


def _start(command: str, settings: Settings, config: Path | None) -> Child:
    arguments = [command, *(["--config", str(config)] if config else [])]
    return start_child("correlator", arguments, {**settings.environment, **_overrides(settings)})


def _overrides(settings: Settings) -> dict[str, str]:
    return {"CORRELATOR_" + name.upper().replace(".", "_"): str(settings[name]) for name in _OVERRIDES}


def _host(settings: Settings) -> str:
    host = str(settings["web.host"])
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104


def _answers(address: str) -> bool:
    """Whether something speaks HTTP there, be it with an error."""
    try:
        with _DIRECT.open(f"{address}/healthz", timeout=2):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
