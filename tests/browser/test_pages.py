"""Every page in both themes, wide and at phone width: nothing scrolls sideways, axe is content, no complaints."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Dialog, Page

from tests.browser.conftest import Site, Watched, watched
from tests.browser.peopled import FINDING, HOSTILE
from tests.browser.sweep import NO_PAGES, PAGES, PATHS, SHARED
from tests.web import cast
from tests.web.factory import settings_for
from web.app import create_app

COLOURS = {"runOnly": ["color-contrast"], "resultTypes": ["violations"]}
"""All else that axe looks at is the same in both themes."""


def test_no_page_is_left_out(tmp_path_factory: pytest.TempPathFactory) -> None:
    app = create_app(settings_for(tmp_path_factory.mktemp("map")))
    app.extensions["correlator"].engine.dispose()
    read = {rule.endpoint for rule in app.url_map.iter_rules() if rule.methods and "GET" in rule.methods}
    assert {endpoint for endpoint in read if not endpoint.startswith("api.")} == PAGES.keys() | NO_PAGES


@pytest.fixture(scope="module")
def sweeping(browser: Browser) -> Iterator[Watched]:
    """One page that goes everywhere."""
    seen = watched(browser)
    yield seen
    seen.page.context.close()


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def is_sound(seen: Watched, path: str) -> None:
    """Wide and light, then dark, then as wide as a phone."""
    page = seen.page
    seen.complaints.clear()
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light")
    page.goto(path)
    assert fits(page)
    assert page.locator("h1").count() == 1
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.emulate_media(color_scheme="dark")
    found = Axe().run(page, options=COLOURS)
    assert found.violations_count == 0, found.generate_report()
    page.set_viewport_size({"width": 390, "height": 844})
    assert fits(page)


@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_sound(sweeping: Watched, peopled_site: Site, path: str) -> None:
    is_sound(sweeping, peopled_site.address + (peopled_site.shared if path == SHARED else path))
    assert sweeping.complaints == []


def test_an_error_is_sound_too(sweeping: Watched, peopled_site: Site) -> None:
    is_sound(sweeping, f"{peopled_site.address}/nowhere")
    assert all(line.startswith("Failed to load resource") for line in sweeping.complaints)


def test_an_empty_store_is_sound_too(sweeping: Watched, empty_site: Site) -> None:
    for path in ("/", "/check", "/incidents", "/jobs", "/handover", "/reports", "/asks", "/sources", "/messages"):
        is_sound(sweeping, empty_site.address + path)
    assert sweeping.complaints == []


def test_what_a_page_does_against_its_policy_is_heard(sweeping: Watched, site: Site, policy_reports: list[str]) -> None:
    sweeping.page.goto(site.address)
    sweeping.page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">!</p>')")
    sweeping.page.wait_for_timeout(500)
    assert policy_reports
    assert "style-src" in policy_reports.pop()


def test_hostile_texts_run_nothing(browser: Browser, site: Site) -> None:
    seen = watched(browser)
    dialogs: list[str] = []

    def take(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    seen.page.on("dialog", take)
    for path in (HOSTILE, "/", f"/check?q={quote(cast.HOSTILE)}"):
        seen.page.goto(site.address + path)
        assert seen.page.locator("main script").count() == 0
    assert dialogs == []
    seen.page.context.close()


def test_times_tell_the_viewer_s_own_clock_on_hover(browser: Browser, site: Site) -> None:
    seen = watched(browser)
    seen.page.goto(site.address + FINDING)
    time = seen.page.locator("time[title]").first
    time.wait_for()
    assert "(your time)" in (time.get_attribute("title") or "")
    seen.page.context.close()
