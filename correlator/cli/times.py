"""Times on the command line: ISO 8601 with an offset, so that nobody's local clock decides."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from correlator.errors import UsageError
from correlator.text.lengths import interval


def moment_option(_: click.Context, option: click.Parameter, value: str | None) -> datetime | None:
    """A click callback: `2026-03-30T10:00:00Z`, or any other offset, as an aware datetime in UTC."""
    if value is None:
        return None
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError as error:
        raise UsageError(
            f"--{option.name}: {value!r} is not a time", hint="write it like 2026-03-30T10:00:00Z"
        ) from error
    if parsed.tzinfo is None:
        raise UsageError(f"--{option.name}: {value!r} has no offset", hint="add Z for UTC")
    return parsed.astimezone(UTC)


def ago_option(context: click.Context, option: click.Parameter, value: str | None) -> datetime | None:
    """A click callback: as `moment_option`, or a length of time before now, such as `90d`."""
    if value is not None and value.strip()[-1:] in "smhd" and value.strip()[:-1].isdigit():
        return datetime.now(UTC) - interval(value, f"--{option.name}")
    return moment_option(context, option, value)
