"""Automation actions of PagerDuty and new runs of Airflow: what goes over the wire, once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from connectors.retries import LostAnswerError
from correlator.actions.senders import pagerduty_automation, rerun
from correlator.errors import SourceError
from correlator.settings import Settings, load_settings

REQUEST: dict[str, Any] = {
    "action_id": "A-0123456789",
    "finding_id": "F-7KQ2M4XA3B",
    "tenant": "tenant-07",
    "job": "export_ads",
    "incident_id": "PINCIDENT1",
}


def _settings(tmp_path: Path, text: str) -> Settings:
    file = tmp_path / "correlator.yaml"
    file.write_text(text, encoding="utf-8")
    return load_settings(file, {"PAGERDUTY_API_KEY": "not-a-real-key", "AIRFLOW_TOKEN": "not-a-real-token"})


def test_an_automation_action_is_invoked_on_the_incident(tmp_path: Path, httpserver: HTTPServer) -> None:
    httpserver.expect_oneshot_request(
        "/automation_actions/actions/01ACTION/invocations",
        method="POST",
        json={"invocation": {"metadata": {"incident_id": "PINCIDENT1"}}},
        headers={"Authorization": "Token token=not-a-real-key"},
    ).respond_with_json({"invocation": {"id": "01INVOKED", "state": "prepared"}}, status=201)
    send = pagerduty_automation(_settings(tmp_path, f"pagerduty: {{url: '{httpserver.url_for('')}'}}\n"))
    assert send("01ACTION", REQUEST) == "invocation 01INVOKED is prepared"
    with pytest.raises(SourceError, match="no open incident"):
        send("01ACTION", REQUEST | {"incident_id": ""})


def _airflow(tmp_path: Path, httpserver: HTTPServer) -> Settings:
    return _settings(tmp_path, f"airflow: {{enabled: true, url: '{httpserver.url_for('')}'}}\n")


def test_a_run_is_started_under_a_name_that_cannot_be_started_twice(tmp_path: Path, httpserver: HTTPServer) -> None:
    asked = {
        "dag_run_id": "correlator__A-0123456789",
        "logical_date": None,
        "conf": {"correlator": {key: REQUEST[key] for key in ("action_id", "finding_id", "tenant", "job")}},
    }
    path = "/api/v2/dags/rebuild_exports/dagRuns"
    answer = {"dag_run_id": asked["dag_run_id"], "state": "queued"}
    httpserver.expect_oneshot_request(path, method="POST", json=asked).respond_with_json(answer)
    httpserver.expect_request(path).respond_with_json({"detail": "already exists"}, status=409)
    send = rerun(_airflow(tmp_path, httpserver))
    assert send("rebuild_exports", REQUEST) == "run correlator__A-0123456789 is queued"
    with pytest.raises(SourceError, match="already exists") as caught:
        send("rebuild_exports", REQUEST)
    assert not isinstance(caught.value, LostAnswerError)


def test_a_server_that_fails_may_have_started_it_and_is_not_asked_again(tmp_path: Path, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/api/v2/dags/rebuild_exports/dagRuns").respond_with_data("oops", status=500)
    with pytest.raises(LostAnswerError):
        rerun(_airflow(tmp_path, httpserver))("rebuild_exports", REQUEST)
    assert len(httpserver.log) == 1
