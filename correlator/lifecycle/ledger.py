"""The ledger of asks: what was asked of which team, what it answered, and how soon, against its target."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any, Final

from sqlalchemy import Engine

from correlator.lifecycle.life import Life
from correlator.lifecycle.steps import CHAPTERS, Answer, State, Step
from correlator.model import iso
from correlator.store.finding_events import FindingEvent, events_with
from correlator.store.findings import finding_names

OUTCOMES: Final = (*(answer.value for answer in Answer), "no answer")
ASK_COLUMNS: Final = (
    *("finding_id", "tenant", "job", "team", "rule_id", "asked_at", "asked_by", "ask", "link", "target_seconds"),
    *("outcome", "answers", "first_response_at", "response_seconds", "in_time", "state"),
    *("due_at", "accepted_at", "waits", "sent_back"),
)
"""An ask as a line of a table; new columns come at the end."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One ask. `outcome` is the last answer, or `no answer`; `first_response_at` is None until there is any.

    `in_time`: whether the first response came within the target; None while there is none and the target has not run
    out. `accepted_at`: when the last answer came, where it accepts. `current`: no later ask, and no new chapter, has
    taken its place."""

    finding_id: str
    tenant: str
    job: str
    team: str
    rule_id: str
    ask: str
    link: str
    asked_at: datetime
    asked_by: str
    target_seconds: int
    outcome: str
    answers: int
    first_response_at: datetime | None
    in_time: bool | None
    state: State
    accepted_at: datetime | None = None
    current: bool = True
    sent_back: int = 0
    """How many answers did not accept it, whatever came of it in the end: each is a round trip."""

    @property
    def due_at(self) -> datetime:
        """When a first response is due."""
        return self.asked_at + timedelta(seconds=self.target_seconds)

    @property
    def waits(self) -> bool:
        """Whether somebody still waits for a first word: nobody answered, and nobody claims that it is fixed."""
        return self.current and self.answers == 0 and self.state is State.ESCALATED

    @property
    def response_seconds(self) -> float | None:
        """From the ask to the first response."""
        return None if self.first_response_at is None else (self.first_response_at - self.asked_at).total_seconds()

    def to_dict(self) -> dict[str, Any]:
        texts = (
            "finding_id",
            "tenant",
            "job",
            "team",
            "rule_id",
            "ask",
            "link",
            "asked_by",
            "outcome",
            "answers",
            "sent_back",
        )
        first = self.first_response_at
        return {
            **{name: getattr(self, name) for name in texts},
            "asked_at": iso(self.asked_at),
            "target_seconds": self.target_seconds,
            "first_response_at": iso(first) if first else None,
            "response_seconds": self.response_seconds,
            "accepted_at": iso(self.accepted_at) if self.accepted_at else None,
            "due_at": iso(self.due_at),
            "waits": self.waits,
            "in_time": self.in_time,
            "state": self.state.value,
        }


@dataclass(frozen=True, slots=True)
class Tally:
    """The asks of one team, or under one rule, by their last answers; `sent_back`: those bounced, or answered with
    "send more", at least once. `in_time` of `due`: those of which it is known; the median goes over
    those that were answered (None: none was)."""

    name: str
    asks: int
    outcomes: dict[str, int]
    in_time: int
    due: int
    median_response_seconds: float | None
    sent_back: int

    def to_dict(self) -> dict[str, Any]:
        times = {"in_time": self.in_time, "due": self.due, "median_response_seconds": self.median_response_seconds}
        return {"name": self.name, "asks": self.asks, **self.outcomes, "sent_back": self.sent_back, **times}


def read_asks(engine: Engine, now: datetime) -> tuple[Ask, ...]:
    """Every ask there ever was, oldest first. Raises StoreError."""
    asked = events_with(engine, Step.ESCALATE)
    names = finding_names(engine, asked)
    lives = (Life(key, events) for key, events in asked.items())
    found = (ask for life in lives for ask in _asks_of(life, names[life.finding_id], now))
    return tuple(sorted(found, key=lambda ask: (ask.asked_at, ask.finding_id)))


def _asks_of(life: Life, name: tuple[str, str], now: datetime) -> Iterable[Ask]:
    for place, event in enumerate(life.events):
        if event.step == Step.ESCALATE:
            later = life.events[place + 1 :]
            yield _ask(life, event, _answers(later), name, now, current=not any(map(_takes_its_place, later)))


def _answers(later: Sequence[FindingEvent]) -> list[FindingEvent]:
    """The answers to an ask: up to the next ask, or the next chapter."""
    answers = []
    for event in later:
        if _takes_its_place(event):
            break
        if event.step == Step.ANSWER:
            answers.append(event)
    return answers


def _takes_its_place(event: FindingEvent) -> bool:
    return event.step == Step.ESCALATE or event.step in CHAPTERS


def _ask(
    life: Life,
    asked: FindingEvent,
    answers: list[FindingEvent],
    name: tuple[str, str],
    now: datetime,
    *,
    current: bool,
) -> Ask:
    texts = {key: str(asked.details[key]) for key in ("team", "rule_id", "ask", "link")}
    first = answers[0].at if answers else None
    target = int(asked.details["target_seconds"])
    taken = ((first or now) - asked.at).total_seconds()
    return Ask(
        finding_id=life.finding_id,
        tenant=name[0],
        job=name[1],
        asked_at=asked.at,
        asked_by=asked.actor,
        target_seconds=target,
        outcome=str(answers[-1].details["answer"]) if answers else "no answer",
        answers=len(answers),
        first_response_at=first,
        in_time=None if first is None and taken <= target else first is not None and taken <= target,
        state=life.state or State.SUSPECT,
        accepted_at=answers[-1].at if answers and answers[-1].details["answer"] == Answer.ACCEPTED else None,
        current=current,
        sent_back=sum(answer.details["answer"] != Answer.ACCEPTED for answer in answers),
        **texts,
    )


def narrowed(asks: Iterable[Ask], *, team: str | None = None, rule: str | None = None) -> tuple[Ask, ...]:
    """The asks of one team, or under one rule; None leaves that open."""
    return tuple(ask for ask in asks if team in (None, ask.team) and rule in (None, ask.rule_id))


def by_team(asks: Iterable[Ask]) -> tuple[Tally, ...]:
    return _tallied(asks, lambda ask: ask.team)


def by_rule(asks: Iterable[Ask]) -> tuple[Tally, ...]:
    return _tallied(asks, lambda ask: ask.rule_id)


def _tallied(asks: Iterable[Ask], name: Callable[[Ask], str]) -> tuple[Tally, ...]:
    groups: dict[str, list[Ask]] = {}
    for ask in asks:
        groups.setdefault(name(ask), []).append(ask)
    return tuple(_tally(name, group) for name, group in sorted(groups.items()))


def _tally(name: str, asks: Sequence[Ask]) -> Tally:
    took = [ask.response_seconds for ask in asks if ask.response_seconds is not None]
    known = [ask.in_time for ask in asks if ask.in_time is not None]
    outcomes = {outcome: sum(ask.outcome == outcome for ask in asks) for outcome in OUTCOMES}
    sent_back = sum(ask.sent_back > 0 for ask in asks)
    return Tally(name, len(asks), outcomes, sum(known), len(known), median(took) if took else None, sent_back)


def ledger_document(asks: Sequence[Ask]) -> dict[str, Any]:
    """The whole ledger, JSON-ready."""
    return {
        "asks": [ask.to_dict() for ask in asks],
        "teams": [tally.to_dict() for tally in by_team(asks)],
        "rules": [tally.to_dict() for tally in by_rule(asks)],
    }
