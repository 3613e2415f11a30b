"""Laws of all stories: determinism, growth by time alone, and a truth that fits the data."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correlator.errors import UsageError
from correlator.model import FAILURES, Status
from correlator.simulation.stories import STORIES, tell_story, write_story

START = datetime(2026, 3, 2, 3, 38, tzinfo=UTC)


def digest(folder: Path) -> str:
    """One hash over the names and bytes of a folder's files."""
    parts = [file.name.encode() + file.read_bytes() for file in sorted(folder.iterdir())]
    return hashlib.sha256(b"".join(parts)).hexdigest()


@settings(max_examples=8, deadline=None)
@given(
    name=st.sampled_from(sorted(STORIES)),
    seed=st.integers(0, 1000),
    first=st.integers(1, 4 * 1440),
    more=st.integers(1, 2 * 1440),
)
def test_a_later_end_cut_back_is_the_earlier_end(name: str, seed: int, first: int, more: int) -> None:
    end = START + timedelta(minutes=first)
    short = tell_story(name, seed, start=START, until=end)
    long = tell_story(name, seed, start=START, until=end + timedelta(minutes=more))
    assert long.history.until(end) == short.history


def test_the_same_seed_gives_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    write_story("deep-upstream", 5, tmp_path / "here", days=4)
    command = [sys.executable, "-m", "correlator", "simulate", "deep-upstream", "--seed", "5", "--days", "4", "--out"]
    subprocess.run([*command, str(tmp_path / "there")], check=True, capture_output=True, env={"PYTHONHASHSEED": "7"})
    assert digest(tmp_path / "here") == digest(tmp_path / "there")


def test_another_seed_gives_another_history(tmp_path: Path) -> None:
    write_story("transient", 1, tmp_path / "one", days=2)
    write_story("transient", 2, tmp_path / "two", days=2)
    assert digest(tmp_path / "one") != digest(tmp_path / "two")


@pytest.mark.parametrize("name", sorted(STORIES))
def test_the_truth_fits_the_data(name: str) -> None:
    told = tell_story(name, 3)
    first = {a.logical_run_id: a for a in told.history.attempts if a.attempt == 1}
    for case in told.truth["cases"]:
        failed = {
            run
            for run, attempt in first.items()
            if attempt.status in FAILURES and (attempt.tenant, attempt.job) == (case["tenant"], case["job"])
        }
        assert set(case["failures"]) == failed
        assert set(case["of_cause"]) <= failed
        assert len(case["of_cause"]) >= max(8, len(failed) / 2), "the mechanism is to explain most of the failures"


def test_attempts_of_a_run_follow_one_another() -> None:
    history = tell_story("retry-storm", 1, days=6).history
    runs: dict[str, list[tuple[int, datetime, datetime | None]]] = {}
    for a in history.attempts:
        assert a.logical_run_id is not None
        runs.setdefault(a.logical_run_id, []).append((a.attempt or 0, a.started_at, a.finished_at))
    assert max(map(len, runs.values())) > 3
    for attempts in runs.values():
        assert [number for number, _, _ in attempts] == list(range(1, len(attempts) + 1))
        for (_, _, ended), (_, started, _) in pairwise(attempts):
            assert ended is not None
            assert ended < started


def test_the_premium_ingest_is_about_to_be_cut_when_the_story_ends_after_whole_days() -> None:
    """What the demo counts on: the time-out comes two minutes after the present."""
    now = datetime(2026, 11, 21, 14, 7, tzinfo=UTC)
    known = tell_story("customer-data-platform", 1, until=now)
    later = tell_story("customer-data-platform", 1, start=now - timedelta(days=28), until=now + timedelta(minutes=5))
    running = [a for a in known.history.attempts if (a.job, a.tenant) == ("ingest_orders", "tenant-03")][-1]
    assert running.status is Status.RUNNING
    ended = next(a for a in later.history.attempts if a.run_id == running.run_id)
    assert ended.status is Status.TIMED_OUT
    assert ended.finished_at is not None
    assert now < ended.finished_at < now + timedelta(minutes=4)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_the_seed_the_premium_exports_are_established_and_fail_again_soon(seed: int) -> None:
    now = datetime(2026, 11, 21, 14, 7, tzinfo=UTC)
    end = now + timedelta(minutes=20)
    told = tell_story("customer-data-platform", seed, start=now - timedelta(days=28), until=end)
    for case in told.truth["cases"][:2]:
        assert case["root_job"] == "ingest_orders"
        assert len(case["of_cause"]) >= 12
    new = [
        (a.job, a.status)
        for a in told.history.attempts
        if a.tenant == "tenant-03" and a.finished_at and a.finished_at > now and a.status in FAILURES
    ]
    assert ("ingest_orders", Status.TIMED_OUT) in new
    assert any(job.startswith("export") for job, _ in new)


def test_incidents_are_opened_for_exports_and_never_for_ingests() -> None:
    history = tell_story("customer-data-platform", 1).history
    assert {incident.job for incident in history.incidents} == {"export_ads", "export_email", "export_onsite"}
    assert all(i.resolved_at is None or i.resolved_at > i.created_at for i in history.incidents)


def test_memory_climbs_before_the_premium_ingest_is_cut() -> None:
    history = tell_story("customer-data-platform", 1).history
    cut = [a for a in history.attempts if a.job == "ingest_orders" and a.tenant == "tenant-03" and a.attempt == 1]
    memory = {p.at: p.value for p in history.metrics if (p.metric, p.job, p.tenant) == _PREMIUM_MEMORY}

    def before(at: datetime) -> float:
        return max(v for t, v in memory.items() if timedelta() <= at - t < timedelta(minutes=40))

    bad = [before(a.started_at) for a in cut[1:] if a.status is Status.TIMED_OUT]
    good = [before(a.started_at) for a in cut[1:] if a.status is Status.SUCCESS]
    assert len(bad) >= 6
    assert min(bad) > max(good)


_PREMIUM_MEMORY = ("memory_gib", "ingest_orders", "tenant-03")


def test_an_unknown_story_names_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        tell_story("transiant", 1)
    assert caught.value.hint == "did you mean `transient`?"


def test_an_end_before_the_start_is_refused() -> None:
    with pytest.raises(UsageError, match="must end after"):
        tell_story("transient", 1, start=START, until=START)


def test_the_folder_holds_the_tables_and_the_truth(tmp_path: Path) -> None:
    told = write_story("own-change", 1, tmp_path, days=3)
    names = {"runs.csv", "metrics.csv", "changes.csv", "incidents.csv", "dependencies.yaml", "truth.json"}
    assert {file.name for file in tmp_path.iterdir()} == names
    assert json.loads((tmp_path / "truth.json").read_text()) == told.truth
    assert len((tmp_path / "runs.csv").read_text().splitlines()) == len(told.history.attempts) + 1
