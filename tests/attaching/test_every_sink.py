"""What holds for every sink: told within a tick, once, whatever is lost, refused or killed in between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.standin import Fault
from correlator.attaching import Done, attach_open
from correlator.lifecycle.following import follow
from correlator.lifecycle.steps import Step
from correlator.lifecycle.transitions import Transition, enter_step
from correlator.ports import Attached, Note, Page, Place, Sink, Way
from correlator.store.attachments import list_attachments
from correlator.store.facts import store_page
from correlator.store.findings import get_finding
from tests.attaching.stages import GONE, ID, KINDS, NOW, OTHER_ROOT, SYSTEMIC, TICK, Stage, stage
from tests.test_incident_matching import INCIDENT


@pytest.fixture(params=KINDS)
def at(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    with stage(request.param, tmp_path) as built:
        yield built


def news(stage: Stage) -> int:
    """How many pieces of news there have been, as they stand: one where they are updated in place."""
    return len(stage.standing())


def test_a_systemic_finding_is_told_within_a_tick_and_only_once(at: Stage) -> None:
    assert at.round().count(Done.WRITTEN) == 0
    at.found(SYSTEMIC)
    assert at.round(1).count(Done.WRITTEN) == 1
    (text,) = at.standing()
    assert "Systemic" in text
    later = replace(SYSTEMIC, window_end=NOW + TICK)
    at.found(later, at=NOW + TICK)
    report = at.round(2)
    assert (report.count(Done.WRITTEN), report.count(Done.UNCHANGED)) == (0, 1)
    assert news(at) == 1


def test_one_failure_more_is_no_news_where_nothing_can_be_updated(at: Stage) -> None:
    at.found(SYSTEMIC)
    at.round()
    at.found(replace(SYSTEMIC, observed=37))
    at.round(1)
    assert news(at) == 1
    assert ("37" in at.standing()[0]) is (at.kind == "slack")


def test_another_root_is_news_and_so_is_the_end(at: Stage) -> None:
    for ticks, finding in enumerate((SYSTEMIC, OTHER_ROOT, GONE, GONE)):
        at.found(finding, at=NOW + ticks * TICK)
        at.round(ticks)
    assert news(at) == (1 if at.in_place else 3)
    assert at.standing()[-1].lstrip("*").startswith("What stood here no longer holds")
    at.found(SYSTEMIC, at=NOW + 9 * TICK)
    at.round(9)
    assert news(at) == (1 if at.in_place else 4)
    assert "Systemic" in at.standing()[-1]


def test_a_finding_that_left_the_window_is_ended_too(at: Stage) -> None:
    at.found(SYSTEMIC)
    at.round()
    at.found(at=NOW + TICK)
    at.round(1)
    assert "no longer holds" in at.standing()[-1]
    before = at.asked(), news(at)
    at.round(2)
    assert news(at) == before[1]


def test_what_was_never_systemic_is_not_told(at: Stage) -> None:
    at.found(GONE)
    assert at.round().count(Done.WRITTEN) == 0
    assert at.standing() == []


@pytest.mark.parametrize("status", [0, 500, 503])
def test_a_write_whose_answer_is_lost_is_seen_once(at: Stage, status: int) -> None:
    at.found(SYSTEMIC)
    at.faults.add(Fault(at.path, status=status, method=at.method, applied=True))
    for ticks in range(3):
        at.round(ticks)
    assert news(at) == 1
    assert [row.state for row in list_attachments(at.engine)] == ["written"]


@pytest.mark.parametrize("status", [500, 503])
def test_a_write_that_was_refused_for_now_is_made_later(at: Stage, status: int) -> None:
    at.found(SYSTEMIC)
    at.faults.add(Fault(at.path, status=status, method=at.method, times=3))
    for ticks in range(12):
        at.round(ticks)
    assert news(at) == 1
    assert [row.state for row in list_attachments(at.engine)] == ["written"]


def test_nothing_is_asked_before_a_rate_limit_ends(at: Stage) -> None:
    at.found(SYSTEMIC)
    headers = {"retry-after": "4000", "x-ratelimit-reset": "4000"}
    at.faults.add(Fault(at.path, status=429, method=at.method, headers=headers))
    report = at.round()
    assert (report.count(Done.WRITTEN), report.count(Done.FAILED)) == (0, 1)
    for ticks in (1, 5, 13):
        assert at.round(ticks).count(Done.WAITING) == 1
    assert at.round(14).count(Done.WRITTEN) == 1
    assert news(at) == 1


class Killed(BaseException):
    """The process is gone."""


class KilledSink:
    """A sink in a process that dies before or after its note was written."""

    def __init__(self, sink: Sink, *, after: bool) -> None:
        self.name, self.ways, self._sink, self._after = sink.name, sink.ways, sink, after
        for finder in ("open_incidents", "tickets"):
            if hasattr(sink, finder):
                setattr(self, finder, getattr(sink, finder))

    name: str
    ways: Mapping[Place, Way]

    def attach(self, note: Note) -> Attached:
        if self._after:
            self._sink.attach(note)
        raise Killed


@pytest.mark.parametrize("after", [True, False])
def test_a_kill_around_the_write_leaves_one(at: Stage, after: bool) -> None:
    at.found(SYSTEMIC)
    with pytest.raises(Killed):
        attach_open(at.engine, at.settings, KilledSink(at.sink(), after=after), NOW)
    assert [row.state for row in list_attachments(at.engine)] == ["pending"]
    at.round(1)
    at.round(2)
    assert news(at) == 1
    assert [row.state for row in list_attachments(at.engine)] == ["written"]


def test_what_was_killed_and_ended_meanwhile_is_not_left_standing(at: Stage) -> None:
    at.found(SYSTEMIC)
    with pytest.raises(Killed):
        attach_open(at.engine, at.settings, KilledSink(at.sink(), after=True), NOW)
    at.found(GONE, at=NOW + TICK)
    at.round(1)
    assert "no longer holds" in at.standing()[-1]


def test_what_was_killed_before_it_was_told_needs_no_end(at: Stage) -> None:
    at.found(SYSTEMIC)
    with pytest.raises(Killed):
        attach_open(at.engine, at.settings, KilledSink(at.sink(), after=False), NOW)
    at.found(GONE, at=NOW + TICK)
    at.round(1)
    told = 1 if at.kind == "webhook" else 0  # a receiver cannot be asked what it has
    assert news(at) == told


def test_a_sink_that_is_switched_on_does_not_begin_with_the_past(at: Stage) -> None:
    at.found(SYSTEMIC)
    late = NOW + timedelta(days=2)
    written = attach_open(at.engine, at.settings, at.sink(), late).count(Done.WRITTEN)
    asks_for_places = at.kind == "zendesk" or (at.kind == "datadog" and at.in_place)
    assert written == (1 if asks_for_places else 0)


def test_who_dismissed_it_is_said_and_that_it_came_back(at: Stage) -> None:
    at.found(SYSTEMIC)
    at.round()
    stored = get_finding(at.engine, ID)
    assert stored is not None
    reason = "the vendor moved its window, on purpose"
    enter_step(at.engine, stored, Transition(Step.DISMISS, "operator", reason, NOW + TICK))
    at.round(1)
    assert at.standing()[-1].lstrip("*").startswith("Dismissed by operator")
    assert reason in at.standing()[-1]
    told = news(at)
    at.round(2)
    assert news(at) == told
    again = replace(OTHER_ROOT, pairs=(replace(SYSTEMIC.pairs[0], failed_at=NOW + 2 * TICK, logical_run_id="r2"),))
    at.found(again, at=NOW + 3 * TICK)
    follow(at.engine, NOW + 3 * TICK, NOW + 3 * TICK)
    store_page(at.engine, "pagerduty", Page("incidents", (replace(INCIDENT, created_at=NOW + 2 * TICK),), {}), NOW)
    at.round(3)
    if at.path != "/attachments":  # Datadog's own incident is too early for the new failure
        assert "load_rates" in at.standing()[-1]
