"""The docs keep what they promise: each setting has its place, links lead somewhere, the list of pages is whole."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from correlator.errors import SettingsError
from correlator.settings import load_settings
from correlator.settings.page import settings_page
from correlator.settings.rows import Secret, Setting
from correlator.settings.secrets import SECRETS
from correlator.settings.table import SETTINGS
from correlator.store.schema import metadata
from rules.loader import load_rules
from tests.frame.tree import ROOT, tracked

PAGES = tracked("*.md")
_TO_HEADING = re.compile(r"\]\(([^)\s#]*)#([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
_CODE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_LINKED = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_LINK = re.compile(r"\]\(([^)\s#]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_each_setting_stands_in_the_docs(setting: Setting) -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert f"`{setting.name}`" in page


def test_the_page_of_settings_is_made_from_the_table() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert page == settings_page(), "run `make docs`"


@pytest.mark.parametrize("table", sorted(metadata.tables))
def test_each_table_stands_in_the_docs(table: str) -> None:
    assert f"`{table}`" in (ROOT / "docs" / "store.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: secret.variable)
def test_each_secret_stands_in_the_docs(secret: Secret) -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert secret.variable in page


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_within_the_tree_lead_somewhere(page: Path) -> None:
    links = [link for link in _LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_to_headings_lead_to_one(page: Path) -> None:
    found = _TO_HEADING.findall(page.read_text(encoding="utf-8"))
    targets = [(page if not link else page.parent / link, anchor) for link, anchor in found if "://" not in link]
    assert [anchor for file, anchor in targets if anchor not in _anchors(file.resolve())] == []


@cache
def _anchors(page: Path) -> frozenset[str]:
    """What a page's headings are called in links, by the rule of the sites that show Markdown."""
    text = _CODE.sub("", page.read_text(encoding="utf-8"))
    headings = (_LINKED.sub(r"\1", heading).strip().lower() for heading in _HEADING.findall(text))
    return frozenset(re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in headings)


def test_the_list_of_pages_is_whole() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    pages = {path.relative_to(ROOT / "docs").as_posix() for path in tracked("docs/*.md")} - {"index.md"}
    assert pages - set(_LINK.findall(index)) == set()


def test_the_example_of_a_settings_file_is_one() -> None:
    settings = load_settings(ROOT / "docs" / "correlator.example.yaml", environment={})
    assert settings["datadog.enabled"]
    assert settings["pagerduty.enabled"]
    assert load_rules([ROOT / folder for folder in settings["rules.folders"]]).rules, "it starts as it is copied"


def test_a_settings_file_with_a_wrong_key_is_not_one(tmp_path: Path) -> None:
    wrong = tmp_path / "correlator.yaml"
    wrong.write_text("datadog:\n  enable: true\n")
    with pytest.raises(SettingsError, match=r"line 2.*datadog\.enable"):
        load_settings(wrong, environment={})
