"""Pages that have nothing, old or broken data to show: none of it may look like health."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from correlator.ports import PullReport
from correlator.store.database import open_store
from correlator.store.sources import record_pull
from tests.browser.sweep import PATHS, SHARED
from tests.web.factory import settings_for
from web.app import create_app

STORELESS = ("/calibration",)
"""Drawn from what is shipped with the program."""


@pytest.mark.parametrize(("hours", "stale"), [(0.9, False), (1.1, True)])
def test_old_data_is_called_stale_on_top_of_every_page(tmp_path: Path, hours: float, *, stale: bool) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    record_pull(engine, PullReport("datadog", 1), datetime.now(UTC) - timedelta(hours=hours), None)
    engine.dispose()
    app = create_app(settings_for(tmp_path))
    for path in ("/", "/incidents", "/jobs", "/handover", "/reports", "/check", "/rules"):
        text = app.test_client().get(path).text
        assert ("<strong>Stale:</strong> last good pull" in text) is stale, path
    app.extensions["correlator"].engine.dispose()


def test_a_store_that_cannot_be_read_is_said_by_every_page(tmp_path: Path) -> None:
    app = create_app(settings_for(tmp_path))
    engine = app.extensions["correlator"].engine
    engine.dispose()
    for file in tmp_path.glob("store.db*"):
        file.unlink()
    (tmp_path / "store.db").write_bytes(b"this is no database" * 500)
    for path in PATHS:
        answer = app.test_client().get(path)
        if path in STORELESS:
            assert answer.status_code == 200
        elif path != SHARED:
            assert answer.status_code == 503, path
            assert "neither good news nor bad" in answer.text
            assert "Try again" in answer.text
    engine.dispose()


def test_nothing_listed_is_not_nothing_wrong(empty_client: FlaskClient) -> None:
    assert "Nothing was pulled yet" in empty_client.get("/handover").text
    assert "No incident was pulled yet" in empty_client.get("/incidents").text
