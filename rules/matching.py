"""Rules against a finding: first match in order wins, and says why."""

from __future__ import annotations

from dataclasses import dataclass

from correlator.errors import RulesError
from correlator.model import Cause, Finding
from rules.clauses import judge
from rules.facts import fill, subject
from rules.model import KnownError, Owner, Rule, RuleMatch, Trial
from rules.patterns import matches


@dataclass(frozen=True, slots=True)
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
        ask, missing = fill(rule.ask, finding)
        owner, reason = self.owner(rule, finding)
        return RuleMatch(
            rule_id=rule.id,
            rule_version=rule.version,
            title=rule.title,
            ask=ask,
            owner=owner,
            owner_reason=reason,
            severity=rule.severity,
            due=rule.due,
            runbook=rule.runbook,
            known_error=_recognised(rule.known_error, finding),
            missing=missing,
            clauses=judge(rule.when, finding),
        )

    def winner(self, finding: Finding) -> Rule | None:
        """The rule that speaks about this finding."""
        return next((rule for rule in self.rules if self.trial(rule, finding).holds), None)

    def trial(self, rule: Rule, finding: Finding) -> Trial:
        return Trial(rule.id, rule.title, judge(rule.when, finding))

    def explain(self, finding: Finding) -> tuple[Trial, ...]:
        """Every rule tried, in order, up to and including the one that wins."""
        trials: list[Trial] = []
        for rule in self.rules:
            trials.append(self.trial(rule, finding))
            if trials[-1].holds:
                break
        return tuple(trials)

    def owner(self, rule: Rule, finding: Finding) -> tuple[str, str]:
        """The team, and which pattern named it. The rule's own owners come before the common ones."""
        found = self.owner_entry(rule, finding)
        if found is not None:
            team = f"{found.team} ({found.contact})" if found.contact else found.team
            return team, f"job fits {found.job}" + ("" if found.tenant == "*" else f", tenant fits {found.tenant}")
        job = subject(finding)
        shared = finding.cause is Cause.SHARED
        return f"owner of {'what ' + job + ' shares with the others' if shared else job}", "no rule names a team"

    def owner_entry(self, rule: Rule, finding: Finding) -> Owner | None:
        """The first owner entry that fits the job something is asked of, and the tenant."""
        job = subject(finding)
        entries = (*rule.owners, *self.owners)
        return next((o for o in entries if matches(o.job, job) and matches(o.tenant, finding.tenant)), None)


def _recognised(known: KnownError | None, finding: Finding) -> KnownError | None:
    """The known error, when an error text of the finding shows its signature."""
    counts = (*finding.root_signatures, *finding.signatures)
    texts = [text for count in counts for text in (count.signature, count.example)]
    return known if known and any(matches(known.signature, text) for text in texts) else None
