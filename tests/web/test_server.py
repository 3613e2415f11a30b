"""The rules of where pages may listen."""

import re
import socket
from pathlib import Path

import pytest
import requests

from correlator.errors import CorrelatorError, UsageError
from correlator.settings import Settings, load_settings
from tests.web.listening import listening
from web.server import LARGEST_BODY, address, make_server, refuse_open_address


def settings(folder: Path, **web: str) -> Settings:
    environment = {f"CORRELATOR_WEB_{key.upper()}": value for key, value in web.items()}
    file = folder / "correlator.yaml"
    file.write_text(f"database:\n  url: sqlite:///{folder / 'store.db'}\n", encoding="utf-8")
    return load_settings(file, environment)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "correlator.example.com", ""])
def test_an_address_others_can_reach_is_refused(host: str) -> None:
    with pytest.raises(UsageError, match="no access control") as caught:
        refuse_open_address(load_settings(None, {"CORRELATOR_WEB_HOST": host}))
    assert "127.0.0.1" in caught.value.hint


def test_it_is_served_once_access_is_configured() -> None:
    refuse_open_address(load_settings(None, {"CORRELATOR_WEB_HOST": "0.0.0.0", "CORRELATOR_ACCESS_TOKENS": "true"}))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_loopback_is_served(host: str) -> None:
    refuse_open_address(load_settings(None, {"CORRELATOR_WEB_HOST": host}))


def test_a_port_in_use_is_a_clear_error(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with (
            pytest.raises(CorrelatorError, match=f"cannot listen on 127.0.0.1 port {port}") as caught,
            make_server(settings(tmp_path, port=str(port))),
        ):
            pass
    assert "another port" in caught.value.hint
    assert not (tmp_path / "store.db").exists()


def test_a_body_without_measure_is_refused_before_it_is_sent(tmp_path: Path) -> None:
    head = f"POST /webhooks/pagerduty HTTP/1.1\r\nHost: localhost\r\nContent-Length: {LARGEST_BODY + 1}\r\n\r\n"
    with (
        listening(settings(tmp_path, port="0")) as port,
        socket.create_connection(("127.0.0.1", port), timeout=10) as asking,
    ):
        asking.sendall(head.encode())
        assert asking.recv(100).startswith(b"HTTP/1.1 413 ")


NAME = "correlator.example.com"
PASSED_ON = (
    *({"X-Forwarded-For": "192.0.2.7"}, {"Forwarded": "for=192.0.2.7"}, {"X-Real-IP": "192.0.2.7"}),
    {"Host": NAME},
)


@pytest.mark.parametrize(
    ("access", "path", "usual", "passed_on"),
    [
        ({}, "/api/v1/findings", 200, 403),
        ({}, "/healthz", 200, 200),
        ({"CORRELATOR_ACCESS_TOKENS": "true", "CORRELATOR_ACCESS_METRICS": "loopback"}, "/metrics", 200, 401),
    ],
)
def test_what_a_proxy_passes_on_does_not_count_as_sent_on_this_machine(
    tmp_path: Path, access: dict[str, str], path: str, usual: int, passed_on: int
) -> None:
    """By the server itself, which could take the proxy's words away before they are read."""
    place = {"CORRELATOR_DATABASE_URL": f"sqlite:///{tmp_path / 'store.db'}", "CORRELATOR_WEB_PORT": "0"}
    place["CORRELATOR_WEB_BASE_URL"] = f"https://{NAME}"
    with listening(load_settings(None, place | access)) as port:
        address = f"http://127.0.0.1:{port}{path}"
        assert requests.get(address, timeout=10).status_code == usual
        assert [requests.get(address, headers=one, timeout=10).status_code for one in PASSED_ON] == [passed_on] * 4


def test_below_a_path_every_address_begins_with_it(tmp_path: Path) -> None:
    """Whether the proxy takes the path away or leaves it."""
    with listening(settings(tmp_path, port="0", base_url="https://correlator.example.com/ops/")) as port:
        for path in ("/ops/jobs", "/jobs"):
            page = requests.get(f"http://127.0.0.1:{port}{path}", timeout=10)
            assert page.status_code == 200
            addresses = re.findall(r' (?:href|src|action)="(/[^"]*)"', page.text)
            assert len(addresses) > 20
            assert [one for one in addresses if not one.startswith("/ops/")] == []
        assert requests.get(f"http://127.0.0.1:{port}/ops", timeout=10).status_code == 200
        described = requests.get(f"http://127.0.0.1:{port}/ops/api/v1/openapi.json", timeout=10).json()
    assert described["servers"] == [{"url": "/ops"}]


def test_the_address_is_one_that_a_browser_takes(tmp_path: Path) -> None:
    assert address(settings(tmp_path, host="::1", port="8431")) == "http://[::1]:8431"
