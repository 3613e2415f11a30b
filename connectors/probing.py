"""Asking for one thing and noting what came back: what every kind's check.py is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from connectors.retries import Patience
from correlator.errors import SourceError
from correlator.ports import Found, Probe

IMPATIENT: Final = Patience(attempts=2, cap_seconds=5.0)
"""Somebody waits at the terminal: one more try, and no waiting for a rate limit."""


def probe(name: str, ask: Callable[[], str], *, permission: str = "", without: str = "", needed: bool = True) -> Probe:
    """The probe of one small request; `ask` gives what it found in words.

    Refused for good is missing; no answer, or one that may be another tomorrow, is unknown.
    """
    try:
        said, found, hint = ask(), Found.OK, ""
    except SourceError as error:
        said, found, hint = error.message, Found.MISSING if error.permanent else Found.UNKNOWN, error.hint
    return Probe(name, found, permission, said, without, hint, needed)
