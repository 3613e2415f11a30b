"""The life as a state machine: whatever people and looks do, in whatever order, on a real store."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import event, settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import Engine, insert

from correlator.errors import StepRefusedError, UsageError
from correlator.lifecycle import transitions
from correlator.lifecycle.asking import Handover, escalate
from correlator.lifecycle.fixing import claim_fix
from correlator.lifecycle.following import follow
from correlator.lifecycle.ledger import read_asks
from correlator.lifecycle.life import life_of, wanted_finding
from correlator.lifecycle.steps import LEADS_TO, MAY_FOLLOW, PERSONS, Answer, State, Step
from correlator.lifecycle.transitions import Transition, enter_step
from correlator.model import Analysis, Cause, Pair, ProofOfFix
from correlator.settings import load_settings
from correlator.store.database import open_store, writing
from correlator.store.finding_events import FindingEvent, events_of
from correlator.store.findings import StoredFinding, finding_id, save_analysis
from correlator.store.schema import runs
from correlator.text.times import micros
from tests.web.cast import EXPORT, PREMIUM, pairs, systemic

NOW = datetime(2026, 3, 20, tzinfo=UTC)
FINDING = finding_id(PREMIUM, EXPORT)
SETTINGS = load_settings(environment={})


def self_caused(when: datetime, count: int) -> Analysis:
    """A finding without a root, so that a job alone exercises a fix; the last pair failed at `when`."""
    pair = Pair(f"new-{count}", failed_at=when)
    finding = replace(
        systemic(),
        cause=Cause.SELF,
        root_job=EXPORT,
        path=(EXPORT,),
        pairs=(*(Pair(one.logical_run_id, failed_at=one.failed_at) for one in pairs()), pair),
        proof_of_fix=ProofOfFix(0.9, 2),
        window_end=when,
    )
    return Analysis(when, (finding,))


class Lives(RuleBasedStateMachine):
    """Time goes on by an hour with every step."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.engine: Engine = open_store(f"sqlite:///{Path(self.folder.name) / 'store.db'}")
        self.now, self.count = NOW, 0
        save_analysis(self.engine, self_caused(self.now, 0), self.now)
        self.before: tuple[FindingEvent, ...] = ()

    def teardown(self) -> None:
        self.engine.dispose()
        self.folder.cleanup()

    def _stored(self) -> StoredFinding:
        return wanted_finding(self.engine, FINDING)

    def _try(self, make: Callable[[StoredFinding], Transition], step: Step) -> None:
        stored = self._stored()
        life = life_of(self.engine, stored)
        legal = step in life.may
        self.now += timedelta(minutes=1)
        transition = make(stored)
        if legal:
            assert enter_step(self.engine, stored, transition).seen == life.seen + 1
        else:
            with pytest.raises(StepRefusedError, match=FINDING):
                enter_step(self.engine, stored, transition)
            assert life_of(self.engine, stored) == life

    @initialize(far=strategies.booleans())
    def begin(self, *, far: bool) -> None:
        """Where nothing was said, or where a fix is watched."""
        if far:
            self._take(Step.CONFIRM)
            self._take(Step.CLAIM_FIX)
            self.look()

    @rule()
    def clean(self) -> None:
        """Two clean runs, which are as many as the proof wants."""
        for _ in range(2):
            self._ran(fails=False)
        self.look()

    @rule(data=strategies.data())
    def may(self, data: strategies.DataObject) -> None:
        """A person does what can follow."""
        self._take(data.draw(strategies.sampled_from(life_of(self.engine, self._stored()).may)))

    @rule(step=strategies.sampled_from(PERSONS))
    def whatever(self, step: Step) -> None:
        """A person does anything."""
        self._take(step)

    def _take(self, step: Step) -> None:
        given = Handover("data-platform", "raise the memory")
        said = list(Answer)[self.count % 3]
        makers: dict[Step, Callable[[StoredFinding], Transition]] = {
            Step.ESCALATE: lambda stored: escalate(stored, "on-call", given, SETTINGS, self.now),
            Step.ANSWER: lambda _: transitions.answer("on-call", said, "their words", self.now),
            Step.CLAIM_FIX: lambda stored: claim_fix(stored, [], "data-platform", "mended", self.now),
        }
        self._try(makers.get(step, lambda _: Transition(step, "on-call", "for a reason", self.now)), step)

    @rule(told=strategies.booleans(), days=strategies.integers(0, 3))
    def broken(self, *, told: bool, days: int) -> None:
        """A run that fails; the finding lays it to the cause, or does not know of it."""
        self.now += timedelta(days=days)
        self._ran(fails=True)
        if told:
            self.now += timedelta(minutes=5)
            save_analysis(self.engine, self_caused(self.now, self.count), self.now)

    @rule()
    def quiet(self) -> None:
        """Nothing runs for a while."""
        self.now += timedelta(days=3)
        self.look()

    def _ran(self, *, fails: bool) -> None:
        self.now += timedelta(hours=1)
        self.count += 1
        row = {
            "source": "platform",
            "run_id": f"new-{self.count}",
            "logical_run_id": f"new-{self.count}",
            "job": EXPORT,
            "tenant": PREMIUM,
            "status": "failed" if fails else "success",
            "started_at": micros(self.now),
            "finished_at": micros(self.now + timedelta(minutes=3)),
            "known_at": micros(self.now),
            "revised_at": micros(self.now),
        }
        with writing(self.engine) as connection:
            connection.execute(insert(runs).values(row))

    @rule()
    def look(self) -> None:
        self.now += timedelta(minutes=5)
        before = life_of(self.engine, self._stored()).state
        follow(self.engine, self.now, self.now)
        after = events_of(self.engine, FINDING)
        assert after, "a systemic finding is a suspect after a look"
        # a machine neither confirms nor dismisses, and never moves what only people move
        if before in (State.SUSPECT, State.CONFIRMED, State.ESCALATED, State.BACK):
            assert life_of(self.engine, self._stored()).state == before

    @rule()
    def look_again(self) -> None:
        """A second look at the same data says nothing new."""
        follow(self.engine, self.now, self.now)
        before = events_of(self.engine, FINDING)
        assert follow(self.engine, self.now, self.now) == ()
        assert events_of(self.engine, FINDING) == before

    @rule()
    def no_words(self) -> None:
        stored = self._stored()
        for step in (Step.CONFIRM, Step.DISMISS):
            with pytest.raises(UsageError):
                enter_step(self.engine, stored, Transition(step, "on-call", " ", self.now))
            with pytest.raises(UsageError, match="nobody is named"):
                enter_step(self.engine, stored, Transition(step, " \n", "for a reason", self.now))

    @invariant()
    def only_added(self) -> None:
        """What stood there stands there."""
        events = events_of(self.engine, FINDING)
        assert events[: len(self.before)] == self.before
        self.before = events

    @invariant()
    def every_step_is_legal(self) -> None:
        state: State | None = None
        for entry in events_of(self.engine, FINDING):
            step = Step(entry.step)
            assert state in MAY_FOLLOW[step]
            assert entry.machine == (step not in PERSONS) == (entry.actor == "correlator")
            state = LEADS_TO.get(step, state)
        assert life_of(self.engine, self._stored()).state == (state or State.SUSPECT)
        event(f"stands at {state}")

    @invariant()
    def every_ask_is_in_the_ledger(self) -> None:
        asked = [entry.at for entry in events_of(self.engine, FINDING) if entry.step == Step.ESCALATE]
        ledger = read_asks(self.engine, self.now)
        assert [ask.asked_at for ask in ledger] == asked
        noted = sum(entry.step == Step.ANSWER for entry in events_of(self.engine, FINDING))
        assert sum(ask.answers for ask in ledger) == noted


Lives.TestCase.settings = settings(max_examples=6, stateful_step_count=25, deadline=None)
TestLives = Lives.TestCase
