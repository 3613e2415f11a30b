"""The clauses of `when`, compiled once: each takes what the rule wants, and then says of any finding whether that
holds and what was seen.

A clause never guesses: a fact that the finding does not hold makes the clause false, and the explanation says
"no data" instead of a value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from correlator.model import Episode, Finding, MetricEvidence, SignatureCount
from correlator.text.quantities import number, one_line, percent, plural, tenant_name
from rules import measures
from rules.model import Clause
from rules.patterns import any_of

NO_DATA: Final = "no data"


@dataclass(frozen=True, slots=True)
class Compiled:
    """A clause ready to be asked. `cost` says which of a rule's clauses to ask first: 0 is the cheapest."""

    name: str
    wanted: str
    holds: Callable[[Finding], bool]
    seen: Callable[[Finding], str]
    cost: int = 1

    def judged(self, finding: Finding) -> Clause:
        return Clause(self.name, self.wanted, self.seen(finding), self.holds(finding))


def compile_when(when: Mapping[str, Any]) -> tuple[Compiled, ...]:
    """Every clause of `when`, in the order written."""
    return tuple(CLAUSES[name](name, wanted) for name, wanted in when.items())


def judge(when: Mapping[str, Any], finding: Finding) -> tuple[Clause, ...]:
    """Every clause of `when` against one finding, in the order written."""
    return tuple(clause.judged(finding) for clause in compile_when(when))


def as_list(wanted: Any) -> list[str]:
    """One text or a list of them, as a list."""
    return [wanted] if isinstance(wanted, str) else list(wanted)


def _either(words: Sequence[str]) -> str:
    return " or ".join(words)


Maker = Callable[[str, Any], Compiled]


def _word(read: Callable[[Finding], str]) -> Maker:
    def make(name: str, wanted: Any) -> Compiled:
        words = as_list(wanted)
        known = frozenset(words)
        return Compiled(name, _either(words), lambda finding: read(finding) in known, read, cost=0)

    return make


def _pattern(read: Callable[[Finding], Sequence[str]]) -> Maker:
    def make(name: str, wanted: Any) -> Compiled:
        patterns = as_list(wanted)
        fits = any_of(patterns)
        return Compiled(
            name,
            _either(patterns),
            lambda finding: any(fits(text) for text in read(finding)),
            lambda finding: ", ".join(tenant_name(text) for text in read(finding)) or NO_DATA,
        )

    return make


def _name(read: Callable[[Finding], str | None]) -> Maker:
    def make(name: str, wanted: Any) -> Compiled:
        patterns = as_list(wanted)
        fits = any_of(patterns)

        def holds(finding: Finding) -> bool:
            text = read(finding)
            return text is not None and fits(text)

        def seen(finding: Finding) -> str:
            text = read(finding)
            return NO_DATA if text is None else tenant_name(text)

        return Compiled(name, _either(patterns), holds, seen)

    return make


def _number(read: Callable[[Finding], float | None]) -> Maker:
    def make(name: str, wanted: Any) -> Compiled:
        low, high = wanted.get("at_least", float("-inf")), wanted.get("at_most", float("inf"))

        def holds(finding: Finding) -> bool:
            value = read(finding)
            return value is not None and low <= value <= high

        def seen(finding: Finding) -> str:
            value = read(finding)
            return NO_DATA if value is None else number(value)

        return Compiled(name, _range(wanted), holds, seen)

    return make


def _range(wanted: Mapping[str, float]) -> str:
    return " and ".join(f"{key.replace('_', ' ')} {number(value)}" for key, value in wanted.items())


def _signatures(read: Callable[[Finding], tuple[SignatureCount, ...]]) -> Maker:
    def make(name: str, wanted: Any) -> Compiled:
        patterns, share = _error_wish(wanted)
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

        words = f"{_either(patterns)} in at least {percent(share)} of the failed runs with an error text"
        return Compiled(name, words, holds, seen, cost=2)

    return make


def _error_wish(wanted: Any) -> tuple[list[str], float]:
    if isinstance(wanted, Mapping):
        return as_list(wanted["like"]), wanted.get("share_at_least", 0.5)
    return as_list(wanted), 0.5


def _metric(name: str, wanted: Any) -> Compiled:
    patterns, direction = as_list(wanted["name"]), wanted["moved"]
    fits, least = any_of(patterns), wanted.get("score_at_least", 0.0)

    def named(finding: Finding) -> list[MetricEvidence]:
        return [metric for metric in finding.metrics if fits(metric.metric)]

    def holds(finding: Finding) -> bool:
        return any(_goes(metric, direction) and abs(metric.score) >= least for metric in named(finding))

    def seen(finding: Finding) -> str:
        return "; ".join(f"{metric.metric} {_direction(metric)}" for metric in named(finding)) or NO_DATA

    words = f"{_either(patterns)} moved {direction}" if direction != "no" else f"{_either(patterns)} did not move"
    return Compiled(name, words + (f" by a score of {number(least)}" if least else ""), holds, seen)


def _goes(metric: MetricEvidence, direction: str) -> bool:
    return _direction(metric) == direction or (direction == "any" and metric.moved)


def _direction(metric: MetricEvidence) -> str:
    if not metric.moved:
        return "no"
    return "up" if metric.score > 0 else "down"


def _change(name: str, wanted: Any) -> Compiled:
    limit, patterns = wanted["within_minutes"], as_list(wanted.get("title", "*"))
    fits = any_of(patterns)

    def holds(finding: Finding) -> bool:
        return any(0 <= change.minutes_before_onset <= limit and fits(change.title) for change in finding.changes)

    def seen(finding: Finding) -> str:
        rows = (f"{c.change_id} {number(c.minutes_before_onset)} min before" for c in finding.changes)
        return one_line("; ".join(rows)) or "no change nearby"

    words = f"a change at most {number(limit)} min before the onset, titled {_either(patterns)}"
    return Compiled(name, words, holds, seen)


def _scope(name: str, wanted: Any) -> Compiled:
    kind = wanted["kind"]
    low, high = wanted.get("affected_at_least", 0), wanted.get("affected_at_most", float("inf"))

    def counted(finding: Finding) -> tuple[int, int]:
        rows = [row for row in finding.scope if row.kind == kind]
        return sum(row.affected > 0 for row in rows), len(rows)

    def holds(finding: Finding) -> bool:
        affected, rows = counted(finding)
        return rows > 0 and low <= affected <= high

    def seen(finding: Finding) -> str:
        affected, rows = counted(finding)
        return f"{affected} of {plural(rows, kind)} affected" if rows else NO_DATA

    words = " and ".join(f"{key.replace('_', ' ')} {value}" for key, value in wanted.items() if key != "kind")
    return Compiled(name, f"{kind}s {words}", holds, seen)


def _episode(name: str, wanted: Any) -> Compiled:
    patterns, least = as_list(wanted.get("scope", "*")), wanted.get("jobs_at_least", 0)
    fits = any_of(patterns)

    def good(episode: Episode) -> bool:
        return fits(episode.scope) and len(episode.jobs) >= least

    def seen(finding: Finding) -> str:
        rows = (f"{episode.scope} ({plural(len(episode.jobs), 'job')})" for episode in finding.episodes)
        return one_line(", ".join(dict.fromkeys(rows))) or NO_DATA

    words = f"an episode of {_either(patterns)}" + (f" that hit at least {plural(least, 'job')}" if least else "")
    return Compiled(name, words, lambda finding: any(good(episode) for episode in finding.episodes), seen)


def _layer(name: str, wanted: Any) -> Compiled:
    patterns, results = as_list(wanted["name"]), as_list(wanted["result"])
    fits = any_of(patterns)

    def holds(finding: Finding) -> bool:
        return any(layer.result in results and fits(layer.layer) for layer in finding.layers)

    def seen(finding: Finding) -> str:
        return "; ".join(f"{row.layer} {row.result}" for row in finding.layers if fits(row.layer)) or NO_DATA

    return Compiled(name, f"{_either(patterns)} {_either(results)}", holds, seen)


def _hours(name: str, wanted: Any) -> Compiled:
    length, share = int(wanted["within"]), wanted["share_at_least"]

    def holds(finding: Finding) -> bool:
        busiest = measures.busiest_hours(finding, length)
        return busiest is not None and busiest.share >= share

    def seen(finding: Finding) -> str:
        busiest = measures.busiest_hours(finding, length)
        return NO_DATA if busiest is None else f"{percent(busiest.share)} at {busiest.span}, over {busiest.days} days"

    words = f"at least {percent(share)} of the failed runs in the same {plural(length, 'hour')} of the day"
    return Compiled(name, words, holds, seen, cost=2)


def _group(when: Mapping[str, Any]) -> Callable[[Finding], bool]:
    clauses = sorted(compile_when(when), key=lambda clause: clause.cost)
    return lambda finding: all(clause.holds(finding) for clause in clauses)


def _words(groups: Sequence[tuple[Compiled, ...]]) -> str:
    return " or ".join(" and ".join(f"{clause.name} {clause.wanted}" for clause in group) for group in groups)


def _sight(groups: Sequence[tuple[Compiled, ...]], finding: Finding) -> str:
    return "; ".join(f"{clause.name} {clause.seen(finding)}" for group in groups for clause in group)


def _any(name: str, wanted: Any) -> Compiled:
    groups, tests = [compile_when(group) for group in wanted], [_group(group) for group in wanted]

    def seen(finding: Finding) -> str:
        held = [group for group, test in zip(groups, tests, strict=True) if test(finding)]
        return _sight(held or groups, finding)

    return Compiled(name, _words(groups), lambda finding: any(test(finding) for test in tests), seen, cost=3)


def _none(name: str, wanted: Any) -> Compiled:
    groups, tests = [compile_when(group) for group in wanted], [_group(group) for group in wanted]
    return Compiled(
        name,
        f"neither {' nor '.join(_words([group]) for group in groups)}",
        lambda finding: not any(test(finding) for test in tests),
        lambda finding: _sight(groups, finding),
        cost=3,
    )


CLAUSES: Final[dict[str, Maker]] = {
    "verdict": _word(lambda finding: finding.verdict.value),
    "cause": _word(lambda finding: finding.cause.value),
    "job": _name(lambda finding: finding.job),
    "root_job": _name(lambda finding: finding.root_job or None),
    "path": _pattern(lambda finding: finding.path),
    "tenant": _name(lambda finding: finding.tenant),
    "error": _signatures(lambda finding: finding.signatures),
    "root_error": _signatures(lambda finding: finding.root_signatures),
    "root_or_own_error": _signatures(measures.root_or_own_signatures),
    "root_timed_out_share": _number(lambda finding: finding.root_timed_out_share),
    "root_late_share": _number(measures.late_share),
    "recovered_share": _number(measures.recovered_share),
    "failed_share": _number(measures.failed_share),
    "extra_attempts": _number(measures.extra_attempts),
    "lag_minutes": _number(measures.lag_minutes),
    "clock_off_seconds": _number(measures.clock_off_seconds),
    "confidence": _number(lambda finding: finding.confidence),
    "failed_first": _number(lambda finding: finding.failed_first),
    "observed": _number(lambda finding: finding.observed),
    "episodes": _number(lambda finding: len(finding.episodes)),
    "onset": _word(lambda finding: "known" if finding.onset else "unknown"),
    "set_apart_by": _word(lambda finding: finding.sign or "nothing"),
    "metric": _metric,
    "change": _change,
    "scope": _scope,
    "episode": _episode,
    "layer": _layer,
    "hours": _hours,
    "any": _any,
    "none": _none,
}
