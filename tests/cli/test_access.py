"""`correlator access`, `tokens` and `audit`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from correlator.cli import correlator
from correlator.correlating.look import utc_now
from correlator.errors import SettingsError, UsageError
from correlator.store import web_sessions
from correlator.store.database import open_store
from correlator.store.tokens import token_shown

ACCESS = """
access:
  tokens: true
  roles: {oncall: responder, support: viewer}
  tenants: {support: tenant-07 tenant-08}
  default_role: viewer
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "correlator.yaml"
    file.write_text(f"database:\n  url: sqlite:///{tmp_path / 'store.db'}\n{ACCESS}", encoding="utf-8")
    return file


def call(config: Path, *words: str) -> Result:
    return CliRunner().invoke(correlator, [*words, "--config", str(config)], catch_exceptions=False)


def printed(config: Path, *words: str) -> Any:
    return json.loads(call(config, *words, "--json").stdout)


def test_a_token_is_printed_once_and_works_until_it_is_revoked(config: Path, tmp_path: Path) -> None:
    shown = call(config, "tokens", "create", "ticket-bot", "--tenant", "tenant-07", "--lasts", "1d").stdout.strip()
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    kept = token_shown(engine, shown, utc_now())
    assert kept is not None
    assert (kept.role, kept.tenants) == ("viewer", frozenset({"tenant-07"}))
    listed = call(config, "tokens", "list").stdout
    assert "ticket-bot" in listed
    assert "works" in listed
    assert shown not in listed + str(printed(config, "tokens", "list"))
    assert printed(config, "tokens", "revoke", kept.id)["revoked_at"] is not None
    assert token_shown(engine, shown, utc_now()) is None
    assert "revoked" in call(config, "tokens", "list").stdout
    engine.dispose()
    log = printed(config, "audit")
    assert [(one["action"], one["target"]) for one in log] == [
        ("token revoked", f"token {kept.id}"),
        ("token created", f"token {kept.id}"),
    ]
    assert [one["action"] for one in printed(config, "audit", "--before", str(log[0]["number"]))] == ["token created"]
    assert printed(config, "audit", "--actor", "nobody") == []


@pytest.mark.parametrize(
    "words", [("bot", "--role", "chief"), (" ",), ("bot", "--lasts", "soon"), ("bot", "--lasts", "0s"), ("a\nb",)]
)
def test_a_token_without_sense_is_refused(config: Path, words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        call(config, "tokens", "create", *words)


def test_what_groups_may_do_is_shown(config: Path) -> None:
    document = printed(config, "access", "show")
    assert document["ways"] == {"oidc": False, "proxy": False, "tokens": True}
    assert document["groups"] == [
        {"group": "oncall", "role": "responder", "tenants": None},
        {"group": "support", "role": "viewer", "tenants": ["tenant-07", "tenant-08"]},
        {"group": "default", "role": "viewer", "tenants": None},
    ]
    assert "tenant-07 tenant-08" in call(config, "access", "show").stdout


def test_settings_that_cannot_be_right_are_refused(config: Path) -> None:
    config.write_text(config.read_text(encoding="utf-8").replace("support: viewer", "support: chief"), encoding="utf-8")
    with pytest.raises(SettingsError, match=r"access\.roles"):
        call(config, "access", "show")


def test_somebody_is_logged_out(config: Path, tmp_path: Path) -> None:
    engine, now = open_store(f"sqlite:///{tmp_path / 'store.db'}"), utc_now()
    for name in ("responder-1", "responder-1", "responder-2"):
        web_sessions.begin(engine, name, {}, now, now.replace(year=now.year + 1))
    engine.dispose()
    assert printed(config, "access", "logout", "responder-1") == {"ended": 2}
    assert printed(config, "access", "logout", "--all") == {"ended": 1}
    with pytest.raises(UsageError, match="whose"):
        call(config, "access", "logout")
