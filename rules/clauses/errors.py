"""Clauses about error texts: how many of the failed runs show one that fits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from correlator.model import Finding, SignatureCount
from correlator.text.quantities import one_line, percent
from rules import measures
from rules.clauses.compiled import NO_DATA, Compiled, Maker, as_list, either
from rules.patterns import any_of


def signatures(read: Callable[[Finding], tuple[SignatureCount, ...]]) -> Maker:
    def make(name: str, wanted: Any) -> Compiled:
        patterns, share = error_wish(wanted)
        fits = any_of(patterns)

        def shown(finding: Finding) -> tuple[int, int, str]:
            counts = read(finding)
            number = measures.counted(counts)
            found = [count for count in counts if fits(count.signature) or fits(count.example)]
            return sum(map(number, found)), sum(map(number, counts)), found[0].example if found else ""

        def holds(finding: Finding) -> bool:
            for count in read(finding):
                if fits(count.signature) or fits(count.example):
                    failures, total, _ = shown(finding)
                    return failures > 0 and failures >= share * total
            return False

        def seen(finding: Finding) -> str:
            count, total, example = shown(finding)
            if not total:
                return NO_DATA
            return f"{count} of {total}" + (f', such as "{one_line(example, 120)}"' if example else "")

        words = f"{either(patterns)} in at least {percent(share)} of the failed runs with an error text"
        return Compiled(name, words, holds, seen, cost=2)

    return make


def error_wish(wanted: Any) -> tuple[list[str], float]:
    """The patterns of an error clause, and the share of the failed runs that must show them."""
    if isinstance(wanted, Mapping):
        return as_list(wanted["like"]), wanted.get("share_at_least", 0.5)
    return as_list(wanted), 0.5
