"""The examples a rule carries: fragments of findings it must, and must not, match.

A fragment names only the facts that matter. The rest comes from a plain finding: tenant-01's job `export`, with
the verdict and cause that the rule asks for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from correlator.errors import CorrelatorError, RulesError
from correlator.model import Finding
from rules.checking import nearest
from rules.clauses import as_list, judge
from rules.matching import RuleSet
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
    wished = {key: as_list(rule.when[key])[0] for key in ("verdict", "cause") if key in rule.when}
    document = {**_PLAIN, **wished, **{key: _filled(key, value) for key, value in fragment.items()}}
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


def run_examples(rules: RuleSet) -> list[Failure]:
    """Every example of every rule; the failures say which clause was wrong and what it saw."""
    return [failure for rule in rules.rules for failure in _of_rule(rule)]


def _of_rule(rule: Rule) -> list[Failure]:
    failures = []
    for number, fragment in enumerate(rule.must_match, 1):
        wrong = [clause for clause in judge(rule.when, finding_of(rule, fragment)) if not clause.holds]
        if wrong:
            reason = "; ".join(f"{clause.name}: wanted {clause.wanted}, saw {clause.seen}" for clause in wrong)
            failures.append(Failure(rule.id, rule.place, f"must_match {number}", reason))
    for number, fragment in enumerate(rule.must_not_match, 1):
        if all(clause.holds for clause in judge(rule.when, finding_of(rule, fragment))):
            failures.append(Failure(rule.id, rule.place, f"must_not_match {number}", "every clause holds"))
    return failures


def shadowed(rules: RuleSet) -> list[str]:
    """Rules whose own example is taken by a rule before them: right or wrong, somebody should look."""
    lines = []
    for rule in rules.rules:
        for number, fragment in enumerate(rule.must_match, 1):
            winner = rules.winner(finding_of(rule, fragment))
            if winner is not None and winner.id != rule.id:
                lines.append(f"{rule.place}: must_match {number} of `{rule.id}` is taken by `{winner.id}` before it")
    return lines
