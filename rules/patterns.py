"""Patterns as rule writers know them from file names: `*` any text, `?` one character, case aside.

Nothing else is special, so an error text with brackets or dots can be pasted as it is. A number alone between two stars
is looked for as a number: `*401*` is not in "request 14012". What stands between the stars is looked for from left to
right, which takes one pass however many stars there are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final

TEXT_LIMIT: Final = 2000
"""Characters of a text that are looked at: keeps hostile error texts from making a match slow."""

Test = Callable[[str], bool]
_Find = Callable[[str, int], tuple[int, int]]
"""Where a piece stands in a text from a place on: start and end, or (-1, -1)."""


@lru_cache(maxsize=4096)
def _test(pattern: str) -> Test:
    """Whether a text that is lowered and cut fits."""
    pieces = pattern.lower().split("*")
    head, tail = pieces[0], pieces[-1]
    if len(pieces) == 1:
        return _whole(head)
    middle = [piece for piece in pieces[1:-1] if piece]
    if not head and not tail and len(middle) == 1 and "?" not in middle[0] and not middle[0].isdecimal():
        only = middle[0]
        return lambda text: only in text
    return _in_order(head, [_finder(piece) for piece in middle], tail)


def _whole(pattern: str) -> Test:
    if "?" not in pattern:
        return lambda text: text == pattern
    compiled = _compiled(pattern)
    return lambda text: compiled.fullmatch(text) is not None


def _in_order(head: str, middle: list[_Find], tail: str) -> Test:
    starts, ends = _compiled(head), _compiled(tail)

    def test(text: str) -> bool:
        if starts.match(text) is None:
            return False
        place, end = len(head), len(text) - len(tail)
        for find in middle:
            start, place = find(text, place)
            if start < 0:
                return False
        return place <= end and ends.match(text, end) is not None

    return test


def _finder(piece: str) -> _Find:
    compiled = _between_stars(piece)

    def find(text: str, place: int) -> tuple[int, int]:
        found = compiled.search(text, place)
        return found.span() if found else (-1, -1)

    return find


def _compiled(piece: str) -> re.Pattern[str]:
    """A piece without stars."""
    return re.compile(".".join(re.escape(part) for part in piece.split("?")), re.DOTALL)


def _between_stars(piece: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\d){piece}(?!\d)") if piece.isdecimal() else _compiled(piece)


@lru_cache(maxsize=1 << 16)
def _lowered(text: str) -> str:
    return text[:TEXT_LIMIT].lower()


def matches(pattern: str, text: str) -> bool:
    """True when the whole of `text` fits `pattern`.

    >>> matches("ingest_*", "ingest_events"), matches("*[E401]*", "got [e401] again"), matches("a", "ab")
    (True, True, False)
    """
    return _test(pattern)(_lowered(text))


def any_of(patterns: Iterable[str]) -> Test:
    """A test of a text against several patterns, compiled once; texts seen before are remembered."""
    tests = [_test(pattern) for pattern in patterns]

    @lru_cache(maxsize=1 << 12)
    def test(text: str) -> bool:
        lowered = _lowered(text)
        return any(one(lowered) for one in tests)

    return test
