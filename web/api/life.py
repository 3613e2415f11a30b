"""What becomes of a finding: the steps that were taken, a step to be taken, and the ledger of asks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, to_builtins

from correlator.lifecycle.ledger import Ask, ledger_document, narrowed, read_asks
from correlator.lifecycle.report import life_document, read_report
from correlator.lifecycle.steps import State, Step
from correlator.lifecycle.transitions import LONGEST_NAME, LONGEST_REASON, enter_step
from correlator.store.paging import Place
from correlator.text.times import micros
from web.access import Role, needs, note_audit
from web.api.cursors import after, key_in, page_of
from web.api.kinds import PLAIN, SAYS_SOMETHING, Answer, Body, Moment, Next, Paged, Text, Words
from web.api.routes import Link, get, post
from web.context import context
from web.steps.transitions import transition_of
from web.views.finding import stored_finding

_EXAMPLE: Any = {"step": "confirm", "actor": "on-call", "reason": "seen in the ingest log too", "seen": 1}
Reason = Annotated[str, Meta(max_length=LONGEST_REASON, pattern=SAYS_SOMETHING, description="the person's own words")]
Note = Annotated[str, Meta(max_length=LONGEST_REASON, pattern=PLAIN)]


class _StepOfAPerson(Body, frozen=True, kw_only=True, tag_field="step"):
    """`actor`: who does it; nobody needs to say so who is logged in. `seen` is that of the life that was looked at:
    where somebody was quicker, the step is refused."""

    actor: Annotated[str, Meta(max_length=LONGEST_NAME, pattern=PLAIN)] = ""
    seen: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None


class Confirm(_StepOfAPerson, frozen=True, kw_only=True, tag="confirm"):
    """It is real."""

    reason: Reason


class Dismiss(_StepOfAPerson, frozen=True, kw_only=True, tag="dismiss"):
    """It is nothing to act on."""

    reason: Reason


class Escalate(_StepOfAPerson, frozen=True, kw_only=True, tag="escalate"):
    """It is handed over: which team is asked for what. What is left out is said by the rule, if one matches."""

    reason: Note = ""
    team: Text = ""
    ask: Words = ""
    link: Text = ""


class TeamAnswered(_StepOfAPerson, frozen=True, kw_only=True, tag="answer"):
    """What the team that was asked said. `bounced` and `send more` need its words."""

    answer: Literal["accepted", "bounced", "send more", "send-more"]
    reason: Note = ""


class ClaimFix(_StepOfAPerson, frozen=True, kw_only=True, tag="claim-fix"):
    """It is fixed, since a moment or since now; from then on runs are counted."""

    reason: Reason
    since: Moment | None = None


StepTaken = Confirm | Dismiss | Escalate | TeamAnswered | ClaimFix


class LifeStep(Answer, frozen=True, kw_only=True):
    """A step as it is kept. `as_of`: up to when the history was known that it rests on."""

    number: int
    at: str
    as_of: str
    step: Step
    actor: str
    machine: bool
    reason: str
    details: dict[str, Any]


class EarlierChapter(Answer, frozen=True, kw_only=True):
    """What was there before, of this or another finding, and what was done then."""

    finding_id: str
    tenant: str
    job: str
    root_job: str | None
    fix: str
    fixed_by: str
    suspected_at: str
    ended_at: str
    alike: list[str]
    ended: State


class Life(Answer, frozen=True, kw_only=True):
    """Where a finding stands, how it came there, and what can follow (`may`). `watch`: what the last look counted of
    the runs since a claimed fix; null unless one is watched."""

    finding_id: str
    state: State | None
    since: str | None
    seen: int
    may: list[Step]
    events: list[LifeStep]
    watch: dict[str, Any] | None
    earlier: list[EarlierChapter]


class AsksAsked(Paged, frozen=True, kw_only=True):
    team: Text | None = None
    rule: Text | None = None


class AskOfATeam(Answer, frozen=True, kw_only=True):
    """One ask; `sent_back`: how many of its answers did not accept it. `in_time` is null while nobody has answered
    and the target has not run out; `waits`: for a first one."""

    finding_id: str
    tenant: str
    job: str
    team: str
    rule_id: str
    ask: str
    link: str
    asked_by: str
    outcome: str
    answers: int
    sent_back: int
    asked_at: str
    target_seconds: int
    first_response_at: str | None
    response_seconds: float | None
    accepted_at: str | None
    due_at: str
    waits: bool
    in_time: bool | None
    state: State


class Tally(Answer, frozen=True, kw_only=True, rename={"send_more": "send more", "no_answer": "no answer"}):
    """The asks of one team, or under one rule, by what was answered last; `sent_back` at least once. `in_time` of
    `due`: those of which it is known."""

    name: str
    asks: int
    accepted: int
    bounced: int
    send_more: int
    no_answer: int
    sent_back: int
    in_time: int
    due: int
    median_response_seconds: float | None


class Ledger(Answer, frozen=True, kw_only=True):
    """Asks, oldest first, with the sums of all of them per team and per rule."""

    asks: list[AskOfATeam]
    teams: list[Tally]
    rules: list[Tally]
    next: Next


_STEP = Link("take_step", {"finding_id": "finding_id"}, {"seen": "seen"})


@get("/findings/<finding_id>/life", tag="findings", answer=Life, errors=(404,), links=(_STEP,))
def life(finding_id: str) -> dict[str, Any]:
    """Its steps, what can follow, the watch of a fix, and what was there before."""
    return life_document(read_report(context().engine, stored_finding(finding_id)))


@post("/findings/<finding_id>/life", tag="findings", body=StepTaken, answer=Life, errors=(404, 409), example=_EXAMPLE)
@needs(Role.RESPONDER)
def take_step(finding_id: str, body: StepTaken) -> dict[str, Any]:
    """Takes a step, and gives the life as it stands then. 409 for a step that cannot follow on what stands."""
    stored = stored_finding(finding_id)
    transition = transition_of(context(), stored, _fields(body))
    enter_step(context().engine, stored, transition)
    note_audit(transition.step.value, finding_id)
    return life_document(read_report(context().engine, stored_finding(finding_id)))


def _fields(body: StepTaken) -> dict[str, Any]:
    """As a form has them: what is left out is not there."""
    return {name: value for name, value in to_builtins(body).items() if value is not None}


@get("/asks", tag="asks", asked=AsksAsked, answer=Ledger)
def asks(asked: AsksAsked) -> dict[str, Any]:
    """The ledger: what was asked of whom, what they answered and how soon; `team` and `rule` narrow it."""
    found = narrowed(read_asks(context().engine, datetime.now(UTC)), team=asked.team, rule=asked.rule)
    rows, following = page_of(after(found, _key, key_in(asked.after, Place)), asked.limit, _key)
    return ledger_document(found) | {"asks": [ask.to_dict() for ask in rows], "next": following}


def _key(ask: Ask) -> Place:
    return micros(ask.asked_at), ask.finding_id
