"""What the server may answer, and what becomes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from connectors.prometheus.client import PrometheusClient, TooMuchError
from connectors.prometheus.source import PrometheusSource, build
from connectors.retries import TryLaterError
from correlator.errors import SettingsError, SourceError
from correlator.ports import Interest, Page, PullWindow
from correlator.settings import load_settings
from tests.connectors.scripted import Answer, Script, Slept, failure

END = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)
TOKEN = "s3cret-t0ken"
POINT = {"metric": {"job": "load"}, "values": [[(END - timedelta(hours=1)).timestamp(), "1"]]}


def matrix(*series: Any, **more: Any) -> dict[str, Any]:
    return {"status": "success", "data": {"resultType": "matrix", "result": list(series)}, **more}


def error(status: int, kind: str, text: str) -> Any:
    return failure(status, {"status": "error", "errorType": kind, "error": text})


def client(httpserver: HTTPServer, *replies: Answer, **options: Any) -> PrometheusClient:
    script = Script(httpserver, list(replies))
    return PrometheusClient(url=script.url, patience=Slept().patience(), **options)


def source(script: Script, **environment: str) -> PrometheusSource:
    values = {
        "CORRELATOR_PROMETHEUS_URL": script.url,
        "CORRELATOR_PROMETHEUS_METRICS": 'rows=job_rows{job=~"$job"}',
        **environment,
    }
    return build(load_settings(environment=values), Slept().patience())


@pytest.mark.parametrize(
    ("reply", "message", "permanent"),
    [
        (error(400, "bad_data", "parse error: unexpected end"), "parse error", True),
        (error(422, "execution", "many-to-many matching not allowed"), "many-to-many", True),
        (failure(401, "no"), r"refused \(HTTP 401\)", True),
        (failure(302, "", {"Location": "https://login.example.com"}), "refused", True),
        (failure(404, "<html>nothing here</html>"), r"refused \(HTTP 404\): nothing here", True),
        (failure(200, "<html>log in</html>"), "is no answer of Prometheus", False),
        (failure(200, "[1, 2"), "is no answer of Prometheus", False),
        (error(503, "timeout", "query timed out"), "query timed out", False),
        (error(200, "canceled", "query was canceled"), "query was canceled", False),
        (failure(502, "<html>bad gateway</html>"), "bad gateway", False),
        (failure(429, "slow down", {"Retry-After": "7"}), "over the rate limit", False),
    ],
)
def test_a_refusal_says_what_was_refused_and_whether_waiting_helps(
    httpserver: HTTPServer, reply: Answer, message: str, permanent: bool
) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        client(httpserver, reply).query_range("up", 0, 60, 60)
    assert caught.value.permanent is permanent
    assert caught.value.hint


def test_what_may_pass_is_asked_for_again(httpserver: HTTPServer) -> None:
    asked = client(httpserver, failure(503, ""), failure(500, "oops"), matrix(POINT))
    assert asked.query_range("up", 0, 60, 60).data["result"] == [POINT]
    assert asked.sent == 3


def test_but_not_for_ever(httpserver: HTTPServer) -> None:
    asked = client(httpserver, failure(503, ""))
    with pytest.raises(TryLaterError):
        asked.query_range("up", 0, 60, 60)
    assert 1 < asked.sent < 10


@pytest.mark.parametrize(
    "text",
    [
        "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution",
        "query processing would load too many samples into memory in query execution",
        "the query time range exceeds the limit (query length: 721h, limit: 720h)",
    ],
)
def test_too_much_at_once_is_told_from_what_is_wrong(httpserver: HTTPServer, text: str) -> None:
    with pytest.raises(TooMuchError):
        client(httpserver, error(422, "execution", text)).query_range("up", 0, 60, 60)


def test_nobody_listening_is_said_in_words() -> None:
    silent = PrometheusClient(url="http://127.0.0.1:9", patience=Slept().patience(attempts=1))
    with pytest.raises(SourceError, match="refused") as caught:
        silent.query("1", 0)
    assert "prometheus.url" in caught.value.hint


def test_credentials_go_out_and_stand_in_no_error(
    httpserver: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither do those of ~/.netrc go out, which requests would look up by itself."""
    (tmp_path / ".netrc").write_text("machine localhost login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    script = Script(httpserver, [failure(401, f"token {TOKEN} is unknown")])
    asked = PrometheusClient(url=script.url, token=TOKEN, headers={"X-Scope-OrgID": "data"})
    with pytest.raises(SourceError) as caught:
        asked.query("1", 0)
    assert (script.headers[0]["authorization"], script.headers[0]["x-scope-orgid"]) == (f"Bearer {TOKEN}", "data")
    assert TOKEN not in caught.value.message
    with pytest.raises(SourceError):
        PrometheusClient(url=script.url).query("1", 0)
    assert "authorization" not in script.headers[1]


def test_a_password_in_the_address_is_refused_without_being_shown() -> None:
    address = {"CORRELATOR_PROMETHEUS_URL": "http://reader:hunter2@prometheus.example.com"}
    with pytest.raises(SettingsError, match="holds a user or a password") as caught:
        build(load_settings(environment=address))
    assert "hunter2" not in str(caught.value)


def test_a_part_of_the_data_is_kept_and_asked_for_again_and_the_rest_is_read(httpserver: HTTPServer) -> None:
    """A store behind the server that does not answer is a warning."""
    script = Script(httpserver, [matrix(POINT, warnings=["store-2: connection refused"]), matrix()])
    two_days = interest(END - timedelta(hours=30), END - timedelta(hours=1) + timedelta(minutes=1))
    pages: list[Page] = []
    with pytest.raises(SourceError, match="only part of the answer came") as caught:
        pages.extend(source(script).pages("metrics", None, PullWindow(END, interests=two_days)))
    assert not caught.value.permanent
    assert pages[0].notices == ("rows: the server remarks: store-2: connection refused",)
    assert "covered" not in pages[0].position
    assert [span for spans in pages[-1].position["covered"].values() for span in spans] == [
        ["2026-03-01T00:00:00Z", "2026-03-01T23:01:00Z"]
    ]


def interest(start: datetime, end: datetime, job: str = "load") -> tuple[Interest, ...]:
    return (Interest("", job, start, end),)


def test_a_remark_on_the_query_is_a_notice_and_no_more(httpserver: HTTPServer) -> None:
    remark = "PromQL info: metric might not be a counter"
    script = Script(httpserver, [matrix(POINT, infos=[remark], warnings=["PromQL warning: mixed buckets"])])
    window = PullWindow(END, interests=interest(END - timedelta(hours=2), END))
    page, last = source(script).pages("metrics", None, window)
    assert (len(page.facts), last.done) == (1, True)
    assert page.notices == (
        "rows: the server remarks: PromQL warning: mixed buckets",
        f"rows: the server remarks: {remark}",
    )


def test_what_is_not_settled_is_asked_for_again(httpserver: HTTPServer) -> None:
    """Points of the last minutes may still be missing: they are read, and not counted as read."""
    script = Script(httpserver, [matrix()])
    interests = interest(END - timedelta(hours=1), END + timedelta(hours=1))
    asked = source(script)
    *_, first = asked.pages("metrics", None, PullWindow(END, interests=interests))
    list(asked.pages("metrics", first.position, PullWindow(END + timedelta(minutes=5), interests=interests)))
    between = [datetime.fromtimestamp(int(script.asked[1][3][name]), UTC) - END for name in ("start", "end")]
    assert between == [timedelta(minutes=-10), timedelta(minutes=-1)]
    between = [datetime.fromtimestamp(int(script.asked[2][3][name]), UTC) - END for name in ("start", "end")]
    assert between == [timedelta(0), timedelta(minutes=4)]


def test_other_metrics_are_asked_for_from_the_beginning(httpserver: HTTPServer) -> None:
    """And what was read is not asked for again, unless somebody says since when."""
    script = Script(httpserver, [matrix()])
    interests = interest(END - timedelta(hours=3), END - timedelta(hours=2))
    *_, first = source(script).pages("metrics", None, PullWindow(END, interests=interests))
    again = source(script, CORRELATOR_PROMETHEUS_STEP_SECONDS="15")
    for asked, since, requests in ((again, None, 1), (source(script), None, 0), (source(script), END - DAY, 1)):
        pages = asked.pages("metrics", first.position, PullWindow(END, since, interests))
        assert sum(page.requests for page in pages) == requests


def test_without_interest_nothing_is_asked(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [matrix()])
    (page,) = source(script).pages("metrics", None, PullWindow(END, interests=()))
    assert (page.requests, page.done, script.asked) == (0, True, [])


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("rate(x$)", "a \\$ that starts no name"),
        ("sum(up)", r"no \$job in it"),
        ("x{job=~'$jobs'}", r"there is no \$jobs"),
        (" ", "is no query"),
    ],
)
def test_a_template_that_cannot_be_filled_in_is_a_settings_error(query: str, message: str) -> None:
    loaded = load_settings(environment={})
    broken = replace(loaded, values={**loaded.values, "prometheus.metrics": {"rows": query}})
    with pytest.raises(SettingsError, match=message):
        build(broken)
