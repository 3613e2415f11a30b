"""What stands in the address of a page: numbers and moments, refused with a sentence where they are none."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from flask import request

from web.errors import unprocessable

FIRST_YEAR: Final = 1970
END_YEAR: Final = 9000


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
    return near_us(name, at)


def near_us(name: str, at: datetime) -> datetime:
    """The moment. Raises RefusedError (422) for one so far away that there is nothing to count from or to."""
    if not FIRST_YEAR <= at.year < END_YEAR:
        raise unprocessable(f"{name}: {at:%Y} is too far away", f"times are from {FIRST_YEAR} to {END_YEAR}")
    return at


def asked_page() -> int:
    """The number in `?page=`, from 1. Raises RefusedError (422)."""
    text = request.args.get("page", "1")
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 1_000_000):
        raise unprocessable(f"page: {text!r} is no page", "pages are counted from 1")
    return int(text)


def number_of(name: str, text: str, end: int = 2**31) -> int:
    """A number that stands in an address or a form, in [1, end). Raises RefusedError (422)."""
    if not (text.isascii() and text.isdigit() and len(text) < 20 and 0 < int(text) < end):
        raise unprocessable(f"{name}: {text[:40]!r} is no number, counted from 1")
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
