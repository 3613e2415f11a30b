"""Reading what vendors send: values by dotted path, times in any of their spellings, ids for what has none."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from correlator.ports import SetAside

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_ID: Final = 512
"""Longer names than this fit no key of the store; none of a vendor comes near it."""
SHORTEST_KEY: Final = 8
_FEWEST_DIGITS: Final = 9
_MOST_DIGITS: Final = 19


class UnmappableError(ValueError):
    """This item cannot become a fact; the text is the reason that is kept beside its payload."""


def dig(value: Any, path: str) -> Any:
    """The value at a dotted path; a key may itself hold dots, as vendors flatten or not. None when there is none.

    >>> dig({"error": {"message": "late"}}, "error.message"), dig({"error.message": "late"}, "error.message")
    ('late', 'late')
    """
    if value is None or (type(value) is not dict and not isinstance(value, Mapping)):
        return None
    if path in value:
        return value[path]
    if "." not in path:
        return None
    for head, tail in _splits(path):
        if head in value and (found := dig(value[head], tail)) is not None:
            return found
    return None


@lru_cache(maxsize=1024)
def _splits(path: str) -> tuple[tuple[str, str], ...]:
    """The ways to cut a path in two; the same few paths are asked for in every item."""
    parts = path.split(".")
    return tuple((".".join(parts[:count]), ".".join(parts[count:])) for count in range(1, len(parts)))


def text_of(value: Any) -> str | None:
    """A scalar as a stripped text; None for nothing, for blank texts and for what is no scalar."""
    if type(value) is str and value.isascii() and "\x00" not in value:
        return value.strip() or None  # nearly all of them: a pull asks this a dozen times a run
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return storable(str(value)).strip() or None
    return None


def storable(text: str) -> str:
    """The text without what databases refuse: NUL characters and halves of surrogate pairs, which JSON can carry."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def identifier(value: Any, name: str) -> str:
    """A text that names something. Raises UnmappableError when there is none, or one too long for a key."""
    found = text_of(value)
    if found is None:
        raise UnmappableError(f"no {name} in it")
    if len(found) > LONGEST_ID:
        raise UnmappableError(f"the {name} is longer than {LONGEST_ID} characters")
    return found


def moment(value: Any, name: str) -> datetime:
    """A vendor's time as aware UTC: ISO 8601 in either case, or an epoch number in s, ms, us or ns by its size.

    Raises UnmappableError for anything else, and for a time without an offset, which could mean any hour.
    """
    text = text_of(value)
    if text is None:
        raise UnmappableError(f"no {name}")
    try:
        if text.isdecimal() and _FEWEST_DIGITS <= len(text) <= _MOST_DIGITS:
            return _EPOCH + timedelta(microseconds=_epoch_micros(text))
        parsed = datetime.fromisoformat(text.upper())
        if parsed.tzinfo is not None:
            return parsed if parsed.tzinfo is UTC else parsed.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UnmappableError(f"{name} is not a time: {text!r}") from error
    raise UnmappableError(f"{name} has no offset: {text!r}")


def _epoch_micros(digits: str) -> int:
    number = int(digits)
    for length, factor in ((11, 1_000_000), (14, 1_000), (17, 1)):
        if len(digits) <= length:
            return number * factor
    return number // 1_000


def shifted(at: datetime, by: timedelta, name: str) -> datetime:
    """`at + by`, the time called `name`. Raises UnmappableError where that lies beyond the years 1 to 9999."""
    try:
        return at + by
    except OverflowError as error:
        raise UnmappableError(f"{name} is not a time: {by} from {at:%Y-%m-%d} on") from error


def optional_moment(value: Any, name: str) -> datetime | None:
    """As `moment`, with None for a value that is absent or blank."""
    return None if text_of(value) is None else moment(value, name)


def millis(at: datetime) -> int:
    """Whole milliseconds since 1970 UTC."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


def set_aside(item: Any, reason: str) -> SetAside:
    """The item with its reason; one without an id gets a hash of its content, so that it is kept once."""
    payload = item if isinstance(item, dict) else {"value": item}
    found = text_of(payload.get("id")) or ""
    return SetAside(found if 0 < len(found) <= LONGEST_ID else _content_id(payload), storable(reason), payload)


def _content_id(payload: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(payload, sort_keys=True, default=str).encode()).hexdigest()[:20]


def masked(data: bytes, secrets: tuple[str, ...]) -> bytes:
    """An answer without our own secrets, should it echo them: whatever is made of it holds none.

    A text too short to be a key stays, as it is part of much else.
    """
    for secret in secrets:
        if len(secret) >= SHORTEST_KEY:
            data = data.replace(secret.encode(), b"[secret]")
    return data


def excerpt(text: str, secrets: tuple[str, ...] = (), length: int = 300) -> str:
    """A vendor's words for an error message: one line, no markup, no secret, not too long.

    Give the whole text: a secret that was cut in two is not found, and half of it would be told.
    """
    for secret in filter(None, secrets):
        text = text.replace(secret, "[secret]")
    plain = " ".join(re.sub(r"<[^>]*>", " ", text[: 10 * length]).split())
    return plain if len(plain) <= length else plain[: length - 1] + "…"
