"""What stands in the address of a page: numbers and moments, refused with a sentence where they are none."""

from __future__ import annotations

from datetime import datetime

from flask import request

from web.errors import unprocessable


def asked_moment(name: str) -> datetime | None:
    """The time in `?name=`, as ISO 8601 with its offset; None where it is not asked. Raises RefusedError (422)."""
    text = request.args.get(name, "").strip()
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise unprocessable(f"{name}: {text!r} is no time with an offset", "for example 2026-03-15T04:00:00Z")
    return at


def asked_page() -> int:
    """The number in `?page=`, from 1. Raises RefusedError (422)."""
    text = request.args.get("page", "1")
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 1_000_000):
        raise unprocessable(f"page: {text!r} is no page", "pages are counted from 1")
    return int(text)


def asked_choice(name: str, choices: tuple[str, ...]) -> str:
    """The word in `?name=`; the first choice where it is not asked. Raises RefusedError (422)."""
    word = request.args.get(name, choices[0])
    if word not in choices:
        raise unprocessable(f"{name}: there is no {word!r}", f"one of {', '.join(choices)}")
    return word


def stamp(at: datetime) -> str:
    """A moment as it stands in an address, to the microsecond where it has any."""
    return at.isoformat().replace("+00:00", "Z")
