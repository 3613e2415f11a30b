"""Rules: what people know, in the order in which they are tried; the first that holds wins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from correlator.model import Verdict
from rules import Clause, Owner, Rule
from rules.checking import nearest
from rules.model import Action, KnownError, Source
from rules.waiting import Wait
from web.api.facts import At, FindingInShort
from web.api.kinds import Answer
from web.api.routes import get
from web.errors import not_found
from web.place import place
from web.reading.rules import finding_counts
from web.replaying import Replays, read_firings, read_replays
from web.rule_trials import Tried, examples_run, trials_of
from web.rulebook import Rulebook, is_builtin, place_words, rulebook


class Fired(Answer, frozen=True, kw_only=True):
    """Of one rule in the newest replay of history: how often it held, was said, and was noise."""

    held: int
    said: int
    noise: int


class LoadedRule(Answer, frozen=True, kw_only=True):
    """A rule as it is loaded now. `number`: its place in the order; `version` changes when anything in it does; `when`:
    its clauses, as written; `findings`: of how many it speaks now; `fired` is null where no replay was played."""

    id: str
    number: int
    builtin: bool
    version: str
    title: str
    when: Mapping[str, Any]
    ask: str
    severity: str
    due: str
    owners: tuple[Owner, ...]
    runbook: str
    known_error: KnownError | None
    wait: Wait
    action: Action | None
    sources: tuple[Source, ...]
    findings: int
    fired: Fired | None


class Rules(Answer, frozen=True, kw_only=True):
    """The rules in their order, and the owners that hold for all of them. `error`: why rule files of one's own cannot
    be used; the built-in ones alone are in force then."""

    rules: list[LoadedRule]
    owners: tuple[Owner, ...]
    error: str
    hint: str


class RuleExample(Answer, frozen=True, kw_only=True):
    """An example of a rule: whether it must match, and whether it does as written."""

    name: str
    must: bool
    as_written: bool
    clauses: tuple[Clause, ...]


class RuleTried(Answer, frozen=True, kw_only=True):
    """A rule tried on a finding that stands. `missed`: the one clause that did not hold."""

    finding: FindingInShort
    spoken_by: str
    missed: Clause | None


class WouldHaveFired(Answer, frozen=True, kw_only=True):
    """One time in the newest replay in which the rule held. `said_at`: null where it was never said."""

    tenant: str
    job: str
    verdict: Verdict
    held_from: At
    said_at: At | None
    until_at: At | None
    failures: int
    outcome: str
    next_rule: str
    noise: bool


class RuleOnItsOwn(Answer, frozen=True, kw_only=True):
    """One rule. `place`: file and line. `speaks`: findings it speaks about; `behind`: where it holds and another rule
    speaks first; `nearly`: where one clause is short; of the last two `looked_at` findings were tried."""

    rule: LoadedRule
    place: str
    examples: list[RuleExample]
    speaks: list[RuleTried]
    behind: list[RuleTried]
    nearly: list[RuleTried]
    looked_at: int
    firings: list[WouldHaveFired]


@get("/rules", tag="rules", answer=Rules)
def rules() -> Rules:
    """The rules in force, in their order; built-in ones too."""
    book = rulebook(place().settings)
    return Rules(
        rules=_loaded(book, read_replays(place().engine)), owners=book.rules.owners, error=book.error, hint=book.hint
    )


@get("/rules/<rule_id>", tag="rules", answer=RuleOnItsOwn, errors=(404,))
def rule(rule_id: str) -> RuleOnItsOwn:
    """One rule with its examples, the findings it speaks about or nearly does, and what it would have said."""
    engine, book = place().engine, rulebook(place().settings)
    found = book.rules.rule(rule_id)
    if found is None:
        raise not_found(f"there is no rule {rule_id}", nearest(rule_id, (one.id for one in book.rules.rules)))
    replays, tried = read_replays(engine), trials_of(engine, book.rules, found)
    return RuleOnItsOwn(
        rule=next(one for one in _loaded(book, replays) if one.id == rule_id),
        place=place_words(found),
        examples=[
            RuleExample(name=one.name, must=one.must, as_written=one.as_written, clauses=one.trial.clauses)
            for one in examples_run(book.rules, found)
        ],
        speaks=[_tried(one) for one in tried.speaks],
        behind=[_tried(one) for one in tried.behind],
        nearly=[_tried(one) for one in tried.nearly],
        looked_at=tried.looked_at,
        firings=[
            WouldHaveFired(**{name: getattr(one, name) for name in WouldHaveFired.__struct_fields__})
            for one in read_firings(engine, replays, rule_id)
        ],
    )


def _loaded(book: Rulebook, replays: Replays) -> list[LoadedRule]:
    counts = finding_counts(place().engine)
    return [_rule(number, one, counts.get(one.id, 0), replays) for number, one in enumerate(book.rules.rules, 1)]


def _rule(number: int, rule: Rule, findings: int, replays: Replays) -> LoadedRule:
    written = ("id", "version", "title", "when", "ask", "severity", "due", "owners", "runbook", "known_error")
    fired = replays.of(rule.id)
    return LoadedRule(
        **{name: getattr(rule, name) for name in (*written, "wait", "action", "sources")},
        number=number,
        builtin=is_builtin(rule),
        findings=findings,
        fired=Fired(held=fired.held, said=fired.said, noise=fired.noise) if replays.done else None,
    )


def _tried(one: Tried) -> RuleTried:
    finding = one.about.finding
    in_short = FindingInShort(
        id=one.about.id,
        tenant=finding.tenant,
        job=finding.job,
        verdict=finding.verdict,
        root_job=finding.root_job,
    )
    return RuleTried(finding=in_short, spoken_by=one.about.spoken_by, missed=one.missed)
