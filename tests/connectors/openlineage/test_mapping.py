"""OpenLineage events to attempts: whatever order they come in, and whatever they leave out."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.openlineage.events import DatasetEvent, JobEvent, RunEvent, read_event
from connectors.openlineage.mapping import Plan, attempt_of, plan_from, touched
from connectors.payloads import UnmappableError
from correlator.errors import SettingsError
from correlator.model import Attempt, Status
from correlator.settings import load_settings


def _at(minute: int) -> str:
    return f"2026-03-02T01:{minute:02}:00Z"


def _payload(state: str | None, minute: int, **facets: Any) -> dict[str, Any]:
    run = {"runId": "0195-a", "facets": facets}
    job = {"namespace": "tenant-07", "name": "orders.load"}
    return {"eventType": state, "eventTime": _at(minute), "run": run, "job": job}


def _attempt(*payloads: dict[str, Any], plan: Plan | None = None) -> Attempt | None:
    events = [event for payload in payloads if isinstance(event := read_event(payload), RunEvent)]
    assert len(events) == len(payloads)
    return attempt_of(events, plan or Plan())


PARENT = {"job": {"namespace": "tenant-07", "name": "orders"}, "run": {"runId": "0195-dag"}}
AIRFLOW = {
    "taskInstance": {"try_number": 2, "hostname": "worker-1"},
    "dagRun": {"run_id": "scheduled__1", "logical_date": "2026-03-02T00:00:00+00:00"},
}
LIFE = (
    _payload("OTHER", 0, nominalTime={"nominalStartTime": _at(0)}),
    _payload("START", 1, parent=PARENT, airflow=AIRFLOW),
    _payload("RUNNING", 2),
    _payload("FAIL", 3, errorMessage={"message": "target refuses", "programmingLanguage": "python"}),
)


def test_a_run_out_of_all_its_events() -> None:
    found = _attempt(*LIFE)
    assert found is not None
    assert (found.run_id, found.job, found.tenant, found.status) == ("0195-a", "orders.load", "", Status.FAILED)
    assert (found.logical_run_id, found.attempt, found.host) == ("0195-dag", 2, "worker-1")
    assert found.scheduled_at == datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
    assert found.started_at == datetime(2026, 3, 2, 1, 1, tzinfo=UTC)
    assert found.finished_at == datetime(2026, 3, 2, 1, 3, tzinfo=UTC)
    assert found.error == "target refuses"
    assert found.tags["airflow.dag_run_id"] == "scheduled__1"


def test_order_and_repeats_do_not_matter() -> None:
    shuffled = [*LIFE, *LIFE]
    for seed in range(20):
        random.Random(seed).shuffle(shuffled)
        assert _attempt(*shuffled) == _attempt(*LIFE)


@pytest.mark.parametrize(
    ("states", "status"),
    [
        (["START"], Status.RUNNING),
        (["RUNNING"], Status.RUNNING),
        (["START", "COMPLETE"], Status.SUCCESS),
        (["START", "ABORT"], Status.CANCELLED),
        (["COMPLETE"], Status.SUCCESS),
        (["START", "FAIL", "COMPLETE"], Status.SUCCESS),
    ],
)
def test_states(states: list[str], status: Status) -> None:
    found = _attempt(*(_payload(state, minute) for minute, state in enumerate(states)))
    assert found is not None
    assert found.status is status
    assert (found.finished_at is None) is (status is Status.RUNNING)
    assert found.finished_at is None or found.finished_at >= found.started_at
    assert found.error is None


def test_facts_about_a_run_alone_are_no_attempt() -> None:
    assert _attempt(_payload("OTHER", 0), _payload(None, 1)) is None


def test_a_missing_start_is_told() -> None:
    found = _attempt(_payload("FAIL", 5))
    assert found is not None
    assert (found.started_at, found.tags["openlineage.start"]) == (found.finished_at, "not told")


def test_the_root_of_a_nested_run_groups_its_tries() -> None:
    parents = [{"job": {"name": "t"}, "run": {"runId": f"try-{n}"}, "root": {"run": {"runId": "dag"}}} for n in (1, 2)]
    found = [_attempt(_payload("START", 1, parent=parent)) for parent in parents]
    assert [one.logical_run_id for one in found if one] == ["dag", "dag"]


def test_copies_of_a_mapped_task_are_runs_of_their_own() -> None:
    copies = [{"taskInstance": {"try_number": 1, "map_index": copy}} for copy in (0, 1, None)]
    found = [_attempt(_payload("START", 1, parent=PARENT, airflow=copy)) for copy in copies]
    assert [one.logical_run_id for one in found if one] == ["0195-dag[0]", "0195-dag[1]", "0195-dag"]


@pytest.mark.parametrize("number", ["9" * 5000, "4294967296", "0", "one"])
def test_a_try_that_has_no_number_costs_nothing_else(number: str) -> None:
    """Python refuses to read numbers of thousands of digits."""
    found = _attempt(_payload("START", 1, airflow={"taskInstance": {"try_number": number}}))
    assert found is not None
    assert found.attempt is None


def test_airflows_own_time_limit_is_a_time_out() -> None:
    found = _attempt(_payload("FAIL", 5, errorMessage={"message": "AirflowTaskTimeout: Timeout, PID: 7"}))
    assert found is not None
    assert found.status is Status.TIMED_OUT


def test_a_due_time_nobody_can_read_costs_nothing_else() -> None:
    found = _attempt(_payload("START", 5, nominalTime={"nominalStartTime": "soon"}, airflow=AIRFLOW))
    assert found is not None
    assert found.scheduled_at == datetime(2026, 3, 2, tzinfo=UTC)


def test_a_pattern_names_tenant_and_job() -> None:
    settings = load_settings(None, {"CORRELATOR_OPENLINEAGE_JOB_PATTERNS": r"^(?P<tenant>[^/]+)/orders[.](?P<job>.+)$"})
    found = _attempt(_payload("START", 1), plan=plan_from(settings))
    assert found is not None
    assert (found.tenant, found.job) == ("tenant-07", "load")


@pytest.mark.parametrize("pattern", ["(", "no group"])
def test_a_pattern_that_is_none_is_named(pattern: str) -> None:
    with pytest.raises(SettingsError, match=r"openlineage\.job_patterns"):
        plan_from(load_settings(None, {"CORRELATOR_OPENLINEAGE_JOB_PATTERNS": pattern}))


def test_a_run_that_stands_for_others_is_no_job() -> None:
    payload = _payload("START", 1)
    payload["job"]["facets"] = {"jobType": {"jobType": "DAG", "integration": "AIRFLOW"}}
    assert _attempt(payload, plan=plan_from(load_settings(None, {}))) is None
    assert _attempt(payload) is not None


def test_data_sets_under_all_their_names() -> None:
    link = {"identifiers": [{"namespace": "hive", "name": "sales.orders", "type": "TABLE"}]}
    event = read_event(
        {
            "eventTime": _at(1),
            "job": {"namespace": "n", "name": "j"},
            "inputs": [{"namespace": "s3://lake", "name": "orders", "facets": {"symlinks": link}}],
            "outputs": [{"namespace": "pg", "name": "totals"}, {"namespace": "hive", "name": "sales.orders"}],
        }
    )
    assert isinstance(event, JobEvent)
    assert touched(event) == (("s3://lake/orders",), ("hive/sales.orders", "pg/totals"))


def test_a_data_set_event_is_read() -> None:
    event = read_event({"eventTime": _at(1), "dataset": {"namespace": "pg", "name": "totals"}})
    assert event == DatasetEvent(datetime(2026, 3, 2, 1, 1, tzinfo=UTC), "pg/totals")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"eventTime": None}, "no eventTime"),
        ({"eventTime": "2026-03-02T01:00:00"}, "eventTime has no offset"),
        ({"eventType": "PAUSE"}, "eventType 'PAUSE' is none of OTHER, START"),
        ({"run": {}}, "no run.runId in it"),
        ({"run": None}, "no run in it"),
        ({"job": {"name": "x"}}, "no job.namespace in it"),
        ({"inputs": {}}, "inputs is not a list"),
        ({"outputs": [{"name": "x"}]}, r"no outputs\[0\].namespace in it"),
    ],
)
def test_what_is_wrong_with_an_event_is_said(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(UnmappableError, match=reason):
        read_event(_payload("START", 1) | change)


@pytest.mark.parametrize("payload", [7, [], {"eventTime": _at(1)}])
def test_what_is_no_event_at_all(payload: Any) -> None:
    with pytest.raises(UnmappableError):
        read_event(payload)


def test_what_airflows_own_provider_sends() -> None:
    """Events of a real Airflow 3.3.2 (provider openlineage): tasks that fail, are tried again, and fan out."""
    golden = Path(__file__).parent / "golden" / "airflow_provider.json"
    runs: dict[str, list[dict[str, Any]]] = {}
    for event in json.loads(golden.read_text(encoding="utf-8")):
        runs.setdefault(event["run"]["runId"], []).append(event)
    plan = plan_from(load_settings(None, {}))
    found = [attempt for events in runs.values() if (attempt := _attempt(*events, plan=plan))]
    assert sorted((one.job, one.attempt, one.status.value, one.error) for one in found) == [
        ("orders.extract", 1, "failed", "source is not ready"),
        ("orders.extract", 2, "success", None),
        ("orders.load", 1, "failed", "target refuses"),
        ("orders.load", 2, "failed", "target refuses"),
        ("orders.transform", 1, "success", None),
        ("orders.transform", 1, "success", None),
    ]
    assert len({one.logical_run_id for one in found if one.job != "orders.transform"}) == 1
    assert len({one.logical_run_id for one in found if one.job == "orders.transform"}) == 2
    assert {one.scheduled_at for one in found} == {datetime(2026, 11, 21, 6, 58, 17, 394739, tzinfo=UTC)}
