"""Replays of the rules over the stored history: asked for, under way, done, and what each rule would have said."""

from __future__ import annotations

from typing import Any, Literal

from flask import Response, url_for

from correlator.model import Verdict
from correlator.store.rule_replays import (
    Basis,
    FiringCounts,
    FiringKey,
    ReplayState,
    StoredFiring,
    StoredReplay,
    firing_counts,
    firings_page,
    get_replay,
    list_replays,
)
from web import reading
from web.access import Role, needs
from web.api.cursors import key_in, page_of
from web.api.facts import At
from web.api.kinds import Answer, Next, Paged, Text
from web.api.numbers import ByAPerson, number_in
from web.api.routes import Link, encoded, get, post
from web.context import context
from web.errors import not_found
from web.rules.replaying import USUAL_DAYS, stale
from web.rules.rulebook import rulebook
from web.steps.acting import acting
from web.views.rules import ask_for_replay

_ASK: Any = {"actor": "on-call", "days": 28, "basis": "known"}
_ID: Any = {"replay_id": "id"}


class Fired(Answer, frozen=True, kw_only=True):
    """Of one rule in one replay of history: how often it held, was said, and was noise."""

    held: int
    said: int
    noise: int


class Replay(Answer, frozen=True, kw_only=True):
    """`looks` at `[window_start, window_end)`, each at what was `known` (or had `happened`) by then; `detail`: why it
    failed, or a remark; `rules`: the version of each rule, in the order they were tried, once it is done."""

    id: int
    state: ReplayState
    asked_by: str
    asked_at: At
    days: int
    step_seconds: int
    basis: Basis
    looks: int
    started_at: At | None
    finished_at: At | None
    window_start: At | None
    window_end: At | None
    detail: str
    rules: dict[str, str]


class Replays(Answer, frozen=True, kw_only=True):
    """The newest first; a few are kept."""

    replays: list[Replay]


class ReplayResult(Answer, frozen=True, kw_only=True):
    """`fired`: by rule, those that held at all; `stale`: why one of now might tell something else."""

    replay: Replay
    fired: dict[str, Fired]
    stale: list[str]


class AskReplay(ByAPerson, frozen=True, kw_only=True):
    """`basis`: at each look counts what was stored by then (`known`), or what had `happened`, for a history that was
    imported or backfilled."""

    days: Literal[7, 14, 28, 56] = USUAL_DAYS
    basis: Basis = Basis.KNOWN


class WouldHaveFired(Answer, frozen=True, kw_only=True):
    """One time in which a rule held about a job. `said_at`: null where it was never said; `noise`: said, and then
    transient or withdrawn; `dismissed`: by a person while it was said; `next_rule`: what spoke after it."""

    rule_id: str
    finding_id: str
    tenant: str
    job: str
    verdict: Verdict
    held_from: At
    said_at: At | None
    until_at: At | None
    failures: int
    outcome: str
    next_rule: str
    ask: str
    noise: bool
    dismissed: bool


class FiringsAsked(Paged, frozen=True, kw_only=True):
    """`rule_id`: of one rule alone."""

    rule_id: Text | None = None


class Firings(Answer, frozen=True, kw_only=True):
    """The newest first."""

    firings: list[WouldHaveFired]
    next: Next


@get("/replays", tag="rules", answer=Replays)
def replays() -> Replays:
    """The replays that were asked for, and how each stands."""
    return Replays(replays=[_told(one) for one in list_replays(context().engine)])


@post(
    "/replays",
    tag="rules",
    body=AskReplay,
    answer=Replay,
    example=_ASK,
    links=(Link("replay", _ID), Link("firings", _ID)),
)
@needs(Role.RESPONDER)
def ask_replay(body: AskReplay) -> Response:
    """Asks for a replay of all rules, or gives the one that waits or runs already. The scheduler begins it within
    seconds, and it takes a while: GET it until it is `done` or `failed`."""
    asked = ask_for_replay(acting({"actor": body.actor}), {"days": body.days, "basis": body.basis.value})
    response = encoded(_told(asked), 201)
    response.headers["Location"] = url_for("api.replay", replay_id=asked.id)
    return response


@get("/replays/<replay_id>", tag="rules", answer=ReplayResult, errors=(404,))
def replay(replay_id: str) -> ReplayResult:
    """One replay: how it stands, and how often each rule would have spoken."""
    engine, found = context().engine, _wanted(replay_id)
    rules, fresh = rulebook(context().settings).rules, reading.freshness_in_short(engine)
    done = found.state is ReplayState.DONE
    return ReplayResult(
        replay=_told(found),
        fired={name: told_counts(one) for name, one in firing_counts(engine, found.id).items()},
        stale=list(stale(found, rules, None, fresh)) if done else [],
    )


@get("/replays/<replay_id>/firings", tag="rules", asked=FiringsAsked, answer=Firings, errors=(404,))
def firings(replay_id: str, asked: FiringsAsked) -> Firings:
    """What the rules would have said, when, of which job, and what became of it."""
    found, last = _wanted(replay_id), key_in(asked.after, FiringKey)
    rows, following = page_of(
        firings_page(context().engine, found.id, asked.rule_id, last, asked.limit + 1), asked.limit, lambda one: one[0]
    )
    return Firings(firings=[told_firing(one) for _, one in rows], next=following)


def _wanted(replay_id: str) -> StoredReplay:
    found = get_replay(context().engine, number_in(replay_id, "replay"))
    if found is None:
        raise not_found(f"there is no replay {replay_id}", "those that are kept stand at /api/v1/replays")
    return found


def told_counts(counts: FiringCounts) -> Fired:
    return Fired(held=counts.held, said=counts.said, noise=counts.noise)


def told_firing(one: StoredFiring) -> WouldHaveFired:
    return WouldHaveFired(**{name: getattr(one, name) for name in WouldHaveFired.__struct_fields__})


def _told(one: StoredReplay) -> Replay:
    plain = {name: getattr(one, name) for name in Replay.__struct_fields__ if name != "rules"}
    return Replay(**plain, rules=dict(one.rules))
