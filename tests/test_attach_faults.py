"""Notes under faults: whatever is lost, refused, killed or done twice at once, an incident has one note."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine

from connectors.pagerduty.client import TIMEOUT_SECONDS
from connectors.pagerduty.sink import PagerDutySink, build
from connectors.retries import Patience, patience_to_write
from connectors.standin import Fault, Standin
from correlator.attaching import Done, attach_open, sending
from correlator.errors import SourceError
from correlator.incident_lock import LEASE_SECONDS, one_writer
from correlator.model import Cause, Verdict
from correlator.settings import Settings, load_settings
from correlator.store.attachments import get_attachment
from correlator.store.leases import claim_lease, has_ended, holder_name
from tests.test_attaching import NOW, SYSTEMIC, contents, engine, found, settings, standin

__all__ = ["engine", "settings", "standin"]  # fixtures
GONE = replace(SYSTEMIC, verdict=Verdict.TRANSIENT, cause=Cause.NONE, root_job=None)


def sink(settings: Settings, **environment: str) -> PagerDutySink:
    """The sink as configured; it waits for nothing."""
    values = {**settings.environment, **environment}
    return build(load_settings(environment=values), Patience(sleep=lambda _: None, jitter=lambda: 0.0))


def one_note(standin: Standin) -> str:
    (note,) = contents(standin, "PINC001")
    return note


@pytest.mark.parametrize("status", [0, 500, 502, 504])
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_write_whose_answer_is_lost_leaves_one_note(
    engine: Engine, settings: Settings, standin: Standin, method: str, status: int
) -> None:
    found(engine, SYSTEMIC)
    if method == "PUT":
        attach_open(engine, settings, sink(settings), NOW)
        found(engine, replace(SYSTEMIC, observed=37))
    standin.faults.add(Fault("/notes", status=status, method=method, applied=True))
    attach_open(engine, settings, sink(settings), NOW)
    attach_open(engine, settings, sink(settings), NOW)
    assert ("37" in one_note(standin)) is (method == "PUT")
    attachment = get_attachment(engine, "pagerduty", "PINC001")
    assert attachment is not None
    assert attachment.state == "written"


def test_a_rate_limit_is_waited_out_and_the_note_written_once(
    engine: Engine, settings: Settings, standin: Standin
) -> None:
    found(engine, SYSTEMIC)
    standin.faults.add(Fault("/notes", status=429, method="POST", times=2, headers={"ratelimit-reset": "0.01"}))
    report = attach_open(engine, settings, sink(settings), NOW)
    assert report.count(Done.WRITTEN) == 1
    one_note(standin)
    assert standin.requests.count("/notes", "POST") == 3


def test_a_lasting_rate_limit_leaves_the_note_to_the_next_round(
    engine: Engine, settings: Settings, standin: Standin
) -> None:
    found(engine, SYSTEMIC)
    standin.faults.add(Fault("/notes", status=429, method="POST", headers={"ratelimit-reset": "4000"}))
    assert attach_open(engine, settings, sink(settings), NOW).count(Done.FAILED) == 1
    early = attach_open(engine, settings, sink(settings), NOW + timedelta(seconds=3999))
    assert early.count(Done.WAITING) == 1
    assert standin.requests.count("/notes") == 2  # one look, one refusal; nothing more before the reset
    late = NOW + timedelta(seconds=4001)
    assert attach_open(engine, settings, sink(settings), late).count(Done.WRITTEN) == 1
    one_note(standin)


@pytest.mark.parametrize("seed", range(12))
def test_a_mix_of_faults_and_rounds_ends_with_the_latest_note(
    engine: Engine, settings: Settings, standin: Standin, seed: int
) -> None:
    dice = random.Random(seed)
    for hour, observed in enumerate(range(30, 34)):
        found(engine, replace(SYSTEMIC, observed=observed))
        for _ in range(dice.randrange(4)):
            status, method = dice.choice([0, 429, 500, 503]), dice.choice(["GET", "POST", "PUT"])
            applied = status != 429 and dice.random() < 0.5
            standin.faults.add(
                Fault("/notes", status=status, method=method, applied=applied, times=dice.randrange(1, 4))
            )
        attach_open(engine, settings, sink(settings), NOW + timedelta(hours=hour))
    standin.faults.clear()
    attach_open(engine, settings, sink(settings), NOW + timedelta(hours=9))
    assert "33 of" in one_note(standin) or "Observed 33" in one_note(standin)


def test_two_at_once_leave_one_note(engine: Engine, settings: Settings, standin: Standin) -> None:
    """All would read an incident without a note, as the first one takes its time to be stored."""
    found(engine, SYSTEMIC)
    standin.faults.add(Fault("/notes", status=200, method="POST", times=4, delay_seconds=0.8))
    together(lambda: attach_open(engine, settings, sink(settings), NOW), 4)
    one_note(standin)
    assert standin.requests.count("/notes", "POST") == 1


def test_two_processes_at_once_leave_one_note(engine: Engine, settings: Settings, standin: Standin) -> None:
    found(engine, SYSTEMIC)
    standin.faults.add(Fault("/notes", status=200, method="POST", times=2, delay_seconds=2.0))
    command = [sys.executable, "-m", "correlator", "attach", "PINC001", "--json"]
    running = [
        subprocess.Popen(command, env=dict(settings.environment), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    ended = [process.communicate(timeout=60) for process in running]
    assert [process.returncode for process in running] == [0, 0], ended
    one_note(standin)
    assert standin.requests.count("/notes", "POST") == 1


def test_a_killed_process_does_not_hold_up_the_next(engine: Engine, settings: Settings, standin: Standin) -> None:
    """It stored the note, died before it wrote that down, and left its lease behind."""
    found(engine, SYSTEMIC)
    storing = Fault("/notes", status=0, method="POST", applied=True, delay_seconds=1.0)
    standin.faults.add(storing)
    command = [sys.executable, "-m", "correlator", "attach", "PINC001"]
    with subprocess.Popen(command, env=dict(settings.environment), stderr=subprocess.DEVNULL) as process:
        wait(lambda: storing.times == 0)  # the note is on its way
        process.kill()
    wait(lambda: standin.requests.count("/notes", "POST") == 1, 20)
    began = datetime.now(UTC)
    attach_open(engine, settings, sink(settings), NOW)
    assert datetime.now(UTC) - began < timedelta(seconds=10)
    one_note(standin)


def wait(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def together(call: Callable[[], Any], count: int) -> None:
    threads = [threading.Thread(target=call) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_holder_elsewhere_is_waited_for_and_then_named(engine: Engine) -> None:
    claim_lease(engine, "note:PINC001", "elsewhere:1:abcd", datetime.now(UTC), LEASE_SECONDS)
    with pytest.raises(SourceError, match="elsewhere:1") as error, one_writer(engine, "PINC001", wait_seconds=0.3):
        pytest.fail("two are writing")
    assert not error.value.permanent
    with one_writer(engine, "PINC002", wait_seconds=0.3):
        pass


def test_a_process_of_another_container_is_not_taken_for_dead(engine: Engine) -> None:
    """Containers of one host can share its name, and none sees the processes of another by their numbers."""
    host, space, number, letters = holder_name().split(":")
    assert (host, number) == (socket.gethostname(), str(os.getpid()))
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    assert has_ended(f"{host}:{space}:{process.pid}:{letters}")
    assert not has_ended(f"{host}:{space}:{number}:{letters}")
    assert not has_ended(f"{host}:elsewhere:{process.pid}:{letters}")
    assert not has_ended(f"elsewhere:{space}:{process.pid}:{letters}")


def test_a_note_is_given_up_before_its_lease_runs_out() -> None:
    """All waiting and all failed requests of a round, and one more request that hangs on its connection."""
    assert patience_to_write().budget_seconds + 2 * TIMEOUT_SECONDS < LEASE_SECONDS


def test_who_gives_up_on_a_busy_note_leaves_its_row_as_it_is(
    engine: Engine, settings: Settings, standin: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other process may just have entered that it is written."""
    found(engine, SYSTEMIC)
    attach_open(engine, settings, sink(settings), NOW)
    written = get_attachment(engine, "pagerduty", "PINC001")
    found(engine, replace(SYSTEMIC, observed=31))
    claim_lease(engine, "note:pagerduty:PINC001", "elsewhere:1:abcd", datetime.now(UTC), LEASE_SECONDS)
    monkeypatch.setattr(sending, "one_writer", partial(one_writer, wait_seconds=0.2))
    report = attach_open(engine, settings, sink(settings), NOW)
    assert report.count(Done.FAILED) == 1
    assert get_attachment(engine, "pagerduty", "PINC001") == written


def test_what_goes_with_the_note_is_told_once_and_taken_back_when_it_no_longer_holds(
    engine: Engine, settings: Settings, standin: Standin
) -> None:
    telling = sink(settings, CORRELATOR_PAGERDUTY_STATUS_UPDATE="true")
    for observed in (30, 31, 32):
        found(engine, replace(SYSTEMIC, observed=observed))
        attach_open(engine, settings, telling, NOW)
    told = standin.pagerduty.account.status_updates
    assert len(told) == 1
    assert told[0][1].splitlines()[-1].startswith("https://correlator.example.com/findings/F-")
    for _ in range(2):
        found(engine, GONE)
        attach_open(engine, settings, telling, NOW)
    assert [text.partition(".")[0] for _, text in told[1:]] == ["What stood here no longer holds"]


def test_a_status_update_whose_answer_is_lost_is_not_told_again(
    engine: Engine, settings: Settings, standin: Standin
) -> None:
    telling = sink(settings, CORRELATOR_PAGERDUTY_STATUS_UPDATE="true")
    found(engine, SYSTEMIC)
    standin.faults.add(Fault("/status_updates", status=504, applied=True))
    for _ in range(3):
        attach_open(engine, settings, telling, NOW)
    assert len(standin.pagerduty.account.status_updates) == 1


def test_what_could_not_go_with_the_note_is_said_and_tried_again(
    engine: Engine, settings: Settings, standin: Standin
) -> None:
    both = {"CORRELATOR_PAGERDUTY_STATUS_UPDATE": "true", "CORRELATOR_PAGERDUTY_CUSTOM_FIELD": "evidence_link"}
    whole = sink(settings, **both)
    found(engine, SYSTEMIC)
    standin.pagerduty.account.missing = {"custom_fields", "status_updates"}
    report = attach_open(engine, settings, whole, NOW)
    assert report.count(Done.WRITTEN) == 1
    assert "the custom field evidence_link was not set" in report.said
    assert "the status update was not published" in report.outcomes[-1].missing
    partial = get_attachment(engine, "pagerduty", "PINC001")
    assert partial is not None
    assert partial.state == "partial"

    standin.pagerduty.account.missing = set()
    report = attach_open(engine, settings, whole, NOW)
    assert report.count(Done.UNCHANGED) == 1
    assert (len(standin.pagerduty.account.status_updates), report.outcomes[-1].missing) == (1, "")
    assert standin.pagerduty.account.values["PINC001"]["evidence_link"].endswith(str(report.outcomes[-1].finding_id))
    asked = len(standin.requests.seen)
    attach_open(engine, settings, whole, NOW)
    assert len(standin.requests.seen) == asked
