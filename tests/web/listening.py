"""The pages' real server, listening on loopback for as long as a test asks it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from correlator.settings import Settings
from web.server import make_server


@contextmanager
def listening(settings: Settings) -> Iterator[int]:
    """The port it listens on. It has ended when the block has; what it fails with before makes the test fail."""
    stopping = threading.Event()
    with make_server(settings) as server:

        def run() -> None:
            try:
                server.run()
            except OSError:  # its sockets are closed under it: that is how it is stopped
                if not stopping.is_set():
                    raise

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            yield server.effective_port
        finally:
            stopping.set()
            server.task_dispatcher.shutdown()
    for kept_alive in list(server.active_channels.values()):
        kept_alive.handle_close()  # browsers keep theirs; the server would wait for them
    thread.join(10)
    assert not thread.is_alive()
