"""Rules against a finding: first match in order wins, and says why.

The clauses of a rule are compiled once. Rules that name verdicts and causes are not even looked at for a finding of
another, and of one rule's clauses the cheapest is asked first; the explanation shows all of them as written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from correlator.errors import RulesError
from correlator.model import Cause, Finding, Verdict
from rules.clauses.compiled import Compiled, as_list
from rules.clauses.table import compile_when, names_of
from rules.facts import fill, subject
from rules.model import KnownError, Owner, Rule, RuleMatch, Trial
from rules.patterns import matches
from rules.texts import with_texts_of

Holds = Callable[[Finding], bool]


@dataclass(frozen=True)
class _Ready:
    """A rule with its clauses: as written, and in the order they are asked."""

    rule: Rule
    clauses: tuple[Compiled, ...]
    tests: tuple[Holds, ...]
    version: str

    @classmethod
    def of(cls, rule: Rule) -> _Ready:
        clauses = compile_when(rule.when)
        asked = sorted((c for c in clauses if c.name not in ("verdict", "cause")), key=lambda clause: clause.cost)
        return cls(rule, clauses, tuple(clause.holds for clause in asked), rule.version)

    def wants(self, verdict: Verdict, cause: Cause) -> bool:
        when = self.rule.when
        return verdict.value in as_list(when.get("verdict", verdict.value)) and cause.value in as_list(
            when.get("cause", cause.value)
        )


@dataclass(frozen=True)
class RuleSet:
    """Rules in the order they are tried, and the owners that hold for all of them."""

    rules: tuple[Rule, ...]
    owners: tuple[Owner, ...] = ()

    def match(self, finding: Finding) -> RuleMatch:
        """What the first rule whose every clause holds says about the finding.

        Raises RulesError when none does, which cannot happen with the built-in rules loaded.
        """
        rule = self.winner(finding)
        if rule is None:
            raise RulesError(
                f"no rule matches the finding about {finding.job}",
                hint="add a rule whose `when` names this verdict and cause, at the end of the file",
            )
        ask, missing = asked(rule, finding)
        owner, reason = self.owner(rule, finding)
        return RuleMatch(
            rule_id=rule.id,
            rule_version=self._ready[rule.id].version,
            title=rule.title,
            ask=ask,
            owner=owner,
            owner_reason=reason,
            severity=rule.severity,
            due=rule.due,
            runbook=rule.runbook,
            known_error=recognised(rule.known_error, finding),
            missing=missing,
            clauses=self.trial(rule, finding).clauses,
            wait=rule.wait,
            action=rule.action,
        )

    def winner(self, finding: Finding) -> Rule | None:
        """The rule that speaks about this finding."""
        for ready in self._by_verdict[finding.verdict, finding.cause]:
            for holds in ready.tests:
                if not holds(finding):
                    break
            else:
                return ready.rule
        return None

    def trial(self, rule: Rule, finding: Finding) -> Trial:
        """One rule of the set with every clause and what it saw."""
        clauses = self._ready[rule.id].clauses
        return Trial(rule.id, rule.title, tuple(clause.judged(finding) for clause in clauses))

    def explain(self, finding: Finding) -> tuple[Trial, ...]:
        """Every rule tried, in order, up to and including the one that wins."""
        trials: list[Trial] = []
        for rule in self.rules:
            trials.append(self.trial(rule, finding))
            if trials[-1].holds:
                break
        return tuple(trials)

    def nearly(self, finding: Finding) -> tuple[Trial, ...]:
        """Rules of this verdict that one clause alone kept from holding, wherever they stand."""
        trials = (self.trial(ready.rule, finding) for ready in self._by_verdict[finding.verdict, finding.cause])
        return tuple(trial for trial in trials if len(trial.failed) == 1 and len(trial.clauses) > 1)

    def owner(self, rule: Rule, finding: Finding) -> tuple[str, str]:
        """The team, and which pattern named it. The rule's own owners come before the common ones."""
        found = self.owner_entry(rule, finding)
        if found is not None:
            team = f"{found.team} ({found.contact})" if found.contact else found.team
            shares = "what many jobs share; " if found.cause else ""
            tenant = "" if found.tenant == "*" else f", tenant fits {found.tenant}"
            return team, f"{shares}job fits {found.job}{tenant}"
        job = subject(finding)
        shared = finding.cause is Cause.SHARED
        return f"owner of {'what ' + job + ' shares with the others' if shared else job}", "no rule names a team"

    def owner_entry(self, rule: Rule, finding: Finding) -> Owner | None:
        """The first owner entry that fits the job something is asked of, and the tenant. About what many jobs share its
        own team is not asked: of the common entries only those for it fit then."""
        wanted = Cause.SHARED.value if finding.cause is Cause.SHARED else ""
        common = (owner for owner in self.owners if owner.cause == wanted)
        return _first((*rule.owners, *common), subject(finding), finding.tenant)

    def goes_by(self, clause: str) -> bool:
        """Whether any rule has this clause, also below `any` and `none`."""
        return any(clause in names_of(rule.when) for rule in self.rules)

    def rule(self, rule_id: str) -> Rule | None:
        """A rule by its id."""
        return self._ready[rule_id].rule if rule_id in self._ready else None

    @cached_property
    def _ready(self) -> dict[str, _Ready]:
        return {rule.id: _Ready.of(rule) for rule in self.rules}

    @cached_property
    def _by_verdict(self) -> dict[tuple[Verdict, Cause], tuple[_Ready, ...]]:
        every = [(verdict, cause) for verdict in Verdict for cause in Cause]
        return {key: tuple(ready for ready in self._ready.values() if ready.wants(*key)) for key in every}


def _first(owners: Iterable[Owner], job: str, tenant: str) -> Owner | None:
    return next((owner for owner in owners if matches(owner.job, job) and matches(owner.tenant, tenant)), None)


def asked(rule: Rule, finding: Finding) -> tuple[str, tuple[str, ...]]:
    """The rule's ask filled with facts, and the facts (in words) that are missing. Of the error texts those count that
    its clauses look for."""
    return fill(rule.ask, with_texts_of(rule.when, finding))


def recognised(known: KnownError | None, finding: Finding) -> KnownError | None:
    """The known error, when an error text of the finding shows its signature."""
    return known if known and signatures_of(known, finding) else None


def signatures_of(known: KnownError, finding: Finding) -> tuple[str, ...]:
    """The error signatures of the finding that the known error's pattern fits."""
    counts = (*finding.root_signatures, *finding.signatures)
    fit = [one for one in counts if matches(known.signature, one.signature) or matches(known.signature, one.example)]
    return tuple(dict.fromkeys(one.signature for one in fit))
