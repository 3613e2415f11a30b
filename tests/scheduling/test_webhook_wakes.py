"""From a webhook to the look at what it tells of: a real signature, real jobs, and nothing else due for an hour."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy import Engine

from connectors.standin.serving import serve_history
from connectors.standin.webhooks import Delivery, delivery
from correlator.model import Incident
from correlator.scheduling.service import run_scheduler
from correlator.settings import Settings, load_settings
from correlator.simulation.history import History
from correlator.store.incidents import get_incident
from correlator.store.ledger import list_jobs
from correlator.store.webhooks import awaited_incidents
from web.app import create_app

SECRET = "a-secret-for-tests"
NOW = datetime.now(UTC)
NEW = Incident("PNEW001", NOW, title="Export is late", service="Exports", urgency="high", job="export_ads")
OLD = Incident("POLD001", NOW - timedelta(days=400), title="Opened again", service="Exports", urgency="high")


def test_a_webhook_brings_the_incident_and_a_look_at_it(tmp_path: Path) -> None:
    moment = [NOW - timedelta(seconds=1)]
    with serve_history(History(incidents=(OLD, NEW)), clock=lambda: moment[0]) as standin:
        settings = settings_for(tmp_path, standin.pagerduty_url)
        app = create_app(settings)
        engine: Engine = app.extensions["correlator"].engine
        with scheduler(settings):
            until(lambda: any(run.ok for run in list_jobs(engine, "pull:pagerduty")))
            assert get_incident(engine, NEW.incident_id) is None

            told_at = moment[0] = datetime.now(UTC)
            for incident in (NEW, OLD):
                told = delivery(incident, "incident.triggered", told_at, ["another", SECRET])
                assert post(app.test_client(), told) == 202
            until(lambda: get_incident(engine, OLD.incident_id) is not None)
            until(lambda: any(run.ok and run.started_at > told_at for run in list_jobs(engine, "correlate")))
        found = get_incident(engine, NEW.incident_id)
        assert found is not None
        assert found.job == "export_ads"
        assert awaited_incidents(engine, "pagerduty").incidents == ()
        engine.dispose()


def settings_for(folder: Path, pagerduty_url: str) -> Settings:
    environment = {
        "CORRELATOR_DATABASE_URL": f"sqlite:///{folder / 'store.db'}",
        "CORRELATOR_PAGERDUTY_ENABLED": "true",
        "CORRELATOR_PAGERDUTY_ATTACH": "false",
        "CORRELATOR_PAGERDUTY_URL": pagerduty_url,
        "CORRELATOR_SCHEDULE_PULL_SECONDS": "3600",
        "CORRELATOR_SCHEDULE_CORRELATE_SECONDS": "3600",
        "PAGERDUTY_API_KEY": "key-for-tests",
        "PAGERDUTY_WEBHOOK_SECRET": SECRET,
    }
    return load_settings(environment=environment)


@contextmanager
def scheduler(settings: Settings) -> Iterator[None]:
    """The scheduler of `correlator run`, in a thread; its jobs are processes as ever."""
    ending = threading.Event()
    thread = threading.Thread(target=run_scheduler, args=(settings, None, ending))
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()


def post(client: FlaskClient, told: Delivery) -> int:
    return client.post("/webhooks/pagerduty", data=told.body, headers=told.headers).status_code


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
