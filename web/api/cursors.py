"""Cursors: where a page of a list goes on. They name the last row that was shown, so that nothing that comes in
between moves what follows; and the question they belong to, so that no other is answered with them."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeVar

import msgspec
from flask import request

from web.errors import unprocessable

Key = TypeVar("Key", bound=tuple[Any, ...])
Item = TypeVar("Item")
_APART: Final = ("limit", "after")
_NUMBERS: Final = 2**63


def cursor_for(key: tuple[Any, ...]) -> str:
    """The cursor behind the row with this key, in the list that is asked for now.

    Letters, digits, `-` and `_` alone: it can stand in an address as it is.
    """
    return base64.urlsafe_b64encode(msgspec.json.encode((_question(), *key))).rstrip(b"=").decode("ascii")


def key_in(cursor: str | None, kind: Any) -> Any:
    """The key in a cursor as this type of tuple; None where there is no cursor. Raises RefusedError (422) for one
    that is not of this list."""
    if cursor is None:
        return None
    try:
        whole = msgspec.json.decode(base64.b64decode(_padded(cursor), altchars=b"-_", validate=True))
        key = msgspec.convert(whole[1:], kind)
    except (binascii.Error, msgspec.MsgspecError, ValueError, TypeError, KeyError) as error:
        raise _foreign() from error
    if whole[0] != _question() or cursor_for(key) != cursor or not all(map(_can_be_asked_for, key)):
        raise _foreign()
    return key


def _can_be_asked_for(part: Any) -> bool:
    """No row has another key: databases refuse such numbers and texts."""
    if isinstance(part, int):
        return -_NUMBERS <= part < _NUMBERS
    return "\0" not in part if isinstance(part, str) else True


def _padded(cursor: str) -> str:
    return cursor + "=" * (-len(cursor) % 4)


def _foreign() -> Exception:
    return unprocessable("after: this is no cursor of this list", "send `next` of the page before, and ask the same")


def _question() -> str:
    """What is asked for, apart from where and how much of it."""
    asked = sorted((name, value) for name, value in request.args.items(multi=True) if name not in _APART)
    return hashlib.sha256(msgspec.json.encode((request.path, asked))).hexdigest()[:12]


def page_of(found: Sequence[Item], limit: int, key: Callable[[Item], tuple[Any, ...]]) -> tuple[list[Item], str | None]:
    """The rows of a page and its `next`, out of up to `limit` rows and one more, which tells that there are more."""
    rows = list(found[:limit])
    return rows, cursor_for(key(rows[-1])) if len(found) > limit else None


def after(rows: Iterable[Item], key: Callable[[Item], Key], last: Key | None) -> list[Item]:
    """The rows behind this key, in the order of their keys: for lists that are short enough to be read whole."""
    return sorted((row for row in rows if last is None or key(row) > last), key=key)
