"""Names of people as they are given, and whether two of them are one."""

from __future__ import annotations

import unicodedata

from correlator.errors import UsageError
from correlator.text.quantities import one_line

LONGEST_NAME = 200


def person(given: str) -> str:
    """A name fit to be kept. Raises UsageError where there is none."""
    name = one_line(given, LONGEST_NAME).strip()
    if not key(name):
        raise UsageError("nobody is named", hint="say who does this: it is kept with the step")
    return name


def same_person(one: str, other: str) -> bool:
    """Whether two names are one, whatever their capitals, spaces and marks between words.

    >>> same_person("On-call  engineer", "on-call Engineer "), same_person("first", "second")
    (True, False)
    """
    return key(one) == key(other)


def key(name: str) -> str:
    """Letters and digits alone, without capitals."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", name).casefold() if letter.isalnum())
