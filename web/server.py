"""Serving the app by waitress: on loopback only, unless access is configured that says who may come in."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import structlog
import waitress

from correlator.errors import CorrelatorError, UsageError
from correlator.settings import Settings
from web.access.methods import is_configured
from web.app import create_app
from web.http.security import is_loopback
from web.pictures.chart_script import make_in_background
from web.process.arenas import keep_few_heaps
from web.process.garbage import spare_what_stays
from web.rules.rulebook import rulebook

THREADS = 8
LARGEST_BODY = 16 * 1024 * 1024
"""Bytes; more is refused before it is read. What takes bodies may take less, and says so itself."""
MOST_WAITING = 1024 * 1024
"""Bytes of an answer that wait to be sent. Waitress frees what it has sent only when a buffer is full, by default after
16 MB: eight long lists at once would take more than all the rest."""


def serve(settings: Settings) -> None:
    """Serve the pages on `web.host` and `web.port` until interrupted.

    Raises UsageError for an address that others can reach, CorrelatorError for a port in use, StoreError for a
    store that can't be opened.
    """
    keep_few_heaps()
    with make_server(settings) as server:
        make_in_background()
        spare_what_stays()
        structlog.get_logger("web").info("pages are up", address=address(settings))
        server.run()


@contextmanager
def make_server(settings: Settings) -> Iterator[Any]:
    """A waitress server that is bound and not yet running; `effective_port` is where it listens. Closes at the end."""
    host, port = settings["web.host"], settings["web.port"]
    refuse_open_address(settings)
    refuse_taken_port(host, port)
    app = create_app(settings)
    rulebook(settings)  # now, and not while the first who looks at a rule waits
    try:
        server = waitress.create_server(
            app,
            host=host,
            port=port,
            threads=THREADS,
            ident=None,
            max_request_body_size=LARGEST_BODY,
            outbuf_high_watermark=MOST_WAITING,
            clear_untrusted_proxy_headers=False,  # by them `web.http.security` knows what a proxy passed on
            url_prefix=urlsplit(settings["web.base_url"]).path.rstrip("/"),
        )
    except OSError as error:
        raise port_error(host, port, error) from error
    try:
        yield server
    finally:
        server.close()


def address(settings: Settings) -> str:
    """The address to open, e.g. `http://127.0.0.1:8420`."""
    host = settings["web.host"]
    return f"http://{f'[{host}]' if ':' in host else host}:{settings['web.port']}"


def refuse_open_address(settings: Settings) -> None:
    """Raise UsageError for an address that is not loopback while no access is configured. Fail closed: the pages would
    show every tenant to whoever reaches them."""
    host = settings["web.host"]
    if not (is_loopback(host) or is_configured(settings)):
        raise UsageError(
            f"web.host: {host!r} can be reached by others, and no access control is configured",
            hint="use 127.0.0.1, or configure access: see docs/access.md",
        )


def refuse_taken_port(host: str, port: int) -> None:
    """Raise a clear error before the store is opened, if something listens there already."""
    if port == 0:
        return
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            raise port_error(host, port, error) from error


def port_error(host: str, port: int, error: Exception) -> CorrelatorError:
    return CorrelatorError(
        f"cannot listen on {host} port {port}: {error}",
        hint="stop what listens there, or choose another port with --port or web.port",
        permanent=True,
    )
