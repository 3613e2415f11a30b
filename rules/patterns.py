"""Patterns as rule writers know them from file names: `*` any text, `?` one character, case aside.

Nothing else is special, so an error text with brackets or dots can be pasted as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

TEXT_LIMIT: Final = 2000
"""Characters of a text that are looked at: keeps hostile error texts from making a match slow."""


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    # A run of stars means the same as one, and one keeps matching linear where "***" would backtrack.
    pieces = re.split(r"(\*+|\?)", pattern)
    return re.compile("".join(_piece(piece) for piece in pieces), re.IGNORECASE | re.DOTALL)


def _piece(piece: str) -> str:
    if piece.startswith("*"):
        return ".*"
    return "." if piece == "?" else re.escape(piece)


def matches(pattern: str, text: str) -> bool:
    """True when the whole of `text` fits `pattern`.

    >>> matches("ingest_*", "ingest_events"), matches("*[E401]*", "got [e401] again"), matches("a", "ab")
    (True, True, False)
    """
    return _compiled(pattern).fullmatch(text[:TEXT_LIMIT]) is not None


def first_match(patterns: Iterable[str], text: str) -> str | None:
    """The first pattern that `text` fits, or None."""
    return next((pattern for pattern in patterns if matches(pattern, text)), None)
