"""The jobs themselves, in their own processes, on a real store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from correlator.model import Attempt, Status
from correlator.ports import Page
from correlator.scheduling.child import start_child
from correlator.scheduling.job import nothing_new
from correlator.scheduling.outcome import Outcome, State, read_outcome
from correlator.settings import load_settings
from correlator.store.database import open_store
from correlator.store.facts import store_page
from correlator.store.findings import list_findings
from correlator.store.ledger import finish_job, start_job
from correlator.store.rule_replays import Basis, ReplayState, ask_replay, firing_counts, last_replay
from correlator.store.sinks import list_sinks
from correlator.store.sums import counted_at

NOW = datetime(2026, 3, 30, 12, tzinfo=UTC)
SETTINGS = load_settings(environment={})  # a job may take 900 s


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture
def engine(url: str) -> Engine:
    return open_store(url)


def _run(name: str, url: str, *options: str, **environment: str) -> Outcome:
    variables = {"CORRELATOR_DATABASE_URL": url, **environment}
    with start_child("correlator.scheduling.job", [name, *options], variables, capture=True) as child:
        return read_outcome(child.output(60), child.status)


def _store(engine: Engine, count: int, known_at: datetime) -> None:
    statuses = [Status.FAILED if n % 7 == 3 else Status.SUCCESS for n in range(count)]
    runs = tuple(
        Attempt(
            f"r{n}", "export", NOW - timedelta(hours=n + 1), status, finished_at=NOW - timedelta(hours=n, minutes=30)
        )
        for n, status in enumerate(statuses)
    )
    store_page(engine, "tables", Page("runs", runs, {}, done=True), known_at)


def _looked(engine: Engine, at: datetime, *, ok: bool = True) -> None:
    finish_job(engine, start_job(engine, "correlate", at), at, ok=ok)


def test_a_look_stores_findings_and_wakes_the_notes(url: str, engine: Engine) -> None:
    _store(engine, 60, NOW)
    outcome = _run("correlate", url)
    assert outcome.state is State.DONE
    assert outcome.changed
    assert [item.finding.job for item in list_findings(engine)] == ["export"]


def test_an_empty_store_is_no_failure(url: str) -> None:
    assert _run("correlate", url) == Outcome(State.DONE, "nothing is stored yet")


def test_without_news_there_is_no_look(url: str, engine: Engine) -> None:
    _store(engine, 60, NOW)
    _looked(engine, datetime.now(UTC))
    assert _run("correlate", url).detail == "nothing new came in since the last look"
    assert list_findings(engine) == []
    assert _run("correlate", url, "--first").changed


def test_news_are_what_came_in_after_the_last_good_look(engine: Engine) -> None:
    assert not nothing_new(engine, SETTINGS)
    _store(engine, 5, NOW)
    _looked(engine, NOW + timedelta(hours=1))
    assert nothing_new(engine, SETTINGS)
    _store(engine, 6, NOW + timedelta(hours=2))
    assert not nothing_new(engine, SETTINGS)


def test_a_pull_that_was_under_way_during_the_look_counts_as_news(engine: Engine) -> None:
    _looked(engine, NOW + timedelta(minutes=3))
    _store(engine, 5, NOW)
    assert not nothing_new(engine, SETTINGS)


def test_a_look_that_failed_is_made_again(engine: Engine) -> None:
    _store(engine, 5, NOW)
    _looked(engine, NOW + timedelta(hours=1))
    _looked(engine, NOW + timedelta(hours=2), ok=False)
    assert not nothing_new(engine, SETTINGS)


def test_a_source_that_cannot_be_reached_is_a_failure_with_its_reason(url: str) -> None:
    settings = {"CORRELATOR_PAGERDUTY_ENABLED": "true", "CORRELATOR_PAGERDUTY_URL": "http://127.0.0.1:9"}
    outcome = _run("pull:pagerduty", url, PAGERDUTY_API_KEY="a-key", CORRELATOR_PAGERDUTY_ATTACH="false", **settings)
    assert outcome.state is State.FAILED
    assert "127.0.0.1" in outcome.detail


def test_a_sink_that_is_configured_wrongly_is_said_and_the_others_go_on(url: str, engine: Engine) -> None:
    broken = {"CORRELATOR_WEBHOOK_ENABLED": "true", "CORRELATOR_WEBHOOK_URL": "no address"}
    slack = {"CORRELATOR_SLACK_ENABLED": "true", "CORRELATOR_SLACK_CHANNEL": "C024BE91L", "SLACK_BOT_TOKEN": "a-token"}
    outcome = _run("attach", url, **broken, **slack)
    assert (outcome.state, outcome.changed) == (State.FAILED, True)
    assert "slack notes: 0 written" in outcome.detail
    assert "webhook cannot be used: webhook.url is no address" in outcome.detail
    by_name = {status.sink: status for status in list_sinks(engine)}
    assert by_name["slack"].error == ""
    assert "webhook.url is no address" in by_name["webhook"].error
    assert by_name["webhook"].failing_since == by_name["webhook"].at
    assert _run("attach", url, **slack).state is State.DONE
    assert [status.sink for status in list_sinks(engine)] == ["slack"]


def test_actions_are_proposed_and_held_back_while_they_are_rehearsed(url: str, engine: Engine) -> None:
    outcome = _run("actions", url, CORRELATOR_ACTIONS_MODE="rehearse")
    assert outcome.detail.startswith("mode rehearse: 0 proposed")
    assert "actions.mode must be one of" in _run("actions", url, CORRELATOR_ACTIONS_MODE="maybe").detail


@pytest.mark.parametrize("basis", Basis)
def test_a_replay_that_was_asked_for_is_played_once(url: str, engine: Engine, basis: Basis) -> None:
    assert _run("replay", url).detail == "nobody asked for a replay of the rules"
    _store(engine, 60, NOW)
    assert ask_replay(engine, "on-call", 7, 21600, basis, NOW, NOW)
    assert not ask_replay(engine, "somebody", 7, 21600, basis, NOW, NOW)
    assert _run("replay", url).state is State.DONE
    replay = last_replay(engine, ReplayState.DONE)
    assert replay is not None
    assert (replay.looks, replay.asked_by, "fallback-inconclusive" in replay.rules) == (28, "on-call", True)
    assert ("Nothing was stored before" in replay.detail) is (basis is Basis.KNOWN)
    assert sum(counts.held for counts in firing_counts(engine, replay.id).values()) >= 1
    assert _run("replay", url).detail == "nobody asked for a replay of the rules"


def test_a_replay_that_cannot_be_played_says_why(url: str, engine: Engine) -> None:
    ask_replay(engine, "on-call", 7, 21600, Basis.KNOWN, NOW, NOW)
    assert _run("replay", url).state is State.FAILED
    replay = last_replay(engine)
    assert replay is not None
    assert (replay.state, replay.detail.partition(".")[0]) == (ReplayState.FAILED, "nothing is stored to replay")


@pytest.mark.parametrize("name", ["pull:datadog", "sweep"])
def test_an_unknown_job_says_so(url: str, name: str) -> None:
    outcome = _run(name, url)
    assert outcome.state is State.FAILED
    assert name.removeprefix("pull:") in outcome.detail


def test_a_wrong_setting_is_an_outcome_too(url: str) -> None:
    assert "CORRELATOR_LOG_LEVEL" in _run("correlate", url, CORRELATOR_LOG_LEVEL="loud").detail


def test_the_sums_are_counted_by_a_job_of_their_own(url: str, engine: Engine) -> None:
    _store(engine, 60, NOW)
    assert _run("correlate", url).changed
    assert counted_at(engine) is None
    assert _run("sums", url) == Outcome(State.DONE, "2 months of jobs counted, 1 sums changed", changed=True)
    assert counted_at(engine) is not None
    assert _run("sums", url).detail.startswith("nothing to count")


def test_what_is_old_is_let_go_of(url: str, engine: Engine) -> None:
    outcome = _run("retention", url, CORRELATOR_RETENTION_SET_ASIDE_DAYS="40")
    assert outcome == Outcome(State.DONE, "0 rows of set_aside deleted")
