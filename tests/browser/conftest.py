"""A real Chromium on the real pages. Without Chromium these tests are not collected, unless it is required."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from correlator.settings import Settings
from tests.browser.peopled import people
from tests.browser.reports import violations
from tests.web.factory import full_store, settings_for
from tests.web.listening import listening
from web.pictures.chart_script import script_file

CHROMIUM = os.environ.get("CORRELATOR_CHROMIUM", "/usr/bin/chromium")
REQUIRED = os.environ.get("CORRELATOR_REQUIRE_BROWSER") == "1"
ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark everything here; leave it out where there is no Chromium, or fail loudly where there must be one."""
    ours = [item for item in items if Path(__file__).parent in item.path.parents]
    for item in ours:
        item.add_marker(pytest.mark.browser)
    if Path(CHROMIUM).exists():
        return
    if REQUIRED:
        raise pytest.UsageError(f"CORRELATOR_REQUIRE_BROWSER=1, and there is no {CHROMIUM}")
    config.hook.pytest_deselected(items=ours)
    items[:] = [item for item in items if item not in ours]


Scheme = Literal["light", "dark"]


@dataclass
class Site:
    """A running server on a store of its own."""

    address: str
    folder: Path
    shared: str = ""


@pytest.fixture(scope="package", autouse=True)
def policy_reports() -> Iterator[list[str]]:
    """What browsers reported against the policy, of all pages of all these tests: nothing, at the end.

    The policy is changed for these tests alone: those that run after them in the same process see it as it is served.
    """
    with violations() as told:
        yield told
        assert told == []


@pytest.fixture(scope="package")
def browser(policy_reports: list[str]) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        browser.close()


def serving(folder: Path, settings: Settings | None = None, shared: str = "") -> Iterator[Site]:
    with listening(settings or settings_for(folder)) as port:
        yield Site(f"http://127.0.0.1:{port}", folder, shared)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The cast of the page tests, pulled and judged; read only."""
    folder = tmp_path_factory.mktemp("site")
    full_store(folder).dispose()
    yield from serving(folder)


@pytest.fixture(scope="session")
def peopled_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Every page has something to show; the script of the charts is there, as after a start of the server."""
    folder = tmp_path_factory.mktemp("peopled")
    settings, shared = people(folder)
    script_file()
    yield from serving(folder, settings, shared)


@pytest.fixture
def own_site(site: Site, tmp_path: Path) -> Iterator[Site]:
    """The same, for a test that changes what is stored."""
    with closing(sqlite3.connect(site.folder / "store.db")) as stored:  # open elsewhere: a copied file may lack its log
        stored.execute("VACUUM INTO ?", (str(tmp_path / "store.db"),))
    yield from serving(tmp_path)


@pytest.fixture
def empty_site(tmp_path: Path) -> Iterator[Site]:
    """A store that nothing was put into."""
    yield from serving(tmp_path)


@dataclass
class Watched:
    """A page and everything its browser complained about."""

    page: Page
    complaints: list[str]


def watched(browser: Browser, width: int = 1280, scheme: Scheme = "light", scripts: bool = True) -> Watched:
    """A fresh page in a context of its own."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        java_script_enabled=scripts,
        timezone_id="Asia/Tokyo",
    )
    context.set_default_timeout(10_000)
    page, complaints = context.new_page(), []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return Watched(page, complaints)
