"""All clauses by name, compiled once: each takes what the rule wants, and then says of any finding whether that holds
and what was seen.

A clause never guesses: a fact that the finding does not hold makes the clause false, and the explanation says
"no data" instead of a value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from correlator.model import Finding
from rules import measures
from rules.clauses import plain, surroundings
from rules.clauses.compiled import Compiled, Maker
from rules.clauses.errors import signatures
from rules.model import Clause


def compile_when(when: Mapping[str, Any]) -> tuple[Compiled, ...]:
    """Every clause of `when`, in the order written."""
    return tuple(CLAUSES[name](name, wanted) for name, wanted in when.items())


def names_of(when: Mapping[str, Any]) -> Iterator[str]:
    """The names of all clauses, also of those below `any` and `none`."""
    for name, wanted in when.items():
        yield name
        for group in wanted if name in ("any", "none") else ():
            yield from names_of(group)


def judge(when: Mapping[str, Any], finding: Finding) -> tuple[Clause, ...]:
    """Every clause of `when` against one finding, in the order written."""
    return tuple(clause.judged(finding) for clause in compile_when(when))


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
    "verdict": plain.word(lambda finding: finding.verdict.value),
    "cause": plain.word(lambda finding: finding.cause.value),
    "job": plain.name_of(lambda finding: finding.job),
    "root_job": plain.name_of(lambda finding: finding.root_job or None),
    "path": plain.pattern(lambda finding: finding.path),
    "tenant": plain.name_of(lambda finding: finding.tenant),
    "error": signatures(lambda finding: finding.signatures),
    "root_error": signatures(lambda finding: finding.root_signatures),
    "root_or_own_error": signatures(measures.root_or_own_signatures),
    "root_timed_out_share": plain.number_of(lambda finding: finding.root_timed_out_share),
    "root_late_share": plain.number_of(measures.late_share),
    "laid_share": plain.number_of(measures.laid_share),
    "recovered_share": plain.number_of(measures.recovered_share),
    "failed_share": plain.number_of(measures.failed_share),
    "extra_attempts": plain.number_of(measures.extra_attempts),
    "lag_minutes": plain.number_of(measures.lag_minutes),
    "clock_off_seconds": plain.number_of(measures.clock_off_seconds),
    "confidence": plain.number_of(lambda finding: finding.confidence),
    "failed_first": plain.number_of(lambda finding: finding.failed_first),
    "observed": plain.number_of(lambda finding: finding.observed),
    "episodes": plain.number_of(lambda finding: len(finding.episodes)),
    "onset": plain.word(lambda finding: "known" if finding.onset else "unknown"),
    "set_apart_by": plain.word(lambda finding: finding.sign or "nothing"),
    "metric": surroundings.metric,
    "monitor": surroundings.monitor,
    "change": surroundings.change,
    "scope": surroundings.scope,
    "episode": surroundings.episode,
    "layer": surroundings.layer,
    "hours": surroundings.hours,
    "any": _any,
    "none": _none,
}
