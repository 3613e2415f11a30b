"""What the rules would have said on a history played again: when, about which job, and what became of it.

At each look the first rule that holds speaks, as it would have then. As long as the same rule speaks about a job, that
is one firing; its `wait` decides whether it would have been said. A firing that was said and is followed by transient,
or is withdrawn, was noise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Engine

from correlator.backtesting.backtest import store_looks
from correlator.backtesting.replay import Replay
from correlator.backtesting.schedule import Tick
from correlator.engine.assembly import assemble
from correlator.engine.case import Case
from correlator.evidence.monitors import with_monitors
from correlator.model import Finding, Verdict, iso
from correlator.tables.frames import Tables, to_micros
from rules.matching import RuleSet, asked
from rules.measures import failures_of
from rules.model import Rule
from rules.waiting import Standing, said

Look = tuple[Tick, Replay | None, datetime]
Beside = Callable[[Finding, datetime], Finding]
"""Puts in what the engine does not know and a store had by some moment."""


class Outcome(StrEnum):
    """What became of a firing. `ended`: no failure of the job was left to judge."""

    STANDS = "stands"
    ENDED = "ended"
    OTHER_RULE = "other rule"
    TRANSIENT = "transient"
    WITHDRAWN = "withdrawn"


@dataclass
class Firing:
    """One rule about one job, from the look at which it first held to the one at which it no longer did.

    `said_at`: when its `wait` let it be said, None for never; `failures`: failed runs it was about at the last look.
    """

    rule_id: str
    tenant: str
    job: str
    verdict: Verdict
    held_from: datetime
    failures: int = 0
    last_failure_at: datetime | None = None
    said_at: datetime | None = None
    ask: str = ""
    until: datetime | None = None
    outcome: Outcome = Outcome.STANDS
    then: str = ""

    @property
    def noise(self) -> bool:
        """Said to be systemic, and then not."""
        taken_back = self.outcome in (Outcome.TRANSIENT, Outcome.WITHDRAWN)
        return self.said_at is not None and self.verdict is Verdict.SYSTEMIC and taken_back

    def to_dict(self) -> dict[str, Any]:
        times = {name: getattr(self, name) for name in ("held_from", "said_at", "until", "last_failure_at")}
        return {
            "rule": self.rule_id,
            "tenant": self.tenant,
            "job": self.job,
            "verdict": self.verdict.value,
            "failures": self.failures,
            **{name: iso(at) if at else None for name, at in times.items()},
            "ask": self.ask,
            "outcome": self.outcome.value,
            "then": self.then,
            "noise": self.noise,
        }


@dataclass
class RuleBacktest:
    """All firings of a replay. `jobs`: how many jobs were ever looked at."""

    start: datetime
    end: datetime
    looks: int = 0
    jobs: int = 0
    firings: list[Firing] = field(default_factory=list)

    def of(self, rule_id: str) -> list[Firing]:
        """One rule's firings, in the order of time."""
        return sorted(
            (firing for firing in self.firings if firing.rule_id == rule_id),
            key=lambda firing: (firing.held_from, firing.tenant, firing.job),
        )

    def to_dict(self, rule_id: str) -> dict[str, Any]:
        """For `--json` and for pages."""
        found = self.of(rule_id)
        spoken = [firing for firing in found if firing.said_at is not None]
        return {
            "rule": rule_id,
            "from": iso(self.start),
            "to": iso(self.end),
            "looks": self.looks,
            "jobs": self.jobs,
            "held": len(found),
            "said": len(spoken),
            "noise": sum(firing.noise for firing in spoken),
            "firings": [firing.to_dict() for firing in found],
        }


def firings_in_tables(
    tables: Tables, rules: RuleSet, ticks: Iterable[Tick], start: datetime, end: datetime
) -> RuleBacktest:
    """Every fact is taken as known from the moment it happened."""
    replay = Replay(tables)
    return _played(((tick, replay, tick.at) for tick in ticks), rules, RuleBacktest(start, end))


def firings_in_store(
    engine: Engine, window: timedelta, rules: RuleSet, ticks: Iterable[Tick], start: datetime, end: datetime
) -> RuleBacktest:
    """Every fact is taken as known from the moment it was stored, and as it stood then. Raises StoreError."""
    looks = store_looks(engine, window, ticks, start - window)
    beside = _monitors(engine) if rules.goes_by("monitor") else _nothing
    return _played(looks, rules, RuleBacktest(start, end), beside)


def _nothing(finding: Finding, _known_by: datetime) -> Finding:
    return finding


def _monitors(engine: Engine) -> Beside:
    return lambda finding, known_by: with_monitors(engine, None, [finding], known_by)[0]


def _played(looks: Iterable[Look], rules: RuleSet, done: RuleBacktest, beside: Beside = _nothing) -> RuleBacktest:
    reader, stories = _Reader(rules, beside), dict[tuple[str, str], JobStory]()
    for tick, replay, as_of in looks:
        done.looks += 1
        if replay is None:
            continue
        seen = set()
        for finding, rule in reader.look(replay, tick, as_of):
            key = finding.tenant, finding.job
            seen.add(key)
            stories.setdefault(key, JobStory()).add(finding, rule, tick.at)
        for key, story in stories.items():
            if key not in seen and (tick.tenants is None or key[0] in tick.tenants):
                story.nothing(tick.at)
    done.jobs = len(stories)
    done.firings = [firing for _, story in sorted(stories.items()) for firing in story.firings]
    return done


class _Reader:
    """Findings and the rules that speak about them; what was not decided anew is not read anew."""

    def __init__(self, rules: RuleSet, beside: Beside) -> None:
        self._rules, self._beside = rules, beside
        self._known: dict[tuple[str, str], tuple[Case, Finding, Rule]] = {}

    def look(self, replay: Replay, tick: Tick, as_of: datetime) -> Iterator[tuple[Finding, Rule]]:
        for call, case in replay.looks(to_micros(as_of), tick.tenants):
            key = call.tenant, call.job
            known = self._known.get(key)
            if known is None or known[0] is not case:
                finding = self._beside(assemble(case), tick.at)
                rule = self._rules.winner(finding)
                if rule is None:
                    self._known.pop(key, None)
                    continue
                self._known[key] = known = case, finding, rule
            yield known[1], known[2]


class JobStory:
    """The firings about one job, one after the other."""

    def __init__(self) -> None:
        self.firings: list[Firing] = []
        self._open: Firing | None = None

    def add(self, finding: Finding, rule: Rule, at: datetime) -> None:
        now = self._open
        if now is None or (now.rule_id, now.verdict) != (rule.id, finding.verdict):
            if now is not None:
                self._close(now, at, _outcome(now, finding), rule.id)
            now = self._opened(finding, rule, at)
        now.failures, now.last_failure_at = failures_of(finding), finding.last_failure_at
        if now.said_at is None:
            standing = Standing(at, holds=True, since=now.held_from, failures=now.failures)
            if said(rule.wait, standing).told:
                now.said_at, now.ask = at, asked(rule, finding)[0]

    def nothing(self, at: datetime) -> None:
        if self._open is not None:
            self._close(self._open, at, Outcome.ENDED, "")

    def _opened(self, finding: Finding, rule: Rule, at: datetime) -> Firing:
        """A new firing; or one of before, which its rule kept said until now."""
        before = [f for f in self.firings if (f.rule_id, f.verdict) == (rule.id, finding.verdict)]
        if before and _lingers(before[-1], rule, at):
            self._open = before[-1]
            self._open.until, self._open.outcome, self._open.then = None, Outcome.STANDS, ""
        else:
            self._open = Firing(rule.id, finding.tenant, finding.job, finding.verdict, at)
            self.firings.append(self._open)
        return self._open

    def _close(self, firing: Firing, at: datetime, outcome: Outcome, then: str) -> None:
        firing.until, firing.outcome, firing.then = at, outcome, then
        self._open = None


def _lingers(firing: Firing, rule: Rule, at: datetime) -> bool:
    standing = Standing(
        at,
        holds=False,
        since=firing.held_from,
        failures=firing.failures,
        last_failure_at=firing.last_failure_at,
        until=firing.until,
    )
    return firing.said_at is not None and said(rule.wait, standing).told


def _outcome(firing: Firing, finding: Finding) -> Outcome:
    if finding.verdict is Verdict.SYSTEMIC or firing.verdict is not Verdict.SYSTEMIC:
        return Outcome.OTHER_RULE
    return Outcome.TRANSIENT if finding.verdict is Verdict.TRANSIENT else Outcome.WITHDRAWN
