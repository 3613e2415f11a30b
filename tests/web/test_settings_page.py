"""The page of the settings: values and where they came from, and no secret anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from correlator.settings import load_settings
from correlator.settings.secrets import SECRETS
from tests.web.test_pages import text_of
from web.app import create_app

SECRET = "hush-4711"


def test_every_value_says_where_it_came_from_and_no_secret_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "correlator.yaml"
    file.write_text(
        f"analysis:\n  window_days: 20\nwebhook:\n  url: https://ann:{SECRET}@example.com/?token={SECRET}\n"
    )
    (tmp_path / "key").write_text(SECRET)
    environment = {
        secret.variable: SECRET for secret in SECRETS[1:] if secret.variable != "CORRELATOR_DATABASE_PASSWORD"
    }
    environment |= {"DD_API_KEY_FILE": str(tmp_path / "key"), "CORRELATOR_ATTACH_SINK": SECRET}
    environment |= {"CORRELATOR_DATABASE_URL": f"sqlite:///{tmp_path / 'store.db'}", "CORRELATOR_WEB_PRT": "1"}
    app = create_app(load_settings(file, environment))
    client = app.test_client()
    body, page = client.get("/settings").text, text_of(client, "/settings")
    assert SECRET not in body
    assert f"analysis.window_days 20 default: 35 {file}, line 2" in page
    assert "https://ann:***@example.com/?token=***" in page
    assert "database.url sqlite:///" in page
    assert " CORRELATOR_DATABASE_URL SQLAlchemy URL" in page
    assert "DD_API_KEY ✓ set DD_API_KEY_FILE" in page
    assert "DD_APP_KEY ✓ set DD_APP_KEY " in page
    assert "CORRELATOR_DATABASE_PASSWORD not set –" in page
    assert "CORRELATOR_WEB_PRT : did you mean CORRELATOR_WEB_PORT ?" in page
    app.extensions["correlator"].engine.dispose()
