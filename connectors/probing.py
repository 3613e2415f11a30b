"""Asking for one thing and noting what came back: what every kind's check.py is made of."""

from __future__ import annotations

from collections.abc import Callable

from connectors.retries import Patience
from correlator.errors import SourceError
from correlator.ports import Found, Probe


def patience_to_check() -> Patience:
    """For a check: somebody waits at the terminal, so one more try, and no waiting for a rate limit. Each check has one
    of its own, as what a vendor's limit asks for is remembered in it."""
    return Patience(attempts=2, cap_seconds=5.0)


def probe(name: str, ask: Callable[[], str], *, permission: str = "", without: str = "", needed: bool = True) -> Probe:
    """The probe of one small request; `ask` gives what it found in words.

    Refused for good is missing; no answer, or one that may be another tomorrow, is unknown.
    """
    try:
        said, found, hint = ask(), Found.OK, ""
    except SourceError as error:
        said, found, hint = error.message, Found.MISSING if error.permanent else Found.UNKNOWN, error.hint
    return Probe(name, found, permission, said, without, hint, needed)
