"""What becomes of a fix on a simulated platform: it holds, is not exercised, does not hold, or it comes back."""

from __future__ import annotations

from datetime import datetime, timedelta

from correlator.lifecycle.fixing import claim_fix
from correlator.lifecycle.following import follow
from correlator.lifecycle.recurrence import history_of
from correlator.lifecycle.steps import State, Step
from correlator.lifecycle.transitions import confirm, dismiss, enter_step
from correlator.store.finding_events import last_count
from correlator.store.findings import finding_history
from tests.lifecycle.platform import DAY, EXPORT, HOUR, START, Platform, exports, ingests, never, sick

FIX = START + 20 * DAY + 2 * HOUR
DONE = "worker memory of ingest_events raised from 12 to 16 GiB"


def claimed(platform: Platform, at: datetime = FIX) -> Platform:
    """A person confirmed it and says that it is fixed."""
    enter_step(platform.engine, platform.stored(), confirm("on-call", "seen in the ingest's logs too", at))
    versions = finding_history(platform.engine, platform.stored().id)
    enter_step(platform.engine, platform.stored(), claim_fix(platform.stored(), versions, "data-platform", DONE, at))
    return platform


def needed(platform: Platform) -> int:
    claim = platform.life().last(Step.CLAIM_FIX)
    assert claim is not None
    return int(claim.details["needed"])


def later(platform: Platform, runs: int) -> datetime:
    """When so many hourly runs have gone by since the fix."""
    return FIX + runs * HOUR


def test_a_look_marks_the_suspect_once(suspect: Platform) -> None:
    assert suspect.life().state is State.SUSPECT
    event = suspect.life().events[0]
    assert (event.machine, event.step, event.details["root_job"]) == (True, "suspect", "ingest_events")
    suspect.look(START + 20 * DAY + timedelta(minutes=5))
    assert suspect.life().seen == 1


def test_a_fix_that_works_is_proven_by_as_many_clean_runs_as_the_old_rate_wants(suspect: Platform) -> None:
    claimed(suspect)
    count = needed(suspect)
    short = later(suspect, count - 1)
    suspect.go(START + 20 * DAY, short, never)
    suspect.look(short)
    assert suspect.life().state is State.WATCHING
    counted = last_count(suspect.engine, suspect.stored().id)
    assert counted is not None
    assert counted[1]["clean"] == count - 1
    suspect.go(short, short + 2 * HOUR, never)
    suspect.look(short + 2 * HOUR)
    life = suspect.life()
    assert life.state is State.FIXED
    assert life.events[-1].details["clean"] >= count
    steps = [event.step for event in life.events]
    assert steps == ["suspect", "confirm", "claim-fix", "watch", "fixed"]


def fixed(platform: Platform) -> datetime:
    """The end of the proof."""
    end = later(claimed(platform), 60)
    platform.go(START + 20 * DAY, end, never)
    platform.look(end)
    assert platform.life().state is State.FIXED
    return end


def test_late_data_never_reopens_a_fixed_finding(suspect: Platform) -> None:
    end = fixed(suspect)
    suspect.go(FIX - 40 * HOUR, end - HOUR, sick(9, 0.3))  # the same hours, told anew and otherwise
    suspect.go(end, end + 3 * HOUR, never)
    suspect.look(end + 3 * HOUR)
    stored = suspect.stored()
    late = [pair for pair in stored.finding.pairs if pair.failed_at and FIX < pair.failed_at <= end]
    assert stored.finding.verdict == "systemic"
    assert len(late) > 5, "the late rows must be among those attributed to the cause"
    assert suspect.life().state is State.FIXED


def test_new_event_time_brings_it_back(suspect: Platform) -> None:
    end = fixed(suspect)
    suspect.go(end, end + 30 * HOUR, sick(5, 0.3))
    suspect.look(end + 30 * HOUR)
    life = suspect.life()
    assert life.state is State.BACK
    assert life.events[-1].as_of > end
    earlier = history_of(suspect.engine, suspect.stored())
    assert [(one.ended, one.fix, one.job) for one in earlier] == [(State.FIXED, DONE, EXPORT)]
    assert set(earlier[0].alike) == {"job", "root", "signature"}


def test_a_fix_that_does_not_hold_is_back_at_the_first_failure_of_the_cause(suspect: Platform) -> None:
    claimed(suspect)
    suspect.go(START + 20 * DAY, FIX + 25 * HOUR, sick(3, 0.2))
    suspect.look(FIX + 25 * HOUR)
    life = suspect.life()
    assert life.state is State.BACK
    assert life.events[-1].details["same"] >= 1
    assert life.events[-1].details["examples"][0].startswith(EXPORT)


def test_a_job_that_is_paused_shows_nothing(suspect: Platform) -> None:
    claimed(suspect)
    suspect.go(START + 20 * DAY, FIX, never)
    end = FIX + 20 * DAY
    suspect.tell(ingests(FIX, end, never), end)
    suspect.look(end)
    assert suspect.life().state is State.NOT_EXERCISED
    assert suspect.life().events[-1].details["clean"] == 0


def test_exports_on_old_output_do_not_exercise_a_fix_of_the_ingest(suspect: Platform) -> None:
    claimed(suspect)
    end = FIX + 20 * DAY
    suspect.go(START + 20 * DAY, FIX, never)
    suspect.tell(exports(FIX, end, never), end)
    suspect.look(end)
    details = suspect.life().events[-1].details
    assert suspect.life().state is State.NOT_EXERCISED
    assert details["idle"] > needed(suspect)


def test_what_was_not_exercised_is_judged_when_it_runs_again(suspect: Platform) -> None:
    claimed(suspect)
    suspect.go(START + 20 * DAY, FIX, never)
    end = FIX + 12 * DAY
    suspect.tell(ingests(FIX, end, never), end)
    suspect.look(end)
    assert suspect.life().state is State.NOT_EXERCISED
    suspect.go(end, end + 60 * HOUR, never)
    suspect.look(end + 60 * HOUR)
    assert suspect.life().state is State.FIXED


def test_another_error_is_failing_otherwise(suspect: Platform) -> None:
    claimed(suspect)
    end = FIX + 30 * HOUR
    facts = [*ingests(START + 20 * DAY, end, never), *exports(START + 20 * DAY, end, sick(7, 0.3), "401 Unauthorized")]
    suspect.tell(facts, end)
    suspect.look(end)
    life = suspect.life()
    assert life.state is State.FAILING_OTHERWISE
    assert life.events[-1].details["same"] == 0
    assert life.events[-1].details["otherwise"] >= 3


def test_what_was_dismissed_stays_dismissed_while_the_cause_is_the_same(suspect: Platform) -> None:
    enter_step(suspect.engine, suspect.stored(), dismiss("on-call", "the partner tests its quota on purpose", FIX))
    suspect.go(START + 20 * DAY, FIX + 30 * HOUR, sick(3, 0.2))
    suspect.look(FIX + 30 * HOUR)
    assert suspect.stored().finding.verdict == "systemic"
    assert suspect.life().state is State.DISMISSED


def test_a_look_into_the_past_decides_nothing(suspect: Platform) -> None:
    end = fixed(suspect)
    suspect.go(end, end + 30 * HOUR, sick(5, 0.3))
    before = suspect.life().seen
    assert follow(suspect.engine, end - DAY, end + 30 * HOUR) == ()
    assert suspect.life().seen == before
