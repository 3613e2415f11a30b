"""What changed between two documents of a finding: what is said, what is asked, and the runs it is attributed to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from correlator.text.quantities import number, plural

SAID: Final = {
    "tenant": "tenant",
    "job": "job",
    "verdict": "verdict",
    "cause": "cause",
    "root_job": "root",
    "path": "path",
    "confidence": "confidence",
    "runs": "runs",
    "failed_first": "failed first",
    "recovered_by_retry": "passed on retry",
    "observed": "observed",
    "expected_by_chance": "expected by chance",
    "p_value": "p-value",
    "e_value": "e-value",
    "onset": "onset",
    "needs": "what would settle it",
}
RULE: Final = {"title": "rule", "rule_version": "rule version", "ask": "ask", "owner": "owner", "due": "due"}
NAMED: Final = 10
"""So many ids are named; of the rest the number."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is different; `before` and `after` in words, "" where it was not or is not there."""

    what: str
    before: str
    after: str

    def __str__(self) -> str:
        if not self.before or not self.after:
            return f"{self.what}: {self.before or self.after}"
        return f"{self.what}: {self.before} → {self.after}"


def finding_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    """What is different between two documents of a finding, what matters most first."""
    yield from _values(SAID, before, after)
    yield from _values(RULE, before.get("rule") or {}, after.get("rule") or {})
    yield from listed("failed run", _pairs(before), _pairs(after), which=" attributed to the cause")


def _values(names: Mapping[str, str], before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for key, words in names.items():
        if before.get(key) != after.get(key):
            yield Change(words, _said(before.get(key)), _said(after.get(key)))


def _said(value: Any) -> str:
    if value is None or value == "" or value == []:
        return "none"
    if isinstance(value, list):
        return " → ".join(str(item) for item in value)
    return number(value) if isinstance(value, float) else str(value)


def listed(noun: str, before: Mapping[str, Any], after: Mapping[str, Any], *, which: str = "") -> Iterator[Change]:
    """What is new, gone, or there with other content, by id; `which` stands behind the noun."""
    new = [key for key in after if key not in before]
    gone = [key for key in before if key not in after]
    other = [key for key in after if key in before and before[key] != after[key]]
    for word, keys in (("new", new), ("gone", gone), ("changed", other)):
        if keys:
            names = ", ".join(keys[:NAMED]) + (f" and {len(keys) - NAMED:,} more" if len(keys) > NAMED else "")
            count = plural(len(keys), noun) if noun != "dependency" else f"{len(keys):,} in the dependencies"
            yield Change(f"{word}, {count}{which}", "", names)


def _pairs(document: Mapping[str, Any]) -> dict[str, Any]:
    pairs = [pair for pair in document.get("pairs", []) if isinstance(pair, dict)]
    return {str(pair.get("logical_run_id")): {**pair} for pair in pairs}
