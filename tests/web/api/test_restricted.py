"""Schemathesis with a token: nobody is let in without one, and who may see one tenant is answered as described."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from correlator.settings import Settings, load_settings
from correlator.store.database import open_store
from correlator.store.tokens import NewToken, create_token
from tests.web.cast import PREMIUM
from tests.web.listening import listening

READING = {"method": "GET"}


@pytest.fixture
def settings(full_folder: Path, tmp_path: Path) -> Settings:
    """Of the cast's store, with tokens as the only way in."""
    shutil.copy(full_folder / "store.db", tmp_path / "store.db")
    given = {"CORRELATOR_ACCESS_TOKENS": "true", "CORRELATOR_ACCESS_COSTLY_PER_MINUTE": "1000"}
    place = {"CORRELATOR_DATABASE_URL": f"sqlite:///{tmp_path / 'store.db'}", "CORRELATOR_WEB_PORT": "0"}
    return load_settings(None, given | place)


@pytest.fixture
def head(settings: Settings) -> dict[str, str]:
    """The token of a viewer of one tenant."""
    wanted, engine = NewToken("support-bot", "viewer", frozenset({PREMIUM})), open_store(settings.database_url())
    shown, _ = create_token(engine, wanted, datetime.now(UTC))
    engine.dispose()
    return {"Authorization": f"Bearer {shown}"}


def asked(head: dict[str, str]) -> SchemathesisConfig:
    return SchemathesisConfig.from_dict(
        {
            "headers": {**head, "Connection": "close"},  # so that the server can end
            "generation": {"max-examples": 1, "deterministic": True, "database": "none", "mode": "positive"},
            "phases": {"examples": {"enabled": False}, "coverage": {"enabled": False}, "stateful": {"enabled": False}},
            "checks": {"positive_data_acceptance": {"enabled": False}},
        }
    )


def test_a_viewer_of_one_tenant_is_answered_as_described(settings: Settings, head: dict[str, str]) -> None:
    with listening(settings) as port:
        address = f"http://127.0.0.1:{port}/api/v1/openapi.json"
        assert requests.get(address, timeout=10).status_code == 401
        schema: Any = schemathesis.openapi.from_url(
            address, config=asked(head), headers={**head, "Connection": "close"}
        )
        heard = list(from_schema(schema.include(**READING)).execute())
    assert schema.raw_schema["security"] == [{"token": []}]
    assert [repr(event.value) for event in heard if isinstance(event, events.NonFatalError)] == []
    told = [event.recorder for event in heard if isinstance(event, events.ScenarioFinished)]
    checks = [(one.label, check) for one in told for found in one.checks.values() for check in found]
    assert [f"{label}: {check.name}" for label, check in checks if check.failure_info] == []
    assert {"ignored_auth", "response_schema_conformance", "status_code_conformance"} <= {one.name for _, one in checks}
