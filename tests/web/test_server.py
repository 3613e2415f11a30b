"""The rules of where pages may listen."""

import socket
from pathlib import Path

import pytest

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


def test_the_address_is_one_that_a_browser_takes(tmp_path: Path) -> None:
    assert address(settings(tmp_path, host="::1", port="8431")) == "http://[::1]:8431"
