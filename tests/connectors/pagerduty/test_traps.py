"""What pdpyras would do by itself, and that it does not do it here: each trap on a real connection.

The first test of a trap shows it in the bare package, where that takes no minutes; the second that it is closed.
"""

from __future__ import annotations

import ast
import json
import socket
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from connectors.pagerduty.client import PagerDutyClient
from connectors.retries import LostAnswerError, Patience, TryLaterError
from correlator.errors import SourceError
from correlator.ports import PullWindow
from tests.connectors.pagerduty.test_source import DAY, NOW, listed, source
from tests.connectors.scripted import Script, Slept, failure
from tests.frame.tree import PACKAGES, ROOT, tracked

NOTE = {"note": {"content": "x"}}
NOTES = "/incidents/PINC001/notes"


def client(url: str, patience: Patience | None = None, timeout_seconds: float = 5.0) -> PagerDutyClient:
    return PagerDutyClient(
        url=url,
        api_key="k3y",
        sender="correlator@example.com",
        patience=patience or Slept().patience(),
        timeout_seconds=timeout_seconds,
    )


def bare_session(url: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pdpyras
    session = pdpyras.APISession("k3y", default_from="correlator@example.com")
    session.url = url
    return session


@contextmanager
def server_that_hangs_up(after: bytes = b"") -> Iterator[tuple[str, list[bytes]]]:
    """Takes each request whole, so that a note would be stored, then ends the connection after the bytes given."""
    taken: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    taken.append(_request(connection))
                    connection.sendall(after)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", taken
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def _request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return data.split(b" ", 1)[0]


# --- a POST is repeated after a network error -------------------------------------------------------------------


def test_bare_a_post_whose_answer_is_lost_goes_out_four_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    with server_that_hangs_up() as (url, taken), pytest.raises(Exception, match="network"):
        bare_session(url).post(NOTES, json=NOTE)
    assert taken == [b"POST"] * 4


@pytest.mark.parametrize("after", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{", b"\x00garbage\r\n\r\n"])
def test_a_write_whose_answer_is_lost_goes_out_once(after: bytes) -> None:
    with server_that_hangs_up(after) as (url, taken):
        for write in (client(url).post, client(url).put):
            with pytest.raises(LostAnswerError, match="no answer"):
                write(NOTES, NOTE)
    assert taken == [b"POST", b"PUT"]


def test_reading_is_repeated_a_bounded_number_of_times() -> None:
    slept = Slept()
    with server_that_hangs_up() as (url, taken), pytest.raises(TryLaterError, match="no answer"):
        client(url, slept.patience()).get("/incidents")
    assert taken == [b"GET"] * 4
    assert len(slept.seconds) == 3


# --- a rate limit is waited for without end, and its header ignored -----------------------------------------------


def test_bare_a_rate_limit_is_waited_for_in_growing_steps_whatever_its_header_says(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    script = Script(httpserver, [*[failure(429, "", {"ratelimit-reset": "1"})] * 9, {"incidents": []}])
    bare_session(script.url).get("incidents")
    assert waited[-1] > 100  # the limit was over after one second


def test_a_rate_limit_ends_the_call_when_it_takes_too_long(httpserver: HTTPServer) -> None:
    slept = Slept()
    script = Script(httpserver, [failure(429, "", {"ratelimit-reset": "86400"})])
    with pytest.raises(TryLaterError, match="ends in 86400 s"):
        client(script.url, slept.patience()).get("/incidents")
    assert (slept.seconds, len(script.asked)) == ([], 1)


@pytest.mark.parametrize(
    ("reset", "waits"), [("3", 3.0), ("2.5", 2.5), ("-5", None), ("soon", None), ("", None), ("nan", None)]
)
def test_the_wait_is_what_the_header_says_and_bounded_when_it_says_nothing(
    httpserver: HTTPServer, reset: str, waits: float | None
) -> None:
    slept = Slept()
    script = Script(httpserver, [failure(429, "", {"ratelimit-reset": reset}), {"incidents": []}])
    client(script.url, slept.patience()).get("/incidents")
    assert len(slept.seconds) == 1
    assert slept.seconds[0] == waits if waits else slept.seconds[0] <= 1.0


def test_a_limit_met_by_one_call_holds_for_the_next(httpserver: HTTPServer) -> None:
    """Nothing is asked before the reset, also not by another call, or by a write."""
    slept = Slept()
    script = Script(httpserver, [failure(429, "", {"ratelimit-reset": "500"})])
    asking = client(script.url, slept.patience())
    for path in ("/incidents", "/services"):
        with pytest.raises(TryLaterError):
            asking.get(path)
    with pytest.raises(TryLaterError):
        asking.post(NOTES, NOTE)
    assert len(script.asked) == 1


# --- 5xx are not repeated by default, and a write must not be ------------------------------------------------------


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_failure_of_the_vendor_is_repeated_for_reading_alone(httpserver: HTTPServer, status: int) -> None:
    script = Script(httpserver, [failure(status), failure(status, "<html>"), {"incidents": []}])
    assert client(script.url).get("/incidents") == {"incidents": []}
    script.replies = [failure(status)]
    with pytest.raises(LostAnswerError):
        client(script.url).post(NOTES, NOTE)
    assert [method for method, _, _, _ in script.asked] == ["GET", "GET", "GET", "POST"]


# --- lists: 10,000, empty pages that say there is more, a limit that shrinks ---------------------------------------


def test_bare_a_list_ends_at_ten_thousand_with_a_warning_only(httpserver: HTTPServer) -> None:
    page = [{"id": f"P{number}"} for number in range(100)]
    script = Script(httpserver, [listed("incidents", *page, more=True)])
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = sum(1 for _ in bare_session(script.url).iter_all("incidents", page_size=100))
    assert found == 10_000
    assert any("may be incomplete" in str(one.message) for one in said)


def test_an_empty_or_short_page_that_says_there_is_more_moves_on_by_the_limit(httpserver: HTTPServer) -> None:
    short = listed("log_entries", {"id": "R1"}, more=True)
    script = Script(httpserver, [listed("log_entries", more=True), short, listed("log_entries")])
    list(source(script).pages("log_entries", None, PullWindow(until=NOW, since=NOW - DAY)))
    assert [(query["offset"], query["limit"]) for _, _, query, _ in script.asked] == [
        ("0", "100"),
        ("100", "100"),
        ("200", "100"),
    ]


def test_a_page_that_always_says_there_is_more_does_not_go_on_for_ever(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [listed("log_entries", more=True)])
    window = PullWindow(until=NOW, since=NOW - DAY / 86400)
    with pytest.raises(SourceError, match="more than 10000"):
        list(source(script).pages("log_entries", None, window))
    assert len(script.asked) == 100


# --- wrappers, paths it does not know, answers that are none -------------------------------------------------------


def test_bare_the_wrapper_of_dependencies_is_another_one(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [{"relationships": []}])
    with pytest.raises(Exception, match="technical_service"):
        bare_session(script.url).rget("/service_dependencies/technical_services/PSVC1")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/service_dependencies/technical_services/PSVC1"),
        ("get", "/incidents/PINC001/custom_fields/values"),
        ("put", "/incidents/PINC001/custom_fields/values"),
        ("put", "/incidents/PINC001/notes/PNOTE1"),
        ("get", "/incidents/PINC001/past_incidents"),
    ],
)
def test_paths_the_package_does_not_know_are_asked_as_they_are(httpserver: HTTPServer, method: str, path: str) -> None:
    script = Script(httpserver, [{"anything": [1]}])
    call = getattr(client(script.url), method)
    assert call(path, {}) == {"anything": [1]}
    assert [(verb, asked) for verb, asked, _, _ in script.asked] == [(method.upper(), path)]


@pytest.mark.parametrize("body", ["[]", "null", '"text"', "", '{"incidents": [', "<html>Log in</html>"])
def test_an_answer_that_is_no_object_is_an_error_in_words(httpserver: HTTPServer, body: str) -> None:
    script = Script(httpserver, [Response(body, content_type="application/json")])
    with pytest.raises(SourceError, match="no JSON object"):
        client(script.url).get("/incidents")


def test_a_refused_key_is_asked_once(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [failure(401, {"error": {"message": "Unauthorized", "code": 2006}})])
    with pytest.raises(SourceError, match="401") as error:
        client(script.url).get("/incidents")
    assert error.value.permanent
    assert len(script.asked) == 1


# --- time-outs -----------------------------------------------------------------------------------------------------


def test_an_answer_that_keeps_silent_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        began = time.monotonic()
        with pytest.raises(TryLaterError, match="no answer"):
            client(url, Slept().patience(attempts=2), timeout_seconds=0.2).get("/incidents")
        with pytest.raises(LostAnswerError, match="no answer"):
            client(url, timeout_seconds=0.2).post(NOTES, NOTE)
    assert time.monotonic() - began < 5


# --- the limit that answers tell of ---------------------------------------------------------------------------------


def test_what_is_left_of_the_limit_is_heard_and_garbage_is_not(httpserver: HTTPServer) -> None:
    told = {"ratelimit-limit": "960", "ratelimit-remaining": "41", "ratelimit-reset": "7"}
    garbage = {"ratelimit-limit": "many", "ratelimit-remaining": "-1"}
    replies = [
        Response(json.dumps({}), headers=headers, content_type="application/json") for headers in (told, garbage, {})
    ]
    asking = client(Script(httpserver, [*replies]).url)
    for _ in replies:
        asking.get("/abilities")
        assert asking.limit is not None
        assert (asking.limit.limit, asking.limit.remaining) == (960, 41)


# --- one place ------------------------------------------------------------------------------------------------------


def test_one_file_alone_imports_the_package() -> None:
    ours = [file for file in tracked("*.py") if file.relative_to(ROOT).parts[0] in PACKAGES]
    naming = [file for file in ours if "pdpyras" in file.read_text(encoding="utf-8")]
    importing = [str(file.relative_to(ROOT)) for file in naming if "pdpyras" in _imported(file)]
    assert importing == ["connectors/pagerduty/client.py"]


def _imported(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
    return names


def test_a_list_asks_for_how_many_there_are_only_where_that_can_spare_requests(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [listed("incidents")])
    pulled = source(script)
    list(pulled.pages("incidents", None, PullWindow(until=NOW, since=NOW - DAY / 24)))
    list(pulled.pages("incidents", None, PullWindow(until=NOW, since=NOW - 90 * DAY)))
    assert [query.get("total") for _, _, query, _ in script.asked] == [None, "true"]
