"""Tenants whose names are nothing but digits, in texts: most numbers are not them.

Masked is a number that is the name of such a tenant

- behind a word for one, wherever it stands: `tenant 7`, `customer_id=4711`, `"tenant": 4711`;
- with four digits or more, alone in a running text: `no export for 4711`. A part of something (a time, a date, an
  amount, `#4711`, `run-4711b`) is not alone, and what counts or measures (`4711 rows`, `4711 ms`) is no name.

A text without white space is an id, an address or a number, and stays as it is but for the first rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

_WORD: Final = r"(?:tenant|customer|client|account|organi[sz]ation|org|company|workspace)"
_ID: Final = r"(?:[ _-]?(?:id|no|nr|number|name))?"
_BETWEEN: Final = r"[\"'`]?(?:\s*[:=#]\s*|[ _/-])?[\"'`]?"
_COUNTED: Final = (
    r"[kmgt]?i?b|bytes?|[mnuµ]?s|sec|seconds?|min|minutes?|h|hours?|days?|weeks?|months?|years?|percent|times|"
    r"attempts?|runs?|retries|failures?|errors?|rows?|lines?|records?|items?|files?|points?|events?|messages?|requests?|"
    r"jobs?|tenants|customers|users?|of|more|fewer"
)
_BEHIND: Final = re.compile(rf"(?P<before>(?<![a-z])(?i:{_WORD}s?{_ID}){_BETWEEN})(?P<number>\d+)")
_ALONE: Final = re.compile(
    rf"(?P<before>(?<![\w#$€£])(?<!\d[.,:/+-]))(?P<number>\d{{4,}})(?![\w%])(?![.,:/+-]\d)(?!\s?(?i:{_COUNTED})\b)"
)
_KEY: Final = re.compile(rf"(?i:(?:^|[^a-z]){_WORD}(?P<many>s)?{_ID}$)")
_SPACE: Final = re.compile(r"\s")


@dataclass(frozen=True, slots=True)
class NumberedTenants:
    """Those that may not be seen, by their names, and what is read instead of one."""

    names: frozenset[str]
    mask: str

    def text(self, text: str) -> str:
        """The text with their names masked."""
        told = _BEHIND.sub(self._told, text)
        return _ALONE.sub(self._told, told) if _SPACE.search(told) else told

    def named_in(self, text: str) -> bool:
        """Whether one of them stands in it behind a word for a tenant."""
        return any(found["number"] in self.names for found in _BEHIND.finditer(text))

    def under(self, key: str, value: Any, otherwise: Callable[[Any], Any]) -> Any:
        """A JSON value under this key: what is called a tenant is one. (A number of `tenants` is how many.)"""
        called = _KEY.search(key)
        if called is None:
            return otherwise(value)
        if isinstance(value, list):
            return [self.under(key, one, otherwise) for one in value]
        kinds = (str,) if called["many"] else (str, int)
        return self.mask if type(value) in kinds and str(value) in self.names else otherwise(value)

    def _told(self, found: re.Match[str]) -> str:
        return found["before"] + (self.mask if found["number"] in self.names else found["number"])
