"""Secrets appear nowhere: not where a vendor, a proxy or a login page echoes them, and in no process list."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from connectors.standin import Fault, Standin
from correlator.logs import set_up_logs
from correlator.ports import PullWindow
from correlator.pulling.pull import pull_source
from correlator.settings import load_settings
from correlator.store.database import open_store
from correlator.store.findings import list_findings
from tests.faults.worlds import Timepiece, build_source, served
from tests.web.factory import full_store
from web.app import create_app

SECRETS = {
    "DD_API_KEY": "SECRET-dd-api-7f3a9c",
    "DD_APP_KEY": "SECRET-dd-app-1b2c3d",
    "PAGERDUTY_API_KEY": "SECRET-pagerduty-4e5f6a",
}
PASSWORD = "SECRET-database-8a9b0c"
WINDOW = ("--since", "2026-03-01T00:00:00Z", "--until", "2026-03-02T00:00:00Z", "--json")
CALLS = (("pull", "--source", "datadog", *WINDOW), ("backfill", "datadog", *WINDOW))
FAULTS = (
    *("refused", "forbidden", "wrong", "gone", "elsewhere", "a login page", "cut", "no list", "in every field"),
    "a broken connection",
)


def fault(name: str, vendor: str) -> Fault:
    """An answer in which the vendor, or a proxy before it, echoes the keys it was sent."""
    keys = [value for variable, value in SECRETS.items() if variable.startswith("DD_") == (vendor == "datadog")]
    echo = f"the keys {', '.join(keys)} are not good"
    page = f"<html><form>{echo}</form></html>".encode()
    item = {"id": echo, "type": echo, "created_at": echo, "attributes": {"tags": [f"job:{echo}"]}}
    items = {name: [item] for name in ("data", "incidents", "services", "log_entries", "change_events")}
    status, body = {
        "refused": (401, {"errors": [echo], "error": {"message": echo, "code": 2006}}),
        "forbidden": (403, {"errors": [{"detail": echo}], "error": echo}),
        "wrong": (400, {"errors": [echo], "error": {"message": "no", "errors": [echo]}}),
        "gone": (404, page),
        "elsewhere": (302, page),
        "a login page": (201, page),
        "cut": (201, json.dumps({"data": echo})[:-9].encode()),
        "no list": (201, {"data": echo, "incidents": echo, "services": echo}),
        "in every field": (201, items),
        "a broken connection": (0, None),
    }[name]
    return Fault("", status=status, body=body, headers={"location": f"/login?{keys[0]}"}, times=10**6)


@pytest.fixture(scope="module")
def standin() -> Iterator[Standin]:
    with served() as running:
        yield running


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with findings in it, to which the pulls add."""
    folder = tmp_path_factory.mktemp("secrets")
    full_store(folder).dispose()
    return folder


def environment(standin: Standin, folder: Path, **more: str) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("CORRELATOR_")}
    ours = {
        "CORRELATOR_DATABASE_URL": f"sqlite:///{folder / 'store.db'}",
        "CORRELATOR_DATADOG_ENABLED": "true",
        "CORRELATOR_DATADOG_HOST": standin.datadog_url,
        "CORRELATOR_PAGERDUTY_ENABLED": "true",
        "CORRELATOR_PAGERDUTY_URL": standin.pagerduty_url,
        "CORRELATOR_LOG_LEVEL": "debug",
        "NO_PROXY": "127.0.0.1",
    }
    return {**plain, **ours, **SECRETS, **more}


def run(standin: Standin, folder: Path, *words: str, **more: str) -> str:
    """What a call says, on either stream."""
    done = subprocess.run(
        [sys.executable, "-m", "correlator", *words],
        env=environment(standin, folder, **more),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "Traceback" not in done.stderr, done.stderr[-3000:]
    return done.stdout + done.stderr


def bare(text: str) -> list[str]:
    """The secrets that stand in a text, and what of them would be told by a cut."""
    return [line for line in text.splitlines() if "SECRET-" in line]


@pytest.mark.parametrize("vendor", ["datadog", "pagerduty"])
@pytest.mark.parametrize("name", FAULTS)
def test_no_error_no_log_and_no_item_tells_a_secret(standin: Standin, folder: Path, name: str, vendor: str) -> None:
    standin.faults.add(fault(name, vendor))
    settings = load_settings(environment=environment(standin, folder))
    log, clock = StringIO(), Timepiece()
    set_up_logs(settings, log)
    engine = open_store(settings.database_url())
    try:
        source = build_source(standin, vendor, clock, keys=SECRETS)
        report = pull_source(engine, source, PullWindow(until=clock.moment()), clock.moment())
    finally:
        engine.dispose()
        standin.faults.clear()
        logging.getLogger().handlers.clear()
        logging.getLogger().setLevel(logging.WARNING)
    assert report.error or report.set_aside
    assert bare(f"{report}\n{log.getvalue()}") == []


@pytest.mark.parametrize("words", CALLS, ids=["pull", "backfill"])
def test_no_command_tells_one(standin: Standin, folder: Path, words: tuple[str, ...]) -> None:
    standin.faults.add(fault("refused", "datadog"))
    try:
        said = run(standin, folder, *words)
    finally:
        standin.faults.clear()
    assert "error" in said
    assert bare(said) == []


def test_neither_store_nor_pages_nor_bundles_hold_one(standin: Standin, folder: Path) -> None:
    """After the errors above, which are entered and shown."""
    told = run(standin, folder, "sources", "--json") + run(standin, folder, "settings")
    assert bare(told) == []
    assert b"SECRET-" not in b"".join(file.read_bytes() for file in folder.glob("store.db*"))
    app = create_app(load_settings(environment=environment(standin, folder)))
    client = app.test_client()
    pages = [client.get(path) for path in ("/", "/sources", "/metrics", "/readyz", "/api/v1/sources")]
    assert [page.status_code for page in pages[:3]] == [200, 200, 200]
    assert not any(b"SECRET-" in page.data for page in pages)
    engine = app.extensions["correlator"].engine
    finding = next(one for one in list_findings(engine) if one.finding.verdict == "systemic")
    engine.dispose()
    bundle = folder / "bundle.zip"
    assert bare(run(standin, folder, "bundle", "create", finding.id, "--out", str(bundle))) == []
    with ZipFile(bundle) as archive:
        assert not any(b"SECRET-" in archive.read(member) for member in archive.namelist())


@pytest.mark.parametrize("more", [{}, {"CORRELATOR_LOG_FORMAT": "json"}], ids=["text", "json"])
def test_a_database_that_is_not_there_is_named_without_its_password(
    standin: Standin, tmp_path: Path, more: dict[str, str]
) -> None:
    url = f"postgresql://correlator:{PASSWORD}@127.0.0.1:9/correlator"
    said = run(standin, tmp_path, "pull", CORRELATOR_DATABASE_URL=url, **more)
    assert "127.0.0.1" in said
    assert bare(said) == []


@pytest.mark.parametrize("words", [("correlator", "pull"), ("correlator.scheduling.job", "pull:datadog")])
def test_the_process_list_shows_none(standin: Standin, tmp_path: Path, words: tuple[str, ...]) -> None:
    """While the vendor hangs: a pull by hand, and as the scheduler starts it."""
    standin.faults.add(Fault("", status=200, delay_seconds=5, times=50))
    child = subprocess.Popen(
        [sys.executable, "-m", *words],
        env=environment(standin, tmp_path),
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        listed = _listed_with(f"-m {' '.join(words)}")
    finally:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        standin.faults.clear()
    assert bare(listed) == []


def _listed_with(word: str) -> str:
    """The process list, once it shows a process of that name."""
    end = time.monotonic() + 40
    while time.monotonic() < end:
        listed = subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, text=True, check=True).stdout
        if word in listed:
            return listed
        time.sleep(0.1)
    raise AssertionError(f"no process {word} was ever listed")


def test_a_key_from_a_file_is_told_no_more_than_one_from_the_environment(tmp_path: Path, standin: Standin) -> None:
    key = tmp_path / "key"
    key.write_text("SECRET-from-a-file-2c3d4e\n", encoding="utf-8")
    standin.faults.add(Fault("", status=401, body={"errors": ["SECRET-from-a-file-2c3d4e is no key"]}, times=10**6))
    more: dict[str, Any] = {"DD_API_KEY": "", "DD_API_KEY_FILE": str(key)}
    try:
        said = run(standin, tmp_path, "pull", "--source", "datadog", **more)
    finally:
        standin.faults.clear()
    assert "refused the credentials" in said
    assert bare(said) == []
