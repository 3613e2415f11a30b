"""Where browsers tell what a page tried against its policy: the policy as served, and an address to report to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from web.http import security

HEADER = "Content-Security-Policy"


@contextmanager
def violations() -> Iterator[list[str]]:
    """Every report of a browser, as JSON, while the block runs. Reports come from pages without scripts too."""
    told: list[str] = []

    class Take(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing is said on stderr."""

    with HTTPServer(("127.0.0.1", 0), Take) as server, pytest.MonkeyPatch.context() as patch:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        policy = f"{security.CONTENT_SECURITY_POLICY}; report-uri http://127.0.0.1:{server.server_port}/"
        patch.setitem(security.HEADERS, HEADER, policy)
        try:
            yield told
        finally:
            server.shutdown()
            thread.join(10)
