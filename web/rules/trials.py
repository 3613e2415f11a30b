"""Rules tried on findings for the page of one rule: where it holds, and where one clause keeps it from holding."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine

from correlator.model import Cause, Verdict
from rules import Clause, Rule, RuleSet, Trial
from rules.clauses.compiled import as_list
from rules.examples import examples_of, finding_of
from web.reading.rules import RuleFinding, findings_beside, findings_of_rule

NEARLY_SHOWN: Final = 25


@dataclass(frozen=True, slots=True)
class Tried:
    """A rule tried on a finding that stands. `missed`: the one clause that did not hold, None where all do."""

    about: RuleFinding
    trial: Trial

    @property
    def missed(self) -> Clause | None:
        return self.trial.failed[0] if self.trial.failed else None


@dataclass(frozen=True, slots=True)
class ExampleRun:
    """An example of a rule and what came of it."""

    name: str
    must: bool
    trial: Trial

    @property
    def as_written(self) -> bool:
        return self.trial.holds is self.must


@dataclass(frozen=True, slots=True)
class Trials:
    """`speaks`: what the rule speaks about; `behind`: where it holds and another rule speaks first; `nearly`: where one
    clause is short. `looked_at`: how many findings were tried for the last two."""

    speaks: tuple[Tried, ...]
    behind: tuple[Tried, ...]
    nearly: tuple[Tried, ...]
    looked_at: int


def trials_of(engine: Engine, rules: RuleSet, rule: Rule) -> Trials:
    """Of a rule of the set, over the findings that stand."""
    verdicts = as_list(rule.when.get("verdict", [verdict.value for verdict in Verdict]))
    causes = as_list(rule.when.get("cause", [cause.value for cause in Cause]))
    speaks = tuple(_tried(rules, rule, findings_of_rule(engine, rule.id)))
    beside = tuple(_tried(rules, rule, findings_beside(engine, rule.id, verdicts, causes)))
    behind = tuple(one for one in beside if one.trial.holds)
    nearly = tuple(one for one in beside if len(one.trial.failed) == 1 and len(one.trial.clauses) > 1)
    return Trials(speaks, behind[:NEARLY_SHOWN], nearly[:NEARLY_SHOWN], len(beside))


def _tried(rules: RuleSet, rule: Rule, found: Iterable[RuleFinding]) -> Iterable[Tried]:
    return (Tried(one, rules.trial(rule, one.finding)) for one in found)


def examples_run(rules: RuleSet, rule: Rule) -> tuple[ExampleRun, ...]:
    """Every example of a rule of the set, as `correlator rules test` runs them."""
    return tuple(
        ExampleRun(example.name, example.must, rules.trial(rule, finding_of(rule, example.fragment)))
        for example in examples_of(rule)
    )
