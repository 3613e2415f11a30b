"""Clauses about one value of a finding: a word, a name, several names, a number."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from correlator.model import Finding
from correlator.text.quantities import number, tenant_name
from rules.clauses.compiled import NO_DATA, Compiled, Maker, as_list, either
from rules.patterns import any_of


def word(read: Callable[[Finding], str]) -> Maker:
    def make(name: str, wanted: Any) -> Compiled:
        words = as_list(wanted)
        known = frozenset(words)
        return Compiled(name, either(words), lambda finding: read(finding) in known, read, cost=0)

    return make


def pattern(read: Callable[[Finding], Sequence[str]]) -> Maker:
    def make(name: str, wanted: Any) -> Compiled:
        patterns = as_list(wanted)
        fits = any_of(patterns)
        return Compiled(
            name,
            either(patterns),
            lambda finding: any(fits(text) for text in read(finding)),
            lambda finding: ", ".join(tenant_name(text) for text in read(finding)) or NO_DATA,
        )

    return make


def name_of(read: Callable[[Finding], str | None]) -> Maker:
    def make(name: str, wanted: Any) -> Compiled:
        patterns = as_list(wanted)
        fits = any_of(patterns)

        def holds(finding: Finding) -> bool:
            text = read(finding)
            return text is not None and fits(text)

        def seen(finding: Finding) -> str:
            text = read(finding)
            return NO_DATA if text is None else tenant_name(text)

        return Compiled(name, either(patterns), holds, seen)

    return make


def number_of(read: Callable[[Finding], float | None]) -> Maker:
    def make(name: str, wanted: Any) -> Compiled:
        def seen(finding: Finding) -> str:
            value = read(finding)
            return NO_DATA if value is None else number(value)

        return Compiled(name, range_words(wanted), lambda finding: in_range(read(finding), wanted), seen)

    return make


def in_range(value: float | None, wanted: Mapping[str, float]) -> bool:
    """Within `{at_least, at_most}`, both inclusive; a value that is not known is not."""
    low, high = wanted.get("at_least", float("-inf")), wanted.get("at_most", float("inf"))
    return value is not None and low <= value <= high


def range_words(wanted: Mapping[str, float]) -> str:
    """`at least 2 and at most 5`."""
    return " and ".join(f"{key.replace('_', ' ')} {number(value)}" for key, value in wanted.items())
