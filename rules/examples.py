"""The examples a rule carries: fragments of findings it must, and must not, match.

A fragment names only the facts that matter. The rest comes from a plain finding: tenant-01's job `export`, systemic,
attributed to an upstream job. What the rule asks for is not looked at, or a rule that asks for the wrong thing would
pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from correlator.errors import CorrelatorError, RulesError
from correlator.model import Finding
from rules.checking import nearest
from rules.clauses.table import judge
from rules.matching import RuleSet, recognised
from rules.model import Rule

_PLAIN: Final[dict[str, Any]] = {
    "tenant": "tenant-01",
    "job": "export",
    "verdict": "systemic",
    "cause": "upstream",
    "root_job": None,
    "path": [],
    "confidence": 0.95,
    "runs": 100,
    "failed_first": 20,
    "recovered_by_retry": 18,
    "observed": 18,
    "expected_by_chance": 2.0,
    "p_value": 0.0001,
    "onset": None,
    "needs": None,
}
_FIELDS: Final = frozenset(field.name for field in fields(Finding))
_ITEMS: Final[dict[str, dict[str, Any]]] = {
    # what an item of a list may leave out
    "signatures": {"failures": 10},
    "root_signatures": {"failures": 10},
    "metrics": {"job": "ingest", "moved": True, "score": 5.0, "quiet_median": 1.0, "before_median": 2.0, "windows": 10},
    "changes": {"change_id": "change-1", "at": "2026-03-01T00:00:00Z", "title": "deploy", "job": None},
    "scope": {"kind": "tenant", "affected": 0, "exposed": 0, "runs": 100},
    "episodes": {"start": "2026-03-01T00:00:00Z", "end": "2026-03-01T00:30:00Z", "jobs": ["a", "b"], "failures": 10},
    "pairs": {"upstream_logical_run_id": "upstream-run-1"},
    "layers": {"check": "", "data": "", "result": "implicated"},
    "contributions": {"root_job": None},
    "monitors": {
        "monitor_id": "monitor-1",
        "title": "",
        "state": "alert",
        "job": "",
        "failures": 10,
        "of": 10,
        "minutes_before": 10.0,
        "last_at": "2026-03-01T00:00:00Z",
    },
    "clocks": {"job": "export", "uncertainty_seconds": 1.0},
}


@dataclass(frozen=True, slots=True)
class Failure:
    """An example that did not come out as written."""

    rule_id: str
    place: str
    example: str
    reason: str


def finding_of(rule: Rule, fragment: Mapping[str, Any]) -> Finding:
    """A whole finding from an example's fragment. Raises RulesError for a fact that findings do not have."""
    for key in fragment:
        if key not in _FIELDS:
            hint = nearest(key, _FIELDS)
            raise RulesError(f"{rule.place}: example of `{rule.id}`: findings have no `{key}`", hint=hint)
    document = {**_PLAIN, **{key: _filled(key, value) for key, value in fragment.items()}}
    try:
        return Finding.from_dict(document)
    except (CorrelatorError, TypeError) as error:
        raise RulesError(f"{rule.place}: example of `{rule.id}`: {error}") from error


def _filled(key: str, value: Any) -> Any:
    if key not in _ITEMS or not isinstance(value, list):
        return value
    items = [{**_ITEMS[key], **item} for item in value]
    if key.endswith("signatures"):
        return [{"example": item.get("signature", ""), "laid_to_cause": item["failures"], **item} for item in items]
    if key == "pairs":
        return [{"logical_run_id": f"run-{n}", **item} for n, item in enumerate(items, 1)]
    return items


@dataclass(frozen=True, slots=True)
class Example:
    """One example of a rule: where it stands in the rule, the fragment, and whether it must match."""

    name: str
    fragment: Mapping[str, Any]
    must: bool


def examples_of(rule: Rule) -> Iterator[Example]:
    """The fragments as written, then a finding for each of the texts."""
    for name, fragments, must in (
        ("must_match", rule.must_match, True),
        ("must_not_match", rule.must_not_match, False),
    ):
        for number, fragment in enumerate(fragments, 1):
            yield Example(f"{name} {number}", fragment, must)
    base = rule.texts.get("of", rule.must_match[0] if rule.must_match else {})
    for name, must in (("match", True), ("not", False)):
        for number, text in enumerate(rule.texts.get(name, ()), 1):
            shown = [{"signature": text}]
            yield Example(f"text {name} {number}", {**base, "signatures": shown, "root_signatures": shown}, must)


def run_examples(rules: RuleSet) -> list[Failure]:
    """Every example of every rule; the failures say which clause was wrong and what it saw."""
    return [failure for rule in rules.rules for failure in (*_of_rule(rule), *_unseen(rule))]


def _of_rule(rule: Rule) -> Iterator[Failure]:
    for example in examples_of(rule):
        wrong = [clause for clause in judge(rule.when, finding_of(rule, example.fragment)) if not clause.holds]
        if example.must and wrong:
            reason = "; ".join(f"{clause.name}: wanted {clause.wanted}, saw {clause.seen}" for clause in wrong)
            yield Failure(rule.id, rule.place, example.name, reason)
        elif not example.must and not wrong:
            yield Failure(rule.id, rule.place, example.name, "every clause holds")


def _unseen(rule: Rule) -> Iterator[Failure]:
    """A known error that no example shows would never be recognised by anything that was tried."""
    known, must = rule.known_error, [example for example in examples_of(rule) if example.must]
    if known and all(recognised(known, finding_of(rule, example.fragment)) is None for example in must):
        yield Failure(rule.id, rule.place, "known_error", f"no example shows `{known.signature}`")


def shadowed(rules: RuleSet) -> list[str]:
    """Rules whose own example is taken by a rule before them: right or wrong, somebody should look."""
    lines = []
    for rule in rules.rules:
        for number, fragment in enumerate(rule.must_match, 1):
            winner = rules.winner(finding_of(rule, fragment))
            if winner is not None and winner.id != rule.id:
                lines.append(f"{rule.place}: must_match {number} of `{rule.id}` is taken by `{winner.id}` before it")
    return lines
