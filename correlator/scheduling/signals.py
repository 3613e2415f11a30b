"""SIGTERM and SIGINT as one event that a main thread can wait for."""

from __future__ import annotations

import signal
import threading
from types import FrameType

ENDING = (signal.SIGTERM, signal.SIGINT)


def ending_event() -> threading.Event:
    """An event that the first SIGTERM or SIGINT sets; a second SIGINT interrupts as usual. Main thread only."""
    event = threading.Event()

    def note(number: int, _: FrameType | None) -> None:
        event.set()
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)

    for number in ENDING:
        signal.signal(number, note)
    return event
