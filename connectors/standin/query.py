"""The part of Datadog's search syntax that job runs and deploys need.

`*`, `key:value`, `@custom.path:value`, wildcards, quotes, AND (also by a blank), OR, NOT and a leading `-`, brackets.
A bare word looks into the resource name or title. Ranges and facets beyond that are refused, not ignored.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import fnmatchcase

Lookup = Callable[[str], list[str]]
Predicate = Callable[[Lookup], bool]

_TOKEN = re.compile(r'\s*(\(|\)|-(?=[^\s])|(?:[^\s()":]+:)?"[^"]*"|[^\s()]+)')


class QueryError(ValueError):
    """The query is not in the syntax above."""


def parse_query(text: str) -> Predicate:
    """A predicate over a lookup of keys; `@` stands before custom attributes, none before tags and reserved ones."""
    tokens = [match.group(1) for match in _TOKEN.finditer(text.strip())]
    if not tokens:
        return lambda _: True
    parser = _Parser(tokens)
    predicate = parser.any_of()
    if parser.tokens:
        raise QueryError(f"unexpected {parser.tokens[0]!r}")
    return predicate


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens

    def _next(self) -> str:
        if not self.tokens:
            raise QueryError("the query ends too early")
        return self.tokens.pop(0)

    def any_of(self) -> Predicate:
        parts = [self.all_of()]
        while self.tokens and self.tokens[0] == "OR":
            self._next()
            parts.append(self.all_of())
        return lambda lookup: any(part(lookup) for part in parts)

    def all_of(self) -> Predicate:
        parts = [self.term()]
        while self.tokens and self.tokens[0] not in ("OR", ")"):
            if self.tokens[0] == "AND":
                self._next()
            parts.append(self.term())
        return lambda lookup: all(part(lookup) for part in parts)

    def term(self) -> Predicate:
        word = self._next()
        if word in ("-", "NOT"):
            inner = self.term()
            return lambda lookup: not inner(lookup)
        if word == "(":
            inner = self.any_of()
            if self._next() != ")":
                raise QueryError("a bracket is not closed")
            return inner
        return _leaf(word)


def _leaf(word: str) -> Predicate:
    if word in ("*", "*:*"):
        return lambda _: True
    key, colon, value = word.partition(":")
    if not colon:
        key, value = "", word
    value = value.strip('"')
    if value.startswith("[") or value[:1] in "<>":
        raise QueryError(f"ranges are not supported: {word!r}")
    if not key:
        value = f"*{value}*"
    return lambda lookup: any(fnmatchcase(found, value) for found in lookup(key))
