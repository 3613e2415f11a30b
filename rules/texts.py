"""The error texts a rule is about: an ask quotes and counts those its clauses look for, not just the most frequent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from correlator.model import Cause, Finding, SignatureCount
from rules.clauses.errors import error_wish
from rules.patterns import any_of


def with_texts_of(when: Mapping[str, Any], finding: Finding) -> Finding:
    """The finding with those of its error texts that the clauses look for; with all of them where none fits."""
    own, root = ["error"], ["root_error"]
    (root if finding.cause is Cause.UPSTREAM else own).append("root_or_own_error")
    return replace(
        finding,
        signatures=_fitting(patterns_of(when, own), finding.signatures),
        root_signatures=_fitting(patterns_of(when, root), finding.root_signatures),
    )


def patterns_of(when: Mapping[str, Any], names: list[str]) -> Iterator[str]:
    """The patterns of these clauses, also of those that stand below `any`."""
    for name, wanted in when.items():
        if name in names:
            yield from error_wish(wanted)[0]
        elif name == "any":
            for group in wanted:
                yield from patterns_of(group, names)


def _fitting(patterns: Iterator[str], counts: tuple[SignatureCount, ...]) -> tuple[SignatureCount, ...]:
    fits = any_of(patterns)
    return tuple(count for count in counts if fits(count.signature) or fits(count.example)) or counts
