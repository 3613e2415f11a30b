from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from correlator.store.findings import finding_id
from tests.web import cast

ID = finding_id(cast.PREMIUM, cast.EXPORT)
KEYS = {
    *("tenant", "job", "verdict", "cause", "root_job", "path", "confidence", "runs", "failed_first"),
    *("recovered_by_retry", "observed", "expected_by_chance", "p_value", "onset", "needs", "pairs"),
    *("episodes", "contributions", "id"),
}


def test_findings_hold_the_keys_of_the_contract(client: FlaskClient) -> None:
    body = client.get("/api/v1/findings").get_json()
    assert len(body["findings"]) == 3
    assert all(finding.keys() >= KEYS for finding in body["findings"])
    assert body["data_as_of"].endswith("Z")


def test_findings_can_be_narrowed(client: FlaskClient) -> None:
    found = client.get("/api/v1/findings?verdict=systemic&tenant=tenant-07").get_json()["findings"]
    assert [finding["id"] for finding in found] == [ID]
    assert client.get("/api/v1/findings?job=nothing").get_json()["findings"] == []


def test_one_finding(client: FlaskClient) -> None:
    body = client.get(f"/api/v1/findings/{ID}").get_json()
    assert body["root_job"] == cast.INGEST
    assert body["pairs"][0]["lag_seconds"] == 1380.0


def test_check_answers_in_the_shape_of_a_finding(client: FlaskClient) -> None:
    run = f"{cast.pairs()[0].logical_run_id}-1"
    body = client.get(f"/api/v1/check?run_id={run}&run_id=nope").get_json()
    (answer,) = body["findings"]
    assert answer.keys() >= KEYS
    assert answer["asked_runs"][0]["run_id"] == run
    assert body["unknown"] == ["nope"]


def test_check_by_job(client: FlaskClient) -> None:
    body = client.get("/api/v1/check?job=export_ads&tenant=tenant-07").get_json()
    assert [answer["verdict"] for answer in body["findings"]] == ["systemic"]


def test_check_of_a_job_that_never_failed_has_the_shape_too(client: FlaskClient) -> None:
    (answer,) = client.get("/api/v1/check?job=resolve_identity").get_json()["findings"]
    assert answer.keys() >= KEYS
    assert answer["verdict"] == "inconclusive"
    assert answer["line"] == "no stored attempt of this job failed or timed out"


def test_sources(client: FlaskClient) -> None:
    sources = {one["name"]: one for one in client.get("/api/v1/sources").get_json()["sources"]}
    assert sources["datadog"]["reached"] is True
    assert sources["pagerduty"]["reached"] is False
    assert "401" in sources["pagerduty"]["error"]
    assert (sources["pagerduty"]["needs_person"], sources["pagerduty"]["failures_in_a_row"]) == (True, 2)
    assert sources["pagerduty"]["failing_since"] == "2026-03-15T23:58:00Z"
    assert sources["datadog"]["notices"][0]["since"] == "2026-03-15T23:56:00Z"
    assert sources["datadog"]["limits"][0]["remaining"] == 212
    assert sources["datadog"]["clock_offset_seconds"] == -42.0


@pytest.mark.parametrize(
    "path", ["/api/v1/findings", f"/api/v1/findings/{ID}", "/api/v1/sources", "/", f"/findings/{ID}"]
)
def test_what_has_not_changed_costs_a_304(client: FlaskClient, path: str) -> None:
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.data == b""
    other = client.get(path, headers={"If-None-Match": '"something-else"'})
    assert other.status_code == 200
