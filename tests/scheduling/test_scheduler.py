"""The scheduler with real child processes: small modules that stand for jobs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import pytest

from correlator.errors import StoreError
from correlator.scheduling.child import Child, start_child
from correlator.scheduling.outcome import Outcome, State
from correlator.scheduling.plan import Job
from correlator.scheduling.scheduler import FIRST_LOOK_SECONDS, Scheduler

DONE = Outcome(State.DONE, "3 new", changed=True)
DULL = Outcome(State.DONE, "nothing new")
REFUSED = Outcome(State.FAILED, "refused", "check the key")
EXPIRED = Outcome(State.FAILED, "expired", "a new key", permanent=True)
PARTLY = Outcome(State.FAILED, "one of two", "check the query", changed=True)
MODULES = {
    "expired": f"print({EXPIRED.to_line()!r})",
    "partly": f"print({PARTLY.to_line()!r})",
    "good": f"print('noise of a library')\nprint({DONE.to_line()!r})",
    "dull": f"print({DULL.to_line()!r})",
    "refused": f"print({REFUSED.to_line()!r})",
    "crashing": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "attach": f"print({DULL.to_line()!r})",
    "correlate": f"print({DONE.to_line()!r})",
    "slow": f"import time; time.sleep(0.5); print({DONE.to_line()!r})",
    "hanging": "import time; time.sleep(120)",
}


class Journal:
    """Keeps what was written down, in order."""

    def __init__(self) -> None:
        self.ended: list[tuple[str, Outcome]] = []

    def running(self, job: str) -> AbstractContextManager[Callable[[Outcome], None]]:
        return nullcontext(lambda outcome: self.ended.append((job, outcome)))

    def names(self) -> list[str]:
        return [job for job, _ in self.ended]

    def wait(self, count: int) -> None:
        deadline = time.monotonic() + 20
        while len(self.ended) < count:
            assert time.monotonic() < deadline, f"only {self.ended}"
            time.sleep(0.02)


class BrokenJournal(Journal):
    """Cannot write that a job started."""

    def running(self, job: str) -> AbstractContextManager[Callable[[Outcome], None]]:
        self.ended.append((job, Outcome(State.FAILED, "not written")))
        raise StoreError("the database is locked")


class Leads:
    def __init__(self, answer: bool = True) -> None:
        self.answer = answer

    def held(self) -> bool:
        return self.answer


@pytest.fixture
def start_job(tmp_path: Path) -> Callable[[str], Child]:
    for name, text in MODULES.items():
        (tmp_path / f"{name}.py").write_text(text)

    def start(job: str) -> Child:
        return start_child(job.removeprefix("pull:"), environment={"PYTHONPATH": str(tmp_path)}, capture=True)

    return start


@contextmanager
def _running(scheduler: Scheduler) -> Iterator[None]:
    scheduler.start()
    try:
        yield
    finally:
        scheduler.stop()


def test_what_a_job_says_is_written_down(start_job: Callable[[str], Child]) -> None:
    journal = Journal()
    jobs = (Job("pull:good", 600), Job("pull:refused", 600), Job("pull:crashing", 600))
    with _running(Scheduler(jobs, start_job, journal, Leads(), limit_seconds=30)):
        journal.wait(3)
    ended = dict(journal.ended)
    assert ended["pull:good"] == DONE
    assert ended["pull:refused"] == REFUSED
    assert ended["pull:crashing"].state is State.FAILED
    assert "signal 9" in ended["pull:crashing"].detail


def test_a_job_that_hangs_is_cut_and_the_others_run_meanwhile(start_job: Callable[[str], Child]) -> None:
    journal = Journal()
    jobs = (Job("pull:hanging", 600), Job("pull:good", 600))
    with _running(Scheduler(jobs, start_job, journal, Leads(), limit_seconds=1.5)):
        journal.wait(2)
    assert journal.names() == ["pull:good", "pull:hanging"]
    assert journal.ended[1][1].state is State.CUT
    assert "1.5 s" in journal.ended[1][1].detail


def test_the_first_look_follows_the_first_pulls_and_wakes_the_notes(start_job: Callable[[str], Child]) -> None:
    journal = Journal()
    jobs = (Job("pull:dull", 600), Job("good", 600, followers=("attach",)), Job("attach", 600))
    began = time.monotonic()
    with _running(Scheduler(jobs, start_job, journal, Leads(), limit_seconds=30)):
        journal.wait(3)
    assert journal.names() == ["pull:dull", "good", "attach"]
    assert time.monotonic() - began < FIRST_LOOK_SECONDS


def test_a_source_that_keeps_failing_is_not_asked_more_often_for_being_woken(start_job: Callable[[str], Child]) -> None:
    """A webhook a second must not undo the waiting after failures."""
    journal = Journal()
    scheduler = Scheduler((Job("pull:refused", 600),), start_job, journal, Leads(), limit_seconds=30)
    with _running(scheduler):
        journal.wait(1)
        scheduler.pull_now("refused")  # after one failure it is tried at the next tick
        journal.wait(2)
        for _ in range(3):
            scheduler.pull_now("refused")
            time.sleep(0.8)
    assert journal.names() == ["pull:refused", "pull:refused"]


def test_a_job_that_is_cut_as_the_lease_is_lost_has_not_failed(start_job: Callable[[str], Child]) -> None:
    journal, leads = Journal(), Leads()
    scheduler = Scheduler((Job("pull:hanging", 600),), start_job, journal, leads, limit_seconds=30)
    with _running(scheduler):
        time.sleep(1)
        leads.answer = False
        scheduler.end_jobs()
        journal.wait(1)
        (ended,) = journal.ended
    assert ended[1].state is State.STOPPED
    assert "lease" in ended[1].detail


def test_a_job_that_cannot_be_started_is_written_down() -> None:
    def start(_: str) -> Child:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    journal = Journal()
    with _running(Scheduler((Job("pull:good", 600),), start, journal, Leads(), limit_seconds=30)):
        journal.wait(1)
    assert journal.ended[0][1].state is State.FAILED
    assert "Resource temporarily unavailable" in journal.ended[0][1].detail


def test_a_job_woken_while_it_runs_runs_once_more(start_job: Callable[[str], Child]) -> None:
    journal = Journal()
    jobs = (Job("pull:good", 600, followers=("slow",)), Job("slow", 600, followers=("slow",)))
    with _running(Scheduler(jobs, start_job, journal, Leads(), limit_seconds=30)):
        journal.wait(3)
    assert journal.names() == ["pull:good", "slow", "slow"]


def test_a_pull_that_was_asked_for_runs_at_once_and_is_looked_at_even_if_it_found_nothing(
    start_job: Callable[[str], Child],
) -> None:
    """The pull before may have brought the very incident that the webhook tells of."""
    journal = Journal()
    jobs = (Job("pull:dull", 600), Job("correlate", 600, followers=("attach",)), Job("attach", 600))
    scheduler = Scheduler(jobs, start_job, journal, Leads(), limit_seconds=30)
    with _running(scheduler):
        journal.wait(3)
        scheduler.pull_now("dull")
        scheduler.pull_now("unknown")
        journal.wait(7)
    assert journal.names()[:4] == ["pull:dull", "correlate", "attach", "pull:dull"]
    assert sorted(journal.names()[4:]) == ["attach", "attach", "correlate"]  # from what is known, and from the look
    assert journal.names()[-1] == "attach"


def test_a_pull_asked_for_while_it_runs_is_made_again_before_it_is_looked_at(
    start_job: Callable[[str], Child],
) -> None:
    journal = Journal()
    jobs = (Job("pull:slow", 600), Job("correlate", 600))
    scheduler = Scheduler(jobs, start_job, journal, Leads(), limit_seconds=30)
    with _running(scheduler):
        time.sleep(0.3)
        scheduler.pull_now("slow")
        journal.wait(4)
    assert journal.names().count("pull:slow") == 2
    assert journal.names()[-1] == "correlate"


def test_a_scheduler_that_stands_by_runs_nothing(start_job: Callable[[str], Child]) -> None:
    journal, leads = Journal(), Leads(answer=False)
    scheduler = Scheduler((Job("pull:good", 1),), start_job, journal, leads, limit_seconds=30)
    with _running(scheduler):
        time.sleep(1.5)
        assert journal.ended == []
        leads.answer = True
        journal.wait(1)


def test_a_failing_job_is_tried_again_and_then_less_often(start_job: Callable[[str], Child]) -> None:
    journal = Journal()
    scheduler = Scheduler((Job("pull:refused", 1),), start_job, journal, Leads(), limit_seconds=30)
    with _running(scheduler):
        time.sleep(6.5)
    assert 2 <= len(journal.ended) <= 4  # ticks 0, 1, 3 and perhaps 7, not all seven


def test_what_needs_a_person_stops_and_what_works_in_part_goes_on(start_job: Callable[[str], Child]) -> None:
    journal = Journal()
    jobs = (Job("pull:expired", 1), Job("pull:partly", 1, followers=("correlate",)), Job("correlate", 600))
    with _running(Scheduler(jobs, start_job, journal, Leads(), limit_seconds=30)):
        time.sleep(4.5)
    names = journal.names()
    assert names.count("pull:expired") == 1
    assert names.count("pull:partly") >= 3
    assert names.count("correlate") >= 2


def test_a_journal_out_of_reach_does_not_end_the_scheduler(start_job: Callable[[str], Child]) -> None:
    journal = BrokenJournal()
    with _running(Scheduler((Job("pull:good", 1),), start_job, journal, Leads(), limit_seconds=30)):
        journal.wait(2)


def test_stopping_ends_what_runs_promptly(start_job: Callable[[str], Child]) -> None:
    journal = Journal()
    scheduler = Scheduler((Job("pull:hanging", 600),), start_job, journal, Leads(), limit_seconds=60)
    with _running(scheduler):
        time.sleep(1)
        began = time.monotonic()
    assert time.monotonic() - began < 5
    assert [outcome.state for _, outcome in journal.ended] == [State.STOPPED]
