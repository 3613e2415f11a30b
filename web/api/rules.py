"""Rules: what people know, in the order in which they are tried; the first that holds wins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rules import Clause, Owner, Rule
from rules.checking import nearest
from rules.measured import Measurement, measurement_of
from rules.model import Action, KnownError, Source
from rules.waiting import Wait
from web import reading
from web.api.facts import FindingInShort
from web.api.kinds import Answer
from web.api.replays import Fired, WouldHaveFired, told_counts, told_firing
from web.api.routes import Link, get
from web.context import context
from web.errors import not_found
from web.reading.rules import finding_counts
from web.rules.ask_waiting import said_by
from web.rules.replaying import Replays, read_firings, read_replays, stale
from web.rules.rulebook import Rulebook, is_builtin, place_words, rulebook
from web.rules.trials import Tried, examples_run, trials_of


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
    """A rule tried on a finding that stands. `missed`: the one clause that did not hold; `waits`: why it is not told to
    anybody yet, "" where it is, or another rule speaks."""

    finding: FindingInShort
    spoken_by: str
    clauses: tuple[Clause, ...]
    missed: Clause | None
    waits: str


class RuleOnItsOwn(Answer, frozen=True, kw_only=True):
    """One rule. `place`: file and line. `measured`: how often it was said where there was nothing to say; null for a
    rule of one's own. `speaks`: findings it speaks about; `behind`: where it holds and another rule speaks first;
    `nearly`: where one clause is short; of the last two `looked_at` findings were tried. `firings`: the latest of what
    it would have said in the newest replay, and `stale`: why one of now might tell something else."""

    rule: LoadedRule
    place: str
    measured: Measurement | None
    stale: list[str]
    examples: list[RuleExample]
    speaks: list[RuleTried]
    behind: list[RuleTried]
    nearly: list[RuleTried]
    looked_at: int
    firings: list[WouldHaveFired]


@get("/rules", tag="rules", answer=Rules, links=(Link("rule", {"rule_id": "rules/0/id"}),))
def rules() -> Rules:
    """The rules in force, in their order; built-in ones too."""
    book = rulebook(context().settings)
    return Rules(
        rules=_loaded(book, read_replays(context().engine)), owners=book.rules.owners, error=book.error, hint=book.hint
    )


@get("/rules/<rule_id>", tag="rules", answer=RuleOnItsOwn, errors=(404,))
def rule(rule_id: str) -> RuleOnItsOwn:
    """One rule with its examples, the findings it speaks about or nearly does, and what it would have said."""
    engine, book = context().engine, rulebook(context().settings)
    found = book.rules.rule(rule_id)
    if found is None:
        raise not_found(f"there is no rule {rule_id}", nearest(rule_id, (one.id for one in book.rules.rules)))
    replays, tried = read_replays(engine), trials_of(engine, book.rules, found)
    fresh = reading.freshness_in_short(engine)
    return RuleOnItsOwn(
        rule=next(one for one in _loaded(book, replays) if one.id == rule_id),
        place=place_words(found),
        measured=measurement_of(found),
        stale=list(stale(replays.done, book.rules, found, fresh)) if replays.done else [],
        examples=[
            RuleExample(name=one.name, must=one.must, as_written=one.as_written, clauses=one.trial.clauses)
            for one in examples_run(book.rules, found)
        ],
        speaks=[_tried(found, one, speaks=True) for one in tried.speaks],
        behind=[_tried(found, one) for one in tried.behind],
        nearly=[_tried(found, one) for one in tried.nearly],
        looked_at=tried.looked_at,
        firings=[told_firing(one) for one in read_firings(engine, replays, rule_id)],
    )


def _loaded(book: Rulebook, replays: Replays) -> list[LoadedRule]:
    counts = finding_counts(context().engine)
    return [_rule(number, one, counts.get(one.id, 0), replays) for number, one in enumerate(book.rules.rules, 1)]


def _rule(number: int, rule: Rule, findings: int, replays: Replays) -> LoadedRule:
    written = ("id", "version", "title", "when", "ask", "severity", "due", "owners", "runbook", "known_error")
    fired = replays.of(rule.id)
    return LoadedRule(
        **{name: getattr(rule, name) for name in (*written, "wait", "action", "sources")},
        number=number,
        builtin=is_builtin(rule),
        findings=findings,
        fired=told_counts(fired) if replays.done else None,
    )


def _tried(rule: Rule, one: Tried, *, speaks: bool = False) -> RuleTried:
    finding = one.about.finding
    said = said_by(rule, finding, one.about.changed_at) if speaks else None
    in_short = FindingInShort(
        id=one.about.id,
        tenant=finding.tenant,
        job=finding.job,
        verdict=finding.verdict,
        root_job=finding.root_job,
    )
    return RuleTried(
        finding=in_short,
        spoken_by=one.about.spoken_by,
        clauses=one.trial.clauses,
        missed=one.missed,
        waits=said.why if said and not said.told else "",
    )
