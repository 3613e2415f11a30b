"""Notes from the store to PagerDuty's stand-in: one an incident, updated in place, never one a look."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine

from connectors.registry import build_sink
from connectors.standin import Fault, Standin, serve_history
from correlator.attaching import Done, attach_incident, attach_open, read_knowledge
from correlator.cli.attach import attach
from correlator.errors import CorrelatorError, SourceError, UsageError
from correlator.lifecycle.life import wanted_finding
from correlator.lifecycle.transitions import dismiss, enter_step
from correlator.model import Analysis, Attempt, Cause, Finding, Incident, Status, Verdict
from correlator.ports import Attached, Note, Page, Place, Sink, Way
from correlator.settings import Settings, load_settings
from correlator.simulation.history import History
from correlator.store.attachments import get_attachment
from correlator.store.database import open_store
from correlator.store.facts import store_page
from correlator.store.findings import finding_id, save_analysis
from tests.test_incident_matching import FAILED_AT, INCIDENT, finding

NOW = FAILED_AT + timedelta(hours=1)
OTHER = Incident("PINC002", FAILED_AT, None, "Mail is late", "Mail", "high", "export_mail", "tenant-02")
RANDOM = replace(finding("export_mail", "tenant-02"), verdict=Verdict.TRANSIENT, cause=Cause.NONE, root_job=None)
SYSTEMIC = replace(finding(), window_end=NOW, summary="")
KEYS = {"PAGERDUTY_API_KEY": "key-for-tests", "CORRELATOR_PAGERDUTY_FROM": "correlator@example.com"}


@pytest.fixture
def standin() -> Iterator[Standin]:
    with serve_history(History(incidents=(INCIDENT, OTHER))) as running:
        yield running


@pytest.fixture
def settings(standin: Standin, tmp_path: Path) -> Settings:
    values = {
        "CORRELATOR_DATABASE_URL": f"sqlite:///{tmp_path / 'correlator.db'}",
        "CORRELATOR_PAGERDUTY_ENABLED": "true",
        "CORRELATOR_PAGERDUTY_URL": standin.pagerduty_url,
        "CORRELATOR_WEB_BASE_URL": "https://correlator.example.com/",
    }
    return load_settings(environment=KEYS | values)


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    store = open_store(settings.database_url())
    store_page(store, "pagerduty", Page("incidents", (INCIDENT, OTHER), {}), NOW)
    yield store
    store.dispose()


def found(engine: Engine, *findings: Finding, at: datetime = NOW) -> None:
    save_analysis(engine, Analysis(at, findings), at)


def contents(standin: Standin, incident_id: str) -> list[str]:
    import urllib.request

    request = urllib.request.Request(f"{standin.pagerduty_url}/incidents/{incident_id}/notes")
    request.add_header("Authorization", "Token token=p")
    with urllib.request.urlopen(request) as answer:
        return [note["content"] for note in json.load(answer)["notes"]]


def test_an_explained_incident_gets_one_note_and_the_other_none(
    engine: Engine, settings: Settings, standin: Standin
) -> None:
    found(engine, SYSTEMIC, RANDOM)
    report = attach_open(engine, settings, build_sink("pagerduty", settings), NOW)
    assert [(one.target, one.done) for one in report.outcomes] == [
        ("PINC002", Done.NOTHING_SYSTEMIC),
        ("PINC001", Done.WRITTEN),
    ]
    (note,) = contents(standin, "PINC001")
    key = finding_id("tenant-07", "export_ads")
    assert len(note.splitlines()) <= 10
    assert "ingest_events" in note
    assert f"https://correlator.example.com/findings/{key}" in note
    assert note.splitlines()[-1] == f"[incident-correlator {key}]"
    assert contents(standin, "PINC002") == []
    assert "1 written" in report.said


def test_a_later_look_that_says_the_same_writes_nothing(engine: Engine, settings: Settings, standin: Standin) -> None:
    sink = build_sink("pagerduty", settings)
    found(engine, SYSTEMIC)
    attach_open(engine, settings, sink, NOW)
    later = NOW + timedelta(minutes=5)
    found(engine, replace(SYSTEMIC, window_end=later), at=later)
    asked = len(standin.requests.seen)
    report = attach_open(engine, settings, sink, later)
    assert report.count(Done.UNCHANGED) == 1
    assert len(standin.requests.seen) == asked


def test_a_note_is_updated_in_place_when_more_is_known(engine: Engine, settings: Settings, standin: Standin) -> None:
    sink = build_sink("pagerduty", settings)
    found(engine, SYSTEMIC)
    attach_open(engine, settings, sink, NOW)
    found(engine, replace(SYSTEMIC, observed=37))
    assert attach_open(engine, settings, sink, NOW).count(Done.WRITTEN) == 1
    (note,) = contents(standin, "PINC001")
    assert "37" in note


def test_what_does_not_hold_any_more_is_said_on_the_note(engine: Engine, settings: Settings, standin: Standin) -> None:
    sink = build_sink("pagerduty", settings)
    found(engine, SYSTEMIC)
    attach_open(engine, settings, sink, NOW)
    found(engine, replace(SYSTEMIC, verdict=Verdict.TRANSIENT, cause=Cause.NONE, root_job=None))
    attach_open(engine, settings, sink, NOW)
    (note,) = contents(standin, "PINC001")
    assert note.startswith("What stood here no longer holds. Nothing systemic was found")
    assert attach_open(engine, settings, sink, NOW).count(Done.UNCHANGED) == 1


def test_a_resolved_incident_hears_who_dismissed_it(engine: Engine, settings: Settings, standin: Standin) -> None:
    sink = build_sink("pagerduty", settings)
    found(engine, SYSTEMIC)
    attach_open(engine, settings, sink, NOW)
    resolved = replace(INCIDENT, resolved_at=NOW + timedelta(minutes=5))
    store_page(engine, "pagerduty", Page("incidents", (resolved,), {}), NOW + timedelta(minutes=5))
    later = NOW + timedelta(hours=1)
    stored = wanted_finding(engine, finding_id("tenant-07", "export_ads"))
    enter_step(engine, stored, dismiss("on-call", "a planned test of the quota", later))
    report = attach_open(engine, settings, sink, later + timedelta(minutes=5))
    assert report.count(Done.WRITTEN) == 1
    (note,) = contents(standin, "PINC001")
    assert note.startswith("Dismissed by on-call")
    assert "a planned test of the quota" in note
    asked = len(standin.requests.seen)
    attach_open(engine, settings, sink, later + timedelta(minutes=10))
    assert len(standin.requests.seen) == asked, "it hears it once"


def test_a_note_whose_answer_was_lost_is_not_written_twice(
    engine: Engine, settings: Settings, standin: Standin
) -> None:
    sink = build_sink("pagerduty", settings)
    found(engine, SYSTEMIC)
    standin.faults.add(Fault("/notes", status=500, method="POST", applied=True))
    report = attach_open(engine, settings, sink, NOW)
    assert report.count(Done.WRITTEN) == 1
    assert len(contents(standin, "PINC001")) == 1


def test_a_kill_between_writing_and_noting_it_down_leaves_one_note(
    engine: Engine, settings: Settings, standin: Standin
) -> None:
    """The outbox says pending, the note stands there: the next round finds it by its marker."""
    sink = build_sink("pagerduty", settings)
    found(engine, SYSTEMIC)
    knowledge = read_knowledge(engine, settings, NOW)
    with pytest.raises(KeyboardInterrupt):
        attach_incident(engine, knowledge, _Killed(sink), INCIDENT, NOW)
    planned = get_attachment(engine, "pagerduty", "PINC001")
    assert planned is not None
    assert planned.state == "pending"
    attach_open(engine, settings, sink, NOW)
    assert len(contents(standin, "PINC001")) == 1
    written = get_attachment(engine, "pagerduty", "PINC001")
    assert written is not None
    assert (written.state, bool(written.note_id)) == ("written", True)


class _Killed:
    """A sink that is killed right after its note was stored."""

    name = "pagerduty"
    ways: Mapping[Place, Way] = MappingProxyType({Place.INCIDENT: Way()})

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def attach(self, note: Note) -> Attached:
        self._sink.attach(note)
        raise KeyboardInterrupt


class _Broken:
    """A sink that never works."""

    name = "pagerduty"
    ways: Mapping[Place, Way] = MappingProxyType({Place.INCIDENT: Way()})
    tries = 0

    def attach(self, note: Note) -> Attached:
        self.tries += 1
        raise SourceError(f"no answer for {note.target}")


def test_a_failed_note_is_tried_again_and_a_dead_vendor_is_left_alone(engine: Engine, settings: Settings) -> None:
    crowd = tuple(replace(INCIDENT, incident_id=f"PINC9{number}") for number in range(5))
    store_page(engine, "pagerduty", Page("incidents", crowd, {}), NOW)
    found(engine, SYSTEMIC)
    broken = _Broken()
    report = attach_open(engine, settings, broken, NOW)
    assert (report.count(Done.FAILED), broken.tries) == (3, 3)
    failed = get_attachment(engine, "pagerduty", "PINC001")
    assert failed is not None
    assert (failed.state, failed.last_error) == ("failed", "no answer for PINC001")
    assert attach_open(engine, settings, build_sink("pagerduty", settings), NOW).count(Done.WRITTEN) >= 1


def test_incidents_of_other_origin_are_left_alone(engine: Engine, settings: Settings) -> None:
    imported = replace(INCIDENT, incident_id="own-1")
    store_page(engine, "import", Page("incidents", (imported,), {}), NOW)
    found(engine, SYSTEMIC)
    report = attach_open(engine, settings, build_sink("pagerduty", settings), NOW)
    assert "own-1" not in [one.target for one in report.outcomes]


def test_an_incident_that_names_no_job_goes_by_its_service(engine: Engine, settings: Settings) -> None:
    nameless = replace(INCIDENT, job=None, tenant="")
    run = Attempt("r1", "export_ads", FAILED_AT, Status.FAILED, tenant="tenant-07", service="Exports")
    store_page(engine, "pagerduty", Page("incidents", (nameless,), {}), NOW)
    store_page(engine, "datadog", Page("runs", (run,), {}), NOW)
    found(engine, SYSTEMIC)
    outcome = attach_incident(
        engine, read_knowledge(engine, settings, NOW), build_sink("pagerduty", settings), nameless, NOW
    )
    assert outcome.done is Done.WRITTEN
    assert "its service runs this job" in outcome.said


def run_command(settings: Settings, *arguments: str) -> Any:
    return CliRunner().invoke(attach, list(arguments), env=dict(settings.environment))


def test_the_command_writes_the_note_and_prints_it(engine: Engine, settings: Settings, standin: Standin) -> None:
    found(engine, SYSTEMIC, RANDOM)
    dry = run_command(settings, "PINC001", "--dry-run")
    assert (dry.exit_code, contents(standin, "PINC001")) == (0, [])
    done = run_command(settings, "PINC001", "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["done"] == "written"
    assert [json.loads(done.stdout)["note"]] == contents(standin, "PINC001")
    assert dry.stdout.strip() == contents(standin, "PINC001")[0]


def test_the_command_says_so_when_nothing_systemic_was_found(
    engine: Engine, settings: Settings, standin: Standin
) -> None:
    found(engine, SYSTEMIC, RANDOM)
    done = run_command(settings, "PINC002")
    assert done.exit_code == 0
    assert "Nothing systemic was found around this incident. export_mail: Transient" in done.stdout
    assert contents(standin, "PINC002") == []


def test_a_failure_outside_a_systemic_cause_is_not_called_unsystemic(
    engine: Engine, settings: Settings, standin: Standin
) -> None:
    """The job has a cause, and this failure is none of those attributed to it: the answer must not deny the cause."""
    elsewhere = replace(SYSTEMIC, job="export_mail", tenant="tenant-02", pairs=())
    found(engine, elsewhere)
    done = run_command(settings, "PINC002")
    assert "No failure near this incident is among those attributed to the cause. export_mail: Systemic" in done.stdout
    assert contents(standin, "PINC002") == []


def test_the_command_names_what_is_wrong(engine: Engine, settings: Settings, standin: Standin) -> None:
    found(engine, SYSTEMIC)
    unknown = run_command(settings, "PGONE").exception
    assert isinstance(unknown, UsageError)
    assert "correlator pull" in unknown.hint
    standin.faults.add(Fault("/notes", status=401, times=9))
    refused = run_command(settings, "PINC001").exception
    assert isinstance(refused, CorrelatorError)
    assert (refused.exit_status, "PAGERDUTY_API_KEY" in refused.hint) == (1, True)
