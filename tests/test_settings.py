"""Settings: where values come from, what is refused, and that the docs say the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.airflow.client import Credentials
from correlator.actions.senders import Webhook
from correlator.errors import SettingsError
from correlator.settings import load_settings
from correlator.settings.effective import variable_of
from correlator.settings.page import settings_page
from correlator.settings.secrets import SECRETS
from correlator.settings.table import SETTINGS

DOCS = Path(__file__).parent.parent / "docs" / "settings.md"


def _file(folder: Path, text: str) -> Path:
    (folder / "c.yaml").write_text(text)
    return folder / "c.yaml"


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(tmp_path: Path) -> None:
    file = _file(tmp_path, "analysis:\n  window_days: 10\nweb:\n  port: 1\n")
    settings = load_settings(file, {"CORRELATOR_WEB_PORT": "2", "CORRELATOR_RULES_FOLDERS": "a, b"})
    assert (settings["analysis.window_days"], settings["web.port"]) == (10, 2)
    assert settings["rules.folders"] == ["a", "b"]
    assert settings["schedule.pull_seconds"] == 300
    assert settings.origin["analysis.window_days"] == f"{file}, line 2"
    assert settings.origin["web.port"] == "CORRELATOR_WEB_PORT"
    assert settings.origin["schedule.pull_seconds"] == "default"


def test_the_default_file_may_be_absent_and_a_named_one_may_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert set(load_settings(None, {}).origin.values()) == {"default"}
    with pytest.raises(Exception, match=r"nowhere\.yaml"):
        load_settings(Path("nowhere.yaml"), {})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("web:\n  prot: 1\n", "line 2: there is no setting `web.prot`"),
        ("web:\n  port: many\n", "line 2: `web.port` must be a whole number, found 'many'"),
        ("web:\n  port: true\n", "line 2: `web.port` must be a whole number, found True"),
        ("datadog:\n  enabled: 1\n", "line 2: `datadog.enabled` must be true or false, found 1"),
        ("web:\n  port: 70000\n", "line 2: `web.port` must be from 0 to 65,535, found 70000"),
        (
            "schedule:\n  pull_seconds: -5\n",
            "line 2: `schedule.pull_seconds` must be from 1 to 1,000,000,000, found -5",
        ),
        ("analysis:\n  window_days: 0\n", "line 2: `analysis.window_days` must be from 1 to 3,650, found 0"),
        ("analysis:\n  clean_runs_hours: .nan\n", "line 2: `analysis.clean_runs_hours` must be from"),
        ("rules:\n  folders: [1]\n", "line 2: `rules.folders` must be a list of texts, found [1]"),
        ("datadog:\n  tags: {job: 1}\n", "line 2: `datadog.tags` must be a mapping of texts to texts"),
        ("web: 1\n", "line 1: `web` must hold settings"),
        ("- web\n", "line 1: expected sections"),
    ],
)
def test_a_wrong_setting_is_named_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(_file(tmp_path, text), {})
    assert says in caught.value.message


def test_a_misspelt_setting_gets_the_nearest_name_as_a_hint(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(_file(tmp_path, "web:\n  prot: 1\n"), {})
    assert caught.value.hint == "did you mean `web.port`?"


def test_secrets_come_from_the_environment_or_a_file_and_are_never_shown(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("s3cret\n")
    settings = load_settings(None, {"DD_API_KEY_FILE": str(tmp_path / "key"), "DD_APP_KEY": "hidden"})
    assert (settings.secret("DD_API_KEY"), settings.secret("DD_APP_KEY")) == ("s3cret", "hidden")
    assert "s3cret" not in str(list(settings.effective()))
    with pytest.raises(SettingsError, match="PAGERDUTY_API_KEY is not set"):
        settings.secret("PAGERDUTY_API_KEY")


def test_no_repr_shows_a_secret() -> None:
    settings = load_settings(None, {"DD_API_KEY": "s3cret"})
    assert "s3cret" not in repr(settings)
    assert "s3cret" not in repr(Credentials("someone", password="s3cret", token="s3cret"))
    assert "s3cret" not in repr(Webhook("s3cret", lambda: 0.0))


@pytest.mark.parametrize(("content", "says"), [(b" \n", "is empty"), (b"\xff\xfe", "is not UTF-8 text")])
def test_a_file_that_holds_no_secret_is_named(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "key").write_bytes(content)
    settings = load_settings(None, {"DD_API_KEY_FILE": str(tmp_path / "key")})
    with pytest.raises(SettingsError, match=f"DD_API_KEY_FILE: .*key {says}"):
        settings.secret("DD_API_KEY")


def test_every_default_is_a_value_that_may_be_set() -> None:
    numbers = [one for one in SETTINGS if isinstance(one.default, int | float) and not isinstance(one.default, bool)]
    variables = {variable_of(one.name): str(one.default) for one in numbers}
    settings = load_settings(None, variables)
    assert [settings[one.name] for one in numbers] == [one.default for one in numbers]


def test_the_docs_are_made_from_the_table() -> None:
    """After a change of the table: `python -m correlator.settings.page > docs/settings.md`."""
    assert DOCS.read_text(encoding="utf-8") == settings_page()
    for name in (*(setting.name for setting in SETTINGS), *(secret.variable for secret in SECRETS)):
        assert f"`{name}`" in settings_page()
