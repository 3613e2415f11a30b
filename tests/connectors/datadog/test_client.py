"""The Datadog client on the vendor's own package, against a loopback server that misbehaves."""

from __future__ import annotations

import logging

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from connectors.datadog.client import DatadogClient, ExpiredCursorError
from connectors.retries import TryLaterError
from correlator.errors import SettingsError, SourceError
from tests.connectors.scripted import Script, Slept, failure

API_KEY, APP_KEY = "api-key-for-tests", "application-key-for-tests"
BODY = {"filter": {"query": "*", "from": "1772330700000", "to": "1772331000000"}, "page": {"limit": 1000}}


def client(script: Script, slept: Slept | None = None) -> DatadogClient:
    patience = (slept or Slept()).patience()
    return DatadogClient(
        site="datadoghq.com", host=script.url + "/", api_key=API_KEY, app_key=APP_KEY, patience=patience
    )


def test_a_call_carries_the_keys_and_the_wrapped_body(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [{"data": [], "meta": {"status": "done"}}])
    assert client(script).search_spans(BODY) == {"data": [], "meta": {"status": "done"}}
    method, path, _, body = script.asked[0]
    assert (method, path) == ("POST", "/api/v2/spans/events/search")
    assert body == {"data": {"type": "search_request", "attributes": BODY}}
    assert script.headers[0]["dd-api-key"] == API_KEY
    assert script.headers[0]["dd-application-key"] == APP_KEY


def test_without_a_host_the_site_names_it() -> None:
    built = DatadogClient(site="datadoghq.eu", api_key=API_KEY, app_key=APP_KEY)
    assert built._api.configuration.host == "https://api.datadoghq.eu"


def test_a_site_that_is_none_is_a_wrong_setting() -> None:
    with pytest.raises(SettingsError, match=r"datadog.site: there is no site datadog\.example\.com") as caught:
        DatadogClient(site="datadog.example.com", api_key=API_KEY, app_key=APP_KEY)
    assert "datadoghq.eu" in caught.value.hint


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_are_permanent_and_name_the_keys(httpserver: HTTPServer, status: int) -> None:
    script = Script(httpserver, [failure(status, {"errors": [f"Forbidden for {API_KEY}"]})])
    with pytest.raises(SourceError) as error:
        client(script).search_spans(BODY)
    assert error.value.permanent
    assert "DD_API_KEY" in error.value.hint
    assert API_KEY not in error.value.message
    assert "[secret]" in error.value.message
    assert len(script.asked) == 1


def test_a_rate_limit_is_waited_out_as_long_as_its_header_says(httpserver: HTTPServer) -> None:
    slept = Slept()
    limited = failure(429, "", {"x-ratelimit-reset": "2.5", "x-ratelimit-name": "spans"})
    script = Script(httpserver, [limited, {"data": []}])
    assert client(script, slept).search_spans(BODY) == {"data": []}
    assert slept.seconds == [2.5]


def test_a_rate_limit_that_lasts_too_long_is_left_to_the_next_pull(httpserver: HTTPServer) -> None:
    slept = Slept()
    script = Script(httpserver, [failure(429, "", {"x-ratelimit-reset": "3000", "x-ratelimit-name": "spans_search"})])
    with pytest.raises(TryLaterError, match="over spans_search, which ends in 3000 s") as error:
        client(script, slept).search_spans(BODY)
    assert slept.seconds == []
    assert not error.value.permanent


def test_server_errors_are_repeated_a_few_times_with_growing_pauses(httpserver: HTTPServer) -> None:
    slept = Slept(jitter=0.5)
    script = Script(httpserver, [failure(503, "<html><h1>down</h1></html>")])
    with pytest.raises(SourceError, match=r"HTTP 503\): down"):
        client(script, slept).search_spans(BODY)
    assert slept.seconds == [0.5, 1.0, 2.0]
    assert len(script.asked) == 4


def test_an_html_page_is_no_answer(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [Response("<html>Log in</html>", content_type="text/html")])
    with pytest.raises(SourceError, match="text/html that is no JSON object: Log in") as error:
        client(script).search_events(BODY)
    assert "datadog.host" in error.value.hint


def test_an_unknown_cursor_is_told_apart_from_a_wrong_request(httpserver: HTTPServer) -> None:
    refused = "input_validation_error(Field 'page' is invalid: invalid cursor)"
    script = Script(
        httpserver, [failure(400, {"errors": [refused]}), failure(422, {"errors": [{"title": "x", "detail": "bad"}]})]
    )
    with pytest.raises(ExpiredCursorError):
        client(script).search_spans(BODY)
    with pytest.raises(SourceError, match=r"refused \(HTTP 422\): bad") as error:
        client(script).search_spans(BODY)
    assert error.value.permanent


def test_redirects_are_not_followed_with_the_keys(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [Response("", status=302, headers={"location": "http://127.0.0.1:9/elsewhere"})])
    with pytest.raises(SourceError, match="HTTP 302"):
        client(script).search_spans(BODY)
    assert len(script.asked) == 1


def test_nobody_there_is_a_temporary_error_and_no_secret_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    slept = Slept()
    gone = DatadogClient(
        site="datadoghq.com",
        host="http://127.0.0.1:9",
        api_key=API_KEY,
        app_key=APP_KEY,
        patience=slept.patience(),
    )
    with caplog.at_level(logging.DEBUG), pytest.raises(TryLaterError, match="no answer") as error:
        gone.search_spans(BODY)
    assert gone.sent == 4
    for text in (str(error.value), error.value.hint, caplog.text):
        assert API_KEY not in text
        assert APP_KEY not in text


def test_the_proxy_of_the_environment_is_used(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script(httpserver, [{"data": []}])
    monkeypatch.setenv("http_proxy", script.url)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    behind = DatadogClient(
        site="datadoghq.com",
        host="http://datadog.example.com",
        api_key=API_KEY,
        app_key=APP_KEY,
        patience=Slept().patience(),
    )
    assert behind.search_events({}) == {"data": []}
    assert script.headers[0]["host"] == "datadog.example.com"
    assert client(script).search_events({}) == {"data": []}


def test_every_request_has_a_time_out(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [{"data": []}])
    built = client(script)
    assert built._api.configuration.request_timeout == (5, 60)
