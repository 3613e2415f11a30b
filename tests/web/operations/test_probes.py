from __future__ import annotations

from flask.testing import FlaskClient


def test_alive_even_with_nothing_stored(empty_client: FlaskClient) -> None:
    assert empty_client.get("/healthz").get_json() == {"status": "alive"}


def test_not_ready_before_anything_was_pulled_and_judged(empty_client: FlaskClient) -> None:
    answer = empty_client.get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json()["reasons"] == ["nothing has been pulled or imported yet", "no verdicts have been made yet"]


def test_ready_once_it_has_something_to_say(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.get_json() == {"status": "ready", "reasons": []}


def test_not_ready_without_its_database(empty_client: FlaskClient) -> None:
    from correlator.store.database import writing

    engine = empty_client.application.extensions["correlator"].engine
    with writing(engine) as connection:
        connection.exec_driver_sql("DROP TABLE source_status")
    answer = empty_client.get("/readyz")
    assert answer.status_code == 503
    assert "cannot be read" in answer.get_json()["reasons"][0]


def test_metrics_count_requests_findings_and_ages(client: FlaskClient) -> None:
    client.get("/")
    text = client.get("/metrics").text
    assert 'correlator_web_requests_total{endpoint="overview.show",status="200"} 1.0' in text
    assert 'correlator_findings{verdict="systemic"} 1.0' in text
    assert 'correlator_source_reached{source="pagerduty"} 0.0' in text
    assert 'correlator_source_last_good_pull_timestamp_seconds{source="datadog"}' in text
