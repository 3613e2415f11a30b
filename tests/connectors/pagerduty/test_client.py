"""The PagerDuty client on pdpyras, against a loopback server that misbehaves."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from connectors.pagerduty.client import NotFoundError, PagerDutyClient
from connectors.retries import LostAnswerError, TryLaterError
from correlator.errors import SourceError
from tests.connectors.scripted import Script, Slept, failure

KEY = "pagerduty-key-for-tests"


def client(url: str, slept: Slept | None = None) -> PagerDutyClient:
    patience = (slept or Slept()).patience()
    return PagerDutyClient(url=url + "/", api_key=KEY, sender="correlator@example.com", patience=patience)


def test_a_call_carries_key_version_and_author(
    httpserver: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no credentials of ~/.netrc, which requests would put in place of the key."""
    (tmp_path / ".netrc").write_text("machine localhost login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    script = Script(httpserver, [{"incidents": []}])
    params = {"include[]": ["first_trigger_log_entries", "services"], "limit": 100}
    assert client(script.url).get("/incidents", params) == {"incidents": []}
    method, path, query, _ = script.asked[0]
    assert (method, path) == ("GET", "/incidents")
    assert query == {"include[]": ["first_trigger_log_entries", "services"], "limit": "100"}
    headers = script.headers[0]
    assert headers["authorization"] == f"Token token={KEY}"
    assert headers["accept"] == "application/vnd.pagerduty+json;version=2"
    assert headers["from"] == "correlator@example.com"


@pytest.mark.parametrize(("status", "word"), [(401, "PAGERDUTY_API_KEY"), (402, "ability"), (403, "key may not")])
def test_refusals_are_permanent_with_a_hint(httpserver: HTTPServer, status: int, word: str) -> None:
    error = {"error": {"message": f"No access with {KEY}", "code": 2010, "errors": ["first", "second"]}}
    script = Script(httpserver, [failure(status, error)])
    with pytest.raises(SourceError, match=r"first; second \(code 2010\)") as raised:
        client(script.url).get("/incidents")
    assert raised.value.permanent
    assert word in raised.value.hint
    assert KEY not in raised.value.message
    assert KEY[-4:] + ")" not in raised.value.message  # what the package would show of it
    assert len(script.asked) == 1


def test_a_rate_limit_is_waited_out_by_its_header(httpserver: HTTPServer) -> None:
    slept = Slept()
    script = Script(httpserver, [failure(429, "", {"ratelimit-reset": "7"}), {"incidents": []}])
    client(script.url, slept).get("/incidents")
    assert slept.seconds == [7.0]


def test_a_rate_limit_without_headers_and_body_is_not_waited_for_ever(httpserver: HTTPServer) -> None:
    slept = Slept(jitter=0.5)
    script = Script(httpserver, [failure(429)])
    with pytest.raises(TryLaterError, match="over the rate limit"):
        client(script.url, slept).get("/incidents")
    assert slept.seconds == [0.5, 1.0, 2.0]


def test_server_errors_are_repeated_when_reading(httpserver: HTTPServer) -> None:
    slept = Slept(jitter=0.5)
    script = Script(httpserver, [failure(502, "<html>bad gateway</html>"), {"incidents": []}])
    assert client(script.url, slept).get("/incidents") == {"incidents": []}
    assert slept.seconds == [0.5]


@pytest.mark.parametrize("answer", [failure(500), failure(408), Response("<html>", content_type="text/html")])
def test_a_write_that_may_have_been_done_goes_out_once(httpserver: HTTPServer, answer: Response) -> None:
    script = Script(httpserver, [answer])
    for write in (client(script.url).post, client(script.url).put):
        with pytest.raises(LostAnswerError):
            write("/incidents/PINC001/notes", {"note": {"content": "x"}})
    assert len(script.asked) == 2


def test_a_write_over_the_rate_limit_was_not_done_and_waits_for_its_end(httpserver: HTTPServer) -> None:
    slept = Slept()
    script = Script(httpserver, [failure(429, "", {"ratelimit-reset": "7"}), {"note": {"id": "PNOTE1"}}])
    client(script.url, slept).post("/incidents/PINC001/notes", {"note": {"content": "x"}})
    assert slept.seconds == [7.0]
    assert len(script.asked) == 2


def test_a_write_without_an_answer_may_have_been_done() -> None:
    with pytest.raises(LostAnswerError) as error:
        client("http://127.0.0.1:9").post("/incidents/PINC001/notes", {"note": {"content": "x"}})
    assert not error.value.permanent


def test_nobody_there_is_a_temporary_error_and_no_secret_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    gone = client("http://127.0.0.1:9")
    with caplog.at_level(logging.DEBUG), pytest.raises(TryLaterError, match="no answer") as error:
        gone.get("/incidents")
    assert gone.sent == 4
    for text in (str(error.value), error.value.hint, caplog.text):
        assert KEY not in text


def test_what_is_not_there_is_told_apart(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [failure(404, {"error": {"message": "Not Found", "code": 2100}})])
    with pytest.raises(NotFoundError, match=r"Not Found \(code 2100\)"):
        client(script.url).get("/incidents/PGONE")


def test_an_html_page_is_no_answer(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [Response("<html>Log in</html>", content_type="text/html")])
    with pytest.raises(SourceError, match="text/html that is no JSON object: Log in"):
        client(script.url).get("/incidents")


def test_importing_the_client_is_silent_even_when_warnings_are_errors() -> None:
    code = "import connectors.pagerduty.client"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
