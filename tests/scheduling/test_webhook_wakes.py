"""From a webhook to the look at what it tells of: real processes, a real signature, and nothing due for an hour."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from connectors.standin.serving import serve_history
from connectors.standin.webhooks import delivery
from correlator.model import Incident
from correlator.simulation.history import History
from correlator.store.database import open_store
from correlator.store.incidents import get_incident
from correlator.store.ledger import list_jobs
from correlator.store.webhooks import awaited_incidents

SECRET = "a-secret-for-tests"
NOW = datetime.now(UTC)
NEW = Incident("PNEW001", NOW, title="Export is late", service="Exports", urgency="high", job="export_ads")
OLD = Incident("POLD001", NOW - timedelta(days=400), title="Opened again", service="Exports", urgency="high")


def test_a_webhook_brings_the_incident_and_a_look_within_seconds(tmp_path: Path) -> None:
    moment = [NOW - timedelta(seconds=1)]
    with serve_history(History(incidents=(OLD, NEW)), clock=lambda: moment[0]) as standin, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        environment = {
            **os.environ,
            "CORRELATOR_DATABASE_URL": f"sqlite:///{tmp_path / 'store.db'}",
            "CORRELATOR_PAGERDUTY_ENABLED": "true",
            "CORRELATOR_PAGERDUTY_ATTACH": "false",
            "CORRELATOR_PAGERDUTY_URL": standin.pagerduty_url,
            "CORRELATOR_SCHEDULE_PULL_SECONDS": "3600",
            "CORRELATOR_SCHEDULE_CORRELATE_SECONDS": "3600",
            "CORRELATOR_WEB_PORT": str(port),
            "PAGERDUTY_API_KEY": "key-for-tests",
            "PAGERDUTY_WEBHOOK_SECRET": SECRET,
        }
        command = [sys.executable, "-m", "correlator", "serve"]
        log = tmp_path / "log"
        with (
            log.open("w") as stderr,
            subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=stderr) as process,
        ):
            try:
                until(lambda: answers(port), log)
                engine = open_store(environment["CORRELATOR_DATABASE_URL"])
                until(lambda: any(run.ok for run in list_jobs(engine, "correlate")), log)
                assert get_incident(engine, NEW.incident_id) is None
                looks = len(list_jobs(engine, "correlate"))

                moment[0] = datetime.now(UTC)
                url = f"http://127.0.0.1:{port}/webhooks/pagerduty"
                for incident in (NEW, OLD):
                    assert delivery(incident, "incident.triggered", moment[0], ["another", SECRET]).send(url) == 202
                until(lambda: get_incident(engine, OLD.incident_id) is not None, log)
                until(lambda: len([run for run in list_jobs(engine, "correlate") if run.ok]) > looks, log)
                found = get_incident(engine, NEW.incident_id)
                assert found is not None
                assert found.job == "export_ads"
                assert awaited_incidents(engine, "pagerduty").incidents == ()
                engine.dispose()
                process.send_signal(signal.SIGTERM)
                assert process.wait(30) == 0
            finally:
                process.kill()


def until(condition: Callable[[], bool], log: Path, seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)


def answers(port: int) -> bool:
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"http://127.0.0.1:{port}/healthz"):
            return True
    except OSError:
        return False
