"""Times on the command line: ISO 8601 with an offset, so that nobody's local clock decides."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final, overload

import click

from correlator.errors import UsageError
from correlator.text.lengths import interval

_HINT: Final = "for example 2026-03-30T10:00:00Z"
_LENGTH: Final = re.compile(r"\s*\d+[smhd]\s*")


@overload
def moment_of(option: str, text: str) -> datetime: ...
@overload
def moment_of(option: str, text: str | None) -> datetime | None: ...
def moment_of(option: str, text: str | None) -> datetime | None:
    """The time given to an option, in UTC. Raises UsageError for one that cannot be read or has no offset."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{option}: {text!r} is not an ISO 8601 time", hint=_HINT) from error
    raise UsageError(f"{option}: {text} has no UTC offset", hint=_HINT)


def moment_or_ago(option: str, text: str, now: datetime) -> datetime:
    """As `moment_of`, or so long before `now`: `90d`, `12h`, `5m`, `30s`."""
    return now - interval(text, option) if _LENGTH.fullmatch(text) else moment_of(option, text)


def moment_option(_: click.Context, option: click.Parameter, value: str | None) -> datetime | None:
    """A click callback for `moment_of`."""
    return moment_of(option.opts[0], value)


def ago_option(_: click.Context, option: click.Parameter, value: str | None) -> datetime | None:
    """A click callback for `moment_or_ago`."""
    return None if value is None else moment_or_ago(option.opts[0], value, datetime.now(UTC))
