"""A small threaded HTTP server on loopback: one function gets a request and gives a reply.

Head and body leave in one write: two writes would cost 40 ms per keep-alive reply.
"""

from __future__ import annotations

import json
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from correlator.errors import SourceError

LOOPBACK: Final = "127.0.0.1"


@dataclass(frozen=True)
class Request:
    """One HTTP request; header names are lower case, `query` keeps repeated values in order."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    def one(self, name: str, default: str = "") -> str:
        """The last value of a query parameter."""
        return self.query.get(name, [default])[-1]

    def json(self) -> Any:
        """The body as JSON. Raises ValueError when it is not."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """What goes back. A body of None is sent as an empty body, one of bytes as it is, anything else as JSON.

    `cut` ends the connection half way through the body; `reset` ends it before the first byte.
    """

    status: int
    body: Any = None
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    reset: bool = False

    def content(self) -> bytes:
        """The body as it goes over the wire."""
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else json.dumps(self.body, separators=(",", ":")).encode()

    def encoded(self) -> bytes:
        """Head and body as they go over the wire."""
        body = self.content()
        own = {"date": formatdate(usegmt=True), "content-type": self.content_type}
        fields = {**own, **self.headers, "content-length": str(len(body))}
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}", *(f"{k}: {v}" for k, v in fields.items())]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        return head + (body[: len(body) // 2] if self.cut else body)


Application = Callable[[Request], Reply]


@contextmanager
def serve(application: Application, port: int, name: str) -> Iterator[str]:
    """Serve on loopback while the context lasts; gives the base URL. Port 0 takes a free one.

    Raises SourceError when the port is taken.
    """
    try:
        server = _Server((LOOPBACK, port), _handler(application))
    except OSError as error:
        raise SourceError(
            f"the {name} stand-in cannot listen on port {port}: {error.strerror}", hint="give another port, or 0"
        ) from error
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name=f"standin-{name}")
    thread.start()
    try:
        yield f"http://{LOOPBACK}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that is gone, killed in the middle of a request, is no news; anything else is told."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def _handler(application: Application) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            reply = application(self._request())
            if reply.reset:
                self._hang_up()
                return
            try:
                self.wfile.write(reply.encoded())
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True
            self.close_connection = self.close_connection or reply.cut

        def _hang_up(self) -> None:
            """Close at once and without a farewell: the client sees a connection reset."""
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True

        def _request(self) -> Request:
            parts = urlsplit(self.path)
            return Request(
                method=self.command,
                path=parts.path,
                query=parse_qs(parts.query, keep_blank_values=True),
                headers={key.lower(): value for key, value in self.headers.items()},
                body=self.rfile.read(int(self.headers.get("content-length") or 0)),
            )

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - the names http.server looks for

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the signature of http.server
            """Nothing: the stand-in is quiet, its caller counts requests by `Standin.requests`."""

    return Handler
