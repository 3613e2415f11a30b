"""The clauses of `when`: each takes what the rule wants and a finding, and answers with what was seen.

A clause never guesses: a fact that the finding does not hold makes the clause false, and the explanation says
"no data" instead of a value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from correlator.model import Finding, SignatureCount
from correlator.quantities import number, one_line, tenant_name
from rules.model import Clause
from rules.patterns import first_match

NO_DATA: Final = "no data"


def judge(when: Mapping[str, Any], finding: Finding) -> tuple[Clause, ...]:
    """Every clause of `when`, in the order written."""
    return tuple(CLAUSES[name](name, wanted, finding) for name, wanted in when.items())


def as_list(wanted: Any) -> list[str]:
    """One text or a list of them, as a list."""
    return [wanted] if isinstance(wanted, str) else list(wanted)


def _either(words: Sequence[str]) -> str:
    return " or ".join(words)


def _word(read: Callable[[Finding], str]) -> Callable[[str, Any, Finding], Clause]:
    def clause(name: str, wanted: Any, finding: Finding) -> Clause:
        seen = read(finding)
        return Clause(name, _either(as_list(wanted)), seen, seen in as_list(wanted))

    return clause


def _pattern(read: Callable[[Finding], Sequence[str]]) -> Callable[[str, Any, Finding], Clause]:
    def clause(name: str, wanted: Any, finding: Finding) -> Clause:
        patterns, texts = as_list(wanted), read(finding)
        holds = any(first_match(patterns, text) is not None for text in texts)
        return Clause(name, _either(patterns), ", ".join(tenant_name(text) for text in texts) or NO_DATA, holds)

    return clause


def _number(read: Callable[[Finding], float | None]) -> Callable[[str, Any, Finding], Clause]:
    def clause(name: str, wanted: Any, finding: Finding) -> Clause:
        value = read(finding)
        words = _range(wanted)
        if value is None:
            return Clause(name, words, NO_DATA, holds=False)
        low, high = wanted.get("at_least", float("-inf")), wanted.get("at_most", float("inf"))
        return Clause(name, words, number(value), low <= value <= high)

    return clause


def _range(wanted: Mapping[str, float]) -> str:
    return " and ".join(f"{key.replace('_', ' ')} {number(value)}" for key, value in wanted.items())


def _signatures(read: Callable[[Finding], tuple[SignatureCount, ...]]) -> Callable[[str, Any, Finding], Clause]:
    def clause(name: str, wanted: Any, finding: Finding) -> Clause:
        patterns, share = _error_wish(wanted)
        counts = read(finding)
        total = sum(count.failures for count in counts)
        words = f"{_either(patterns)} in at least {share:.0%} of the failed runs with an error text"
        if not total:
            return Clause(name, words, NO_DATA, holds=False)
        found = [count for count in counts if _shows(patterns, count)]
        seen = sum(count.failures for count in found)
        example = f', such as "{one_line(found[0].example, 120)}"' if found else ""
        return Clause(name, words, f"{seen} of {total}{example}", seen > 0 and seen >= share * total)

    return clause


def _error_wish(wanted: Any) -> tuple[list[str], float]:
    if isinstance(wanted, Mapping):
        return as_list(wanted["like"]), wanted.get("share_at_least", 0.5)
    return as_list(wanted), 0.5


def _shows(patterns: Sequence[str], count: SignatureCount) -> bool:
    return any(first_match(patterns, text) is not None for text in (count.signature, count.example))


def _metric(name: str, wanted: Any, finding: Finding) -> Clause:
    patterns, direction = as_list(wanted["name"]), wanted["moved"]
    named = [metric for metric in finding.metrics if first_match(patterns, metric.metric) is not None]
    words = f"{_either(patterns)} moved {direction}" if direction != "no" else f"{_either(patterns)} did not move"
    if not named:
        return Clause(name, words, NO_DATA, holds=False)
    seen = "; ".join(f"{metric.metric} {_direction(metric.moved, metric.score)}" for metric in named)
    least = wanted.get("score_at_least", 0.0)
    fits = [m for m in named if _direction(m.moved, m.score) == direction or (direction == "any" and m.moved)]
    return Clause(name, words, seen, any(abs(metric.score) >= least for metric in fits))


def _direction(moved: bool, score: float) -> str:
    if not moved:
        return "no"
    return "up" if score > 0 else "down"


def _change(name: str, wanted: Any, finding: Finding) -> Clause:
    limit, patterns = wanted["within_minutes"], as_list(wanted.get("title", "*"))
    words = f"a change at most {number(limit)} min before the onset, titled {_either(patterns)}"
    near = [change for change in finding.changes if 0 <= change.minutes_before_onset <= limit]
    seen = "; ".join(f"{c.change_id} {number(c.minutes_before_onset)} min before" for c in finding.changes)
    holds = any(first_match(patterns, change.title) is not None for change in near)
    return Clause(name, words, one_line(seen) or "no change nearby", holds)


def _scope(name: str, wanted: Any, finding: Finding) -> Clause:
    kind = wanted["kind"]
    rows = [row for row in finding.scope if row.kind == kind]
    affected = sum(row.affected > 0 for row in rows)
    low, high = wanted.get("affected_at_least", 0), wanted.get("affected_at_most", len(rows))
    words = " and ".join(f"{key.replace('_', ' ')} {value}" for key, value in wanted.items() if key != "kind")
    seen = f"{affected} of {len(rows)} {kind}s affected" if rows else NO_DATA
    return Clause(name, f"{kind}s {words}", seen, bool(rows) and low <= affected <= high)


def _any(name: str, wanted: Any, finding: Finding) -> Clause:
    groups = [judge(group, finding) for group in wanted]
    held = [group for group in groups if all(clause.holds for clause in group)]
    words = " or ".join(" and ".join(f"{clause.name} {clause.wanted}" for clause in group) for group in held or groups)
    seen = "; ".join(f"{clause.name} {clause.seen}" for group in held or groups for clause in group)
    alternatives = f" (one of {len(groups)} alternatives)" if held and len(groups) > 1 else ""
    return Clause(name, f"{words}{alternatives}", seen, bool(held))


def _late_share(finding: Finding) -> float | None:
    """Of the runs laid to the upstream, the share whose upstream run had not failed but only ran late."""
    pairs = [pair for pair in finding.pairs if pair.upstream_logical_run_id is not None]
    late = sum(pair.upstream_failed_at is None and pair.upstream_error is None for pair in pairs)
    return late / len(pairs) if pairs else None


def _recovered_share(finding: Finding) -> float | None:
    return finding.recovered_by_retry / finding.failed_first if finding.failed_first else None


CLAUSES: Final[dict[str, Callable[[str, Any, Finding], Clause]]] = {
    "verdict": _word(lambda finding: finding.verdict.value),
    "cause": _word(lambda finding: finding.cause.value),
    "job": _pattern(lambda finding: (finding.job,)),
    "root_job": _pattern(lambda finding: (finding.root_job,) if finding.root_job else ()),
    "path": _pattern(lambda finding: finding.path),
    "tenant": _pattern(lambda finding: (finding.tenant,)),
    "error": _signatures(lambda finding: finding.signatures),
    "root_error": _signatures(lambda finding: finding.root_signatures),
    "root_timed_out_share": _number(lambda finding: finding.root_timed_out_share),
    "root_late_share": _number(_late_share),
    "recovered_share": _number(_recovered_share),
    "confidence": _number(lambda finding: finding.confidence),
    "failed_first": _number(lambda finding: finding.failed_first),
    "observed": _number(lambda finding: finding.observed),
    "episodes": _number(lambda finding: len(finding.episodes)),
    "onset": _word(lambda finding: "known" if finding.onset else "unknown"),
    "metric": _metric,
    "change": _change,
    "scope": _scope,
    "any": _any,
}
