"""Airflow's answers, as a real server gave them, to attempts and edges; the golden files against its OpenAPI."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.airflow.mapping import (
    STATES,
    Known,
    asset_edges,
    attempt_from,
    dag_from,
    error_from_log,
    task_edges,
)
from connectors.naming import Naming
from connectors.payloads import UnmappableError
from correlator.model import Dependency, Origin, Status
from tests.connectors.airflow.server import golden

INSTANCES = {(one["task_id"], one["map_index"]): one for one in golden("task_instances")["task_instances"]}
LOAD = INSTANCES["load", -1]
_TYPES: dict[type, str] = {str: "string", int: "integer", float: "number", list: "array", dict: "object"}


def _misfits(document: dict[str, Any], schema: str) -> list[str]:
    """What in a document is not as Airflow's OpenAPI document says."""
    said = golden("shape")["schemas"][schema]
    return [key for key, value in document.items() if key not in said or not _fits(value, said[key])]


def _fits(value: Any, allowed: list[str]) -> bool:
    if value is None or isinstance(value, bool):
        return ("null" if value is None else "boolean") in allowed
    kind = _TYPES[type(value)]
    return kind in allowed or (kind == "integer" and "number" in allowed) or value in allowed


@pytest.mark.parametrize(
    ("documents", "schema"),
    [
        (golden("task_instances")["task_instances"], "TaskInstanceResponse"),
        ([one for page in golden("tries").values() for one in page["task_instances"]], "TaskInstanceHistoryResponse"),
        ([one for page in golden("tasks").values() for one in page["tasks"]], "TaskResponse"),
        ([golden("task_instances")], "TaskInstanceCollectionResponse"),
        (golden("assets")["assets"], "AssetResponse"),
        ([golden("dag_run")], "DAGRunResponse"),
        (list(golden("logs").values()), "TaskInstancesLogResponse"),
    ],
)
def test_the_golden_files_have_the_shape_that_airflow_documents(documents: list[dict[str, Any]], schema: str) -> None:
    assert documents
    assert [_misfits(one, schema) for one in documents] == [[]] * len(documents)


def test_every_state_that_airflow_documents_is_known() -> None:
    documented = set(golden("shape")["schemas"]["TaskInstanceResponse"]["state"]) - {"null"}
    unknown = []
    for state in documented - set(STATES):
        attempt = attempt_from(LOAD | {"state": state}, LOAD, Naming(), Known())
        unknown += [state] if attempt is not None else []
    assert unknown == []
    assert set(STATES) <= documented


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"state": "up_for_retry", "try_number": 1}, Status.FAILED),
        ({"state": "running", "end_date": None}, Status.RUNNING),
        ({"state": "deferred"}, Status.RUNNING),
        ({"state": "upstream_failed", "start_date": None, "try_number": 0}, Status.UPSTREAM_FAILED),
        ({"state": "failed", "start_date": None, "end_date": None}, Status.FAILED),
    ],
)
def test_states(changes: dict[str, Any], status: Status) -> None:
    found = attempt_from(LOAD | changes, LOAD, Naming(), Known())
    assert found is not None
    assert found.status is status
    assert (found.finished_at is None) is (status is Status.RUNNING or changes.get("end_date", 1) is None)


@pytest.mark.parametrize("state", ["queued", "scheduled", "removed", None])
def test_a_try_that_has_not_begun_is_no_attempt(state: str | None) -> None:
    assert attempt_from(LOAD | {"state": state}, LOAD, Naming(), Known()) is None


def test_a_running_try_without_a_start_is_none_yet() -> None:
    changed = LOAD | {"state": "running", "start_date": None, "end_date": None}
    assert attempt_from(changed, LOAD, Naming(), Known()) is None


def test_due_is_when_the_run_was_to_begin_not_the_day_it_is_about() -> None:
    whole = LOAD | {"logical_date": "2026-11-20T00:00:00Z", "run_after": "2026-11-21T00:00:00Z"}
    found = attempt_from(LOAD, whole, Naming(), Known())
    assert found is not None
    assert found.scheduled_at is not None
    assert found.scheduled_at.day == 21
    by_hand = attempt_from(LOAD, whole | {"run_after": None}, Naming(), Known())
    assert by_hand is not None
    assert by_hand.scheduled_at is not None
    assert by_hand.scheduled_at.day == 20


def test_the_time_limit_of_a_task_is_a_time_out() -> None:
    found = attempt_from(LOAD, LOAD, Naming(), Known(errors={2: "AirflowTaskTimeout: Timeout, PID: 7"}))
    assert found is not None
    assert found.status is Status.TIMED_OUT


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"dag_id": None}, "no dag_id"),
        ({"state": "pondering"}, "none that this program knows"),
        ({"start_date": "2026-11-21T06:00:00"}, "has no offset"),
        ({"try_number": "two"}, "try_number is no number"),
        ({"map_index": True}, "map_index is no number"),
    ],
)
def test_what_is_wrong_with_an_instance_is_said(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(UnmappableError, match=reason):
        attempt_from(LOAD | changes, LOAD, Naming(), Known())


def test_errors_out_of_logs() -> None:
    logs = golden("logs")
    assert error_from_log(logs["extract/1"]) == "RuntimeError: source is not ready"
    assert error_from_log({"content": ["plain", "lines"]}) is None
    assert error_from_log({"content": [{"event": "killed", "level": "error"}, {"event": "bye"}]}) == "killed"
    assert error_from_log({}) is None


def test_edges_of_tasks_and_assets() -> None:
    dags = {name: dag_from(name, document) for name, document in golden("tasks").items()}
    inside = {(edge.upstream, edge.downstream) for edge in task_edges(dags["orders"], Naming())}
    assert ("orders.transform", "orders.load") in inside
    (asset,) = golden("assets")["assets"]
    expected = [Dependency("billing.publish", "mail.collect", origin=Origin.ORCHESTRATOR)]
    assert list(asset_edges(asset, dags, Naming())) == expected
    assert list(asset_edges(asset, {"mail": dags["mail"]}, Naming())) == []
    broken = {"producing_tasks": [{"dag_id": ["orders"]}], "scheduled_dags": [{"dag_id": {}}], "consuming_tasks": None}
    assert list(asset_edges(asset | broken, dags, Naming())) == []
